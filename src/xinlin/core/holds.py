"""An application that stopped on a hit (暂缓办理): how long, what ends it, and the six stages of a case (推送·比对·拦截·奖惩·监督·反馈).

Software holds or routes; a person refuses, signs and gives reasons. What nobody signs is open again after one working day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from xinlin.core.calendar import Calendar
from xinlin.core.checks import has_controls, reason
from xinlin.core.values import Problem

LONGEST_WORKING_DAYS = 1
"""No rulebook can make an unsigned hold longer (DESIGN right 5)."""
HoldState = Literal["holding", "signed", "lapsed", "released", "decided", "lifted"]
Stage = Literal["push", "compare", "intercept", "measure", "supervise", "feedback"]
STAGES: tuple[Stage, ...] = ("push", "compare", "intercept", "measure", "supervise", "feedback")


@dataclass(frozen=True, slots=True)
class StageAt:
    """One stage of a case: when it was reached, or None while it is not; ``what`` is a code of what came of it."""

    stage: Stage
    at: datetime | None
    what: str = ""


def lapse_of(opened: datetime, calendar: Calendar, working_days: int = LONGEST_WORKING_DAYS) -> datetime:
    """The moment from which an unsigned hold is open: the same time of day, one working day later.

    ``opened`` is in the city's time zone. A hold begun on a free day counts from the start of the next working day.
    """
    days = min(working_days, LONGEST_WORKING_DAYS)
    if calendar.is_working_day(opened.date()):
        return opened + (calendar.add_working_days(opened.date(), days) - opened.date())
    first = calendar.add_working_days(opened.date(), days)
    return (opened + (first - opened.date())).replace(hour=23, minute=59, second=59, microsecond=0)


def state_of(*, lapses_at: datetime, signed_until: date | None, ended: str, moment: datetime, today: date) -> HoldState:
    """Where a hold stands by the clock alone: no job is needed for it to open."""
    if ended:
        return ended  # type: ignore[return-value]  # the stored ends are states by name
    if signed_until is not None:
        return "signed" if today <= signed_until else "lapsed"
    return "holding" if moment < lapses_at else "lapsed"


def signing_problem(state: HoldState, reason_given: str) -> Problem | None:
    """Why a hold cannot be signed, or None."""
    if state != "holding":
        return HOLD_OVER if state == "lapsed" else HOLD_ENDED
    if not reason_given or len(reason_given) > 1000 or has_controls(reason_given):
        return REASONS_MISSING
    return None


def percent(part: int, whole: int) -> str:
    """A share in a hundred as a reader expects it, rounded half up: ``100``, ``12.5``, ``0.18``, ``0.0447``.

    One decimal from 1 on, below it two, and four below 0.1, so that few among many are not told as none. Nothing is ``0``.
    """
    if whole <= 0 or part <= 0:
        return "0"
    decimals = 1 if part * 100 >= whole else 2 if part * 1_000 >= whole else 4
    unit = 10**decimals
    scaled = (part * 100 * unit * 2 + whole) // (whole * 2)
    text = f"{scaled // unit}.{scaled % unit:0{decimals}}".rstrip("0").rstrip(".")
    return text if scaled else "<0.0001"


@dataclass(frozen=True, slots=True)
class Funnel:
    """From checks to measures (核查漏斗): how many were asked, asked by systems, hit, and came to a measure."""

    checks: int
    automatic: int
    hits: int
    """Of all checks, whoever asked."""
    measures: int
    not_the_person: int = 0
    """Hits of which the officer found that they were about somebody else."""
    automatic_hits: int = 0
    """Those of ``hits`` that no person's question made."""

    @property
    def hit_percent(self) -> str:
        """Hits of systems' questions in a hundred of them."""
        return percent(self.automatic_hits, self.automatic)

    @property
    def measure_percent(self) -> str:
        """Measures in a hundred checks."""
        return percent(self.measures, self.checks)

    @property
    def false_hit_percent(self) -> str:
        """False hits in a hundred hits."""
        return percent(self.not_the_person, self.hits)


def on_time(
    due: date | None, given_on: date | None, today: date
) -> Literal["none", "owed", "overdue", "given", "late"]:
    """How an office stands with its feedback: none due, owed within its time, overdue, given in time, or given late."""
    if due is None:
        return "none"
    if given_on is None:
        return "overdue" if due < today else "owed"
    return "late" if due < given_on else "given"


HOLD_OVER = reason(
    "hold_lapsed",
    "hold",
    "",
    (
        "暂缓已满一个工作日且无人签字，申请已自动放行，不得再据此采取措施",
        "Nobody signed the hold within one working day; the application is open again and no measure may rest on it",
    ),
    ("确需处理的，请重新核查", "Ask the check again if it must be dealt with"),
)
HOLD_ENDED = reason(
    "hold_ended",
    "hold",
    "",
    ("该暂缓已经结束", "This hold has ended"),
    ("无需再签", "There is nothing left to sign"),
)
REASONS_MISSING = reason(
    "reason_missing",
    "reason",
    "",
    ("继续暂缓须由审批人员签名并写明理由", "To go on holding, an officer signs and gives reasons"),
    ("请写明事实和理由（不超过 1000 字）", "State facts and reasons in at most 1000 characters"),
)
