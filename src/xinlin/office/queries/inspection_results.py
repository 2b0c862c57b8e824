"""What inspections of drawn firms found, and which are still to be inspected (抽查检查结果)."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.inspections import RESULT
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.inspections import DrawnFirm
from xinlin.office.models.records import Record
from xinlin.office.queries.inspections import (
    TOLD,
    PlanView,
    ResultView,
    grade_name,
    may_see,
    plan_view,
    results_of,
    told_on,
    visible,
)
from xinlin.office.queries.people import Delay, Read, write_looks
from xinlin.office.scopes import Actor, NotFound, today

PAGE = 200
"""Firms on one page of a plan."""


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A firm that was drawn, its reasons on the day of the draw (what, class, end), and what came of it."""

    reference: str
    name: str
    code: str
    grade: Text
    reasons: list[tuple[Text, str, date]]
    results: list[ResultView]
    """Of this plan, the newest first; empty while nobody has inspected it."""
    overdue: bool
    """Not inspected although the plan's year is over, or not again although its day is past."""


@dataclass(frozen=True, slots=True)
class PlanPage:
    """A part of a plan's firms, those of the worst grade first, and how far the plan has come."""

    plan: PlanView
    lines: list[DrawnLine]
    drawn: int
    inspected: int
    after: int
    """Where the next part begins; 0 where this is the last."""


def _drawn(actor: Actor, number: str) -> QuerySet[DrawnFirm]:
    """The firms of a plan that the actor may see. Raises `NotAllowed`, `NotFound`."""
    may_see(actor)
    plan = visible(actor).filter(number=number).first()
    if plan is None:
        raise NotFound("没有这个抽查计划，或它不属于您的部门。There is no such plan of your department.")
    return DrawnFirm.objects.filter(plan=plan).select_related("subject", "plan").order_by("-pk")


def page(*, actor: Actor, number: str, after: int = 0) -> PlanPage:
    """Up to `PAGE` firms of a plan: an officer's own department's, any to the centre and auditors.

    Writes the looks, as `_note` says. Raises `NotAllowed`, `NotFound`.
    """
    every = _drawn(actor, number)
    told = Record.objects.filter(kind=RESULT, subject=OuterRef("subject"), fields__plan=number, status__in=TOLD)
    rows = list((every.filter(pk__lt=after) if after else every)[: PAGE + 1])
    plan = visible(actor).get(number=number)
    return PlanPage(
        plan=plan_view(plan),
        lines=_lines(actor, rows[:PAGE]),
        drawn=sum(row["drawn"] for row in plan.grades),
        inspected=every.filter(Exists(told)).count(),
        after=rows[PAGE - 1].pk if len(rows) > PAGE else 0,
    )


def one(*, actor: Actor, number: str, reference: str) -> DrawnLine:
    """One firm of a plan, by its handle. Writes the look. Raises `NotAllowed`, `NotFound`."""
    rows = list(_drawn(actor, number).filter(subject__pseudonym=reference))
    if not rows:
        raise NotFound("这个计划没有抽中它。The plan did not draw it.")
    return _lines(actor, rows)[0]


def _note(actor: Actor, rows: list[DrawnFirm], told: Container[int]) -> None:
    """Write the looks. Whoever was not inspected yet sees them once the plan's year is over, or would know before the inspector comes."""
    words = (gettext_noop("安排抽查"), gettext_noop("国办发〔2019〕35号"), [RESULT], gettext_noop("查看抽查名单"))
    later: dict[date, list[int]] = {}
    for row in rows:
        if row.subject_id not in told:
            later.setdefault(told_on(row.plan), []).append(row.subject_id)
    reads = [Read(keys, *words, delay=Delay(day, words[1])) for day, keys in later.items()]
    write_looks(actor=actor, reads=[Read([row.subject_id for row in rows if row.subject_id in told], *words), *reads])


def _lines(actor: Actor, rows: list[DrawnFirm]) -> list[DrawnLine]:
    results, day = results_of(row.subject_id for row in rows), today()
    lines, told = list[DrawnLine](), set[int]()
    for row in rows:
        own = [one for one in results.get(row.subject_id, []) if one.plan == row.plan.number]
        due = own[0].next_on if own else told_on(row.plan) - timedelta(days=1)
        told |= {row.subject_id} if own else set()
        lines.append(
            DrawnLine(
                reference=row.subject.pseudonym,
                name=row.subject.public_name,
                code=vault.unseal(row.subject.identifier_sealed, "subject.identifier"),
                grade=grade_name(row.grade),
                reasons=[
                    (Text.model_validate(why["name"]), why["record_class"], date.fromisoformat(why["ends_on"]))
                    for why in row.reasons
                ],
                results=own,
                overdue=due is not None and due < day,
            )
        )
    _note(actor, rows, told)
    return lines
