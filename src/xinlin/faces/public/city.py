"""Public pages of figures: worked cases, offers by level, what sources state, districts, and cities side by side."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xinlin.core.offers import matrix
from xinlin.core.values import Text
from xinlin.faces.kit.basis import basis_view
from xinlin.office.queries import districts as district_queries
from xinlin.office.queries import figures
from xinlin.office.queries.scheme_texts import name_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import today

SPARK_WIDTH, SPARK_HEIGHT = 110, 24
SHADES = ("pill-warm", "pill-sky", "pill-good")
"""Of a district's field on the map, from the lowest levels to the highest."""


@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """``/rules/cases/``: worked examples as sentences with their results, and what becomes of a slip without intent."""
    rulebook = current()
    standing = {(s.code, s.version): s for s in rulebook.schemes}
    groups: dict[tuple[str, str], tuple[Text, str, bool, list[object]]] = {}
    for case in rulebook.cases:
        scheme = standing.get((case.scheme, case.version))
        if scheme is None or scheme.effective_from > today():
            continue
        tier = next(tier.name for tier in scheme.tiers if tier.code == case.expect_tier)
        invented = figures.invented(scheme)
        new = (name_of(scheme, rulebook), scheme.version, invented, list[object]())
        groups.setdefault((case.scheme, case.version), new)[3].append((case, tier))
    context = {"groups": groups.values(), "scheme": rulebook.scheme_at(today())}
    return render(request, "public/worked_cases.html", context)


@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    """``/rules/offers/``: every offer against every level; a higher level never loses one."""
    rulebook, day = current(), today()
    scheme = rulebook.scheme_at(day)
    tiers = [tier.name for tier in scheme.tiers] if scheme is not None else []
    shown = [
        (
            row.offer,
            rulebook.merchants[row.offer.merchant],
            list(zip(tiers, row.cells, strict=True)),
            basis_view(row.offer.basis, rulebook),
        )
        for row in (matrix(rulebook, scheme, day) if scheme is not None else [])
    ]
    return render(request, "public/offers.html", {"tiers": tiers, "rows": shown})


@require_safe
def stated(request: HttpRequest) -> HttpResponse:
    """``/figures/``: what the city's sources state, with what does not add up, said plainly."""
    rulebook = current()
    shown = [(figure, basis_view(figure.basis, rulebook)) for figure in figures.published_figures()]
    return render(request, "public/figures.html", {"figures": shown})


@require_safe
def cities(request: HttpRequest) -> HttpResponse:
    """``/cities/``: the rulebooks side by side."""
    return render(request, "public/cities.html", {"cities": figures.cities(), "here": current().code})


def _spark(course: list[tuple[object, int]], low: int, high: int) -> str:
    """The points of a small line of whole drawing units."""
    last = max(1, len(course) - 1)
    span = max(1, high - low)
    return " ".join(
        f"{at * SPARK_WIDTH // last},{SPARK_HEIGHT - (score - low) * SPARK_HEIGHT // span}"
        for at, (_, score) in enumerate(course)
    )


def _map(index: district_queries.DistrictIndex) -> list[list[tuple[district_queries.DistrictLine, str]]]:
    """A schematic map: one row for each prefecture, one field for each district, shaded by its level."""
    places = {tier.code: at for at, tier in enumerate(index.scheme.tiers)}
    names = {tier.name.zh: tier.code for tier in index.scheme.tiers}
    rows: dict[str, list[tuple[district_queries.DistrictLine, str]]] = {}
    for line in sorted(index.districts, key=lambda one: one.district):
        shade = "pill-line"
        if line.tier is not None:
            at = places[names[line.tier.zh]] * len(SHADES) // len(places)
            shade = SHADES[at]
        rows.setdefault(line.district[:4], []).append((line, shade))
    return list(rows.values())


@require_safe
def districts(request: HttpRequest) -> HttpResponse:
    """``/index/``: the index of districts with rank, course and definition; no person is in it."""
    found = district_queries.districts()
    if found is None:
        return render(request, "public/districts.html", {"index": None}, status=404)
    scores = [score for line in found.districts for _, score in line.course]
    low, high = min(scores, default=0), max(scores, default=1)
    lines = [(line, _spark(list(line.course), low, high)) for line in found.districts if line.score is not None]
    context = {
        "index": found,
        "lines": lines,
        "map": _map(found),
        "without": sorted(line.district for line in found.districts if line.score is None),
        "basis": basis_view(found.scheme.basis, current()),
    }
    return render(request, "public/districts.html", context)
