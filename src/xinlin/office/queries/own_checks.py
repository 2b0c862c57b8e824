"""The checks that were asked about oneself, what they answered, and what the officer then did (审批核查)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext_noop

from xinlin.core.holds import on_time
from xinlin.core.values import Text
from xinlin.office.models.cases import Case, Telling
from xinlin.office.models.checks import CheckAnswer
from xinlin.office.models.people import Subject
from xinlin.office.queries.answer_views import HitView, HoldView, feedback_of, hit_view, hold_of, hold_view
from xinlin.office.queries.office_clocks import name_of
from xinlin.office.queries.people import look_at_oneself, own_subject
from xinlin.office.queries.records import represented_now
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, today


@dataclass(frozen=True)
class OwnCheck:
    """One answer about the person, or about an organisation that the person represents."""

    answer: str
    check: str
    item_name: Text
    department_name: Text
    organisation: str
    """Empty for the person's own."""
    asked_at: datetime
    verdict: str
    hits: list[HitView]
    """The entries on which the answer rests, with what would end each at once."""
    hold: HoldView | None
    """Whether the application waits, until when, and who signed for how much longer."""
    decision: str
    """What the officer decided; empty while nothing is decided."""
    reason: str
    due_on: date | None
    """Last day on which the office says what it decided; None where it owes nothing."""
    timeliness: str
    """``none``, ``owed``, ``overdue``, ``given`` or ``late``: how the office stands with that."""
    corrected: list[str]
    """Outcomes of cases after which the office was told otherwise."""
    case_number: str
    """One's own open objection to it, or empty."""


def mine(*, actor: Actor, limit: int = 100) -> list[OwnCheck]:
    """The newest checks about the resident and the organisations that they represent now."""
    subject = own_subject(actor, "see")
    about = [subject.pk, *represented_now(subject)]
    rows = CheckAnswer.objects.filter(subject__in=about).select_related("question", "subject", "feedback", "hold")
    found = list(rows.order_by("-question__asked_at", "-pk")[:limit])
    told: dict[int, list[str]] = {}
    for answer, outcome in (
        Telling.objects.filter(answer__in=found).order_by("told_at").values_list("answer", "outcome")
    ):
        told.setdefault(answer or 0, []).append(outcome)
    open_cases = Case.objects.filter(answer__in=found, filed_by=subject).exclude(state=Case.State.CLOSED)
    running = dict(open_cases.values_list("answer_id", "number"))
    look_at_oneself(actor, _kinds(found), gettext_noop("查看审批核查"))
    return [_view(row, subject, told.get(row.pk, []), running.get(row.pk, "")) for row in found]


def one(*, actor: Actor, answer: str) -> OwnCheck:
    """One of them. Raises `NotFound` for an answer about somebody else."""
    found = next((view for view in mine(actor=actor, limit=10_000) if view.answer == answer), None)
    if found is None:
        raise NotFound("没有这次核查，或它不涉及您。There is no such check about you.")
    return found


def _kinds(rows: Iterable[CheckAnswer]) -> set[str]:
    lists = {hit["list_code"] for row in rows for hit in row.hits}
    return {kind.code for kind in current().kinds.values() if kind.statutory_list in lists}


def _view(row: CheckAnswer, subject: Subject, told: list[str], running: str) -> OwnCheck:
    item = current().approval_items.get(row.question.item)
    given = feedback_of(row)
    return OwnCheck(
        answer=row.number,
        check=row.question.number,
        item_name=item.name if item else Text(zh=row.question.item, en=row.question.item),
        department_name=name_of(row.question.department),
        organisation=row.subject.public_name if row.subject and row.subject_id != subject.pk else "",
        asked_at=row.question.asked_at,
        verdict=row.verdict,
        hits=[hit_view(hit) for hit in row.hits],
        hold=hold_view(hold_of(row)),
        decision=given.decision if given else "",
        reason=given.reason if given else "",
        due_on=row.feedback_due_on,
        timeliness=on_time(row.feedback_due_on, timezone.localtime(given.at).date() if given else None, today()),
        corrected=told,
        case_number=running,
    )
