"""What a department may see of its own checks (信用核查): views, the item list, what still waits for feedback."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from xinlin.core.values import Text


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
    notice: Text
    remedy: Text


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
    ends_on: date
    remedy: str
    """How to object and repair, as the entry's own document states it."""
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
    feedback: FeedbackView | None
    feedback_due_on: date | None
    """Last day for the feedback; None where none is owed."""
    overdue: bool


@dataclass(frozen=True)
class CheckView:
    """One question at an approval item with its answers."""

    number: str
    item: str
    item_name: Text
    asked_at: datetime
    as_of: date
    officer: str
    purpose: str
    answers: list[AnswerView]
    counts: Mapping[str, int] = field(default_factory=dict)
    """Answers by verdict; in lists ``answers`` holds only those that need a person."""


@dataclass(frozen=True)
class ItemView:
    """An approval item at which the actor's department may ask, and the lists that the law ties to it."""

    code: str
    name: Text
    purpose: Text
    subject_kinds: Sequence[str]
    lists: Sequence[str]
