"""What was put right on a hold and waits for the list's authority (整改待确认)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_noop

from xinlin.core.values import Text
from xinlin.office.models.checks import Hold, Remedy
from xinlin.office.queries.people import write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, start_of


@dataclass(frozen=True, slots=True)
class RemedyView:
    """One remedy: on which entry, what was done, and how long the applicant has waited since."""

    number: str
    entry: str
    document: str
    list_name: Text
    way: str
    words: str
    evidence: str
    offered_at: datetime
    open_from: datetime | None
    """When the application is open anyway; None where its hold has ended."""
    state: str
    decided_by: str
    decided_words: str


def waiting(*, actor: Actor, limit: int = 100) -> list[RemedyView]:
    """Remedies on entries that the actor's department keeps, those that wait first. Writes looks. Raises `NotAllowed`."""
    if actor.role not in ("clerk", "reviewer"):
        raise NotAllowed("整改由列入名单的部门确认。The department that keeps the entry confirms.")
    found = Remedy.objects.select_related("hold", "entry__record")
    if actor.role == "clerk":
        found = found.filter(entry__record__department=actor.department)
    rows = list(found.order_by("-state", "-offered_at")[:limit])
    write_look(
        actor=actor,
        subjects=[row.entry.subject_id for row in rows],
        purpose=gettext_noop("确认整改"),
        clause=gettext_noop("国办发〔2020〕49号"),
        kinds=sorted({row.entry.record.kind for row in rows}),
        result=gettext_noop("查看整改情况"),
    )
    lists = current().lists
    return [
        RemedyView(
            number=row.number,
            entry=row.entry.record.reference,
            document=row.entry.document,
            list_name=lists[row.entry.list].name
            if row.entry.list in lists
            else Text(zh=row.entry.list, en=row.entry.list),
            way=row.way,
            words=row.words,
            evidence=row.evidence_sha256,
            offered_at=row.offered_at,
            open_from=_open_from(row.hold),
            state=row.state,
            decided_by=row.decided_by,
            decided_words=row.decided_words,
        )
        for row in rows
    ]


def _open_from(hold: Hold) -> datetime | None:
    if hold.ended:
        return None
    return hold.lapses_at if hold.signed_until is None else start_of(hold.signed_until + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class RemedyState:
    """What became of one remedy, beside the answer that it would end: offered, confirmed or refused, and when."""

    number: str
    way: str
    words: str
    offered_at: datetime
    state: str
    decided_at: datetime | None
    decided_by: str
    decided_words: str


def of_answers(numbers: Sequence[str]) -> dict[str, list[RemedyState]]:
    """Remedies by the number of the answer, the oldest first. The caller has shown the answers, and noted that look."""
    shown: dict[str, list[RemedyState]] = {}
    found = Remedy.objects.filter(hold__answer__number__in=list(numbers)).select_related("hold__answer").order_by("pk")
    for row in found:
        shown.setdefault(row.hold.answer.number, []).append(
            RemedyState(
                number=row.number,
                way=row.way,
                words=row.words,
                offered_at=row.offered_at,
                state=row.state,
                decided_at=row.decided_at,
                decided_by=row.decided_by,
                decided_words=row.decided_words,
            )
        )
    return shown
