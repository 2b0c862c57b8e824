"""Rows as JSON, judged while the caller waits: one record, or up to a thousand (单条与小批报送)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from xinlin.faces.api.auth import MachineAuth, machine_actor
from xinlin.faces.api.batches import WRITE, FindingOut, ReceiptOut, RefusedRowOut, called_on, delivered_as
from xinlin.faces.api.problems import ApiRefused, problem_of
from xinlin.faces.api.proofs import HEADERS, proof_of
from xinlin.office.actions import batches as actions
from xinlin.office.queries import batches as queries

router = Router(tags=["batches"])
MOST_BYTES = 2 << 20
_JSON = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}


class OutcomeOut(ReceiptOut):
    """The receipt and what became of each row: read = accepted + refused once ``state`` is done."""

    rows_read: int
    rows_accepted: int
    rows_repeated: int
    rows_refused: int
    findings: list[FindingOut]
    refused: list[RefusedRowOut]
    """The first fifty."""


@router.post(
    "/records",
    response={200: OutcomeOut, 201: OutcomeOut},
    auth=MachineAuth(WRITE),
    summary="Deliver one record, or a few, and hear at once what became of them",
    openapi_extra={
        "parameters": [
            {"in": "query", "name": "kind", "required": True, "schema": {"type": "string"}},
            {"in": "query", "name": "delivery", "schema": {"enum": ["additions", "corrections", "full_list"]}},
            {"in": "query", "name": "valid_on", "schema": {"type": "string", "format": "date"}},
            *HEADERS,
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"oneOf": [_JSON, {"type": "array", "items": _JSON}]}}},
        },
    },
)
def deliver(request: HttpRequest) -> tuple[int, dict[str, Any]]:
    """The body is one object, or an array of them, with the codes or labels of the kind's fields as names. It is kept as it
    came and judged like any file; what is refused waits with its problems and can be corrected.
    """
    actor = machine_actor(request, WRITE)
    if request.content_type != "application/json":
        raise ApiRefused(415, _NOT_JSON)
    body = request.body
    if len(body) > MOST_BYTES:
        raise ApiRefused(413, _TOO_LARGE)
    receipt = actions.receive(
        actor=actor,
        kind=request.GET.get("kind", ""),
        filename="records.json",
        chunks=[body],
        delivery=delivered_as(request),
        valid_on=called_on(request),
        proof=proof_of(request, actor, body),
    )
    actions.work_now(receipt)
    line = queries.batch(actor=actor, number=receipt.number)
    refused = queries.refused_rows(actor=actor, number=receipt.number).rows if line.line.rows_refused else []
    return (200 if receipt.already else 201), {
        **vars(receipt),
        "state": line.line.state,
        "rows_read": line.line.rows_read,
        "rows_accepted": line.line.rows_accepted,
        "rows_repeated": line.line.rows_repeated,
        "rows_refused": line.line.rows_refused,
        "findings": line.findings,
        "refused": refused,
    }


_NOT_JSON = problem_of(
    "not_json",
    ("此接口只接收 application/json", "This address takes application/json only"),
    ("文件请发往 /batches", "Send files to /batches"),
    "Content-Type",
)
_TOO_LARGE = problem_of(
    "too_large",
    (f"正文超过 {MOST_BYTES} 字节", f"The body has more than {MOST_BYTES} bytes"),
    ("请作为文件发往 /batches", "Send it to /batches as a file"),
    "body",
)
