"""What an office was told wrongly and is now told rightly (更正告知)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_noop

from xinlin.core.values import Text
from xinlin.office.models.cases import Telling
from xinlin.office.queries.people import write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed


@dataclass(frozen=True)
class TellingView:
    """One telling: which record of which document, what came of it, and whether the office has taken note."""

    number: str
    department_name: Text
    kind_name: Text
    document: str
    record: str
    check: str
    """Number of the check by which the office had learned of it; empty for the office that provided it."""
    outcome: str
    told_at: datetime
    acknowledged_at: datetime | None


def mine(*, actor: Actor, limit: int = 200) -> list[TellingView]:
    """The tellings to the actor's office, those not yet acknowledged first; a reviewer sees all. Writes the looks."""
    if actor.role not in ("reviewer", "clerk", "officer", "machine"):
        raise NotAllowed("更正告知只发给收到过原信息的单位。Only offices that were told see this.")
    found = Telling.objects.select_related("record", "answer__question")
    if actor.role != "reviewer":
        found = found.filter(department=actor.department)
    rows = list(found.order_by("acknowledged_at", "-told_at", "pk")[:limit])
    write_look(
        actor=actor,
        subjects=[row.record.subject_id for row in rows if row.record.subject_id is not None],
        purpose=gettext_noop("接收更正告知"),
        clause=gettext_noop("征信业管理条例 第二十五条"),
        kinds=sorted({row.record.kind for row in rows}),
        result=gettext_noop("查看更正告知"),
    )
    return [_view(row) for row in rows]


def _view(row: Telling) -> TellingView:
    rulebook = current()
    office, kind = rulebook.departments.get(row.department), rulebook.kinds.get(row.record.kind)
    return TellingView(
        number=row.number,
        department_name=office.name if office else Text(zh=row.department, en=row.department),
        kind_name=kind.name if kind else Text(zh=row.record.kind, en=row.record.kind),
        document=row.record.document,
        record=row.record.reference,
        check=row.answer.question.number if row.answer else "",
        outcome=row.outcome,
        told_at=row.told_at,
        acknowledged_at=row.acknowledged_at,
    )


def of_answers(*, actor: Actor, answers: Iterable[str]) -> dict[str, list[TellingView]]:
    """By the number of a check's answer: what the office that asked has been told since, so that no old answer is used."""
    found = Telling.objects.filter(answer__number__in=list(answers), department=actor.department)
    told: dict[str, list[TellingView]] = {}
    for row in found.select_related("record", "answer__question").order_by("told_at", "pk"):
        told.setdefault(row.answer.number if row.answer else "", []).append(_view(row))
    return told
