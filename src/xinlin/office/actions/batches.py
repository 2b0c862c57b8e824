"""Taking in what departments deliver: receipt, column mapping, correction, confirmation (报送批次的受理)."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from xinlin.office import vault
from xinlin.office.actions.deliveries import (
    Delivery,
    Receipt,
    clean_filename,
    kind_for,
    manner,
    measured,
    must_be_verified,
    own_batch,
    receipt_of,
    refused,
    same_file,
    sending_department,
)
from xinlin.office.actions.list_endings import confirm_list
from xinlin.office.actions.proofs import Proof, earlier, input_sha256, keep_key, must_be_signed, must_match
from xinlin.office.bulk import as_json
from xinlin.office.failpoints import reached
from xinlin.office.layouts import Reading
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import Batch, Job, RefusedRow
from xinlin.office.models.batches import Mapping as ColumnMapping
from xinlin.office.models.evidence import Evidence
from xinlin.office.models.web_items import WebItem
from xinlin.office.scopes import Actor, Refused, now, today

SHRANK = "list_shrank"
"""The finding by which a full list waits for a person to say that it is whole."""
WAITING = (Batch.State.FAILED, Batch.State.NEEDS_MAPPING, Batch.State.TRIED, Batch.State.ASIDE)
"""States in which nobody works on a delivery and nothing of it is stored."""
REPLAY_SUFFIX = "（更正的行）"
"""Behind the name of the file whose rows they are.

Corrected rows are kept in the vault as JSON lines: {"of": batch, "row": number, "cells": {column: text}}.
"""


def receive(
    *,
    actor: Actor,
    kind: str,
    filename: str,
    chunks: Iterable[bytes],
    delivery: Delivery | None = None,
    valid_on: date | None = None,
    department: str | None = None,
    mapping: str = "",
    reading: Mapping[str, Any] | None = None,
    confirm_short: bool = False,
    trial: bool = False,
    proof: Proof = Proof(),  # noqa: B008  # frozen
) -> Receipt:
    """Take a file in: bytes into the vault, batch, leaf and job in one transaction; its rows are judged by the job.

    ``trial``: find out what would become of it and store nothing; sent again without, or by `send_tried`, it is taken in.
    ``mapping`` names a kept column mapping, ``reading`` says how the file is to be read (`Reading`).
    ``valid_on`` is the day for which a full list speaks (default today). ``proof``: what the sender added to it.
    The same file again gives the first receipt; if that delivery failed, it is tried again. Raises `NotAllowed` and
    `Refused` (unknown kind, kind of another department, another manner, a day to come, empty or too large file, unknown mapping).
    """
    sender = sending_department(actor, department)
    found = kind_for(sender, kind)
    must_be_verified(actor, found)
    meant = manner(found, delivery, valid_on)
    must_be_signed(actor, sender, proof)
    how = read_as(reading or {})
    kept = None
    if mapping:
        kept = ColumnMapping.objects.filter(department=sender, kind=kind, name=mapping).first()
        if kept is None:
            raise refused(
                "unknown_mapping", "mapping", f"没有名为“{mapping}”的列映射", f"There is no column mapping named {mapping!r}",
                "请核对名称", "Check its name", mapping,
            )  # fmt: skip
    sha256, size = vault.store(measured(chunks))
    reached("intake.bytes_kept")
    if not size:
        cure = ("请重新导出后再报", "Export it again and send it")
        raise refused("file_empty", "file", "文件是空的", "The file is empty", *cure)
    fields: dict[str, Any] = {
        "department": sender,
        "kind": kind,
        "delivery": meant,
        "filename": clean_filename(filename),
        "sha256": sha256,
        "size": size,
        "valid_on": valid_on or today(),
        "mapping": kept,
        "reading": how,
        "part": "" if meant == "full_list" else how.get("table", ""),
        "signature": dict(proof.signature),
        "only_tried": trial,
    }
    try:
        must_match(proof.sha256, sha256)
        return _accept(actor, fields, proof.key, dated=valid_on is not None, confirm_short=confirm_short)
    except Refused:
        drop_unclaimed(sha256)
        raise


def _accept(actor: Actor, fields: dict[str, Any], key: str, *, dated: bool, confirm_short: bool) -> Receipt:
    """The receipt for bytes that lie in the vault: the first one's where they came before."""
    said = input_sha256(fields) if key else ""
    first = (earlier(actor, key, said) if key else None) or same_file(fields, dated, keyed=bool(key))
    if first is None:
        try:
            with transaction.atomic():
                batch = _begin(actor, fields, {"confirm_short": confirm_short})
                if key:
                    keep_key(actor=actor, key=key, said=said, batch=batch)
                return receipt_of(batch, already=False)
        except IntegrityError:
            first = same_file(fields, dated)
            if first is None:
                raise
    if key:
        keep_key(actor=actor, key=key, said=said, batch=first)
    _resumed(actor, first, fields, dated=dated, confirm_short=confirm_short)
    return receipt_of(first, already=True)


