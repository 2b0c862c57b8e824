"""The national basic list as this installation applies it, and which rows a person has compared (全国失信惩戒措施基础清单)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xinlin.core.lists import article_text
from xinlin.core.measures import NationalMeasureRow, wording_sha256
from xinlin.core.rulebooks import Rulebook
from xinlin.core.values import Text
from xinlin.office.models.measures import WordingCheck
from xinlin.office.rulebook import current
from xinlin.office.scopes import today


@dataclass(frozen=True, slots=True)
class RowView:
    """A row with what hangs on it, and what became of the comparison with the official text."""

    code: str
    name: Text
    group: str
    article: Text | None
    wording: str
    """Its hash: what a confirmation stands for."""
    verified: bool
    differs: bool
    compared_with: str
    words: str
    checked_name: str
    checked_at: datetime | None
    measures: list[tuple[Text, Text]]
    """Measures of this rulebook that stand on the row, each with the name of its list."""


def rows() -> list[RowView]:
    """All rows in their order. One query."""
    rulebook, latest = current(), _latest()
    return [_row(row, latest.get(row.code), rulebook) for row in rulebook.national_measures.values()]


def verified() -> frozenset[str]:
    """Codes of the rows whose present wording a person found to be the official one."""
    return frozenset(row.code for row in rows() if row.verified)


def _latest() -> dict[str, WordingCheck]:
    return {check.row: check for check in WordingCheck.objects.order_by("at", "pk")}


def _row(row: NationalMeasureRow, check: WordingCheck | None, rulebook: Rulebook) -> RowView:
    wording = wording_sha256(row)
    if check is not None and check.wording_sha256 != wording:
        check = None
    same = check is not None and check.outcome == WordingCheck.Outcome.SAME
    return RowView(
        code=row.code,
        name=row.name,
        group=row.group,
        article=article_text(row.basis, rulebook, today()),
        wording=wording,
        verified=same or (row.verified and check is None),
        differs=check is not None and not same,
        compared_with=check.compared_with if check else "",
        words=check.words if check else "",
        checked_name=check.checked_name if check else "",
        checked_at=check.at if check else None,
        measures=[
            (one.name, rulebook.lists[one.statutory_list].name)
            for one in rulebook.measures.values()
            if one.national_row == row.code and one.statutory_list in rulebook.lists
        ],
    )
