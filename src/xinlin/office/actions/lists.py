"""What happens to an entry after it was entered: it is suspended, stands again, or leaves its list (名单条目变动)."""

from __future__ import annotations

from datetime import date
from typing import Literal

from django.db import transaction

from xinlin.core.lists import EXIT
from xinlin.core.values import Problem, Text
from xinlin.office.actions.measures import lift_entry
from xinlin.office.actions.outcomes import leave_list
from xinlin.office.actions.tellings import tell_users
from xinlin.office.amendments import amend
from xinlin.office.leaves import write_leaf
from xinlin.office.models.checks import Hold
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.records import Record
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

Change = Literal["suspend", "resume", "exit"]
CHANGES: tuple[Change, ...] = ("suspend", "resume", "exit")


def leave(*, actor: Actor, record: Record, reason: str, happened_on: date, code: str) -> None:
    """End an entry, in the caller's transaction: its record, its measures, its holds; and tell the offices that used it.

    ``code`` is the reason in the record's history, by which the next full list knows that it was decided.
    """
    day = min(happened_on, record.ends_on or happened_on)
    change = {"status": Record.Status.ENDED.value, "ends_on": max(day, record.occurred_on)}
    amend(actor=actor, records=[record.pk], change=change, reason=code, happened_on=happened_on)
    leave_list(record, reason)
    lift_entry(actor=actor, record=record, why=reason)
    lift_holds(record, reason)
    tell_users(actor=actor, record=record, outcome=reason[:32])


def lift_holds(record: Record, reason: str) -> int:
    """Lift the holds that rest on this entry alone; returns how many."""
    if record.subject_id is None:
        return 0
    open_holds = Hold.objects.filter(ended="", answer__subject_id=record.subject_id).select_related("answer")
    mine = [hold.pk for hold in open_holds if {hit["entry"] for hit in hold.answer.hits} == {record.reference}]
    return Hold.objects.filter(pk__in=mine).update(ended=Hold.Ended.LIFTED, ended_at=now())


@transaction.atomic
def change_entry(*, actor: Actor, reference: str, change: str, happened_on: date, reason: str) -> str:
    """Suspend an entry, let it stand again, or take it off its list, as its own authority says; returns its state.

    Only the department that keeps the entry may, by a clerk or by its system. What is so already changes nothing.
    An entry that left may come back only as a new entry with its own document. Raises `NotFound`, `NotAllowed`, `Refused`.
    """
    if actor.role not in ("clerk", "machine") or not actor.department:
        raise NotAllowed("只有列入部门可以变更条目。Only the department that entered it may change an entry.")
    words = reason.strip()
    if change not in CHANGES or not words or len(words) > 64 or happened_on > today():
        raise Refused(_WRONG_CHANGE)
    entry = (
        ListEntry.objects.select_for_update(of=("self",))
        .select_related("record")
        .filter(record__reference=reference, record__department=actor.department)
        .first()
    )
    if entry is None:
        raise NotFound("没有这个名单条目，或不由您的部门列入。There is no such entry of your department.")
    record = entry.record
    wanted = {"suspend": Record.Status.DISPUTED, "resume": Record.Status.ACTIVE, "exit": Record.Status.ENDED}[change]
    if record.status == wanted:
        return str(record.status)
    if entry.removed_at is not None or record.status not in (Record.Status.ACTIVE, Record.Status.DISPUTED):
        raise Refused(_LEFT)
    if change == "resume" and record.cases.exclude(state="closed").exists():
        raise Refused(_CONTESTED)
    if change == "exit":
        leave(actor=actor, record=record, reason=words, happened_on=happened_on, code=f"{EXIT}{words}"[:64])
    else:
        amend(
            actor=actor,
            records=[record.pk],
            change={"status": wanted.value},
            reason=f"{change}: {words}"[:64],
            happened_on=happened_on,
        )
        if change == "suspend":
            lift_holds(record, words)
            tell_users(actor=actor, record=record, outcome="suspended")
    write_leaf(
        actor=actor,
        action=f"lists.{change}",
        table="list_entry",
        key=reference,
        facts={"happened_on": happened_on, "reason": words},
    )
    return wanted.value


_WRONG_CHANGE = Problem(
    "entry_change",
    "change",
    Text(
        zh="变更须为 suspend、resume 或 exit，写明理由（不超过 64 字），日期不晚于今天",
        en="A change is suspend, resume or exit, with a reason of at most 64 characters and a day not after today",
    ),
    Text(zh="请更正后重新提交", en="Correct it and send again"),
)
_LEFT = Problem(
    "entry_left",
    "entry",
    Text(zh="该条目已退出名单", en="The entry has left its list"),
    Text(zh="重新列入须另有决定文书，作为新条目报送", en="To enter it again, send a new entry with its own decision"),
)
_CONTESTED = Problem(
    "entry_contested",
    "entry",
    Text(zh="该条目有未办结的异议，不能恢复", en="An objection to the entry is open; it cannot stand again yet"),
    Text(zh="请先办结异议", en="Settle the objection first"),
)
