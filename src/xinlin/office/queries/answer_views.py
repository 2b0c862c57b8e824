"""An answer of a check as its department sees it: masked applicant, hits, hold, feedback (核查结果的查看)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from xinlin.core.holds import HoldState, StageAt, state_of
from xinlin.core.people import mask_identifier, mask_name, normalise_identifier, resident_id_problem, uscc_problem
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.checks import CheckAnswer, CheckFeedback, Hold
from xinlin.office.queries.traces import trace
from xinlin.office.scopes import now, today

APPLICANT = "check.applicant"
"""The place under which an applicant's identifier and name are sealed."""


@dataclass(frozen=True)
class Reason:
    """One reason of an answer: what is so, and for ``unsure`` what a person has to do."""

    code: str
    what: Text
    cure: Text


@dataclass(frozen=True)
class MeasureView:
    """A measure that the law allows (``may``) or demands (``must``) at the item, and until when."""

    code: str
    name: Text
    force: str
    until: date
    """First day on which it may no longer be used."""
    article: Text
    scope: Text
    notice: Text
    remedy: Text


@dataclass(frozen=True)
class FavourView:
    """An incentive that a red list opens to the applicant at the item."""

    code: str
    name: Text
    way: str
    automatic: bool
    list_name: Text
    document: str
    until: date


@dataclass(frozen=True)
class HoldView:
    """The application's hold, as the clock has it now (暂缓办理)."""

    state: HoldState
    opened_at: datetime
    lapses_at: datetime
    signed_by: str
    signed_reason: str
    signed_until: date | None
    ended_at: datetime | None


@dataclass(frozen=True)
class HitView:
    """A list entry in force, as it was when the question was answered."""

    entry: str
    """The public handle of the entry's record; feedback names it."""
    list_code: str
    list_name: Text
    document: str
    authority: str
    article: str
    entered_on: date
    notice_on: date | None
    ends_on: date
    remedy: str
    """How to object and repair, as the entry's own document states it."""
    fix: Text
    """What its subject can do at once to end it."""
    severity: str
    measures: list[MeasureView]


@dataclass(frozen=True)
class FeedbackView:
    """What the officer decided (核查反馈)."""

    decision: str
    measure: str
    entry: str
    reason: str
    officer: str
    at: datetime


@dataclass(frozen=True)
class AnswerView:
    """The answer for one applicant. ``yes`` and ``unsure`` decide nothing: a person does."""

    number: str
    position: int
    applicant_masked: str
    verdict: str
    reasons: list[Reason]
    hits: list[HitView]
    favours: list[FavourView]
    hold: HoldView | None
    feedback: FeedbackView | None
    feedback_due_on: date | None
    """Last day for the feedback; None where none is owed."""
    overdue: bool
    stages: Sequence[StageAt] = ()
    """The six stages of a hit."""


def masked_applicant(sealed: str) -> str:
    """An applicant as pages show it: 王*明 110***********002X; a name in full only beside an organisation's code."""
    return _masked(*json.loads(vault.unseal(sealed, APPLICANT)))


def _masked(identifier: str, name: str) -> str:
    known = normalise_identifier(identifier)
    # one resident number in 31 also passes the check of an organisation's code: a person's name stays masked all the same
    organisation = uscc_problem(known) is None and resident_id_problem(known) is not None
    return " ".join(part for part in (name if organisation else mask_name(name), mask_identifier(identifier)) if part)


def _text(stored: Mapping[str, str]) -> Text:
    return Text(zh=stored["zh"], en=stored["en"])


def hit_view(stored: Mapping[str, Any]) -> HitView:
    """A hit as the answer keeps it."""
    return HitView(
        entry=stored["entry"],
        list_code=stored["list_code"],
        list_name=_text(stored["list_name"]),
        document=stored["document"],
        authority=stored["authority"],
        article=stored["article"],
        entered_on=date.fromisoformat(stored["entered_on"]),
        notice_on=date.fromisoformat(stored["notice_on"]) if stored["notice_on"] else None,
        ends_on=date.fromisoformat(stored["ends_on"]),
        remedy=stored["remedy"],
        fix=_text(stored["fix"]),
        severity=stored["severity"],
        measures=[
            MeasureView(
                code=measure["code"],
                name=_text(measure["name"]),
                force=measure["force"],
                until=date.fromisoformat(measure["until"]),
                article=_text(measure["article"]),
                scope=_text(measure["scope"]),
                notice=_text(measure["notice"]),
                remedy=_text(measure["remedy"]),
            )
            for measure in stored["measures"]
        ],
    )


def _favour(stored: Mapping[str, Any]) -> FavourView:
    return FavourView(
        code=stored["code"],
        name=_text(stored["name"]),
        way=stored["way"],
        automatic=stored["automatic"],
        list_name=_text(stored["list_name"]),
        document=stored["document"],
        until=date.fromisoformat(stored["until"]),
    )


def hold_of(answer: CheckAnswer) -> Hold | None:
    """The hold that an answer began, or None."""
    try:
        return answer.hold
    except Hold.DoesNotExist:
        return None


def hold_view(hold: Hold | None) -> HoldView | None:
    """A hold with its state by the clock."""
    if hold is None:
        return None
    state = state_of(
        lapses_at=hold.lapses_at, signed_until=hold.signed_until, ended=hold.ended, moment=now(), today=today()
    )
    return HoldView(
        state=state,
        opened_at=hold.opened_at,
        lapses_at=hold.lapses_at,
        signed_by=hold.signed_by,
        signed_reason=hold.signed_reason,
        signed_until=hold.signed_until,
        ended_at=hold.lapses_at if state == "lapsed" and not hold.ended else hold.ended_at,
    )


def feedback_of(answer: CheckAnswer) -> CheckFeedback | None:
    """The feedback on an answer, or None while it is owed or not asked for."""
    try:
        return answer.feedback
    except CheckFeedback.DoesNotExist:
        return None


def answer_view(answer: CheckAnswer, given: CheckFeedback | None, day: date, traced: bool = False) -> AnswerView:
    """A stored answer as its department sees it on ``day``; ``traced`` with the six stages, which ask the database."""
    due = answer.feedback_due_on
    return AnswerView(
        number=answer.number,
        position=answer.position,
        applicant_masked=masked_applicant(answer.applicant_sealed),
        verdict=answer.verdict,
        reasons=[Reason(why["code"], _text(why["what"]), _text(why["cure"])) for why in answer.reasons],
        hits=[hit_view(stored) for stored in answer.hits],
        favours=[_favour(stored) for stored in answer.favours],
        hold=hold_view(hold_of(answer)),
        feedback=None
        if given is None
        else FeedbackView(
            decision=given.decision,
            measure=given.measure,
            entry=given.entry.record.reference if given.entry is not None else "",
            reason=given.reason,
            officer=given.officer,
            at=given.at,
        ),
        feedback_due_on=due,
        overdue=given is None and due is not None and due < day,
        stages=tuple(trace(answer, hold_of(answer), given)) if traced and answer.hits else (),
    )
