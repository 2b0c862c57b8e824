"""The service catalogue by the hundred thousand: search, one item, its links (政务服务事项查询)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q, QuerySet

from xinlin.core.kind_lint import LAW
from xinlin.core.lists import article_text
from xinlin.core.schemes import Citation
from xinlin.core.values import Text
from xinlin.office.items_index import first
from xinlin.office.models.items import ItemLink, ServiceItem
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today

EDITORS = ("officer", "reviewer")
SHOWN = 50
_SAMPLE = 8
_LOOKED_AT = 2_000
CITABLE = LAW
"""Ranks of sources that a link may cite."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link of a measure to an item, its clause, who proposed and who decided."""

    number: int
    item: str
    measure: str
    measure_name: Text
    force: str
    clause: Text
    in_force: bool
    reason: str
    state: str
    proposed_name: str
    proposed_at: datetime
    decided_name: str
    words: str
    mine: bool
    """Whether the actor proposed it, and so cannot decide it."""


@dataclass(frozen=True, slots=True)
class GroupView:
    """Links that wait on one clause: how many others proposed, how many the actor, some of the items."""

    measure: str
    measure_name: Text
    source: str
    article: str
    clause: Text
    count: int
    mine: int
    """Of the actor's own, which another person decides."""
    items: list[tuple[str, str]]
    """Code and name."""
    proposed_name: str


@dataclass(frozen=True, slots=True)
class ServiceItemView:
    """An item of the catalogue, with its links where one item is asked for."""

    code: str
    name: str
    office: str
    division: str
    basis: str
    linked: int
    department: str
    links: list[LinkView]

    def may_edit(self, actor: Actor) -> bool:
        """Whether the actor may propose and decide links here: the credit centre anywhere, an officer at the own office's items."""
        return actor.role == "reviewer" or (actor.role == "officer" and actor.department == self.department)


def _may(actor: Actor) -> None:
    if actor.role not in (*EDITORS, "auditor", "operator"):
        raise NotAllowed(
            "只有审批人员和信用中心可以查看事项关联。Only officers and the credit centre see items and links."
        )


def links_of(actor: Actor) -> QuerySet[ItemLink]:
    """The links that concern the actor: an officer those at the own office's items, others all. An editor decides on no other."""
    if actor.role != "officer":
        return ItemLink.objects.all()
    return ItemLink.objects.filter(item__in=ServiceItem.objects.filter(department=actor.department).values("code"))


def search(*, actor: Actor, words: str = "", linked: bool = False, after: str = "") -> list[ServiceItemView]:
    """Up to `SHOWN` items in the order of their codes, after the code ``after``, that hold every one of the words.

    Words are looked for anywhere in name, office or code.
    """
    _may(actor)
    found = ServiceItem.objects.filter(code__gt=after) if after else ServiceItem.objects.all()
    if linked:
        standing = ItemLink.objects.filter(state__in=("proposed", "approved")).values("item")
        found = found.filter(code__in=standing)
    rows = first(found, [word[:50] for word in words.lower().split()[:5]], SHOWN)
    counts = _counts([row.code for row in rows])
    return [_view(row, counts.get(row.code, 0), []) for row in rows]


def _counts(codes: list[str]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for code in ItemLink.objects.filter(item__in=codes, state=ItemLink.State.APPROVED).values_list("item", flat=True):
        counted[code] = counted.get(code, 0) + 1
    return counted


def _view(row: ServiceItem, linked: int, links: list[LinkView]) -> ServiceItemView:
    return ServiceItemView(row.code, row.name, row.office, row.division, row.basis, linked, row.department, links)


def one(*, actor: Actor, code: str) -> ServiceItemView:
    """One item with all its links, the newest first. Raises `NotFound`."""
    _may(actor)
    row = ServiceItem.objects.filter(code=code).first()
    if row is None:
        raise NotFound(f"没有事项 {code}。There is no item {code}.")
    links = [_link(link, actor) for link in ItemLink.objects.filter(item=code).order_by("-pk")[:200]]
    return _view(row, sum(1 for link in links if link.state == "approved"), links)


def groups(*, actor: Actor) -> list[GroupView]:
    """Waiting links that concern the actor by measure and clause, the largest group first, with some of the items. Three queries."""
    _may(actor)
    waiting = links_of(actor).filter(state=ItemLink.State.PROPOSED)
    counted = waiting.values_list("measure", "source", "article").annotate(
        n=Count("pk"), mine=Count("pk", filter=Q(proposed_by=actor.handle))
    )
    some = list(
        waiting.order_by("pk").values_list("measure", "source", "article", "item", "proposed_name")[:_LOOKED_AT]
    )
    names = dict(ServiceItem.objects.filter(code__in=[row[3] for row in some]).values_list("code", "name"))
    shown: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    by: dict[tuple[str, str, str], str] = {}
    for measure, source, article, item, proposer in some:
        found = shown.setdefault((measure, source, article), [])
        by.setdefault((measure, source, article), proposer)
        if len(found) < _SAMPLE:
            found.append((item, names.get(item, item)))
    rulebook = current()
    views = []
    for measure, source, article, number, mine in counted.order_by("-n", "measure")[:SHOWN]:
        known, key = rulebook.measures.get(measure), (measure, source, article)
        clause = article_text([Citation(source=source, article=article)], rulebook, today())
        views.append(
            GroupView(
                measure=measure,
                measure_name=known.name if known else Text(zh=measure, en=measure),
                source=source,
                article=article,
                clause=clause or Text(zh=f"{source} {article}", en=f"{source} {article}"),
                count=number - mine,
                mine=mine,
                items=shown.get(key, []),
                proposed_name=by.get(key, ""),
            )
        )
    return views


def totals(*, actor: Actor) -> tuple[int, int, int]:
    """How many items the catalogue has, how many carry an approved link, how many links that concern the actor wait."""
    _may(actor)
    approved = ItemLink.objects.filter(state=ItemLink.State.APPROVED).values("item").distinct().count()
    waiting = links_of(actor).filter(state=ItemLink.State.PROPOSED).count()
    return _estimated(), approved, waiting


def _estimated() -> int:
    """The number of items; of a big table on PostgreSQL as the server itself estimates it, since counting reads it all."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'service_item'::regclass")
            about = int(cursor.fetchone()[0])
        if about > 100_000:
            return about
    return ServiceItem.objects.count()


def _link(link: ItemLink, actor: Actor) -> LinkView:
    rulebook = current()
    measure, cited = rulebook.measures.get(link.measure), [Citation(source=link.source, article=link.article)]
    clause = article_text(cited, rulebook, today())
    return LinkView(
        number=link.pk,
        item=link.item,
        measure=link.measure,
        measure_name=measure.name if measure else Text(zh=link.measure, en=link.measure),
        force=measure.force if measure else "",
        clause=clause or Text(zh=f"{link.source} {link.article}", en=f"{link.source} {link.article}"),
        in_force=clause is not None,
        reason=link.reason,
        state=link.state,
        proposed_name=link.proposed_name,
        proposed_at=link.proposed_at,
        decided_name=link.decided_name,
        words=link.words,
        mine=link.proposed_by == actor.handle,
    )
