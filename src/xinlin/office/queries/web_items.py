"""Reading the queue of captured pages: the capture beside its readable text, who verified it, what became of it (待核实网页)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from xinlin.core.rulebooks import Kind
from xinlin.core.values import Text
from xinlin.core.web_items import page_text
from xinlin.core.web_text import Cleaned, clean
from xinlin.office import vault
from xinlin.office.models.web_items import WebItem
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound

ROW = "web_item.row"
SEES = frozenset({"reviewer", "auditor", "clerk"})
SHOWN = 20_000
"""Characters of a page that are shown; the whole capture can be downloaded."""
PAGE = 50


@dataclass(frozen=True)
class Verifier:
    """A named person who found the item right."""

    name: str
    at: datetime


@dataclass(frozen=True)
class WebLine:
    """An item in the list."""

    number: str
    kind_name: Text
    department_name: Text
    subject: str
    document: str
    address: str
    state: str
    captured_name: str
    captured_at: datetime
    verifiers: list[Verifier]


@dataclass(frozen=True)
class WebPage:
    """An item with its page."""

    line: WebLine
    row: list[tuple[Text, str]]
    sha256: str
    size: int
    raw: str
    cleaned: Cleaned
    more: bool
    """Whether the page is longer than what is shown."""
    may_verify: bool
    may_reject: bool
    rejected_name: str
    reason: str
    batch: str


def web_kinds(department: str = "") -> list[Kind]:
    """The kinds that are captured from public pages; those that the department provides, where one is named."""
    kinds = [kind for kind in current().kinds.values() if kind.source == "public_web"]
    return [kind for kind in kinds if not department or department in kind.providers]


def may_verify(actor: Actor, item: WebItem) -> bool:
    """Whether the actor may be the next to find it right: neither who captured it nor who found it right before."""
    said = {item.captured_by, item.first_by}
    return actor.role in ("clerk", "reviewer") and item.state == WebItem.State.WAITING and actor.handle not in said


def row_in(item: WebItem) -> dict[str, str]:
    """The row as it is or was delivered: label -> text."""
    row: dict[str, str] = json.loads(vault.unseal(item.row_sealed, ROW))
    return row


def held(items: QuerySet[WebItem], number: str) -> WebItem:
    """The item. Raises `NotFound`."""
    item = items.filter(number=number).first()
    if item is None:
        raise NotFound("没有这一条网页信息。There is no such item.")
    return item


def _must_see(actor: Actor) -> None:
    if actor.role not in SEES:
        raise NotAllowed("您的角色不能查看网页采集。Your role may not see captured pages.")


def queue(*, actor: Actor, state: str = "waiting") -> list[WebLine]:
    """Items in one state, oldest first while they wait, newest first afterwards. Raises `NotAllowed`."""
    _must_see(actor)
    order = "captured_at" if state == WebItem.State.WAITING else "-captured_at"
    return [_line(item) for item in WebItem.objects.filter(state=state).order_by(order, "pk")[:PAGE]]


def waiting(*, actor: Actor) -> int:
    """How many items the actor could verify now."""
    _must_see(actor)
    open_items = WebItem.objects.filter(state=WebItem.State.WAITING).exclude(captured_by=actor.handle)
    return open_items.exclude(first_by=actor.handle).count()


def _line(item: WebItem) -> WebLine:
    book, row = current(), row_in(item)
    kind, office = book.kinds.get(item.kind), book.departments.get(item.department)
    named = {spec.role: row.get(spec.label.zh, "") for spec in kind.fields if spec.role} if kind else {}
    seen = [(item.first_name, item.first_at), (item.second_name, item.second_at)]
    return WebLine(
        number=item.number,
        kind_name=kind.name if kind else Text(zh=item.kind, en=item.kind),
        department_name=office.name if office else Text(zh=item.department, en=item.department),
        subject=named.get("subject_name", ""),
        document=named.get("document", ""),
        address=item.address,
        state=item.state,
        captured_name=item.captured_name,
        captured_at=item.captured_at,
        verifiers=[Verifier(name, at) for name, at in seen if name and at],
    )


def _bytes(sha256: str) -> bytes:
    with vault.opened(sha256) as path:
        return path.read_bytes()


def _decoded(sha256: str) -> str:
    """The capture as text: UTF-8, then GB18030, as pages of the period are written."""
    raw = _bytes(sha256)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace")


def one(*, actor: Actor, number: str) -> WebPage:
    """An item with its page, raw beside clean. Raises `NotAllowed`, `NotFound`."""
    _must_see(actor)
    item = held(WebItem.objects.select_related("batch"), number)
    kind, row, raw = current().kinds.get(item.kind), row_in(item), _decoded(item.sha256)
    labels = {spec.label.zh: spec.label for spec in kind.fields} if kind else {}
    return WebPage(
        line=_line(item),
        row=[(labels.get(label, Text(zh=label, en=label)), text) for label, text in row.items() if text],
        sha256=item.sha256,
        size=item.size,
        raw=raw[:SHOWN],
        cleaned=clean(page_text(raw)[:SHOWN]),
        more=len(raw) > SHOWN,
        may_verify=may_verify(actor, item),
        may_reject=item.state == WebItem.State.WAITING and actor.role in ("clerk", "reviewer"),
        rejected_name=item.rejected_name,
        reason=item.reason,
        batch=item.batch.number if item.batch else "",
    )


def captured(*, actor: Actor, number: str) -> bytes:
    """The capture, byte for byte. Raises `NotAllowed`, `NotFound`."""
    _must_see(actor)
    return _bytes(held(WebItem.objects.all(), number).sha256)
