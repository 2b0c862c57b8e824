"""Trying a file (试读): all of the work is done, looked at, and undone; only what would have become of the file is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from xinlin.office.actions.batches import again
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import Batch
from xinlin.office.scopes import Actor, now

TRIED_ROWS = 500
"""Refused rows of a trial that are kept for the eye; how many there are is told of all."""
_COUNTS = ("rows_read", "rows_accepted", "rows_repeated", "rows_refused", "entries_added", "entries_ended")


def tried(batch: Batch, store: Callable[[], None], *, actor: Actor) -> None:
    """Let ``store`` take the delivery in, note what came of it, and undo it.

    Where the file was sent for real meanwhile, it is put to work once more. Raises what ``store`` raises.
    """
    with transaction.atomic():
        store()
        outcome = _outcome(batch)
        transaction.set_rollback(True)
    _keep(actor, batch, outcome)


def _outcome(batch: Batch) -> dict[str, Any]:
    stored = Batch.objects.get(pk=batch.pk)
    rows = stored.refused_rows.order_by("row").values("row", "raw_sealed", "problems")[:TRIED_ROWS]
    counts = {name: getattr(stored, name) for name in _COUNTS}
    return {**counts, "layout": stored.layout, "findings": stored.findings, "tried_rows": list(rows)}


@transaction.atomic
def _keep(actor: Actor, batch: Batch, outcome: dict[str, Any]) -> None:
    held = Batch.objects.select_for_update().get(pk=batch.pk)
    if held.state == Batch.State.DONE:
        return
    for_real = not held.only_tried
    kept: dict[str, Any] = {"tried_rows": []} if for_real else {}
    Batch.objects.filter(pk=batch.pk).update(**{**outcome, **kept}, state=Batch.State.TRIED, finished_at=now())
    facts = {name: outcome[name] for name in _COUNTS}
    write_leaf(actor=actor, action="batches.tried", table="batch", key=batch.number, facts=facts)
    if for_real:
        held.refresh_from_db()
        again(held, actor=actor)
