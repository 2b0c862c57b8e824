"""Tables of departments' own databases from which rows are pulled: adding, closing, moving the watermark (拉取数据源)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db import transaction

from xinlin.office import vault
from xinlin.office.actions.batches import receive
from xinlin.office.actions.deliveries import Receipt, kind_for, refused, sending_department
from xinlin.office.failpoints import reached
from xinlin.office.leaves import write_leaf
from xinlin.office.models.exchange import Source
from xinlin.office.scopes import Actor, NotAllowed, NotFound, now

URL_PLACE = "source.url"
SCHEMES = ("postgresql", "mysql")
_NAME = re.compile(r"[\w.-]{1,64}")
_TABLE = re.compile(r"[^\x00-\x1f\x7f`\"';]{1,200}")


@dataclass(frozen=True)
class Pulled:
    """What a pull needs to know of its source."""

    name: str
    department: str
    kind: str
    url: str
    table: str
    watermark_column: str
    """Empty for a full list, which is read whole."""
    watermark: str
    edge_sha256: str


def _must_operate(actor: Actor) -> None:
    if actor.role != "operator" and not actor.handle.startswith("system:"):
        raise NotAllowed("只有运维人员可以管理数据源。Only an operator manages sources.")


@transaction.atomic
def add(*, actor: Actor, name: str, department: str, kind: str, url: str, table: str, watermark_column: str) -> None:
    """Let rows be pulled from a table. ``url``: ``postgresql://`` or ``mysql://user:password@host:port/database``.

    Raises `NotAllowed`, and `Refused` for a name that is taken, an unknown kind, an address or a column that is none.
    """
    _must_operate(actor)
    found = kind_for(sending_department(actor, department), kind)
    cure = ("请核对后重试", "Check it and try again")
    if not _NAME.fullmatch(name) or Source.objects.filter(name=name).exists():
        raise refused(
            "source_name",
            "name",
            "名称应为新的、至多 64 个字符",
            "A name is new and has at most 64 characters",
            *cure,
            name[:80],
        )
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname or not parts.path.strip("/"):
        raise refused(
            "source_url",
            "url",
            "地址应为 postgresql:// 或 mysql://",
            "An address begins with postgresql:// or mysql://",
            *cure,
        )
    if not _TABLE.fullmatch(table) or (watermark_column and not _TABLE.fullmatch(watermark_column)):
        raise refused(
            "source_table",
            "table",
            "表名或列名含有不允许的字符",
            "Table or column has characters that may not stand there",
            *cure,
        )
    if bool(watermark_column) == (found.delivery == "full_list"):
        raise refused(
            "source_watermark",
            "watermark",
            "增量目录项需要水位列，全量名单不需要",
            "A kind of additions needs a watermark column, a full list needs none",
            *cure,
        )
    Source.objects.create(
        name=name,
        department=department,
        kind=kind,
        url_sealed=vault.seal(url, URL_PLACE),
        table=table,
        watermark_column=watermark_column,
        added_at=now(),
        added_by=actor.handle,
    )
    facts = {"department": department, "kind": kind, "host": parts.hostname, "table": table}
    write_leaf(actor=actor, action="sources.add", table="source", key=name, facts=facts)


@transaction.atomic
def close(*, actor: Actor, name: str) -> None:
    """Pull nothing more from it. Raises `NotAllowed`, `NotFound`."""
    _must_operate(actor)
    closed = Source.objects.filter(name=name, closed_at__isnull=True).update(closed_at=now(), url_sealed="")
    if not closed and not Source.objects.filter(name=name).exists():
        raise NotFound(f"没有数据源 {name}。There is no source {name}.")
    if closed:
        write_leaf(actor=actor, action="sources.close", table="source", key=name, facts={})


def pulled(*, actor: Actor, name: str) -> Pulled:
    """An open source. Raises `NotAllowed`, `NotFound`."""
    _must_operate(actor)
    source = Source.objects.filter(name=name, closed_at__isnull=True).first()
    if source is None:
        raise NotFound(f"没有数据源 {name}。There is no source {name}.")
    return Pulled(
        source.name,
        source.department,
        source.kind,
        vault.unseal(source.url_sealed, URL_PLACE),
        source.table,
        source.watermark_column,
        source.watermark,
        source.edge_sha256,
    )


def names(*, actor: Actor) -> list[str]:
    """The open sources. Raises `NotAllowed`."""
    _must_operate(actor)
    return list(Source.objects.filter(closed_at__isnull=True).order_by("name").values_list("name", flat=True))


@transaction.atomic
def deliver(*, actor: Actor, source: Pulled, rows: list[bytes], watermark: str, edge_sha256: str) -> Receipt | None:
    """Take rows in and move the watermark, both or neither. None where another pull has moved it meanwhile."""
    held = Source.objects.select_for_update().get(name=source.name)
    if (held.watermark, held.edge_sha256) != (source.watermark, source.edge_sha256) or held.closed_at is not None:
        return None
    receipt = receive(
        actor=actor, kind=source.kind, filename=f"{source.name}.jsonl", chunks=rows, department=source.department
    )
    held.watermark, held.edge_sha256, held.pulled_at = watermark, edge_sha256, now()
    held.save(update_fields=["watermark", "edge_sha256", "pulled_at"])
    reached("sources.delivered")
    return receipt
