"""Who would move if a version came into force (影响预演): counts only, worked out over everybody with a consent, kept nowhere else."""

from __future__ import annotations

import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from xinlin.core.examples import example_residents
from xinlin.core.plan import compile_scheme
from xinlin.core.rulebooks import Rulebook
from xinlin.core.schemes import Scheme
from xinlin.core.scores import evaluate
from xinlin.core.small_cells import coarse
from xinlin.engine import scores as engine
from xinlin.engine.figures import Figures
from xinlin.office.actions.scores import REPLAYS, consents_to, enrolled, freeze
from xinlin.office.models.people import Subject
from xinlin.office.queries.histories import Past, horizon

Progress = Callable[[int, int], None]
AGE_BANDS = (18, 30, 40, 50, 60, 70)
DIRECTIONS = ("down", "same", "up")
UNKNOWN = "—"


@dataclass(frozen=True, slots=True)
class Moves:
    """The tiers of everybody before and after, as positions in the two schemes, by dense number."""

    numbers: list[int]
    before: list[int]
    after: list[int]
    changed: int
    """How many figures differ at all."""


def _age_band(born: date | None, day: date) -> str:
    if born is None:
        return UNKNOWN
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    low = max((edge for edge in AGE_BANDS if edge <= age), default=AGE_BANDS[0])
    above = [edge for edge in AGE_BANDS if edge > low]
    return f"{low}–{above[0] - 1}" if above else f"{low}+"


def _direction(scheme: Scheme, after: Scheme, old: int, new: int) -> str:
    """Whether the tier rises: by its code where both know it, else by its place from the foot."""
    places = {tier.code: at for at, tier in enumerate(scheme.tiers)}
    reached = places.get(after.tiers[new].code, new)
    return "up" if reached > old else "down" if reached < old else "same"


def _moves(before: Figures, after: Figures) -> Moves:
    return Moves(
        before.subjects.tolist(),
        before.tiers.tolist(),
        after.tiers.tolist(),
        int(np.count_nonzero(before.scores != after.scores)),
    )


def _shown(cells: Mapping[tuple[str, str], int], rows: list[str], columns: list[str]) -> list[dict[str, Any]]:
    """A table as JSON, row by row, each cell coarse."""
    return [{"row": row, "cells": [coarse(cells.get((row, column), 0)) for column in columns]} for row in rows]


def _examples(before: Scheme, after: Scheme, rulebook: Rulebook, day: date) -> list[dict[str, Any]]:
    """Twenty made-up residents under both versions."""
    found = []
    for example in example_residents(before, rulebook.kinds, day):
        old, new = evaluate(before, example.facts, day), evaluate(after, example.facts, day)
        has = Counter(fact.kind for fact in example.facts)
        found.append(
            {
                "number": example.number,
                "kinds": sorted(has.items()),
                "before": [old.score, old.tier],
                "after": [new.score, new.tier],
            }
        )
    return found


def preview(
    before: Scheme, after: Scheme, rulebook: Rulebook, day: date, progress: Progress | None = None
) -> dict[str, Any]:
    """What the change would do on ``day``, as JSON without anybody in it.

    ``tiers`` is old × new, ``districts`` and ``ages`` are group × direction. Cells under ten are None, others to the nearest ten,
    so that neither sums nor another preview give a few people away; group tables are never crossed with one another.
    """
    plans = [compile_scheme(scheme, day) for scheme in (before, after)]
    numbers, known = enrolled(before), horizon()
    folder = Path(settings.DATA) / "snapshots" / f"{REPLAYS}preview-{secrets.token_hex(4)}"
    try:
        freeze(plans, folder, numbers, consents_to(before).values("subject_id"), Past.at(known))
        moves = _moves(engine.run(plans[0], folder, progress), engine.run(plans[1], folder, progress))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    keys = {number: key for key, number in numbers.items()}
    about = Subject.objects.filter(pk__in=consents_to(before).values("subject_id"))
    whose = {pk: (region[:6] or UNKNOWN, born) for pk, region, born in about.values_list("pk", "region", "born_on")}
    tiers: Counter[tuple[str, str]] = Counter()
    districts: Counter[tuple[str, str]] = Counter()
    ages: Counter[tuple[str, str]] = Counter()
    for number, old, new in zip(moves.numbers, moves.before, moves.after, strict=True):
        if keys[number] not in whose:
            continue  # left while the preview was worked out
        region, born = whose[keys[number]]
        direction = _direction(before, after, old, new)
        tiers[before.tiers[old].code, after.tiers[new].code] += 1
        districts[region, direction] += 1
        ages[_age_band(born, day), direction] += 1
    bands = sorted({row for row, _ in ages})
    return {
        "as_of": day.isoformat(),
        "scheme_sha256": [plan.scheme_sha256 for plan in plans],
        "people": coarse(len(moves.numbers)),
        "changed": coarse(moves.changed),
        "columns": [tier.code for tier in after.tiers],
        "tiers": _shown(tiers, [tier.code for tier in before.tiers], [tier.code for tier in after.tiers]),
        "directions": list(DIRECTIONS),
        "districts": _shown(districts, sorted({row for row, _ in districts}), list(DIRECTIONS)),
        "ages": _shown(ages, bands, list(DIRECTIONS)),
        "examples": _examples(before, after, rulebook, day),
    }
