"""The bench's scheme as a fixed NumPy program on columns unpacked beforehand: the raw limit."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.scores_rules import BASE, INDICATORS, LIMITS, TIERS, Shape
from bench.scores_snapshot import (
    CLASS_TERMS,
    CODES,
    DAY,
    DIMENSIONS,
    KINDS_USED,
    SINCE,
    TERMS,
    columns_of,
    connect,
    file_of,
)

EPOCH = date(1970, 1, 1)
EARLIEST = 18_000
"""No record of the city is older than this day."""
NEVER = 2_000_000_000


def _day(iso: str | date) -> int:
    return ((date.fromisoformat(iso) if isinstance(iso, str) else iso) - EPOCH).days


AS_OF = _day(DAY)
FIRST = {term: _day(day) for term, day in SINCE.items()}
FIRST_OF_CLASS = np.array([FIRST[term] for term in CLASS_TERMS.values()], np.int32)


def prepare(snapshot: Path, folder: Path) -> None:
    """Unpack the snapshot to raw columns of the smallest fitting integers; not part of what is timed."""
    connection = connect(snapshot)
    connection.execute("SET preserve_insertion_order = true")
    folder.mkdir(parents=True, exist_ok=True)
    day = "({0} - DATE '1970-01-01')::INTEGER"
    for kind in KINDS_USED:
        select = {
            "subject": "subject",
            "day": day.format("occurred_on"),
            "ends": day.format("ends_on"),
            "own": "(NOT via)::UTINYINT",
            "active": "(status = 'active')::UTINYINT",
            "year": "year(occurred_on)::SMALLINT",
        }
        for name in columns_of(kind):
            if name in CODES:
                cases = " ".join(f"WHEN '{code}' THEN {at}" for at, code in enumerate(CODES[name]))
                select[name] = f"CASE {name} {cases} ELSE 255 END::UTINYINT"
            elif name == "f_signed_on":
                select[name] = f"coalesce({day.format(name)}, {NEVER})"
            elif name == "f_paid":
                select[name] = "coalesce(f_paid::INTEGER, 2)::UTINYINT"
            elif name == "document":
                select[name] = "(document IS NOT NULL)::UTINYINT"
            else:
                select[name] = f"coalesce({name}, -1)::INTEGER"
        for name, expression in select.items():
            column = connection.execute(f"SELECT {expression} AS x FROM '{file_of(snapshot, kind)}'").fetchnumpy()["x"]
            np.save(folder / f"{kind}.{name}.npy", np.asarray(column))


class Kind:
    """The raw columns of one kind, mapped when asked for."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.name = kind
        self._folder = folder

    def __getitem__(self, column: str) -> Any:
        return np.load(self._folder / f"{self.name}.{column}.npy", mmap_mode="r")

    def live(self, *, own: bool = True) -> Any:
        """Which records are in force as far as their own dates go, those of others left out if `own`."""
        mask = self["active"].view(np.bool_) & (self["day"] <= AS_OF) & (self["ends"] > AS_OF)
        return mask & self["own"].view(np.bool_) if own else mask

    def counts(self, shape: str) -> Any:
        """Which records are in force for a shape."""
        if "fault" in self.name:
            return self.live(own=shape != "through_table") & (self["day"] >= FIRST_OF_CLASS[self["class"]])
        return self.live() & (self["day"] >= FIRST[TERMS.get(shape, "P3Y")])


WHERE: dict[str, Callable[[Kind], Any]] = {
    "max_bands": lambda kind: kind["f_level"] < 3,
    "highest_each": lambda kind: kind["f_level"] == 0,
    "year_latest": lambda kind: kind["f_hours"] >= 0,
    "record_bands": lambda kind: kind["f_paid"] == 1,
    "count_each": lambda kind: (kind["f_amount"] >= 20000) & (kind["f_amount"] < 800000) & (kind["f_paid"] < 2),
    "exists": lambda kind: kind["f_amount"] >= 50000,
    "year_count_bands": lambda kind: kind["document"] == 1,
    "latest_table": lambda kind: (kind["f_signed_on"] >= _day("2024-01-01")) & (kind["f_signed_on"] < NEVER),
    "count_bands": lambda kind: (kind["f_level"] == 0) | (kind["f_signed_on"] < _day("2025-01-01")),
}
"""The conditions of the shapes that have any."""

