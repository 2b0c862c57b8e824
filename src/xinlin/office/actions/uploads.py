"""Files that come in parts, so that a cut line costs one part and not the whole (断点续传).

A sender announces a file with its size and SHA-256, then sends it from the offset that it is told, in parts of any size. What
came before a line was cut is kept. With the last byte the file is compared with its announcement and becomes a delivery.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from xinlin.office import vault
from xinlin.office.actions.batches import receive
from xinlin.office.actions.deliveries import (
    LARGEST_FILE,
    Delivery,
    Receipt,
    clean_filename,
    kind_for,
    manner,
    receipt_of,
    refused,
    sending_department,
)
from xinlin.office.actions.proofs import Proof, must_be_signed
from xinlin.office.failpoints import reached
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import Batch
from xinlin.office.models.exchange import Upload
from xinlin.office.scopes import Actor, Conflict, NotFound, Refused, now, today

FORGOTTEN_AFTER = timedelta(days=7)
"""An upload to which nothing was added for so long is given up."""
MOST_OPEN = 100
"""Uploads that one sender may have open at once."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Progress:
    """How far an upload is; ``received`` is where its next part begins."""

    number: str
    state: str
    filename: str
    size: int
    sha256: str
    received: int
    opened_at: datetime
    batch: str
    """Number of the delivery that it became."""


def _progress(upload: Upload) -> Progress:
    return Progress(
        number=upload.number,
        state=upload.state,
        filename=upload.request["filename"],
        size=upload.size,
        sha256=upload.sha256,
        received=upload.received,
        opened_at=upload.opened_at,
        batch=upload.batch.number if upload.batch else "",
    )


def _must_be_possible(size: int, sha256: str) -> None:
    cure = ("请核对后重试", "Check it and try again")
    if not 0 < size <= LARGEST_FILE:
        raise refused(
            "file_too_large" if size else "file_empty",
            "size",
            f"大小应为 1 至 {LARGEST_FILE} 字节",
            f"The size is between 1 and {LARGEST_FILE} bytes",
            *cure,
        )
    if not _SHA256.fullmatch(sha256):
        raise refused(
            "sha256",
            "sha256",
            "SHA-256 应为 64 位小写十六进制",
            "A SHA-256 is 64 hexadecimal digits in lower case",
            *cure,
        )


def open_upload(
    *,
    actor: Actor,
    kind: str,
    filename: str,
    size: int,
    sha256: str,
    delivery: Delivery | None = None,
    valid_on: date | None = None,
    mapping: str = "",
    proof: Proof = Proof(),  # noqa: B008  # frozen
) -> Progress:
    """Announce a file. The same announcement again, while it is open, gives the one that is open.

    Raises `NotAllowed`, and `Refused` for all that a delivery is refused for before its first byte.
    """
    sender = sending_department(actor, None)
    manner(kind_for(sender, kind), delivery, valid_on)
    must_be_signed(actor, sender, proof)
    _must_be_possible(size, sha256)
    said = {
        "kind": kind,
        "filename": clean_filename(filename),
        "delivery": delivery or "",
        "valid_on": valid_on.isoformat() if valid_on else "",
        "mapping": mapping,
    }
    with transaction.atomic():
        mine = Upload.objects.select_for_update().filter(sent_by=actor.handle, state=Upload.State.OPEN)
        same = mine.filter(size=size, sha256=sha256, request=said).first()
        if same is not None:
            return _progress(same)
        if mine.count() >= MOST_OPEN:
            raise refused(
                "too_many_uploads",
                "",
                f"同时进行的上传已达 {MOST_OPEN} 个",
                f"{MOST_OPEN} uploads are open already",
                "请先完成或放弃其中一些",
                "Finish some of them, or give them up",
            )
        number = f"U{today():%Y%m%d}-{secrets.token_hex(8).upper()}"
        moment = now()
        upload = Upload.objects.create(
            number=number,
            sent_by=actor.handle,
            department=sender,
            request=said,
            size=size,
            sha256=sha256,
            signature=dict(proof.signature),
            opened_at=moment,
            touched_at=moment,
        )
        facts = {"kind": kind, "size": size, "sha256": sha256}
        write_leaf(actor=actor, action="uploads.open", table="upload", key=number, facts=facts)
    return _progress(upload)


def _own(actor: Actor, number: str, *, lock: bool = False) -> Upload:
    found = Upload.objects.select_related("batch")
    if lock:
        found = Upload.objects.select_for_update(of=("self",)).select_related("batch")
    upload = found.filter(number=number, sent_by=actor.handle).first()
    if upload is None:
        raise NotFound(f"没有上传 {number}。There is no upload {number}.")
    return upload


