"""Holds, remedies, and entries that change, for departments' systems (暂缓、整改、名单条目变动接口)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from ninja import Path, Router, Schema
from pydantic import Field, StringConstraints

from xinlin.core.values import Problem, Text
from xinlin.faces.api.auth import MachineAuth, machine_actor
from xinlin.faces.api.batches import FILE_BODY, sent_file
from xinlin.faces.api.checks import PLAIN, PROSE, AnswerNowOut, Number, StrictSchema
from xinlin.office.actions import evidence, holds, lists
from xinlin.office.queries import checks as queries
from xinlin.office.queries.answer_views import AnswerView
from xinlin.office.scopes import NotAllowed, Refused

router = Router(tags=["holds"])
RemedyNumber = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=PLAIN)]

_NO_PANEL = Problem(
    "no_panel",
    "",
    Text(
        zh="本平台没有开通嵌入式核查：没有指定可以嵌入它的网站",
        en="There is no panel here: no site is named that may frame it",
    ),
    Text(
        zh="请运维人员在 XINLIN_PANEL_HOSTS 中写明贵单位的网站；也可以直接调用 /api/v1/checks",
        en="Ask the operator to name your site in XINLIN_PANEL_HOSTS, or ask at /api/v1/checks",
    ),
)


class SignIn(StrictSchema):
    """An officer goes on holding, with reasons."""

    officer: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN)]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=PROSE)]


class RemedyIn(StrictSchema):
    """What was done at once to end the entry; ``evidence``: SHA-256 of a proof that the asking office keeps itself."""

    entry: Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=PLAIN)]
    way: Literal["paid", "upload"]
    words: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=PROSE)]
    evidence: Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9a-f]*$")] = ""


class RemedyOut(Schema):
    """The number under which the list's authority finds it."""

    number: str


class PaperOut(Schema):
    """The number under which the proof is kept."""

    number: str


class EntryChangeIn(StrictSchema):
    """What the list's authority decided about an entry of its own; ``happened_on`` is an ISO date."""

    change: Literal["suspend", "resume", "exit"]
    happened_on: Annotated[date, Field(strict=False)]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PLAIN)]


class EntryStateOut(Schema):
    """The state of the entry's record after the change."""

    state: str


class OwedOut(Schema):
    """An answer whose feedback is owed or overdue."""

    number: str
    check: str
    feedback_due_on: date
    overdue: bool


@router.post(
    "/checks/{answer}/hold", response=AnswerNowOut, auth=MachineAuth("checks:feedback"), summary="Go on holding"
)
def sign(request: HttpRequest, answer: Annotated[Number, Path()], payload: SignIn) -> AnswerView:
    """Before a hold lapses, an officer signs with reasons; it then stands until the feedback is due."""
    return holds.sign(
        actor=machine_actor(request, "checks:feedback"),
        answer_number=answer,
        officer=payload.officer,
        reason=payload.reason,
    )


@router.post(
    "/checks/{answer}/remedies", response=RemedyOut, auth=MachineAuth("checks:feedback"), summary="It was put right"
)
def put_right(request: HttpRequest, answer: Annotated[Number, Path()], payload: RemedyIn) -> dict[str, str]:
    """Say that the duty behind a hit was done; the list's authority confirms, and the hold lifts at once."""
    number = holds.put_right(
        actor=machine_actor(request, "checks:feedback"),
        answer_number=answer,
        entry=payload.entry,
        way=payload.way,
        words=payload.words,
        evidence=payload.evidence,
    )
    return {"number": number}


@router.post(
    "/remedies/{number}/papers",
    response={201: PaperOut},
    auth=MachineAuth("checks:feedback"),
    summary="Send a proof",
    openapi_extra={
        "parameters": [{"in": "query", "name": "filename", "schema": {"type": "string"}}],
        "requestBody": FILE_BODY,
    },
)
def paper(request: HttpRequest, number: Annotated[RemedyNumber, Path()]) -> tuple[int, dict[str, str]]:
    """The proof itself, as the raw body or as the form field ``file``: the list's authority opens it before it confirms.

    The same bytes again give the same number.
    """
    filename, chunks = sent_file(request)
    actor = machine_actor(request, "checks:feedback")
    return 201, {"number": evidence.attach(actor=actor, filename=filename, chunks=chunks, remedy=number)}


@router.get("/feedback/owed", response=list[OwedOut], auth=MachineAuth("checks:feedback"), summary="Feedback owed")
def owed(request: HttpRequest) -> list[queries.Owed]:
    """Answers of the caller's department that wait for feedback, the overdue first; at most 1,000."""
    return queries.owed(actor=machine_actor(request, "checks:feedback"))


@router.post(
    "/entries/{reference}/changes",
    response=EntryStateOut,
    auth=MachineAuth("batches:write"),
    summary="Suspend, resume or end an entry",
)
def change(
    request: HttpRequest,
    reference: Annotated[str, Path(max_length=32, pattern=r"^[0-9a-f]+$")],
    payload: EntryChangeIn,
) -> dict[str, str]:
    """By the department that entered it. Offices that used the entry are told; holds that rest on it alone are lifted."""
    state = lists.change_entry(
        actor=machine_actor(request, "batches:write"),
        reference=reference,
        change=payload.change,
        happened_on=payload.happened_on,
        reason=payload.reason,
    )
    return {"state": state}


class PanelIn(StrictSchema):
    """For which item, purpose and officer a service hall opens a panel."""

    item: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PLAIN)]
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PLAIN)]
    officer: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN)]


class PanelOut(Schema):
    """The address for a frame; good for 15 minutes."""

    address: str


@router.post("/panels", response=PanelOut, auth=MachineAuth("checks:ask"), summary="Open a check panel")
def panel(request: HttpRequest, payload: PanelIn) -> dict[str, str]:
    """An address that a service hall's page puts into a frame: a form without scripts, for one item and one officer."""
    actor = machine_actor(request, "checks:ask")
    names = {one.code: one.name for one in queries.items(actor=actor)}
    if payload.item not in names:
        raise NotAllowed("本系统不能就该事项核查。This system may not ask about the item.")
    if not settings.PANEL_HOSTS:
        raise Refused(_NO_PANEL)
    meant = {
        "machine": actor.handle,
        "item": payload.item,
        "item_name": names[payload.item].model_dump(),
        "purpose": payload.purpose,
        "officer": payload.officer,
    }
    token = signing.dumps(meant, salt="xinlin.panel", compress=True)
    return {"address": request.build_absolute_uri(f"/panel/{token}/")}
