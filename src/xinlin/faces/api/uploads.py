"""Files in parts, for lines that break: announce, send from the offset one is told, finish (断点续传接口)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Header, Path, Router, Schema
from pydantic import Field, StringConstraints

from xinlin.faces.api.auth import MachineAuth, machine_actor
from xinlin.faces.api.batches import WRITE, ReceiptOut, StrictSchema
from xinlin.faces.api.proofs import HEADERS, proof_of
from xinlin.office.actions import uploads as actions
from xinlin.office.actions.deliveries import Receipt

router = Router(tags=["uploads"])
_CHUNK = 1 << 20
Number = Annotated[str, StringConstraints(max_length=32, pattern=r"^U[0-9A-F-]+$")]
Short = Annotated[str, StringConstraints(max_length=200)]


class UploadIn(StrictSchema):
    """A file that is to come: what it is, its size in bytes, the SHA-256 of all of it."""

    kind: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    filename: Short = "file"
    size: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    delivery: Literal["additions", "corrections", "full_list"] | None = None
    valid_on: Annotated[date | None, Field(strict=False)] = None
    mapping: Short = ""


class UploadOut(Schema):
    """How far an upload is: the next part begins at byte ``received``. ``batch``: the delivery that it became."""

    number: str
    state: str
    filename: str
    size: int
    sha256: str
    received: int
    opened_at: datetime
    batch: str


@router.post(
    "/uploads",
    response={201: UploadOut},
    auth=MachineAuth(WRITE),
    summary="Announce a file that comes in parts",
    openapi_extra={"parameters": HEADERS[1:]},
)
def announce(request: HttpRequest, payload: UploadIn) -> tuple[int, actions.Progress]:
    """The same announcement again, while it is open, gives the one that is open: go on at ``received``.

    A department that signs signs this call; the SHA-256 in it covers the file.
    """
    actor = machine_actor(request, WRITE)
    proof = proof_of(request, actor, request.body)
    if proof.signature:  # what was signed names the file's digest, and is kept beside the signature
        proof = replace(proof, signature={**proof.signature, "body": request.body.decode()})
    return 201, actions.open_upload(actor=actor, proof=proof, **payload.model_dump())


@router.get("/uploads/{number}", response=UploadOut, auth=MachineAuth(WRITE), summary="How far an upload is")
def progress(request: HttpRequest, number: Annotated[Number, Path()]) -> actions.Progress:
    """After a cut: ``received`` is the byte with which to go on."""
    return actions.progress(actor=machine_actor(request, WRITE), number=number)


def _body(request: HttpRequest) -> Iterator[bytes]:
    while chunk := request.read(_CHUNK):
        yield chunk


@router.patch(
    "/uploads/{number}",
    response=UploadOut,
    auth=MachineAuth(WRITE),
    summary="Send a part",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def part(
    request: HttpRequest,
    number: Annotated[Number, Path()],
    offset: Annotated[int, Header(alias="Upload-Offset", ge=0)],
) -> actions.Progress:
    """The bytes from ``Upload-Offset`` on, which must be ``received`` (else 409). Where the line is cut, what came is kept."""
    return actions.add_part(actor=machine_actor(request, WRITE), number=number, offset=offset, chunks=_body(request))


@router.post(
    "/uploads/{number}/finish",
    response={200: ReceiptOut, 201: ReceiptOut},
    auth=MachineAuth(WRITE),
    summary="Make a delivery of it",
    openapi_extra={"parameters": HEADERS[:1]},
)
def finish(request: HttpRequest, number: Annotated[Number, Path()]) -> tuple[int, Receipt]:
    """Once all bytes have come. A file that is not the one announced is dropped (422)."""
    key = request.headers.get("Idempotency-Key", "")
    receipt = actions.finish(actor=machine_actor(request, WRITE), number=number, key=key)
    return (200 if receipt.already else 201), receipt


@router.delete("/uploads/{number}", response=UploadOut, auth=MachineAuth(WRITE), summary="Give an upload up")
def give_up(request: HttpRequest, number: Annotated[Number, Path()]) -> actions.Progress:
    """What had come is removed."""
    return actions.give_up(actor=machine_actor(request, WRITE), number=number)
