"""Checks for approval systems: ask, read again, say what was decided (信用核查接口)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Router, Schema
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from xinlin.core.checks import DECIDES, MAXIMUM_APPLICANTS, Applicant
from xinlin.core.values import Text
from xinlin.faces.api.auth import MachineAuth, machine_actor
from xinlin.office.actions import checks as actions
from xinlin.office.actions.feedback import correct_feedback, give_feedback
from xinlin.office.queries import checks as queries
from xinlin.office.queries.answer_views import AnswerView

router = Router(tags=["checks"])

PLAIN = r"^[^\x00-\x1f\x7f]*$"
"""A line without control characters."""
PROSE = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
"""Lines without control characters but tab and line ends."""


class StrictSchema(Schema):
    """Input that refuses unknown fields and silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ApplicantIn(BaseModel):
    """Who applies: the exact resident id or unified social credit code, and the name as the application gives it."""

    # ninja's own schema wraps each value to read Django's objects, which costs more than ten thousand answers
    model_config = ConfigDict(extra="forbid", strict=True)

    identifier: Annotated[str, StringConstraints(max_length=64, pattern=PLAIN)] = ""
    name: Annotated[str, StringConstraints(max_length=300, pattern=PLAIN)] = ""


class CheckIn(StrictSchema):
    """A question at an approval item of the caller's own department."""

    item: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PLAIN)]
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PLAIN)]
    officer: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN)]
    applicants: Annotated[list[ApplicantIn], Field(min_length=1, max_length=MAXIMUM_APPLICANTS)]


class CorrectionIn(StrictSchema):
    """A feedback put right. A measure can be taken back this way, never added."""

    decision: Literal["released", "not_the_person"]
    officer: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN)]
    reason: Annotated[str, StringConstraints(max_length=1000, pattern=PROSE)] = ""
    why: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=PROSE)]


class FeedbackIn(StrictSchema):
    """What the officer decided. ``measure`` and ``entry`` only with ``measure_applied``."""

    decision: Literal["released", "measure_applied", "not_the_person"]
    officer: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN)]
    reason: Annotated[str, StringConstraints(max_length=1000, pattern=PROSE)] = ""
    measure: Annotated[str, StringConstraints(max_length=64, pattern=PLAIN)] = ""
    entry: Annotated[str, StringConstraints(max_length=32, pattern=PLAIN)] = ""


class ReasonOut(Schema):
    """Why an answer is as it is."""

    code: str
    what: Text
    cure: Text


class MeasureOut(Schema):
    """A measure that the law allows (may) or demands (must); ``until`` is the first day on which it no longer may be used."""

    code: str
    name: Text
    force: Literal["must", "may"]
    until: date
    article: Text
    scope: Text
    """How far it reaches, and where it stops."""
    notice: Text
    remedy: Text


class HitOut(Schema):
    """A list entry in force. Feedback names it by ``entry``."""

    entry: str
    list_code: str
    list_name: Text
    document: str
    authority: str
    article: str
    entered_on: date
    notice_on: date | None
    """The day on which the subject was told of its entry."""
    ends_on: date
    remedy: str
    fix: Text
    """What the subject can do at once to end it; say this first."""
    severity: str
    measures: list[MeasureOut]


class FavourOut(Schema):
    """An incentive that a red list opens to the applicant at this item; ``automatic`` ones need nobody's decision."""

    code: str
    name: Text
    way: str
    automatic: bool
    list_code: str
    list_name: Text
    document: str
    until: date


class AnswerOut(Schema):
    """The answer for the applicant at ``position``, counted from 1 in the order of the question."""

    number: str
    position: int
    verdict: Literal["yes", "no", "unsure"]
    reasons: list[ReasonOut]
    hits: list[HitOut]
    favours: list[FavourOut]
    feedback_due_on: date | None
    """Last day for the feedback; null where none is owed."""
    hold_lapses_at: datetime | None
    """From this moment the application is open again unless an officer signed with reasons; null where nothing is held."""


class CheckOut(Schema):
    """A check as it was answered; the same for every repetition of the question."""

    number: str
    item: str
    as_of: date
    asked_at: datetime
    decides: Text = DECIDES
    """An officer decides, never this answer."""
    answers: list[AnswerOut]


