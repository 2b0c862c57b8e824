"""What a person says of a file that waits, or of which nothing was taken in (待处理文件): its columns, how it is read, that a short
list is whole, that what was tried is sent for real, that it is never to come in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from django.db import transaction

from xinlin.core.columns import ColumnUse, header_sha256, mapping_problems, read_columns
from xinlin.office import vault
from xinlin.office.actions.batches import (
    SHRANK,
    again,
    drop_unclaimed,
    must_be,
    new_number,
    read_as,
    receive,
    take_for_real,
)
from xinlin.office.actions.deliveries import (
    Delivery,
    Receipt,
    kind_for,
    must_be_verified,
    own_batch,
    receipt_of,
    refused,
)
from xinlin.office.actions.list_endings import WAITS, confirm_list
from xinlin.office.actions.proofs import Proof, must_be_signed
from xinlin.office.actions.reasons import reasoned
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import Batch
from xinlin.office.models.batches import Mapping as ColumnMapping
from xinlin.office.queries.batches import FILE_ASIDE_PLACE
from xinlin.office.scopes import Actor, NotAllowed, Refused, now

TRIED_FOR = timedelta(days=7)
"""How long a file that was only tried is kept, so that it can be sent without being chosen again."""


@transaction.atomic
def set_mapping(*, actor: Actor, number: str, columns: Mapping[str, Mapping[str, str]], name: str) -> Receipt:
    """Say which column feeds which field, keep that under ``name`` for the next file of this shape, and go on.

    ``columns``: field code -> {"column": header, "unit": optional} or {"constant": text}. Raises `Refused` with the
    first thing that is wrong, `NotFound`.
    """
    batch = own_batch(actor, number)
    must_be(batch, Batch.State.NEEDS_MAPPING, Batch.State.FAILED, Batch.State.TRIED)
    kind, headers = kind_for(batch.department, batch.kind), list(batch.layout.get("headers", []))
    try:
        uses: dict[str, ColumnUse] = read_columns(columns)
    except ValueError as error:
        raise refused(
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
        name=f"{str(wanted['name'])[:80]} {new_number('M')}"[:100]
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
    again(batch, actor=actor, mapping=mapping)
    return receipt_of(batch, already=True)


@transaction.atomic
def set_reading(*, actor: Actor, number: str, reading: Mapping[str, Any]) -> Receipt:
    """Say how the file is to be read (which table, where its header is, encoding, delimiter), and read it again.

    An empty value leaves it to the reader. Only while nothing of it is stored. Raises `Refused`, `NotFound`.
    """
    batch = own_batch(actor, number)
    must_be(batch, Batch.State.NEEDS_MAPPING, Batch.State.FAILED, Batch.State.TRIED)
    said = read_as(reading)
    write_leaf(actor=actor, action="batches.set_reading", table="batch", key=number, facts={"reading": said})
    again(batch, actor=actor, reading=said)
    return receipt_of(batch, already=True)


@transaction.atomic
def confirm(*, actor: Actor, number: str) -> Receipt:
    """A person says that a list is whole: one that shrank is taken in, and of one that waits for other tables of its file what
    is missing ends. Twice is once. Raises `Refused`, `NotFound`.
    """
    batch = own_batch(actor, number)
    if batch.state == Batch.State.DONE and any(finding["code"] == WAITS for finding in batch.findings):
        confirm_list(actor=actor, batch=batch)
        return receipt_of(batch, already=True)
    must_be(batch, Batch.State.FAILED)
    if not any(finding["code"] == SHRANK for finding in batch.findings):
        raise refused(
            "nothing_to_confirm", "batch", "这份报送不是因名单缩短而等待", "This delivery does not wait because a list shrank",
            "请按页面所示原因处理", "Do what the page says of its failure",
        )  # fmt: skip
    again(batch, actor=actor, confirm_short=True)
    return receipt_of(batch, already=True)


@transaction.atomic
def receive_table(*, actor: Actor, number: str, table: str) -> Receipt:
    """Take in another table of a delivery's file, as a delivery of its own; the bytes are those that came.

    Of a list that is sent whole it is the rest of the list: its entries are added for the same day, and nothing ends by it.

    Raises `Refused` where the file has no such table, `NotFound`.
    """
    batch = own_batch(actor, number)
    if table not in {one["name"] for one in batch.layout.get("tables", [])}:
        raise refused(
            "table_unknown", "file", "文件里没有这张表", "The file has no such table",
            "请从页面列出的表中选择", "Choose one of the tables that the page names", table[:100],
        )  # fmt: skip
    with vault.opened(batch.sha256) as path, path.open("rb") as stream:
        return receive(
            actor=actor,
            kind=batch.kind,
            filename=batch.filename,
            chunks=iter(lambda: stream.read(1 << 20), b""),
            delivery="additions" if batch.delivery == "full_list" else cast(Delivery, batch.delivery),
            valid_on=batch.valid_on,
            department=batch.department,
            reading={"table": table},
        )


@transaction.atomic
def send_tried(*, actor: Actor, number: str) -> Receipt:
    """Send for real what was only tried: the same bytes, read and judged anew. Twice is once. Raises `Refused`, `NotFound`."""
    batch = own_batch(actor, number)
    if batch.only_tried:
        must_be_verified(actor, kind_for(batch.department, batch.kind))
        must_be_signed(actor, batch.department, Proof())
        short = batch.job is not None and bool(batch.job.payload.get("confirm_short"))
        take_for_real(actor, batch)
        again(batch, actor=actor, confirm_short=short)
    return receipt_of(batch, already=False)


@transaction.atomic
def set_file_aside(*, actor: Actor, number: str, reason: str) -> None:
    """A clerk says that a file which waits, or of which nothing was taken in, is never to come in, and why.

    Nothing is lost: the bytes stay, and `take_file_back` puts it to work again. What was only tried is forgotten by itself.
    Raises `NotAllowed`, `NotFound`, `Refused`.
    """
    batch = _clerks(actor, number)
    if batch.state == Batch.State.ASIDE:
        return
    must_be(batch, *(() if batch.only_tried else (Batch.State.NEEDS_MAPPING, Batch.State.FAILED)))
    batch.aside_reason_sealed = vault.seal(reasoned(reason), FILE_ASIDE_PLACE)
    batch.state, batch.aside_by, batch.aside_at = Batch.State.ASIDE, actor.handle, now()
    batch.save(update_fields=["state", "aside_reason_sealed", "aside_by", "aside_at"])
    facts = {"reason": batch.aside_reason_sealed}
    write_leaf(actor=actor, action="batches.set_aside", table="batch", key=number, facts=facts)


@transaction.atomic
def take_file_back(*, actor: Actor, number: str) -> None:
    """A file that was set aside is read again, as if it had just come. Raises `NotAllowed`, `NotFound`."""
    batch = _clerks(actor, number)
    if batch.state != Batch.State.ASIDE:
        return
    facts = {"reason": batch.aside_reason_sealed}
    batch.aside_reason_sealed, batch.aside_by, batch.aside_at = "", "", None
    batch.save(update_fields=["aside_reason_sealed", "aside_by", "aside_at"])
    write_leaf(actor=actor, action="batches.take_back", table="batch", key=number, facts=facts)
    again(batch, actor=actor)


def _clerks(actor: Actor, number: str) -> Batch:
    if actor.role != "clerk":
        raise NotAllowed("只有报送部门的报送员可以搁置文件。Only the sending department's clerks may set files aside.")
    return own_batch(actor, number)


def forget_tried(*, actor: Actor) -> int:
    """Drop files that were tried a week ago and never sent; returns how many."""
    old = Batch.objects.filter(only_tried=True, received_at__lt=now() - TRIED_FOR)
    forgotten = list(old.exclude(state__in=[Batch.State.RECEIVED, Batch.State.JUDGING]).values_list("pk", flat=True))
    return sum(_forget(actor, pk) for pk in forgotten)


def _forget(actor: Actor, pk: int) -> bool:
    with transaction.atomic():
        batch = Batch.objects.select_for_update(of=("self",)).filter(pk=pk, only_tried=True).first()
        if batch is None:
            return False
        write_leaf(
            actor=actor, action="batches.forget", table="batch", key=batch.number, facts={"sha256": batch.sha256}
        )
        Batch.objects.filter(pk=pk).delete()
    drop_unclaimed(batch.sha256)
    return True
