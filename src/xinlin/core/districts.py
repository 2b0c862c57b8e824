"""The index of districts (区域信用指数): counts of organisations' records by district and month as facts, and the scheme on them.

Organisations are counted, never persons. A district with fewer than ten has no figure, and no count of one to nine is shown.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from xinlin.core.records import Fact
from xinlin.core.rulebooks import Kind
from xinlin.core.schemes import Scheme
from xinlin.core.scores import Evaluation, evaluate
from xinlin.core.small_cells import SMALLEST_CELL

Counts = Mapping[tuple[str, date], int]
"""(district, first day of the month) -> records of organisations registered there."""


def month_end(day: date) -> date:
    """The last day of the day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def months_before(day: date, how_many: int) -> list[date]:
    """The last so many whole months before the day's own, oldest first, each by its last day."""
    last = day.year * 12 + day.month - 2
    return [month_end(date(number // 12, number % 12 + 1, 1)) for number in range(last - how_many + 1, last + 1)]


def facts_of(kind: Kind, district: str, months: Sequence[date], counts: Counts, organisations: int) -> list[Fact]:
    """The counts of one kind in one district as facts, one for each month; none where it has fewer than ten organisations."""
    if organisations < SMALLEST_CELL:
        return []
    found = []
    for end in months:
        records = counts.get((district, end.replace(day=1)), 0)
        fields = {"records": records, "organisations": organisations, "per_thousand": records * 1000 // organisations}
        found.append(Fact(f"{kind.code}:{end.isoformat()}", kind.code, end, fields=fields))
    return found


@dataclass(frozen=True, slots=True)
class Index:
    """A district's index month by month, oldest first; empty where it has no figure."""

    district: str
    organisations: int
    months: tuple[tuple[date, Evaluation], ...]


def index_of(scheme: Scheme, district: str, organisations: int, facts: Sequence[Fact], months: Sequence[date]) -> Index:
    """The scheme applied to the district's facts at the end of each month."""
    if organisations < SMALLEST_CELL:
        return Index(district, organisations, ())
    return Index(district, organisations, tuple((end, evaluate(scheme, facts, end)) for end in months))
