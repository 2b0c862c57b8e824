"""Taking in what departments deliver: receipt, column mapping, correction, confirmation (报送批次的受理)."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from xinlin.core.columns import ColumnUse, header_sha256, mapping_problems, read_columns
from xinlin.core.rulebooks import Kind
from xinlin.core.values import Problem, Text
from xinlin.office import rulebook, vault
from xinlin.office.bulk import as_json
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import Batch, Job, RefusedRow
from xinlin.office.models.batches import Mapping as ColumnMapping
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

Delivery = Literal["additions", "full_list"]
LARGEST_FILE = 2 << 30
"""Bytes; a larger delivery is sent in parts."""
REPLAY_SUFFIX = ".rows.jsonl"
"""Corrected rows are kept in the vault as JSON lines: {"row": number, "cells": {column: text}}."""
SEND_ROLES = frozenset({"clerk", "machine", "operator", "system"})
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Receipt:
    """What the sender gets at once: the delivery lies safe under ``number``; its rows are judged by the job."""

    number: str
    job: str
    already: bool
    """True where the same file had been received before; then this is the first one's receipt."""
    department: str
    kind: str
    delivery: str
    filename: str
    sha256: str
    size: int
    received_at: datetime
    valid_on: date
    state: str


def _refused(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str, raw: str = "") -> Refused:
    return Refused(Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en), raw))


def _receipt(batch: Batch, already: bool) -> Receipt:
    return Receipt(
        number=batch.number,
        job=batch.job.number if batch.job else "",
        already=already,
        department=batch.department,
        kind=batch.kind,
        delivery=batch.delivery,
        filename=batch.filename,
        sha256=batch.sha256,
        size=batch.size,
        received_at=batch.received_at,
        valid_on=batch.valid_on,
        state=batch.state,
    )


def sending_department(actor: Actor, department: str | None) -> str:
    """For which department the actor sends. Raises `NotAllowed`."""
    if actor.role not in SEND_ROLES and not actor.handle.startswith("system:"):
        raise NotAllowed("您的角色不能报送数据。Your role may not deliver data.")
    chosen = department or actor.department
    own = not actor.department or chosen == actor.department
    if not chosen or not own or (not actor.department and not actor.handle.startswith("system:")):
        raise NotAllowed("只能代表本部门报送。You may deliver for your own department only.")
    return chosen


def kind_for(department: str, kind: str) -> Kind:
    """The kind, if it is in the catalogue and the department provides it. Raises `Refused`."""
    found = rulebook.current().kinds.get(kind)
    if found is None:
        raise _refused(
            "unknown_kind",
            "kind",
            f"目录里没有“{kind}”",
            f"The catalogue has no kind {kind!r}",
            "请在目录中选择",
            "Choose one from the catalogue",
            kind,
        )
    if department not in found.providers:
        raise _refused(
            "kind_not_provided",
            "kind",
            f"“{found.name.zh}”不由部门 {department} 报送",
            f"{found.name.en} is not provided by the department {department}",
            f"这一目录项的提供部门：{'、'.join(found.providers)}",
            f"It is provided by: {', '.join(found.providers)}",
            kind,
        )
    return found


def _measured(chunks: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST_FILE:
            raise _refused(
                "file_too_large",
                "file",
                f"文件超过 {LARGEST_FILE} 字节",
                f"The file has more than {LARGEST_FILE} bytes",
                "请拆成几个文件报送",
                "Send it in parts",
            )
        yield chunk


def clean_filename(filename: str) -> str:
    """The last part of a name, without control characters and without any way out of a folder."""
    last = re.split(r"[/\\]", filename)[-1]
    return (_UNSAFE.sub("", last).strip(". ") or "file")[-200:]


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
    confirm_short: bool = False,
) -> Receipt:
    """Take a file in: bytes into the vault, batch, leaf and job in one transaction; its rows are judged by the job.

    ``mapping`` names a kept column mapping. ``valid_on`` is the day for which a full list speaks (default today).
    The same file again gives the first receipt; if that delivery failed, it is tried again. Raises `NotAllowed` and
    `Refused` (unknown kind, kind of another department, empty or too large file, unknown mapping).
    """
    sender = sending_department(actor, department)
    found = kind_for(sender, kind)
    kept = None
    if mapping:
        kept = ColumnMapping.objects.filter(department=sender, kind=kind, name=mapping).first()
        if kept is None:
            raise _refused(
                "unknown_mapping",
                "mapping",
                f"没有名为“{mapping}”的列映射",
                f"There is no column mapping named {mapping!r}",
                "请核对名称",
                "Check its name",
                mapping,
            )
    sha256, size = vault.store(_measured(chunks))
    if not size:
        cure = ("请重新导出后再报", "Export it again and send it")
        raise _refused("file_empty", "file", "文件是空的", "The file is empty", *cure)
    meant: Delivery = delivery or found.delivery
    fields: dict[str, Any] = {
        "department": sender,
        "kind": kind,
        "delivery": meant,
        "filename": clean_filename(filename),
        "sha256": sha256,
        "size": size,
        "valid_on": valid_on or today(),
        "mapping": kept,
    }
    first = _same_file(fields, dated=valid_on is not None)
    if first is None:
        try:
            with transaction.atomic():
                return _receipt(_begin(actor, fields, {"confirm_short": confirm_short}), already=False)
        except IntegrityError:
            first = _same_file(fields, dated=valid_on is not None)
            if first is None:
                raise
    if first.state == Batch.State.FAILED:
        _again(actor, first, confirm_short=confirm_short, mapping=kept, valid_on=valid_on)
    return _receipt(first, already=True)


