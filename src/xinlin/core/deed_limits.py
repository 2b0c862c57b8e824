"""Whether declared deeds alone could lift anybody's tier: neither money nor idle time buys one (申报上限)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from xinlin.core.deeds import DeedSort
from xinlin.core.findings import Finding, found
from xinlin.core.records import Fact
from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.core.scores import evaluate

YEARS = 6
"""Longer than any deed counts."""


def most(rulebook: Rulebook, as_of: date) -> list[Fact]:
    """As many deeds as anybody can have accepted, of every sort, each as large as it may be, year after year."""
    facts = []
    for sort in rulebook.deeds.values():
        kind = rulebook.kinds[sort.kind]
        for year in range(as_of.year - YEARS + 1, as_of.year + 1):
            last = min(date(year, 12, 31), as_of)
            for number in range(sort.per_year):
                day = last - timedelta(days=number)
                facts.append(Fact(f"{sort.code}-{year}-{number}", kind.code, day, fields=_largest(sort, kind)))
    return facts


def _largest(sort: DeedSort, kind: Kind) -> dict[str, int | str]:
    return {
        spec.code: sort.largest.get(spec.code, spec.maximum or 1) if spec.type in ("integer", "money") else "x"
        for spec in kind.fields
        if spec.role is None and spec.required
    }


def findings(rulebook: Rulebook, as_of: date) -> Iterator[Finding]:
    """A finding where the most of all declared deeds reaches another tier than no record at all."""
    scheme = rulebook.scheme_at(as_of)
    if scheme is None or not rulebook.deeds:
        return
    none, all_of_it = evaluate(scheme, [], as_of), evaluate(scheme, most(rulebook, as_of), as_of)
    if none.tier != all_of_it.tier:
        yield found(
            "deeds_buy_a_tier",
            ("deeds", next(iter(rulebook.deeds))),
            (
                f"仅凭申报就能从 {none.score} 分升到 {all_of_it.score} 分，换了等级",
                f"declarations alone lift the score from {none.score} to {all_of_it.score}, into another tier",
            ),
            ("降低 per_year 或 largest", "lower per_year or largest"),
        )