OVERALL: dict[str, tuple[int | None, int | None]] = {
    "year_sum": (None, 45),
    "year_latest": (None, 15),
    "record_bands": (None, 40),
    "year_max_steps": (None, 25),
    "class_table": (None, None),
    "year_count_bands": (-40, None),
    "year_exists": (None, 10),
    "record_table": (0, 30),
}
"""The shapes that are reckoned by year, and their limits over all years."""


def _starts(*keys: Any) -> Any:
    """Where a new run of equal keys begins."""
    changes = keys[0][1:] != keys[0][:-1]
    for key in keys[1:]:
        changes |= key[1:] != key[:-1]
    return np.concatenate(([0], np.flatnonzero(changes) + 1))


def _bands(values: Any, *bands: tuple[int, int]) -> Any:
    gives = np.array([0, *(given for _, given in bands)], np.int32)
    return gives[np.searchsorted(np.array([least for least, _ in bands], np.int32), values, side="right")]


class Runs:
    """The records that count for a shape, in runs of one subject (and year)."""

    def __init__(self, kind: Kind, shape: str) -> None:
        mask = kind.counts(shape)
        if shape in WHERE:
            mask &= WHERE[shape](kind)
        self.kind, self.at = kind, np.flatnonzero(mask)
        if not len(self.at):
            return
        self.who = self["subject"]
        self.begins = _starts(self.who, *([self["year"]] if shape in OVERALL else []))
        self.many = np.diff(self.begins, append=len(self.at))

    def __getitem__(self, column: str) -> Any:
        return self.kind[column][self.at]

    def sum(self, values: Any) -> Any:
        """The sum of each run."""
        return np.add.reduceat(values, self.begins)

    def max(self, values: Any) -> Any:
        """The greatest of each run."""
        return np.maximum.reduceat(values, self.begins)

    def last(self, values: Any) -> Any:
        """The last of each run."""
        return values[self.begins + self.many - 1]


def _sum_steps(runs: Runs) -> Any:
    v = runs.sum(np.maximum(runs["f_hours"], 0))
    return np.minimum(
        np.minimum(v, 20) + np.maximum(np.minimum(v, 120) - 20, 0) // 2 + np.maximum(v - 120, 0) // 12, 100
    )


