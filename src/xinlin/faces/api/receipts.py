"""Receipts from the evidence log for what a department's system did: they verify offline, and for ever (存证回执)."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Router, Schema

from xinlin.faces.api.auth import MachineAuth, machine_actor
from xinlin.faces.api.checks import Number
from xinlin.faces.api.problems import ApiRefused, problem_of
from xinlin.office.queries import checks as queries
from xinlin.office.queries import log

router = Router(tags=["log"])


class ReceiptOut(Schema):
    """A C2SP tlog-proof with the leaf's opening; write ``receipt`` to a file and check it with ``verify_receipt.py``."""

    receipt: str
    witnesses: list[str]
    """Who cosigned the head in it."""
    witnesses_asked: int
    key: str
    """The log's key. Compare it with the one that you noted."""


@router.get(
    "/checks/{number}/receipt",
    response=ReceiptOut,
    auth=MachineAuth("checks:ask"),
    summary="The receipt of a check",
)
def of_check(request: HttpRequest, number: Annotated[Number, Path()]) -> ReceiptOut:
    """That the check was answered so, at that time. A receipt is there some seconds after the answer; 404 before that."""
    queries.own_number(actor=machine_actor(request, "checks:ask"), number=number)
    found = log.receipt_of_row("check_question", number, "checks.answer")
    if found is None:
        raise ApiRefused(
            404,
            problem_of(
                "receipt_waits",
                ("回执还没有生成", "The receipt is not there yet"),
                ("存证日志几秒签署一次，请稍后再取", "The log is signed every few seconds; ask again shortly"),
                "number",
            ),
        )
    return ReceiptOut(
        receipt=found,
        witnesses=log.witnesses_of(found),
        witnesses_asked=log.witnesses_wanted()[1],
        key=log.verification_key(),
    )
