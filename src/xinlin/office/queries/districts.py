"""The public index of districts by month: counted from organisations' records where they lie, no person behind any cell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Count
from django.db.models.functions import Substr, TruncMonth

from xinlin.core.districts import facts_of, index_of, months_before
from xinlin.core.rulebooks import Kind
from xinlin.core.schemes import Scheme
from xinlin.core.small_cells import SMALLEST_CELL
from xinlin.core.values import Text
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.rulebook import current
from xinlin.office.scopes import today

MONTHS = 12
HISTORY = 24
"""Months of counts that are read: the oldest shown month looks back as far as a year."""
DIGITS = 6


@dataclass(frozen=True)
class DistrictLine:
    """One district: its newest index and level, its rank among those with a figure, and its course."""

    district: str
    organisations: int | None
    """None where fewer than ten."""
    score: int | None
    tier: Text | None
    rank: int | None
    change: int | None
    """Against the month before."""
    course: list[tuple[date, int]]
    dimensions: list[tuple[Text, int]]


@dataclass(frozen=True)
class DistrictIndex:
    """The index of all districts at the end of the last whole month."""

    scheme: Scheme
    as_of: date
    districts: list[DistrictLine]
    smallest: int = SMALLEST_CELL


def _organisations() -> dict[str, int]:
    """Organisations in the register by district. Of their persons nothing is read."""
    rows = Subject.objects.filter(register=Subject.Register.ORGANISATION).exclude(region="")
    found = rows.annotate(district=Substr("region", 1, DIGITS)).values("district").annotate(n=Count("pk")).order_by()
    return {row["district"]: row["n"] for row in found}


def _counts(kind: Kind, since: date) -> dict[tuple[str, date], int]:
    """Active records of organisations of the counted kind, by district and month."""
    rows = Record.objects.filter(
        kind=kind.counts or "",
        status=Record.Status.ACTIVE,
        occurred_on__gte=since,
        subject__register=Subject.Register.ORGANISATION,
    )
    grouped = (
        rows.annotate(district=Substr("subject__region", 1, DIGITS), month=TruncMonth("occurred_on"))
        .values("district", "month")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return {(row["district"], row["month"]): row["n"] for row in grouped}


def districts() -> DistrictIndex | None:
    """The index by district, best first, those without a figure last; None where the rulebook has none."""
    rulebook, day = current(), today()
    scheme = rulebook.scheme_at(day, "district")
    if scheme is None:
        return None
    read, shown = months_before(day, HISTORY), months_before(day, MONTHS)
    kinds = [rulebook.kinds[code] for code in sorted({i.kind for d in scheme.dimensions for i in d.indicators})]
    counts = {kind.code: _counts(kind, read[0].replace(day=1)) for kind in kinds}
    names = {tier.code: tier.name for tier in scheme.tiers}
    held, lines = _organisations(), []
    for district in rulebook.divisions:
        registered = held.get(district, 0)
        facts = [fact for kind in kinds for fact in facts_of(kind, district, read, counts[kind.code], registered)]
        months = index_of(scheme, district, registered, facts, shown).months
        newest = months[-1][1] if months else None
        lines.append(
            DistrictLine(
                district=district,
                organisations=registered if registered >= SMALLEST_CELL else None,
                score=newest.score if newest else None,
                tier=names[newest.tier] if newest else None,
                rank=None,
                change=months[-1][1].score - months[-2][1].score if len(months) > 1 else None,
                course=[(end, result.score) for end, result in months],
                dimensions=[
                    (d.name, outcome.points) for d, outcome in zip(scheme.dimensions, newest.dimensions, strict=True)
                ]
                if newest
                else [],
            )
        )
    return DistrictIndex(scheme, shown[-1], _ranked(lines))


def _ranked(lines: list[DistrictLine]) -> list[DistrictLine]:
    """Best first; equal figures share a rank."""
    ordered = sorted(lines, key=lambda line: (line.score is None, -(line.score or 0), line.district))
    scores = [line.score for line in ordered]
    return [line if line.score is None else replace(line, rank=scores.index(line.score) + 1) for line in ordered]
