"""Refused rows that are never to come in (退回行搁置): a total, a test, a row of another office.

The row stays as it came and counts as refused; it only waits no more. What was set aside can be taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction

from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.actions.deliveries import own_batch
from xinlin.office.actions.proofs import Proof, must_be_signed
from xinlin.office.actions.reasons import reasoned
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import Batch, RefusedRow
from xinlin.office.models.linking import LinkQuestion
from xinlin.office.queries.batches import ASIDE_PLACE
from xinlin.office.scopes import Actor, NotAllowed, Refused, now

AT_MOST = 500
"""Rows in one go."""


def lay_aside(rows: Iterable[RefusedRow], actor: Actor, reason: str) -> str:
    """Set rows aside within the action that decided it, whose leaf covers them. Returns the sealed reason."""
    sealed = vault.seal(reason, ASIDE_PLACE)
    for row in rows:
        row.state, row.aside_reason_sealed, row.aside_by, row.aside_at = (
            RefusedRow.State.ASIDE,
            sealed,
            actor.handle,
            now(),
        )
        row.save(update_fields=["state", "aside_reason_sealed", "aside_by", "aside_at"])
    return sealed


@transaction.atomic
def set_aside(
    *,
    actor: Actor,
    number: str,
    rows: Collection[int],
    reason: str,
    proof: Proof = Proof(),  # noqa: B008  # frozen
) -> int:
    """A clerk or a system says that rows of the own department's delivery are not to be taken in, and why. Returns how many it were.

    A row that lies aside already stays as it is. Raises `NotFound`, `NotAllowed`, and `Refused` without a reason and for
    rows that are not refused or were answered.
    """
    batch = _senders(actor, number, proof)
    said, held = reasoned(reason), _rows(batch, rows)
    if any(row.state not in (RefusedRow.State.OPEN, RefusedRow.State.ASIDE) for row in held):
        raise Refused(_SETTLED)
    waiting = [row for row in held if row.state == RefusedRow.State.OPEN]
    if waiting:
        facts = {"rows": [row.row for row in waiting], "reason": lay_aside(waiting, actor, said)}
        write_leaf(actor=actor, action="refusals.set_aside", table="batch", key=number, facts=facts)
    return len(waiting)


@transaction.atomic
def take_back(
    *,
    actor: Actor,
    number: str,
    rows: Collection[int],
    proof: Proof = Proof(),  # noqa: B008  # frozen
) -> int:
    """Rows set aside wait again. Returns how many it were; one that waits already stays as it is.

    Raises `NotFound`, `NotAllowed`, and `Refused` where a reviewer decided one, or one was answered.
    """
    held = _rows(_senders(actor, number, proof), rows)
    if any(row.state not in (RefusedRow.State.OPEN, RefusedRow.State.ASIDE) for row in held):
        raise Refused(_SETTLED)
    aside = [row for row in held if row.state == RefusedRow.State.ASIDE]
    if LinkQuestion.objects.filter(refused_row__in=aside).exclude(state=LinkQuestion.State.OPEN).exists():
        raise Refused(_DECIDED)
    if aside:
        facts = {"rows": [row.row for row in aside], "reasons": [row.aside_reason_sealed for row in aside]}
        for row in aside:
            row.state, row.aside_reason_sealed, row.aside_by, row.aside_at = RefusedRow.State.OPEN, "", "", None
            row.save(update_fields=["state", "aside_reason_sealed", "aside_by", "aside_at"])
        write_leaf(actor=actor, action="refusals.take_back", table="batch", key=number, facts=facts)
    return len(aside)


def _senders(actor: Actor, number: str, proof: Proof) -> Batch:
    if actor.role not in ("clerk", "machine"):
        raise NotAllowed(
            "只有报送部门的报送员和系统可以搁置退回行。Only the sending department's clerks and systems may set rows aside."
        )
    batch = own_batch(actor, number)
    must_be_signed(actor, batch.department, proof)
    return batch


def _rows(batch: Batch, rows: Collection[int]) -> list[RefusedRow]:
    wanted = set(rows)
    if not wanted or len(wanted) > AT_MOST:
        raise Refused(_NONE_CHOSEN)
    found = list(batch.refused_rows.select_for_update().filter(row__in=wanted).order_by("row"))
    if len(found) != len(wanted):
        raise Refused(_SETTLED)
    return found


def _problem(code: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Problem:
    return Problem(code, "rows", Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en))


_NONE_CHOSEN = _problem(
    "no_row_chosen", "没有选中要搁置的行，或一次选了太多", "No row was chosen to be set aside, or too many at once",
    "请勾选一至五百行", "Tick between one and five hundred rows",
)  # fmt: skip
_SETTLED = _problem(
    "row_settled", "其中有的行不是退回行，或已经办结", "Some of these are no refused rows, or are settled already",
    "请刷新页面，只选仍待更正的行", "Reload the page and choose only rows that still wait",
)  # fmt: skip
_DECIDED = _problem(
    "row_decided", "这一行由信用中心审核员核实后搁置", "A reviewer of the credit centre set this row aside",
    "如有异议请联系信用中心；确应收入的，请另行报送", "Ask the credit centre, or send the row anew if it belongs in",
)  # fmt: skip