def _same_file(fields: Mapping[str, Any], dated: bool) -> Batch | None:
    """The earlier delivery of the same bytes. A list may come unchanged for a new day, so its day counts too."""
    same = Batch.objects.select_related("job").filter(department=fields["department"], kind=fields["kind"])
    if fields["delivery"] != "full_list":
        return same.filter(sha256=fields["sha256"]).exclude(delivery="full_list").first()
    lists = same.filter(delivery="full_list")
    if dated:
        return lists.filter(sha256=fields["sha256"], valid_on=fields["valid_on"]).first()
    latest = lists.order_by("-valid_on", "-pk").first()
    return latest if latest is not None and latest.sha256 == fields["sha256"] else None


def _number(letter: str) -> str:
    return f"{letter}{today():%Y%m%d}-{secrets.token_hex(5).upper()}"


def _begin(actor: Actor, fields: Mapping[str, Any], payload: Mapping[str, object]) -> Batch:
    number = _number("B")
    job = Job.objects.create(number=_number("J"), kind="batches", payload={"batch": number, **payload})
    batch = Batch.objects.create(number=number, job=job, sent_by=actor.handle, received_at=now(), **fields)
    write_leaf(
        actor=actor,
        action="batches.receive",
        table="batch",
        key=number,
        facts={
            "department": batch.department,
            "kind": batch.kind,
            "delivery": batch.delivery,
            "sha256": batch.sha256,
            "size": batch.size,
            "valid_on": batch.valid_on,
        },
    )
    queue(job)
    return batch


def queue(job: Job) -> None:
    """Let a worker take the job once this transaction is committed. The job's kind names the module that does it."""
    path = f"xinlin.office.jobs.{job.kind}.queued"
    number = job.number
    transaction.on_commit(lambda: import_string(path).enqueue(number))


@transaction.atomic
def _again(
    actor: Actor,
    batch: Batch,
    *,
    confirm_short: bool = False,
    mapping: ColumnMapping | None = None,
    valid_on: date | None = None,
) -> None:
    """Put a delivery that waits or failed back to work, with a job of its own."""
    batch.state, batch.findings, batch.finished_at = Batch.State.RECEIVED, [], None
    batch.mapping = mapping or batch.mapping
    batch.valid_on = valid_on or batch.valid_on
    batch.job = Job.objects.create(
        number=_number("J"), kind="batches", payload={"batch": batch.number, "confirm_short": confirm_short}
    )
    batch.save(update_fields=["state", "findings", "finished_at", "mapping", "valid_on", "job"])
    write_leaf(
        actor=actor,
        action="batches.again",
        table="batch",
        key=batch.number,
        facts={"job": batch.job.number, "confirm_short": confirm_short},
    )
    queue(batch.job)


def _own(actor: Actor, number: str) -> Batch:
    """The delivery, if the actor may change it. Raises `NotFound`."""
    batch = Batch.objects.select_related("job", "mapping").filter(number=number).first()
    if batch is None:
        raise NotFound(number)
    try:
        sending_department(actor, batch.department)
    except NotAllowed as error:
        raise NotFound(number) from error
    return batch


