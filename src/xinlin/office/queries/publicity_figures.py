"""How much is published, by section, month and office; how many offices publish in time (公示统计)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from xinlin.core.publicity import PublicSection, hide_small
from xinlin.core.values import Text
from xinlin.office.models.publicity import PublicMark
from xinlin.office.rulebook import current

FIGURES = "figures"


@dataclass(frozen=True)
class OfficeFigures:
    """An office over the last twelve months: published in time and late. None where a count is too small to show."""

    code: str
    name: Text
    in_time: int | None
    late: int | None
    share: int | None
    """Whole per cent in time."""


@dataclass(frozen=True)
class Figures:
    """Counts as of ``at``; None before the first count. A cell under ten is hidden (None)."""

    at: datetime | None
    bodies: int
    sections: list[tuple[PublicSection, int]]
    """Every section with how many records are shown; these are lists that anybody may count, so none is hidden."""
    months: list[tuple[str, list[int | None]]]
    offices: list[OfficeFigures]
    since: date | None
    """The day on which publishing began here, where that was within the twelve months: what was due before is not counted."""


def entries_by_list() -> dict[str, int] | None:
    """Entries in force on each list, as they were counted last; None before the first count. Whoever shows them makes them coarse."""
    held = PublicMark.objects.filter(name=FIGURES).first()
    return None if held is None else held.figures.get("lists")


def figures() -> Figures:
    """The figures as they were counted last."""
    book = current()
    held = PublicMark.objects.filter(name=FIGURES).first()
    counted = held.figures if held is not None else {}
    shown = list(book.publicity.values())
    by_month: dict[str, Counter[str]] = {}
    for month, section, number in counted.get("months", []):
        by_month.setdefault(month, Counter())[section] += number
    months = [(m, hide_small([by_month[m][section.code] for section in shown])) for m in sorted(by_month, reverse=True)]
    offices: dict[str, Counter[bool]] = {}
    for department, _section, in_time, number in counted.get("offices", []):
        offices.setdefault(department, Counter())[bool(in_time)] += number
    rows = []
    for code, counts in sorted(offices.items()):
        total = counts[True] + counts[False]
        in_time, late = hide_small([counts[True], counts[False]])
        share = None if in_time is None or late is None else 100 * counts[True] // total
        name = book.departments[code].name if code in book.departments else Text(zh=code, en=code)
        rows.append(OfficeFigures(code, name, in_time, late, share))
    sections = [(section, counted.get("sections", {}).get(section.code, 0)) for section in shown]
    since = date.fromisoformat(counted["since"]) if counted.get("since") else None
    return Figures(held.at if held else None, counted.get("bodies", 0), sections, months, rows, since)
