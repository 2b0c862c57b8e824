"""What one is told before a measure takes effect, and what one answered (事先告知与陈述申辩)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext_noop

from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.checks import CheckAnswer
from xinlin.office.models.notices import PriorNotice
from xinlin.office.queries.office_clocks import name_of
from xinlin.office.queries.people import look_at_oneself, own_subject
from xinlin.office.queries.records import represented_now
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, today

ANSWER = "prior_notice.answer"
"""The place under which what one answered is sealed."""


@dataclass(frozen=True)
class Hearing:
    """A measure that an office intends: on what, until when one may answer, from when it would take effect."""

    number: str
    department_name: Text
    measure_name: Text
    list_name: Text
    document: str
    authority: str
    article: str
    remedy: str
    given_at: datetime
    answer_until: date
    starts_on: date
    answer: str
    answered_at: datetime | None
    can_answer: bool
    entry: str


def _view(row: PriorNotice) -> Hearing:
    rulebook, entry = current(), row.entry
    measure, listed = rulebook.measures.get(row.measure), rulebook.lists.get(entry.list)
    return Hearing(
        number=row.number,
        department_name=name_of(row.department),
        measure_name=measure.name if measure else Text(zh=row.measure, en=row.measure),
        list_name=listed.name if listed else Text(zh=entry.list, en=entry.list),
        document=entry.document,
        authority=entry.authority,
        article=entry.article,
        remedy=entry.remedy,
        given_at=row.given_at,
        answer_until=row.answer_until,
        starts_on=row.answer_until + timedelta(days=1),
        answer=vault.unseal(row.answer_sealed, ANSWER) if row.answer_sealed else "",
        answered_at=row.answered_at,
        can_answer=row.answered_at is None and today() <= row.answer_until,
        entry=entry.record.reference,
    )


def mine(*, actor: Actor) -> list[Hearing]:
    """Measures that offices intend on the resident, or on an organisation that they represent; the newest first."""
    subject = own_subject(actor)
    rows = PriorNotice.objects.filter(entry__subject__in=[subject.pk, *represented_now(subject)])
    found = list(rows.select_related("entry__record").order_by("-given_at"))
    if found:
        look_at_oneself(actor, {row.entry.record.kind for row in found}, gettext_noop("查看事先告知"))
    return [_view(row) for row in found]


def one(*, actor: Actor, number: str) -> Hearing:
    """One of them. Raises `NotFound` for another's or none."""
    found = next((view for view in mine(actor=actor) if view.number == number), None)
    if found is None:
        raise NotFound("没有这份告知，或它不是给您的。There is no such notice to you.")
    return found


def of_answers(*, actor: Actor, answers: Iterable[str]) -> dict[str, list[Hearing]]:
    """By the number of a check's answer: the notices of the actor's department on entries that it met.

    For the department that asked, which has written its look by reading the check.
    """
    rows = list(CheckAnswer.objects.filter(number__in=list(answers), question__department=actor.department))
    met = {hit["entry"] for row in rows for hit in row.hits}
    given = PriorNotice.objects.filter(entry__record__reference__in=met, department=actor.department)
    views = [_view(notice) for notice in given.select_related("entry__record").order_by("given_at")]
    return {row.number: [v for v in views if v.entry in {hit["entry"] for hit in row.hits}] for row in rows}
