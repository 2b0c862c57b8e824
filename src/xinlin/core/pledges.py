"""Promises in place of papers (信用承诺): their templates, what they are due for, and how they come out (履约)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from xinlin.core.calendar import Calendar
from xinlin.core.schemes import Basis
from xinlin.core.terms import add_term
from xinlin.core.values import Strict, Text

REMINDER_DAYS = 3
"""Days before a pledge falls due on which its promisor is reminded; nothing happens to whoever is late but the record of it."""
Outcome = Literal["kept", "late", "excused", "broken"]
OUTCOMES: tuple[Outcome, ...] = ("kept", "late", "excused", "broken")


class PledgeTemplate(Strict):
    """A kind of promise and the approval that follows on it (承诺即经营, 承诺即拿证 …). Voluntary: the ordinary way stays open."""

    code: str
    name: Text
    opens: Literal["operate", "certificate", "renewal", "filing", "licence", "papers", "government"]
    """What the promise opens: 即经营, 即拿证, 即换证, 即备案, 即许可, 容缺补正, or nothing for an office's own promise."""
    text: Text
    duty: Text
    term: str
    """Calendar term until it is due, counted from the signature."""
    papers: list[Text] = []
    """Papers that may follow later."""
    items: list[str] = []
    """Approval items at which it may be given."""
    basis: Basis


class ItemSteps(Strict):
    """What an approval asks of an applicant: steps, papers, days."""

    steps: Annotated[list[Text], Field(min_length=1)]
    papers: list[Text]
    working_days: int


class SimplifiedItem(Strict):
    """An approval made simpler (极简审批事项), with what it asked before and asks now."""

    code: str
    name: Text
    department: str
    before: ItemSteps
    after: ItemSteps
    pledge: str | None = None
    basis: Basis


def due_on(template: PledgeTemplate, signed_on: date) -> date:
    """The last day on which the promise is kept in time."""
    return add_term(signed_on, template.term)


def reminder_on(due: date, calendar: Calendar) -> date:
    """The working day on which the reminder goes out: three days before, or the nearest working day before that."""
    day = due - timedelta(days=REMINDER_DAYS)
    while not calendar.is_working_day(day):
        day -= timedelta(days=1)
    return day


def outcome_of(due: date, done_on: date) -> Outcome:
    """How a promise came out that was fulfilled on ``done_on``: in time or late."""
    return "kept" if done_on <= due else "late"