@transaction.atomic
def _resumed(actor: Actor, first: Batch, fields: Mapping[str, Any], *, dated: bool, confirm_short: bool) -> None:
    """Put the earlier delivery of the same file to work where this one asks for more than has been done with it."""
    if first.awaits and confirm_short and not fields["only_tried"]:
        confirm_list(actor=actor, batch=first)
        return
    if fields["only_tried"] and not first.only_tried:
        return
    if first.only_tried and not fields["only_tried"]:
        take_for_real(actor, first)
    elif first.state not in (Batch.State.FAILED, Batch.State.TRIED):
        return
    again(
        first,
        actor=actor,
        confirm_short=confirm_short,
        mapping=fields["mapping"],
        valid_on=fields["valid_on"] if dated else None,
        reading=fields["reading"] or None,
    )


def new_number(letter: str) -> str:
    """A number for a delivery (B) or a job (J)."""
    return f"{letter}{today():%Y%m%d}-{secrets.token_hex(5).upper()}"


def _begin(actor: Actor, fields: Mapping[str, Any], payload: Mapping[str, object]) -> Batch:
    number = new_number("B")
    job = Job.objects.create(number=new_number("J"), kind="batches", payload={"batch": number, **payload})
    batch = Batch.objects.create(number=number, job=job, sent_by=actor.handle, received_at=now(), **fields)
    _write_receipt(actor, batch)
    queue(job)
    reached("intake.receipt_written")
    return batch


def take_for_real(actor: Actor, batch: Batch) -> None:
    """What was only tried is sent for real from now on, in the caller's transaction.

    The caller puts it to work; a trial that is under way does it at its end.
    """
    batch.only_tried, batch.tried_rows, batch.sent_by, batch.received_at = False, [], actor.handle, now()
    batch.save(update_fields=["only_tried", "tried_rows", "sent_by", "received_at"])
    _write_receipt(actor, batch)


def _write_receipt(actor: Actor, batch: Batch) -> None:
    write_leaf(
        actor=actor,
        action="batches.try" if batch.only_tried else "batches.receive",
        table="batch",
        key=batch.number,
        facts={
            "department": batch.department,
            "kind": batch.kind,
            "delivery": batch.delivery,
            "sha256": batch.sha256,
            "size": batch.size,
            "valid_on": batch.valid_on,
            **({"signature": batch.signature["signature"]} if batch.signature else {}),
        },
    )


def queue(job: Job) -> None:
    """Let a worker take the job once this transaction is committed. The job's kind names the module that does it."""
    path = f"xinlin.office.jobs.{job.kind}.queued"
    number = job.number
    transaction.on_commit(lambda: import_string(path).enqueue(number))


def work_now(receipt: Receipt) -> None:
    """Do a delivery's work here, or wait for the worker that has it already, at most half a minute."""
    if receipt.job:
        import_string("xinlin.office.jobs.batches.work")(receipt.job)
    until = time.monotonic() + 30
    going = Batch.objects.filter(number=receipt.number, state__in=(Batch.State.RECEIVED, Batch.State.JUDGING))
    while going.exists() and time.monotonic() < until:
        time.sleep(0.1)


@transaction.atomic
def again(
    batch: Batch,
    *,
    actor: Actor,
    confirm_short: bool = False,
    mapping: ColumnMapping | None = None,
    valid_on: date | None = None,
    reading: dict[str, Any] | None = None,
) -> None:
    """Put a delivery that waits or failed back to work, with a job of its own; once, however many ask at once."""
    if Batch.objects.select_for_update().get(pk=batch.pk).state not in WAITING:
        batch.refresh_from_db()
        return
    batch.state, batch.findings, batch.finished_at = Batch.State.RECEIVED, [], None
    batch.mapping = mapping or batch.mapping
    batch.valid_on = valid_on or batch.valid_on
    batch.reading = batch.reading if reading is None else reading
    batch.job = Job.objects.create(
        number=new_number("J"), kind="batches", payload={"batch": batch.number, "confirm_short": confirm_short}
    )
    batch.save(update_fields=["state", "findings", "finished_at", "mapping", "valid_on", "reading", "job"])
    write_leaf(
        actor=actor,
        action="batches.again",
        table="batch",
        key=batch.number,
        facts={"job": batch.job.number, "confirm_short": confirm_short},
    )
    queue(batch.job)