def progress(*, actor: Actor, number: str) -> Progress:
    """How far an upload of the actor's is. Raises `NotFound`."""
    return _progress(_own(actor, number))


def _must_begin_at(upload: Upload, offset: int) -> None:
    if upload.state != Upload.State.OPEN:
        raise Conflict(
            refused(
                "upload_closed",
                "upload",
                "这次上传已结束",
                "This upload is over",
                "请查询它的状态",
                "Ask for its state",
            ).problem
        )
    if offset != upload.received:
        raise Conflict(
            refused(
                "offset_differs",
                "Upload-Offset",
                f"下一段应从 {upload.received} 字节开始，而不是 {offset}",
                f"The next part begins at byte {upload.received}, not {offset}",
                "请从所述位置继续",
                "Go on from there",
                str(offset),
            ).problem
        )


def add_part(*, actor: Actor, number: str, offset: int, chunks: Iterable[bytes]) -> Progress:
    """Keep a part that begins at ``offset``; where the line is cut, what had come is kept.

    Raises `NotFound`, `Conflict` for another offset than the next, and `Refused` for more bytes than were announced, of
    which none of this part is kept.
    """
    upload = _own(actor, number)
    _must_begin_at(upload, offset)
    with vault.part(number, _until_cut(chunks, upload.size - offset)) as (length, place), transaction.atomic():
        upload = _own(actor, number, lock=True)
        _must_begin_at(upload, offset)
        if length:
            place(offset)
        reached("uploads.part_kept")
        upload.received, upload.touched_at = offset + length, now()
        upload.save(update_fields=["received", "touched_at"])
    reached("uploads.part_counted")
    return _progress(upload)


def _until_cut(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """The chunks until the sender's line is cut."""
    came = 0
    try:
        for chunk in chunks:
            came += len(chunk)
            if came > most:
                raise refused(
                    "too_many_bytes",
                    "body",
                    "收到的字节超过声明的大小",
                    "More bytes came than were announced",
                    "请核对大小后重新声明",
                    "Check the size and announce the file anew",
                )
            yield chunk
    except OSError:
        return


def finish(*, actor: Actor, number: str, key: str = "") -> Receipt:
    """Make a delivery of the whole file. Again it gives the same receipt.

    Raises `NotFound`, `Conflict` while bytes are missing, and `Refused` where the file is not the one announced: then the
    upload is dropped and begins anew.
    """
    upload = _own(actor, number)
    if upload.batch is not None:
        return receipt_of(upload.batch, already=True)
    _must_begin_at(upload, upload.size)
    said: Mapping[str, Any] = upload.request
    try:
        receipt = receive(
            actor=actor,
            kind=said["kind"],
            filename=said["filename"],
            chunks=vault.parts(number),
            delivery=said["delivery"] or None,
            valid_on=date.fromisoformat(said["valid_on"]) if said["valid_on"] else None,
            mapping=said["mapping"],
            proof=Proof(key=key, sha256=upload.sha256, signature=upload.signature),
        )
    except Refused as refusal:
        if refusal.problem.code == "digest_differs":
            _drop(actor, upload)
        raise
    reached("uploads.received")
    Upload.objects.filter(pk=upload.pk).update(
        state=Upload.State.DONE, batch=Batch.objects.get(number=receipt.number), touched_at=now()
    )
    vault.drop_parts(number)
    return receipt


def give_up(*, actor: Actor, number: str) -> Progress:
    """Drop an open upload and its parts. Raises `NotFound`."""
    upload = _own(actor, number)
    if upload.state == Upload.State.OPEN:
        _drop(actor, upload)
        upload.refresh_from_db()
    return _progress(upload)


def _drop(actor: Actor, upload: Upload) -> None:
    with transaction.atomic():
        Upload.objects.filter(pk=upload.pk, state=Upload.State.OPEN).update(
            state=Upload.State.DROPPED, touched_at=now()
        )
        write_leaf(actor=actor, action="uploads.drop", table="upload", key=upload.number, facts={})
    vault.drop_parts(upload.number)


def drop_forgotten(*, actor: Actor) -> int:
    """Give up the uploads to which nobody added anything for a week, and what a dead process left; returns how many."""
    vault.drop_unfinished(timedelta(days=1).total_seconds())
    forgotten = list(Upload.objects.filter(state=Upload.State.OPEN, touched_at__lt=now() - FORGOTTEN_AFTER))
    for upload in forgotten:
        _drop(actor, upload)
    return len(forgotten)
