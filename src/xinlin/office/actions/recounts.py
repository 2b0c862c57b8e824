"""Counting provisional deadlines again once a year's holidays are known (期限重算)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from xinlin.core.procedures import Deadline
from xinlin.office.actions import deeds, repairs
from xinlin.office.actions.case_steps import received_on, set_clock, take_step
from xinlin.office.models.cases import Case
from xinlin.office.queries.calendars import calendar
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor

CLOCK_OF_STEP = {
    "open": repairs.ACCEPTANCE,
    "hand_in": repairs.ACCEPTANCE,
    "accept": repairs.RESULT,
    "send_back": repairs.RESULT,
}
"""Which clock of a repair begins with which step."""


def _working_days(clock: str) -> int:
    return current().clocks[clock].working_days or 0


def _repair(case: Case) -> Deadline:
    """The deadline of a repair as its steps set it, one after the other."""
    days, due = calendar(), case.due_on
    for step in case.steps.order_by("at", "pk"):
        if step.step in CLOCK_OF_STEP:
            began = timezone.localtime(step.at).date()
            due = days.add_working_days(began, _working_days(CLOCK_OF_STEP[step.step]))
        elif step.step == "extend":
            due = days.add_working_days(due, _working_days(repairs.EXTENSION))
    return Deadline(due, not days.is_decided(due))


def _count(case: Case) -> None:
    if case.kind == Case.Kind.REPAIR:
        found = _repair(case)
    elif case.kind == Case.Kind.DEED:
        days = calendar()
        due = days.add_working_days(received_on(case), _working_days(deeds.CLOCK))
        found = Deadline(due, not days.is_decided(due))
    else:
        set_clock(case)
        return
    if case.provider_due_on == case.due_on:
        case.provider_due_on = found.day
    case.due_on, case.due_provisional = found.day, found.provisional


def recount(*, actor: Actor) -> int:
    """Count every open case again whose deadline rests on a year that was not arranged; returns how many days moved.

    Each that moves has a step that its applicant sees. Must run in the transaction that enters the days.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("recount inside the transaction that enters the days (transaction.atomic)")
    moved = 0
    open_cases = Case.objects.select_for_update(of=("self",)).exclude(state=Case.State.CLOSED)
    for case in open_cases.filter(due_provisional=True).order_by("pk"):
        before = (case.due_on, case.provider_due_on)
        _count(case)
        if (case.due_on, case.provider_due_on) != before:
            take_step(actor=actor, case=case, step="recount")
            moved += 1
        elif not case.due_provisional:
            case.save(update_fields=["due_provisional"])
    return moved