class FeedbackOut(Schema):
    """Feedback as it was taken in."""

    decision: str
    measure: str
    entry: str
    reason: str
    officer: str
    at: datetime


class HoldOut(Schema):
    """The hold as the clock has it now: holding, signed, lapsed, released, decided or lifted."""

    state: str
    opened_at: datetime
    lapses_at: datetime
    signed_by: str
    signed_until: date | None
    ended_at: datetime | None


class FavourNowOut(Schema):
    """An incentive of the answer."""

    code: str
    name: Text
    way: str
    automatic: bool
    list_name: Text
    document: str
    until: date


class AnswerNowOut(Schema):
    """An answer as it stands now, with its hold and feedback."""

    number: str
    position: int
    verdict: Literal["yes", "no", "unsure"]
    reasons: list[ReasonOut]
    hits: list[HitOut]
    favours: list[FavourNowOut]
    feedback_due_on: date | None
    hold: HoldOut | None
    applicant_masked: str
    feedback: FeedbackOut | None
    overdue: bool


class CheckNowOut(Schema):
    """A check as it stands now."""

    number: str
    item: str
    item_name: Text
    as_of: date
    asked_at: datetime
    officer: str
    purpose: str
    decides: Text = DECIDES
    answers: list[AnswerNowOut]


class ItemOut(Schema):
    """An approval item of the caller's department and the lists that the law ties to it."""

    code: str
    name: Text
    purpose: Text
    subject_kinds: list[str]
    lists: list[str]


Number = Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9a-f-]+$")]


@router.get(
    "/items", response=list[ItemOut], auth=MachineAuth("checks:ask"), summary="Approval items one may ask about"
)
def items(request: HttpRequest) -> list[queries.ItemView]:
    """The approval items at which the caller's department may ask a check."""
    return queries.items(actor=machine_actor(request, "checks:ask"))


@router.post("/checks", response=CheckOut, auth=MachineAuth("checks:ask"), summary="Ask a check")
def ask(
    request: HttpRequest,
    payload: CheckIn,
    idempotency_key: Annotated[
        str, Header(alias="Idempotency-Key", min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")
    ],
) -> HttpResponse:
    """Answer yes, no or unsure for each applicant, by exact identifier. Repeat with the same key for the same answer."""
    text = actions.answer_as_json(
        actor=machine_actor(request, "checks:ask"),
        item=payload.item,
        purpose=payload.purpose,
        officer=payload.officer,
        applicants=[Applicant(one.identifier, one.name) for one in payload.applicants],
        idempotency_key=idempotency_key,
    )
    return HttpResponse(text, content_type="application/json; charset=utf-8")


@router.get("/checks/{number}", response=CheckNowOut, auth=MachineAuth("checks:ask"), summary="Read a check again")
def read(request: HttpRequest, number: Annotated[Number, Path()]) -> queries.CheckView:
    """One check of the caller's department, with the feedback given so far. Reading it is shown to the persons concerned."""
    return queries.one(actor=machine_actor(request, "checks:ask"), number=number)


@router.post(
    "/checks/{answer}/feedback",
    response=AnswerNowOut,
    auth=MachineAuth("checks:feedback"),
    summary="Say what the officer decided",
)
def feedback(request: HttpRequest, answer: Annotated[Number, Path()], payload: FeedbackIn) -> AnswerView:
    """Feedback on one answer. The same again changes nothing; another is refused with 409."""
    return give_feedback(
        actor=machine_actor(request, "checks:feedback"),
        answer_number=answer,
        decision=payload.decision,
        measure=payload.measure,
        entry=payload.entry or None,
        reason=payload.reason,
        officer=payload.officer,
    )


@router.post(
    "/checks/{answer}/feedback/correction",
    response=AnswerNowOut,
    auth=MachineAuth("checks:feedback"),
    summary="Put a feedback right",
)
def correct(request: HttpRequest, answer: Annotated[Number, Path()], payload: CorrectionIn) -> AnswerView:
    """Take a measure back, or say that it was another person. What stood before is kept, and the person sees both."""
    return correct_feedback(
        actor=machine_actor(request, "checks:feedback"),
        answer_number=answer,
        decision=payload.decision,
        reason=payload.reason,
        officer=payload.officer,
        why=payload.why,
    )
