"""Refused rows that a system says are never to come in, and that it takes back (退回行搁置接口)."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Router, Schema
from pydantic import Field, StringConstraints

from xinlin.faces.api.auth import MachineAuth, machine_actor
from xinlin.faces.api.batches import WRITE, Number, StrictSchema
from xinlin.faces.api.proofs import HEADERS, proof_of
from xinlin.office.actions import refusals as actions

router = Router(tags=["batches"])
LAST_ROW = 2**40
RowNumber = Annotated[int, Field(ge=1, le=LAST_ROW)]


class AsideIn(StrictSchema):
    """Rows of the delivery by their numbers, and why they are not to come in; the reason is sealed."""

    rows: Annotated[list[RowNumber], Field(min_length=1, max_length=actions.AT_MOST)]
    reason: Annotated[str, StringConstraints(min_length=2, max_length=1_000)]


class BackIn(StrictSchema):
    """Rows that were set aside and wait again."""

    rows: Annotated[list[RowNumber], Field(min_length=1, max_length=actions.AT_MOST)]


class ChangedOut(Schema):
    """How many rows the call changed: none where it was made before."""

    number: str
    changed: int


@router.post(
    "/batches/{number}/aside",
    response=ChangedOut,
    auth=MachineAuth(WRITE),
    summary="Set refused rows aside",
    openapi_extra={"parameters": HEADERS[1:]},
)
def set_aside(request: HttpRequest, number: Annotated[Number, Path()], payload: AsideIn) -> ChangedOut:
    """Rows that are never to come in (a total, a test, a row of another office), all of them or none. They stay as they came,
    count as refused, and can be taken back. The same call again changes nothing.
    """
    actor = machine_actor(request, WRITE)
    proof = proof_of(request, actor, request.body)
    changed = actions.set_aside(actor=actor, number=number, rows=payload.rows, reason=payload.reason, proof=proof)
    return ChangedOut(number=number, changed=changed)


@router.post(
    "/batches/{number}/aside/back",
    response=ChangedOut,
    auth=MachineAuth(WRITE),
    summary="Take rows back that were set aside",
    openapi_extra={"parameters": HEADERS[1:]},
)
def take_back(request: HttpRequest, number: Annotated[Number, Path()], payload: BackIn) -> ChangedOut:
    """The rows wait for their correction again. The same call again changes nothing."""
    actor = machine_actor(request, WRITE)
    proof = proof_of(request, actor, request.body)
    return ChangedOut(
        number=number, changed=actions.take_back(actor=actor, number=number, rows=payload.rows, proof=proof)
    )
