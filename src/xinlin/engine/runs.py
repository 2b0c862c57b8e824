"""Reduces one indicator's rows to points: runs of one subject in integer arrays (指标计算).

Rows come sorted by (subject, occurred_on, record), as the snapshot keeps them, so that everything that a rule asks of a
person's records is asked of a run of neighbours: its length, sum, greatest, last, its years. Meaning: `xinlin.core.scores`.
Arrays hold 64-bit integers while the greatest value that can come out fits; otherwise Python's own, exact at any size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xinlin.core.plan import IndicatorPlan
from xinlin.core.schemes import Award, Limits
from xinlin.core.terms import add_term

Array = npt.NDArray[Any]
"""Whole numbers: int64, or Python integers where those could overflow."""
Places = npt.NDArray[np.intp]

FITS = 1 << 62
FEW = 1 << 12
LARGEST = 1 << 56
"""An indicator that gives one subject this many points is refused: sums of such no longer fit a column."""
STRETCH = 512
"""Days whose repeat terms are worked out together."""
EPOCH = date(1970, 1, 1).toordinal()


class TooManyPoints(ValueError):
    """An indicator gives one subject more points than a 64-bit column of the result can hold."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The records that an indicator takes, sorted. ``value`` and ``has`` are None where nothing is measured in a field.

    ``value`` is what the measure reads, 0 where the field is absent; ``has`` says where it is there, None for everywhere.
    ``year`` and ``day`` (days since 1970-01-01) are None where the rule asks for neither.
    """

    subject: npt.NDArray[np.int32]
    value: Array | None
    has: npt.NDArray[np.bool_] | None
    year: Array | None
    day: Array | None

    @classmethod
    def of(cls, table: pa.Table) -> Rows:
        """From the columns of a statement by name."""
        columns = dict(zip(table.column_names, table.columns, strict=True))
        value, has, year, day = columns.get("value"), None, columns.get("year"), columns.get("occurred_on")
        if value is not None and value.null_count:
            has, value = value.is_valid().to_numpy(), value.fill_null(0)
        return cls(
            columns["subject"].to_numpy(),
            None if value is None else value.to_numpy(),
            has,
            None if year is None else year.to_numpy(),
            None if day is None else day.to_numpy().astype(np.int64),  # days since 1970 already
        )

    def __len__(self) -> int:
        return len(self.subject)


def _starts(*keys: Array) -> Places:
    """Where a run begins: the first row, and every row that differs from the one before in some key."""
    changes = keys[0][1:] != keys[0][:-1]
    for key in keys[1:]:
        changes |= key[1:] != key[:-1]
    return np.concatenate(([0], np.flatnonzero(changes) + 1))


def _lengths(starts: Places, size: int) -> Places:
    return np.diff(starts, append=size)


def clamped(points: Array, limits: Limits) -> Array:
    """The points, each within the limits."""
    if limits.cap is not None:
        points = np.minimum(points, limits.cap)
    if limits.floor is not None:
        points = np.maximum(points, limits.floor)
    return points


def awarded(points: Award, values: Array) -> Array:
    """The points for each measured value. A ``table`` was looked up in the statement: its values are points already.

    Measures are mostly few small numbers, so their points are worked out once for each number and then looked up.
    """
    if points.table is not None:
        return values
    if len(values) > FEW and values.dtype != object:
        low, high = int(values.min()), int(values.max())
        if high - low < len(values) // 4:
            looked_up: Array = _awarded(points, np.arange(low, high + 1))[values - low]
            return looked_up
    return _awarded(points, values)


def _awarded(points: Award, values: Array) -> Array:
    if points.each is not None:
        full = np.abs(values) // points.each.units
        return np.where(values < 0, -full, full) * points.each.points
    if points.bands is not None:
        begins = np.array([band.at_least for band in points.bands], dtype=values.dtype)
        gives = np.array([0, *(band.points for band in points.bands)], dtype=values.dtype)
        return gives[np.searchsorted(begins, values, side="right")]
    total, reached = np.zeros_like(values), 0
    for step in points.steps or []:
        upper = values if step.up_to is None else np.minimum(values, step.up_to)
        total = total + np.maximum(upper - reached, 0) // step.per * step.points
        reached = step.up_to or reached
    return total


def _award_bound(points: Award, greatest: int) -> int:
    """No value up to ``greatest`` in size gives more points than this."""
    if points.table is not None:
        return greatest
    if points.each is not None:
        return greatest // points.each.units * abs(points.each.points)
    if points.bands is not None:
        return max(abs(band.points) for band in points.bands)
    return sum(greatest // step.per * abs(step.points) for step in points.steps or [])


def _exact(plan: IndicatorPlan, rows: Rows, starts: Places) -> Array:
    """The measured column in a type in which nothing that follows can overflow."""
    longest = int(_lengths(starts, len(rows)).max(initial=1))
    value = np.ones(len(rows), np.int64) if rows.value is None else rows.value.astype(np.int64, copy=False)
    greatest = max(int(value.max(initial=0)), -int(value.min(initial=0)))
    measured = greatest * longest if plan.measure.take in ("sum", "count") else greatest
    factor = plan.repeat.factor if plan.repeat else 1
    ends = [limits.cap or 0 for limits in (plan.per_year, plan.overall)]
    ends += [limits.floor or 0 for limits in (plan.per_year, plan.overall)]
    gained = max(_award_bound(plan.points, max(measured, 1)), *(abs(end) for end in ends))
    return value if max(measured, gained * factor * longest) < FITS else value.astype(object)


def _last_valued(rows: Rows, starts: Places) -> Places:
    """The place of the last row of each run whose field is there; -1 where none is."""
    if rows.has is None:
        return np.append(starts[1:], len(rows)) - 1
    return np.maximum.reduceat(np.where(rows.has, np.arange(len(rows)), -1), starts)


def _greatest(rows: Rows, value: Array, starts: Places) -> Places:
    """The place of the first row of each run with the greatest value; -1 where none has a value."""
    low = int(value.min(initial=0)) - 1
    sized = value if rows.has is None else np.where(rows.has, value, low)
    highest = np.repeat(np.maximum.reduceat(sized, starts), _lengths(starts, len(rows)))
    first = np.minimum.reduceat(np.where(sized == highest, np.arange(len(rows)), len(rows)), starts)
    return first if rows.has is None else np.where(rows.has[first], first, -1)


def _group_points(plan: IndicatorPlan, rows: Rows, value: Array, starts: Places) -> Array:
    """The points of each run of records that are measured together."""
    take = plan.measure.take
    if take == "exists":
        return np.repeat(awarded(plan.points, np.ones(1, value.dtype)), len(starts))
    if take == "count":
        return awarded(plan.points, _lengths(starts, len(rows)).astype(value.dtype))
    if take == "sum":
        return awarded(plan.points, np.add.reduceat(value, starts))
    places = _last_valued(rows, starts) if take == "latest" else _greatest(rows, value, starts)
    return np.where(places >= 0, awarded(plan.points, value[places]), 0)


def _repeat_ends(within: str, days: Array) -> Array:
    """For each of the days: the day on which its repeat term ends. Calendar terms are never SQL.

    They are worked out stretch by stretch, so that other records' days meet the same stretches again.
    """
    first, last = int(days.min()) // STRETCH, int(days.max()) // STRETCH
    ends = np.concatenate([_ends_in(within, stretch) for stretch in range(first, last + 1)])
    found: Array = ends[days - first * STRETCH]
    return found


@lru_cache(maxsize=1024)
def _ends_in(within: str, stretch: int) -> npt.NDArray[np.int64]:
    days = np.arange(stretch * STRETCH, (stretch + 1) * STRETCH) + EPOCH
    known = np.clip(days, date.min.toordinal(), date.max.toordinal()).tolist()
    return np.array([add_term(date.fromordinal(day), within).toordinal() - EPOCH for day in known], np.int64)


def _record_points(plan: IndicatorPlan, rows: Rows, value: Array, starts: Places) -> Array:
    """The points of each record by itself, a repeat weighed by its factor."""
    gained = awarded(plan.points, value)
    if rows.has is not None and plan.measure.take in ("max", "latest"):
        gained = np.where(rows.has, gained, 0)
    if plan.repeat is None or rows.day is None:
        return gained
    ends = _repeat_ends(plan.repeat.within, rows.day)
    repeated = np.zeros(len(rows), np.bool_)
    repeated[1:] = rows.day[1:] < ends[:-1]
    repeated[starts] = False
    return np.where(repeated, gained * plan.repeat.factor, gained)


def _weightiest(gained: Array, starts: Places) -> Places:
    """The place in each run of the first record that gives most, whatever its sign."""
    size = np.abs(gained)
    most = np.repeat(np.maximum.reduceat(size, starts), _lengths(starts, len(gained)))
    return np.minimum.reduceat(np.where(size == most, np.arange(len(gained)), len(gained)), starts)


def _yearly(plan: IndicatorPlan, rows: Rows, value: Array, starts: Places) -> tuple[Array, Array]:
    """(subjects, points) of each year of a subject within its yearly limits; or of each subject where years do not matter."""
    if plan.measure.over == "all":
        return rows.subject[starts], _group_points(plan, rows, value, starts)
    if plan.measure.over == "calendar_year" and rows.year is not None:
        years = _starts(rows.subject, rows.year)
        return rows.subject[years], clamped(_group_points(plan, rows, value, years), plan.per_year)
    gained = _record_points(plan, rows, value, starts)
    if plan.highest_only:
        return rows.subject[starts], clamped(gained[_weightiest(gained, starts)], plan.per_year)
    groups = starts if rows.year is None else _starts(rows.subject, rows.year)
    return rows.subject[groups], clamped(np.add.reduceat(gained, groups), plan.per_year)


def indicator_points(plan: IndicatorPlan, rows: Rows) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Each subject with records that the indicator takes, and its points within all limits.

    Raises `TooManyPoints`.
    """
    if not len(rows):
        return rows.subject, np.empty(0, np.int64)
    starts = _starts(rows.subject)
    subjects, points = _yearly(plan, rows, _exact(plan, rows, starts), starts)
    if len(subjects) > len(starts):
        again = _starts(subjects)
        subjects, points = subjects[again], np.add.reduceat(points, again)
    return subjects, _fitting(plan, clamped(points, plan.overall))


