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
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.db.models import QuerySet

from xinlin.core.examples import example_residents
from xinlin.core.people import last_birthday
from xinlin.core.plan import compile_scheme
from xinlin.core.rulebooks import Rulebook
from xinlin.core.schemes import Scheme
from xinlin.core.scores import evaluate
from xinlin.core.small_cells import coarse
from xinlin.engine import scores as engine
from xinlin.office.actions.scores import REPLAYS, freeze
from xinlin.office.queries import columns
from xinlin.office.queries.enrolment import consents_to, enrolled
from xinlin.office.queries.histories import Past, horizon

Progress = Callable[[int, int], None]
Vector = npt.NDArray[np.integer[Any]]
Cells = Mapping[tuple[str, str], int]
AGE_BANDS = (18, 30, 40, 50, 60, 70)
DIRECTIONS = ("down", "same", "up")
UNKNOWN = "—"


@dataclass(frozen=True, slots=True)
class _Groups:
    """To which district and age band each person belongs, by dense number; -1 for who is not there any more."""

    districts: list[str]
    district: Vector
    ages: list[str]
    age: Vector


def _labels(day: date) -> tuple[list[str], npt.NDArray[np.datetime64]]:
    """The age bands, unknown last, and for each but the first the last birthday on which one has reached it."""
    pairs = zip(AGE_BANDS, [*AGE_BANDS[1:], None], strict=True)
    names = [f"{low}–{high - 1}" if high else f"{low}+" for low, high in pairs]
    turning = [last_birthday(day, age) for age in AGE_BANDS[1:]]
    return [*names, UNKNOWN], np.array(turning, "datetime64[D]")


def _groups(people: QuerySet[Any, Any], day: date, size: int) -> _Groups:
    """Read them block by block; nothing is held for anybody but two small numbers."""
    names: dict[str, int] = {}
    ages, turning = _labels(day)
    district, age = np.full(size, -1, np.int32), np.full(size, -1, np.int8)
    for batch in columns.groups(people, "subject_id"):
        numbers = batch.column("number").to_numpy(zero_copy_only=False).astype(np.int64)
        coded = pc.dictionary_encode(pc.cast(batch.column("division"), pa.string()))
        at = np.array([names.setdefault(one or UNKNOWN, len(names)) for one in coded.dictionary.to_pylist()], np.int32)
        place = at[coded.indices.to_numpy(zero_copy_only=False)] if len(at) else np.zeros(0, np.int32)
        text = pc.cast(batch.column("born_on"), pa.string())
        born = pc.cast(pc.if_else(pc.equal(text, ""), None, text), pa.date32())
        days = born.fill_null(date(1, 1, 1)).to_numpy(zero_copy_only=False).astype("datetime64[D]")
        band = (days[:, None] <= turning[None, :]).sum(axis=1)
        band[born.is_null().to_numpy(zero_copy_only=False)] = len(ages) - 1
        known = (numbers >= 0) & (numbers < size)
        district[numbers[known]], age[numbers[known]] = place[known], band[known]
    return _Groups(list(names), district, ages, age)


def _directions(scheme: Scheme, after: Scheme) -> Vector:
    """Whether a tier rises, as a place in `DIRECTIONS`, old × new: by its code where both know it, else by its place."""
    places = {tier.code: at for at, tier in enumerate(scheme.tiers)}
    reached = np.array([places.get(tier.code, at) for at, tier in enumerate(after.tiers)], np.int64)
    moved: Vector = np.sign(reached[None, :] - np.arange(len(scheme.tiers), dtype=np.int64)[:, None]) + 1
    return moved


def _counted(rows: Vector, columns_: Vector, names: tuple[list[str], list[str]]) -> Cells:
    """How many stand in each cell of two codes."""
    wide = len(names[1])
    counts = np.bincount(rows.astype(np.int64) * wide + columns_, minlength=len(names[0]) * wide)
    return {
        (row, column): int(counts[i * wide + j]) for i, row in enumerate(names[0]) for j, column in enumerate(names[1])
    }


def _shown(cells: Cells, rows: list[str], columns: list[str]) -> list[dict[str, Any]]:
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
    people, known = enrolled(before), horizon()
    keys = consents_to(before).values("subject_id")
    folder = Path(settings.DATA) / "snapshots" / f"{REPLAYS}preview-{secrets.token_hex(4)}"
    try:
        freeze(plans, folder, people, keys, Past.at(known), bare=True)
        old, new = (engine.run(plan, folder, progress) for plan in plans)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    size = int(old.subjects[-1]) + 1 if len(old.subjects) else 0
    groups = _groups(consents_to(before).values("subject_id"), day, size)
    here = groups.district[old.subjects] >= 0  # who left while the preview was worked out is in no table
    tiers = [[tier.code for tier in scheme.tiers] for scheme in (before, after)]
    was, is_ = old.tiers[here], new.tiers[here]
    direction = _directions(before, after)[was, is_]
    district, age = groups.district[old.subjects][here], groups.age[old.subjects][here]
    flow = _counted(was, is_, (tiers[0], tiers[1]))
    districts = _counted(district, direction, (groups.districts, list(DIRECTIONS)))
    ages = _counted(age, direction, (groups.ages, list(DIRECTIONS)))
    standing = [name for name in groups.ages if any(ages[name, one] for one in DIRECTIONS)]
    found = [name for name in groups.districts if any(districts[name, one] for one in DIRECTIONS)]
    return {
        "as_of": day.isoformat(),
        "scheme_sha256": [plan.scheme_sha256 for plan in plans],
        "people": coarse(int(np.count_nonzero(here))),
        "changed": coarse(int(np.count_nonzero((old.scores != new.scores) & here))),
        "columns": tiers[1],
        "tiers": _shown(flow, tiers[0], tiers[1]),
        "directions": list(DIRECTIONS),
        "districts": _shown(districts, sorted(found), list(DIRECTIONS)),
        "ages": _shown(ages, sorted(standing), list(DIRECTIONS)),
        "examples": _examples(before, after, rulebook, day),
    }
