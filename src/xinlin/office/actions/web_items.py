"""Pages captured from the public web (网页采集): kept with address and hash, verified by two, sent on as a delivery."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping

from django.db import transaction

from xinlin.core.web_items import address_problem, row_of, row_problems
from xinlin.office import vault
from xinlin.office.actions import batches
from xinlin.office.actions.deliveries import WEB_SENDER, kind_for, refused
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import Batch
from xinlin.office.models.web_items import WebItem
from xinlin.office.queries.web_items import ROW, held, may_verify, row_in
from xinlin.office.scopes import Actor, NotAllowed, Refused, now, today

LARGEST_CAPTURE = 4 << 20
"""Bytes of one page."""
SENDER = Actor(handle=WEB_SENDER, name="网页核实 Web verification", role="system")
"""Who sends an item on once two people have found it right."""
SHORTEST_REASON = 2


def _pieces(chunks: Iterable[bytes]) -> Iterable[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST_CAPTURE:
            raise refused(
                "capture_too_large", "capture", f"网页超过 {LARGEST_CAPTURE >> 20} MB", f"The page has more than {LARGEST_CAPTURE >> 20} MB",
                "请另存为“仅 HTML”或纯文本", "Save it as HTML only, or as text",
            )  # fmt: skip
        yield chunk


def capture(*, actor: Actor, kind: str, address: str, chunks: Iterable[bytes], typed: Mapping[str, str]) -> str:
    """Keep a page as it was captured, with the row that somebody read out of it; gives the item's number.

    ``typed``: field code -> text. The same page with the same row gives the first number. Raises `NotAllowed`, and
    `Refused` for an address that is none, an empty or too large page, or the first thing wrong with the row.
    """
    if actor.role not in ("clerk", "reviewer") or not actor.department:
        raise NotAllowed("只有报送员和审核员可以采集网页。Only clerks and reviewers capture pages.")
    found = kind_for(actor.department, kind)
    if found.source != "public_web":
        raise refused(
            "kind_not_from_web", "kind", f"“{found.name.zh}”由部门报送，不从网页采集", f"{found.name.en} is delivered, not captured from pages",
            "请走报送文件", "Deliver it as a file",
        )  # fmt: skip
    where = address.strip()
    if (problem := address_problem(where)) is not None:
        raise Refused(problem)
    sha256, size = vault.store(_pieces(chunks))
    try:
        if not size:
            raise refused(
                "file_empty", "capture", "文件是空的", "The file is empty", "请重新保存网页", "Save the page again"
            )
        row = row_of(found, typed, where, sha256)
        if problems := row_problems(found, row):
            raise Refused(problems[0])
        return _keep(actor, kind, where, sha256, size, row)
    except Refused:
        batches.drop_unclaimed(sha256)
        raise


@transaction.atomic
def _keep(actor: Actor, kind: str, address: str, sha256: str, size: int, row: Mapping[str, str]) -> str:
    said = json.dumps([kind, actor.department, sha256, sorted(row.items())], ensure_ascii=False)
    item, new = WebItem.objects.exclude(state=WebItem.State.REJECTED).get_or_create(
        input_sha256=hashlib.sha256(said.encode()).hexdigest(),
        defaults={
            "number": f"WY{today():%Y%m%d}-{secrets.token_hex(4).upper()}",
            "kind": kind,
            "department": actor.department,
            "address": address,
            "sha256": sha256,
            "size": size,
            "row_sealed": vault.seal(json.dumps(row, ensure_ascii=False), ROW),
            "captured_by": actor.handle,
            "captured_name": actor.name,
            "captured_at": now(),
        },
    )
    if new:
        facts = {"kind": kind, "address": address, "capture": sha256, "size": size}
        write_leaf(actor=actor, action="web_items.capture", table="web_item", key=item.number, facts=facts)
    return item.number


@transaction.atomic
def verify(*, actor: Actor, number: str) -> str:
    """The item is what the page says; the second one to say so sends it on. Gives the state it is in then.

    Raises `NotFound`, `NotAllowed` for whoever captured or verified it before, `Refused`.
    """
    item = _waiting(number)
    if not may_verify(actor, item):
        raise NotAllowed(
            "采集人和已核实过的人不能再核实，须由另一人核实。Whoever captured or verified it may not verify it again; another person must."
        )
    facts = {"capture": item.sha256, "verifier": actor.name}
    if not item.first_by:
        item.first_by, item.first_name, item.first_at = actor.handle, actor.name, now()
    else:
        item.second_by, item.second_name, item.second_at = actor.handle, actor.name, now()
        content = json.dumps([row_in(item)], ensure_ascii=False).encode()
        receipt = batches.receive(
            actor=SENDER, kind=item.kind, filename=f"{item.number}.json", chunks=[content], department=item.department
        )
        item.batch = Batch.objects.get(number=receipt.number)
        item.state = WebItem.State.DELIVERED
        facts["batch"] = receipt.number
    item.save()
    write_leaf(actor=actor, action="web_items.verify", table="web_item", key=number, facts=facts)
    return item.state


@transaction.atomic
def reject(*, actor: Actor, number: str, reason: str) -> None:
    """The item is not right, or may not be kept; it says why and stays. Raises `NotFound`, `NotAllowed`, `Refused`."""
    item, said = _waiting(number), reason.strip()[:500]
    if actor.role not in ("clerk", "reviewer"):
        raise NotAllowed("只有报送员和审核员可以核实。Only clerks and reviewers verify.")
    if len(said) < SHORTEST_REASON:
        raise refused(
            "reason_missing", "reason", "没有写明理由", "No reason is given", "请写明哪里不符", "Say what does not fit"
        )
    item.state, item.reason = WebItem.State.REJECTED, said
    item.rejected_by, item.rejected_name, item.rejected_at = actor.handle, actor.name, now()
    item.save()
    write_leaf(actor=actor, action="web_items.reject", table="web_item", key=number, facts={"reason": said})


def _waiting(number: str) -> WebItem:
    item = held(WebItem.objects.select_for_update(), number)
    if item.state != WebItem.State.WAITING:
        raise refused(
            "answered_before", "number", "这一条已经办结", "It was decided before", "请刷新列表", "Reload the list"
        )
    return item