def must_be(batch: Batch, *states: str) -> None:
    """Raises `Refused` where the delivery stands otherwise."""
    if batch.state not in states:
        raise refused(
            "wrong_state",
            "batch",
            f"批次 {batch.number} 现在不能这样处理（{batch.state}）",
            f"The delivery {batch.number} cannot be handled so while it is {batch.state}",
            "请刷新页面查看当前状态",
            "Reload the page to see where it stands",
        )


def read_as(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a person says of a file, checked. Raises `Refused`."""
    try:
        return Reading.from_dict(said).as_dict()
    except ValueError as error:
        raise refused(
            "reading_unreadable", "reading", f"读取方式写法有误：{error}", f"The reading is not well formed: {error}",
            "可给出 table、header_row、encoding、delimiter", "Give table, header_row, encoding, delimiter",
        ) from error  # fmt: skip


@transaction.atomic
def correct(
    *,
    actor: Actor,
    number: str,
    rows: Mapping[int, Mapping[str, str]],
    proof: Proof = Proof(),  # noqa: B008  # frozen
) -> Receipt:
    """Send refused rows again with corrected cells: a delivery of its own that replays them.

    ``rows``: row number -> {column: corrected text}; other cells stay as they came. Each row lives on in the new
    delivery, as a record or refused again. Raises `Refused` for rows or columns that are not there, `NotFound`.
    """
    batch = own_batch(actor, number)
    must_be_verified(actor, kind_for(batch.department, batch.kind))
    must_be_signed(actor, batch.department, proof)
    must_be(batch, Batch.State.DONE)
    headers: list[str] = batch.layout["headers"]
    open_rows = {
        refused.row: refused for refused in batch.refused_rows.filter(row__in=list(rows), state=RefusedRow.State.OPEN)
    }
    missing = sorted(set(rows) - set(open_rows))
    unknown = sorted({column for cells in rows.values() for column in cells} - set(headers))
    if not rows or missing or unknown:
        raise refused(
            "nothing_to_correct" if not unknown else "unknown_column",
            "rows",
            f"不能更正：行 {missing or '（未给出）'}" if not unknown else f"没有这些列：{'、'.join(unknown)}",
            f"Cannot be corrected: rows {missing}" if not unknown else f"There are no columns {', '.join(unknown)}",
            "只能更正仍未处理的退回行，列名与文件一致",
            "Only open refused rows can be corrected, under the file's own columns",
        )
    lines = []
    for row, cells in sorted(rows.items()):
        raw = vault.unseal(open_rows[row].raw_sealed, "refused_row.raw")
        lines.append(as_json({"of": batch.number, "row": row, "cells": {**_known_cells(raw, headers), **cells}}) + "\n")
    sha256, size = vault.store(line.encode() for line in lines)
    fields: dict[str, Any] = {
        "department": batch.department,
        "kind": batch.kind,
        "delivery": batch.delivery,
        "filename": f"{batch.filename[:180]}{REPLAY_SUFFIX}",
        "sha256": sha256,
        "size": size,
        "valid_on": batch.valid_on,
        "mapping": batch.mapping,
        "replays": batch,
        "signature": dict(proof.signature),
        "layout": {key: batch.layout[key] for key in ("headers", "header_sha256", "columns") if key in batch.layout},
    }
    first = Batch.objects.select_related("job").filter(replays=batch, sha256=sha256).first()
    if first is None:
        return receipt_of(_begin(actor, fields, {}), already=False)
    if first.state == Batch.State.FAILED:
        again(first, actor=actor)
    return receipt_of(first, already=True)


def _known_cells(raw: str, headers: list[str]) -> dict[str, str]:
    cells: dict[str, str] = json.loads(raw)
    return {name: cells.get(name, "") for name in headers}


def drop_unclaimed(sha256: str) -> None:
    """Remove a file from the vault that no delivery, no evidence and no captured page holds, as after a dry run."""
    if not any(model._default_manager.filter(sha256=sha256).exists() for model in (Batch, Evidence, WebItem)):
        vault.discard(sha256)