def _must_be(batch: Batch, *states: str) -> None:
    if batch.state not in states:
        raise _refused(
            "wrong_state",
            "batch",
            f"批次 {batch.number} 现在不能这样处理（{batch.state}）",
            f"The delivery {batch.number} cannot be handled so while it is {batch.state}",
            "请刷新页面查看当前状态",
            "Reload the page to see where it stands",
        )


@transaction.atomic
def set_mapping(*, actor: Actor, number: str, columns: Mapping[str, Mapping[str, str]], name: str) -> Receipt:
    """Say which column feeds which field, keep that under ``name`` for the next file of this shape, and go on.

    ``columns``: field code -> {"column": header, "unit": optional} or {"constant": text}. Raises `Refused` with the
    first thing that is wrong, `NotFound`.
    """
    batch = _own(actor, number)
    _must_be(batch, Batch.State.NEEDS_MAPPING, Batch.State.FAILED)
    kind, headers = kind_for(batch.department, batch.kind), list(batch.layout.get("headers", []))
    try:
        uses: dict[str, ColumnUse] = read_columns(columns)
    except ValueError as error:
        raise _refused(
            "mapping_unreadable", "columns", f"列映射写法有误：{error}", f"The mapping is not well formed: {error}",
            "每个信息项给 column 或 constant", "Give column or constant for each field",
        ) from error  # fmt: skip
    problems = mapping_problems(kind, headers, uses)
    if problems:
        raise Refused(problems[0])
    wanted = {
        "name": name.strip()[:100] or batch.filename[:100],
        "header_sha256": header_sha256(headers),
        "columns": {code: use.as_dict() for code, use in uses.items()},
        "created_by": actor.handle,
    }
    same = ColumnMapping.objects.filter(department=batch.department, kind=batch.kind)
    same.filter(name=wanted["name"]).exclude(header_sha256=wanted["header_sha256"]).update(
        name=f"{str(wanted['name'])[:80]} {_number('M')}"[:100]
    )
    mapping, _ = ColumnMapping.objects.update_or_create(
        department=batch.department, kind=batch.kind, header_sha256=wanted["header_sha256"], defaults=wanted
    )
    write_leaf(
        actor=actor,
        action="batches.set_mapping",
        table="mapping",
        key=str(mapping.pk),
        facts={"batch": number, "columns": wanted["columns"]},
    )
    _again(actor, batch, mapping=mapping)
    return _receipt(batch, already=True)


@transaction.atomic
def confirm(*, actor: Actor, number: str) -> Receipt:
    """A person says that a list which shrank is whole; it is taken in. Raises `Refused`, `NotFound`."""
    batch = _own(actor, number)
    _must_be(batch, Batch.State.FAILED)
    _again(actor, batch, confirm_short=True)
    return _receipt(batch, already=True)


@transaction.atomic
def correct(*, actor: Actor, number: str, rows: Mapping[int, Mapping[str, str]]) -> Receipt:
    """Send refused rows again with corrected cells: a delivery of its own that replays them.

    ``rows``: row number -> {column: corrected text}; other cells stay as they came. Each row lives on in the new
    delivery, as a record or refused again. Raises `Refused` for rows or columns that are not there, `NotFound`.
    """
    batch = _own(actor, number)
    _must_be(batch, Batch.State.DONE)
    headers: list[str] = batch.layout["headers"]
    open_rows = {
        refused.row: refused for refused in batch.refused_rows.filter(row__in=list(rows), state=RefusedRow.State.OPEN)
    }
    missing = sorted(set(rows) - set(open_rows))
    unknown = sorted({column for cells in rows.values() for column in cells} - set(headers))
    if not rows or missing or unknown:
        raise _refused(
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
        lines.append(as_json({"row": row, "cells": {**_known_cells(raw, headers), **cells}}) + "\n")
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
        "layout": {key: batch.layout[key] for key in ("headers", "header_sha256", "columns") if key in batch.layout},
    }
    first = Batch.objects.select_related("job").filter(replays=batch, sha256=sha256).first()
    if first is not None:
        return _receipt(first, already=True)
    return _receipt(_begin(actor, fields, {}), already=False)


def _known_cells(raw: str, headers: list[str]) -> dict[str, str]:
    cells: dict[str, str] = json.loads(raw)
    return {name: cells.get(name, "") for name in headers}


def drop_unclaimed(sha256: str) -> None:
    """Remove a file from the vault that no delivery holds, as after a dry run."""
    if not Batch.objects.filter(sha256=sha256).exists():
        vault.blob_path(sha256).unlink(missing_ok=True)
