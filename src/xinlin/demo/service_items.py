"""The demo's service catalogue: every approval item in each division and for each occasion, measures linked by their clauses (政务服务事项)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from xinlin.core.rulebooks import Rulebook
from xinlin.demo.people import place_name

OCCASIONS = ("首次办理", "变更", "延续", "补办", "注销")
LINKED_OCCASIONS = OCCASIONS[:3]
"""Whoever only asks for a lost paper again, or gives something up, meets no measure."""
WAITING = 12
"""Links that still wait for a second pair of eyes on the first day."""


def _rows(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def catalogue(rulebook: Rulebook) -> str:
    """The catalogue as `xinlin items load` takes it."""
    from xinlin.office.actions.items import COLUMNS

    return _rows(COLUMNS, _items(rulebook))


def _code(division: str, number: int, occasion: int) -> str:
    return f"{division}-{number:03d}-{occasion + 1}"


def _items(rulebook: Rulebook) -> Iterator[tuple[str, ...]]:
    for division in rulebook.divisions:
        place = place_name(division)
        for number, item in enumerate(rulebook.approval_items.values(), 1):
            office = rulebook.departments[item.department].name.zh
            cited = [] if item.basis == "demonstration" else item.basis
            basis = "；".join(f"《{rulebook.sources[one.source].title.zh}》{one.article}" for one in cited)
            for at, occasion in enumerate(OCCASIONS):
                name = f"{place}{item.name.zh}（{occasion}）"
                kinds = " ".join(item.subject_kinds)
                code = _code(division, number, at)
                yield code, name, item.department, f"{place}{office}", division, kinds, basis or "示范目录"


def links(rulebook: Rulebook) -> str:
    """Measures against judgment debtors at the items where the law knows them, each with its clause: about 2,000 in a province."""
    from xinlin.office.actions.item_links import COLUMNS

    return _rows(COLUMNS, _links(rulebook))


def _links(rulebook: Rulebook) -> Iterator[tuple[str, ...]]:
    numbers = {code: number for number, code in enumerate(rulebook.approval_items, 1)}
    for measure in rulebook.measures.values():
        if measure.statutory_list != "dishonest_judgment_debtor" or measure.basis == "demonstration":
            continue
        clause = measure.basis[0]
        for item in measure.items:
            reason = f"{rulebook.approval_items[item].name.zh}适用“{measure.name.zh}”"
            for division in rulebook.divisions:
                for at, _ in enumerate(LINKED_OCCASIONS):
                    code = _code(division, numbers[item], at)
                    yield code, measure.code, clause.source, clause.article, reason


def load(rulebook: Rulebook) -> int:
    """Load the catalogue, propose the links as one reviewer and approve them as another; returns how many work."""
    from xinlin.office.actions.item_links import decide_group, propose_file
    from xinlin.office.actions.items import load as load_items
    from xinlin.office.queries.catalogue_items import groups
    from xinlin.office.scopes import Actor

    first = Actor("system:demo-proposer", "周审核", "reviewer", "credit_centre")
    second = Actor("system:demo-approver", "孔审核", "reviewer", "credit_centre")
    load_items(actor=first, lines=io.StringIO(catalogue(rulebook)))
    header, *rows = links(rulebook).splitlines()
    waiting = min(WAITING, len(rows) // 4)
    propose_file(actor=first, lines=[header, *rows[waiting:]])
    working = 0
    for group in groups(actor=second):
        working += decide_group(
            actor=second,
            measure=group.measure,
            source=group.source,
            article=group.article,
            seen=group.count,
            approve=True,
            words="条款与事项相符",
        )
    propose_file(actor=first, lines=[header, *rows[:waiting]])
    return working