def _year_max_steps(runs: Runs) -> Any:
    v = runs.max(runs["f_amount"])
    return np.minimum(np.minimum(v, 100000) // 20000 + np.maximum(v - 100000, 0) // 100000, 10)


def _by_class(runs: Runs, *points: int) -> Any:
    return np.array(points, np.int32)[runs["class"]]


def _a_year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


YEAR_LATER = np.array([_day(_a_year_after(EPOCH + timedelta(day))) for day in range(EARLIEST, AS_OF + 1)], np.int32)


def _repeat(runs: Runs) -> Any:
    day = runs["day"]
    again = np.zeros(len(day), np.bool_)
    again[1:] = day[1:] < YEAR_LATER[day[:-1] - EARLIEST]
    again[runs.begins] = False
    return np.maximum(runs.sum(np.where(again, -12, -6)), -50)


POINTS: dict[str, Callable[[Runs], Any]] = {
    "sum_steps": _sum_steps,
    "max_bands": lambda runs: _bands(runs.max(runs["f_hours"]), (4, 2), (16, 6), (32, 15)),
    "year_sum": lambda runs: np.minimum(runs.sum(np.maximum(runs["f_hours"], 0)) // 8 * 3, 20),
    "highest_each": lambda runs: runs.max(np.maximum(runs["f_hours"], 0)) // 4 * 2,
    "year_latest": lambda runs: _bands(runs.last(runs["f_hours"]), (8, 3), (24, 7)),
    "record_bands": lambda runs: np.minimum(
        runs.sum(_bands(runs["f_amount"], (10000, 1), (100000, 5), (500000, 12))), 20
    ),
    "count_each": lambda runs: np.minimum(runs.many * 2, 12),
    "exists": lambda runs: np.full(len(runs.begins), 8),
    "year_max_steps": _year_max_steps,
    "class_table": lambda runs: np.maximum(runs.sum(_by_class(runs, -5, -10, -30)), -60),
    "repeat": _repeat,
    "year_count_bands": lambda runs: np.where(runs.many >= 3, -15, -4),
    "highest_class": lambda runs: np.minimum.reduceat(_by_class(runs, -3, -12, -40), runs.begins),
    "through_table": lambda runs: np.maximum(runs.sum(_by_class(runs, -10, -30, -80)), -160),
    "latest_table": lambda runs: np.array([20, 12, 5, 1], np.int32)[runs.last(runs["f_level"])],
    "year_exists": lambda runs: np.full(len(runs.begins), 4),
    "count_bands": lambda runs: _bands(runs.many, (1, 3), (4, 9), (10, 20)),
    "record_table": lambda runs: np.minimum(runs.sum(np.array([6, 4, 2, 0], np.int32)[runs["f_level"]]), 12),
}
"""The points of each run."""


def _given(folder: Path, one: Shape) -> tuple[Any, Any] | None:
    """Subjects, each once, and the points that an indicator gives them."""
    runs = Runs(Kind(folder, one.kind), one.shape)
    if not len(runs.at):
        return None
    who, given = runs.who[runs.begins], POINTS[one.shape](runs)
    if one.shape in OVERALL:
        subjects = _starts(who)
        who, given = who[subjects], np.clip(np.add.reduceat(given, subjects), *OVERALL[one.shape])
    return who, given.astype(np.int32)


def _sums(folder: Path, size: int) -> list[Any]:
    """The points of each dimension before its limits, indicators on as many threads as there are cores."""
    points, lock = [np.zeros(size, np.int32) for _ in LIMITS], threading.Lock()

    def add(one: Shape) -> None:
        found = _given(folder, one)
        if found:
            with lock:
                points[one.dimension][found[0]] += found[1]

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(add, INDICATORS))
    return points


def _tiers(folder: Path, total: Any) -> Any:
    """The place of each tier, class rules included."""
    tier = np.maximum(np.searchsorted(np.array(list(TIERS.values()), np.int32), total, side="right") - 1, 0)
    fault, firm = Kind(folder, "fault_00"), Kind(folder, "firm_fault_00")
    low = fault["subject"][np.flatnonzero(fault.live() & (fault["class"] == 2))]
    tier[low] = np.minimum(tier[low], 1)
    tier[firm["subject"][np.flatnonzero(firm.live() & (firm["f_level"] == 3))]] = 0
    return tier.astype(np.int32)


def run(snapshot: Path, out: Path) -> None:
    """Masks, runs and dense sums, then one Parquet file."""
    folder = snapshot.parent / "raw"
    with ThreadPoolExecutor(1) as reader:
        names = reader.submit(lambda: pq.read_table(snapshot / "names.parquet", columns=["subject"])["subject"])
        size = pq.ParquetFile(snapshot / "names.parquet").metadata.num_rows
        points = _sums(folder, size)
        total = np.full(size, BASE, np.int32)
        for vector, limits in zip(points, LIMITS, strict=True):
            np.clip(vector, limits.get("floor"), limits.get("cap"), out=vector)
            total += vector
        np.maximum(total, 0, out=total)
        tier = _tiers(folder, total)
        subject = names.result()
    columns = {
        "subject": subject,
        "score": pa.array(total.astype(np.int64)),
        "tier": pa.DictionaryArray.from_arrays(pa.array(tier), pa.array(list(TIERS))),
        **{name: pa.array(vector.astype(np.int64)) for name, vector in zip(DIMENSIONS, points, strict=True)},
    }
    coded = dict.fromkeys(["score", *DIMENSIONS], "DELTA_BINARY_PACKED")
    pq.write_table(
        pa.table(columns), out, compression="zstd", compression_level=1, use_dictionary=["tier"],
        column_encoding=coded, store_schema=False,
    )  # fmt: skip
