"""What a department may deliver, and as what: its own kinds, in their own manner, for a day that has come (报送资格).

All but the last is asked before a byte is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.db.models import Q

from xinlin.core.rulebooks import Kind
from xinlin.core.values import Problem, Text
from xinlin.office import rulebook
from xinlin.office.models.batches import Batch
from xinlin.office.models.records import Record
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, today

Delivery = Literal["additions", "corrections", "full_list"]
"""增量, 更正, 全量. Additions may correct too; a delivery of corrections may do nothing else."""
LARGEST_FILE = 2 << 30
"""Bytes; a larger delivery is sent in parts."""
WEB_SENDER = "system:web"
VERIFYING = frozenset({WEB_SENDER, "system:linking"})
"""Who brings in what was captured from pages: two verifiers, and the reviewer who then says whose a row is."""
SEND_ROLES = frozenset({"clerk", "machine", "operator", "system"})
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069]+")


def refused(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str, raw: str = "") -> Refused:
    """The exception for a delivery that cannot be taken as asked."""
    return Refused(Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en), raw))


def sending_department(actor: Actor, department: str | None) -> str:
    """For which department the actor sends. Raises `NotAllowed`."""
    if actor.role not in SEND_ROLES and not actor.handle.startswith("system:"):
        raise NotAllowed("您的角色不能报送数据。Your role may not deliver data.")
    chosen = department or actor.department
    own = not actor.department or chosen == actor.department
    if not chosen or not own or (not actor.department and not actor.handle.startswith("system:")):
        raise NotAllowed("只能代表本部门报送。You may deliver for your own department only.")
    return chosen


def own_batch(actor: Actor, number: str) -> Batch:
    """The delivery, if the actor may change it, locked until the transaction ends. Raises `NotFound`."""
    held = Batch.objects.select_for_update(of=("self",)).select_related("job", "mapping")
    batch = held.filter(number=number).first()
    if batch is None:
        raise NotFound(number)
    try:
        sending_department(actor, batch.department)
    except NotAllowed as error:
        raise NotFound(number) from error
    return batch


def kind_for(department: str, kind: str) -> Kind:
    """The kind, if it is in the catalogue and the department provides it. Raises `Refused`."""
    found = rulebook.current().kinds.get(kind)
    if found is None:
        raise refused(
            "unknown_kind",
            "kind",
            f"目录里没有“{kind}”",
            f"The catalogue has no kind {kind!r}",
            "请在目录中选择",
            "Choose one from the catalogue",
            kind,
        )
    if found.effect == "count":
        raise refused(
            "kind_counted",
            "kind",
            f"“{found.name.zh}”由平台自行统计，不接受报送",
            f"{found.name.en} is counted by the platform and not delivered",
            f"请报送被统计的“{found.counts}”",
            f"Deliver {found.counts}, which is counted",
            kind,
        )
    if department not in found.providers:
        raise refused(
            "kind_not_provided",
            "kind",
            f"“{found.name.zh}”不由部门 {department} 报送",
            f"{found.name.en} is not provided by the department {department}",
            f"这一目录项的提供部门：{'、'.join(found.providers)}",
            f"It is provided by: {', '.join(found.providers)}",
            kind,
        )
    if not rulebook.current().in_force(found, today()):
        raise _not_in_force(found)
    return found


def must_be_verified(actor: Actor, kind: Kind) -> None:
    """What stands on public pages comes in by its verification alone, and is corrected by nobody afterwards. Raises `Refused`."""
    if kind.source == "public_web" and actor.handle not in VERIFYING:
        raise refused(
            "kind_needs_verifying",
            "kind",
            f"“{kind.name.zh}”采自公开网页，须经两人核实后入库",
            f"{kind.name.en} comes from public pages and is taken in once two people have verified it",
            "请在“网页采集”里保存网页并核实",
            "Capture the page and have it verified there",
            kind.code,
        )


def _not_in_force(kind: Kind) -> Refused:
    """The refusal of a row of the catalogue that holds no longer, or not yet (深圳 35; 上海 11)."""
    book, day = rulebook.current(), today()
    edition = book.editions.get(kind.edition or "")
    later = [one for one in (kind.effective_from, edition.effective_from if edition else None) if one and one > day]
    said = f"“{kind.name.zh}”在 {day} 不在有效的目录版本内"
    told = f"{kind.name.en} stands in no edition of the catalogue in force on {day}"
    if later:
        cure = (f"自 {max(later)} 起可以报送", f"It can be sent from {max(later)}")
    else:
        cure = (
            "请查看现行目录中的替代项；没有的，不再报送",
            "See what replaces it in the catalogue; if nothing does, stop sending it",
        )
    return refused("kind_not_in_force", "kind", said, told, *cure, kind.code)


def measured(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks as they come; raises `Refused` as soon as they are more than `LARGEST_FILE`."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST_FILE:
            raise refused(
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


def manner(kind: Kind, delivery: Delivery | None, valid_on: date | None) -> Delivery:
    """How the kind is delivered. Raises `Refused` for another manner, or for a day that has not come.

    A list takes ``additions`` too: single entries, which end nothing and are the same entries as in the whole list. A
    list for a day to come would end entries before that day and shut out every list until then.
    """
    if delivery == "corrections" and kind.identity_fields() is not None:
        return delivery
    added = delivery == "additions" and kind.delivery == "full_list"
    if delivery is not None and delivery != kind.delivery and not added:
        raise refused(
            "delivery_not_of_kind",
            "delivery",
            f"“{kind.name.zh}”按 {kind.delivery} 报送，不能按 {delivery} 报送",
            f"{kind.name.en} is delivered as {kind.delivery}, not as {delivery}",
            "请去掉 delivery 或改为目录规定的方式",
            "Leave out delivery, or give the one of the catalogue",
            delivery,
        )
    if valid_on is not None and valid_on > today():
        raise refused(
            "valid_on_in_future",
            "valid_on",
            f"报送所述日期 {valid_on} 还没有到",
            f"The day {valid_on} for which the delivery speaks has not come",
            "请核对日期",
            "Check the day",
            valid_on.isoformat(),
        )
    return "additions" if added else kind.delivery


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


def receipt_of(batch: Batch, already: bool) -> Receipt:
    """The receipt of a delivery."""
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


def same_file(fields: MutableMapping[str, Any], dated: bool, keyed: bool = False) -> Batch | None:
    """The earlier delivery of the same bytes, or None where these are a delivery of their own.

    A list may come unchanged for a new day, so its day counts too; a table of it that a person names is another delivery
    than the one that was read, and of a full list there is one a day. A single entry that left its list may come back in
    the same words: where nothing of the earlier delivery stands any longer, and the sender names a later day or sends under
    a new key (``keyed``); which time it is goes into ``fields``. Without either it may be an old message, sent again.
    """
    same = Batch.objects.select_related("job").filter(department=fields["department"], kind=fields["kind"])
    if fields["delivery"] != "full_list":
        same = same.filter(sha256=fields["sha256"]).exclude(delivery="full_list").order_by("-returns", "pk")
        if part := fields["part"]:
            same = same.filter(Q(part=part) | Q(layout__sheet=part) | Q(part="", state=Batch.State.FAILED))
        last = same.first()
        anew = keyed or (dated and last is not None and fields["valid_on"] > last.valid_on)
        if last is None or not anew or not _left_its_list(last):
            return last
        fields["returns"] = last.returns + 1
        return None
    lists = same.filter(delivery="full_list")
    if dated:
        return lists.filter(sha256=fields["sha256"], valid_on=fields["valid_on"]).first()
    today_s = lists.filter(sha256=fields["sha256"], valid_on=fields["valid_on"]).first()
    latest = lists.filter(only_tried=False).order_by("-valid_on", "-pk").first()
    return today_s or (latest if latest is not None and latest.sha256 == fields["sha256"] else None)


def _left_its_list(batch: Batch) -> bool:
    """Whether the delivery brought single entries of a list, and none of them stands any longer."""
    kind = rulebook.current().kinds.get(batch.kind)
    if kind is None or kind.delivery != "full_list" or batch.state != Batch.State.DONE:
        return False
    gone = [Record.Status.ENDED, Record.Status.SUPERSEDED]
    brought = Record.objects.filter(batch=batch)
    return brought.exists() and not brought.exclude(status__in=gone).exists()
