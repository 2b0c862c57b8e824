"""Where a check is asked: an item of the rulebook or of the service catalogue, with all that the law ties to it (审批事项)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from xinlin.core.lists import ItemMeasure, Link, article_text, measures_of_item
from xinlin.core.measures import Incentive
from xinlin.core.rulebooks import ApprovalItem, Rulebook
from xinlin.core.schemes import Citation
from xinlin.core.values import Text
from xinlin.office.models.items import ItemLink, ServiceItem
from xinlin.office.rulebook import current


@dataclass(frozen=True, slots=True)
class Place:
    """An approval item on a day: its clause, the measures and incentives that may be met there, the lists to look at."""

    item: ApprovalItem
    clause: str
    measures: list[ItemMeasure]
    incentives: list[Incentive]
    lists: list[str]
    kinds: list[str]
    """The kinds of record that feed those lists: what a check reads of anybody."""
    rulebook: Rulebook


@dataclass(slots=True)
class _Kept:
    """Places of the rulebook's own items, worked out once a day; they change with nothing but rulebook and day."""

    rulebook: Rulebook | None = None
    day: date = date.min
    places: dict[tuple[str, str], Place] | None = None


_kept = _Kept()


def found(code: str) -> ApprovalItem | None:
    """The item with this code: of the rulebook, else of the service catalogue; None where neither has it."""
    item = current().approval_items.get(code)
    return item if item is not None else _of_catalogue(code)


def found_all(codes: Iterable[str]) -> dict[str, ApprovalItem]:
    """The items with these codes, as `found` would give each: one query at most. What neither has is left out."""
    own, wanted = current().approval_items, set(codes)
    held = {code: own[code] for code in wanted if code in own}
    rest = wanted - held.keys()
    rows = ServiceItem.objects.filter(code__in=rest) if rest else ()
    return held | {row.code: as_item(row) for row in rows}


def _of_catalogue(code: str) -> ApprovalItem | None:
    row = ServiceItem.objects.filter(code=code).first()
    return None if row is None else as_item(row)


def as_item(row: ServiceItem) -> ApprovalItem:
    """A row of the catalogue as an approval item. Its names come from the catalogue and are in Chinese alone."""
    purpose = Text(
        zh=f"办理{row.name}时核查申请人是否在依法适用的名单上",
        en="To see at this application whether the applicant is on a list that the law applies here",
    )
    return ApprovalItem(
        code=row.code,
        name=Text(zh=row.name, en=row.name),
        department=row.department,
        subject_kinds=row.subject_kinds,
        purpose=purpose,
        basis="demonstration",
    )


def place(item: ApprovalItem, department: str, day: date) -> Place:
    """All that the law ties to the item for ``department`` on ``day``."""
    rulebook = current()
    if item.code not in rulebook.approval_items:
        return _place(item, department, day, rulebook, links(item.code))
    if _kept.rulebook is not rulebook or _kept.day != day or _kept.places is None:
        _kept.rulebook, _kept.day, _kept.places = rulebook, day, {}
    key, places = (item.code, department), _kept.places
    if key not in places:
        places[key] = _place(item, department, day, rulebook, [])
    return places[key]


def links(item: str) -> list[Link]:
    """The approved links of an item."""
    return _links([item]).get(item, [])


def _links(items: Sequence[str]) -> dict[str, list[Link]]:
    found: dict[str, list[Link]] = {}
    if items:
        for row in ItemLink.objects.filter(item__in=items, state=ItemLink.State.APPROVED).order_by("pk"):
            found.setdefault(row.item, []).append(Link(row.measure, Citation(source=row.source, article=row.article)))
    return found


def lists_at(items: Sequence[ApprovalItem], department: str, day: date) -> dict[str, list[str]]:
    """The lists that the law ties to each of the items, by its code: one query at most, however many they are."""
    rulebook = current()
    linked = _links([item.code for item in items if item.code not in rulebook.approval_items])
    return {item.code: _tied(item, department, day, rulebook, linked.get(item.code, []))[2] for item in items}


def _tied(
    item: ApprovalItem, department: str, day: date, rulebook: Rulebook, linked: list[Link]
) -> tuple[list[ItemMeasure], list[Incentive], list[str]]:
    """Measures, incentives, and the lists that either rests on."""
    measures = measures_of_item(rulebook, item.code, department, day, linked)
    incentives = [
        one
        for one in rulebook.incentives.values()
        if item.code in one.items and department in one.departments and article_text(one.basis, rulebook, day)
    ]
    lists = {one.measure.statutory_list for one in measures} | {one.statutory_list for one in incentives}
    return measures, incentives, sorted(lists)


def _place(item: ApprovalItem, department: str, day: date, rulebook: Rulebook, linked: list[Link]) -> Place:
    measures, incentives, lists = _tied(item, department, day, rulebook, linked)
    cited = article_text(item.basis, rulebook, day)
    clause = (cited.zh if cited else "") if item.code in rulebook.approval_items else _catalogue_clause(item.code)
    kinds = sorted(kind.code for kind in rulebook.kinds.values() if kind.statutory_list in lists)
    return Place(item, clause[:200], measures, incentives, lists, kinds, rulebook)


def _catalogue_clause(code: str) -> str:
    return ServiceItem.objects.filter(code=code).values_list("basis", flat=True).first() or ""


def of_department(department: str, only: tuple[str, ...] = (), limit: int = 500) -> list[ApprovalItem]:
    """Items at which a department may ask: the rulebook's own, then those of the catalogue that carry a link."""
    own = [item for item in current().approval_items.values() if item.department == department]
    linked = ItemLink.objects.filter(state=ItemLink.State.APPROVED).values("item")
    rows = ServiceItem.objects.filter(Q(department=department), code__in=linked).order_by("code")[:limit]
    every = [*own, *(as_item(row) for row in rows)]
    return [item for item in every if not only or item.code in only]