def _fitting(plan: IndicatorPlan, points: Array) -> npt.NDArray[np.int64]:
    if len(points):
        refuse_beyond(plan.code, max(points.max(), -points.min()))
    return points.astype(np.int64, copy=False)


def refuse_beyond(indicator: str, points: int) -> None:
    """Refuse so many points of one subject from one indicator. Raises `TooManyPoints`."""
    if points >= LARGEST:
        raise TooManyPoints(
            f"指标 {indicator} 的得分超出可存储范围，请设上限。"
            f" The indicator {indicator} gives more points than a column holds; give it a cap."
        )


def _running(portions: Array, starts: Places, merge: Callable[[Array], Array]) -> Array:
    """What each row adds to ``merge`` of the running sum within its run."""
    summed = np.cumsum(portions)
    before = np.repeat(summed[starts] - portions[starts], _lengths(starts, len(portions)))
    reached = merge(summed - before)
    added = reached.copy()
    added[1:] -= reached[:-1]
    added[starts] = reached[starts]
    return added


def _shared_out(plan: IndicatorPlan, rows: Rows, value: Array, starts: Places) -> Array:
    """What each record gives before limits: sums and counts as they grow, others to the record that decides."""
    take = plan.measure.take
    if plan.measure.over == "record":
        return _record_points(plan, rows, value, starts)
    groups = starts if rows.year is None else _starts(rows.subject, rows.year)
    if take in ("count", "sum"):
        return _running(value, groups, lambda measured: awarded(plan.points, measured))
    decides = groups
    if take != "exists":
        decides = _last_valued(rows, groups) if take == "latest" else _greatest(rows, value, groups)
    portions = np.zeros_like(value)
    held = decides >= 0
    portions[decides[held]] = _group_points(plan, rows, value, groups)[held]
    return portions


def record_points(plan: IndicatorPlan, rows: Rows) -> tuple[Places, npt.NDArray[np.int64]]:
    """The places of the records that leave points, and the points, limits applied along the order of records.

    They sum to `indicator_points`, subject by subject. Raises `TooManyPoints`.
    """
    if not len(rows):
        return np.empty(0, np.intp), np.empty(0, np.int64)
    starts = _starts(rows.subject)
    portions, kept = _shared_out(plan, rows, _exact(plan, rows, starts), starts), np.arange(len(rows))
    if plan.highest_only:
        kept = _weightiest(portions, starts)
        portions = portions[kept]
    subject = rows.subject[kept]
    whole = _starts(subject)
    if plan.per_year != Limits() and rows.year is not None:
        years = _starts(subject, rows.year[kept])
        portions = _running(portions, years, lambda run: clamped(run, plan.per_year))
    if plan.overall != Limits():
        portions = _running(portions, whole, lambda run: clamped(run, plan.overall))
    left = np.flatnonzero(portions)
    return kept[left], _fitting(plan, portions[left])
