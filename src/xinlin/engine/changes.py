"""Scores only those whose records changed, from a snapshot whose records are mapped into memory (增量评分).

A few people's records are picked out of `xinlin.engine.mapped`'s file without reading anybody else's. Conditions and measured
values come from the same SQL as in a full run, points and tiers from the same arrays; only which windows a day leaves a
record in is asked here once more.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xinlin.core.plan import IndicatorPlan, Plan
from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.core.schemes import ClassRule
from xinlin.engine.figures import Figures, Numbers, Vector, joined
from xinlin.engine.folder import open_relations
from xinlin.engine.folder_records import (
    RECORDS,
    Demands,
    Scored,
    checked_rows,
    kinds_of,
    open_kind,
    view_of,
)
from xinlin.engine.freezing import in_order
from xinlin.engine.gathered import Places, taken_rows
from xinlin.engine.handles import Handles, array, spread
from xinlin.engine.hashes import hashed
from xinlin.engine.mapped import BEGINS, ROWS, Layout, Table, mapped_folder
from xinlin.engine.numbering import NOT_SCORED, Numbering, numbers_of
from xinlin.engine.runs import EPOCH, Rows, indicator_points
from xinlin.engine.scores import score_block
from xinlin.engine.snapshot import enrolled
from xinlin.engine.statements import literal
from xinlin.engine.tables import quoted, refuse_gaps

Mask = npt.NDArray[np.bool_]
_Whole = TypeVar("_Whole", np.int32, np.int64)

NEVER = 1 << 30
"""A day that no record has."""
THREADS = len(os.sched_getaffinity(0))
FEW = 1000
"""So few people are scored by one thread."""


def _distinct(values: npt.NDArray[_Whole]) -> npt.NDArray[_Whole]:
    """The numbers in rising order, each once."""
    rising = np.sort(values)
    return rising[np.concatenate(([True], rising[1:] != rising[:-1]))[: len(rising)]]


def _among(rising: npt.NDArray[np.integer], asked: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Which of the numbers are among the rising ones."""
    if not len(rising):
        return np.zeros(len(asked), np.bool_)
    found: npt.NDArray[np.bool_] = rising[np.minimum(np.searchsorted(rising, asked), len(rising) - 1)] == asked
    return found


def read_changes(folder: Path, rulebook: Rulebook, plan: Plan, snapshot: Path) -> dict[str, pa.Table]:
    """New and changed records in a folder's ``records/KIND``, as rows of the snapshot.

    A record of somebody without a score stands under `NOT_SCORED`: somebody with one may have had it before. ``relations``
    say whom organisations' records reach, as in an open folder. Raises `FolderRefused`.
    """
    demands, found = Demands.of(plan), {}
    with duckdb.connect(":memory:") as connection:
        open_relations(connection, folder)
        kinds = list(kinds_of(folder, rulebook))
        for kind, path in kinds:
            open_kind(connection, kind, path)
            refuse_gaps(connection, f"records/{kind.code}", view_of(kind), RECORDS)
        known = _named(connection, [kind for kind, _ in kinds], snapshot)
        for kind, path in kinds:
            rows, whose = checked_rows(connection, kind, path, demands)
            if kind.code in demands.fields:
                numbers = np.maximum(numbers_of(connection, view_of(kind), whose, known), NOT_SCORED)
                others = np.flatnonzero(numbers == NOT_SCORED)
                parts = [
                    Scored.of(connection, kind, numbers, demands, known),
                    Scored(others, numbers[others], np.zeros(len(others), np.bool_)),
                ]
                found[kind.code] = pa.concat_tables([part.taken(rows) for part in parts])
    return found


def _named(connection: duckdb.DuckDBPyConnection, kinds: Sequence[Kind], snapshot: Path) -> Numbering:
    """The numbers of the scored people whom the opened records of these kinds belong to or name."""
    names = literal((snapshot / "names.parquet").as_posix())
    each = [
        f"SELECT {name} AS subject FROM {quoted(view_of(kind))}"
        for kind in kinds
        for name in ("subject", "named_person")
    ]
    asked = " UNION ALL ".join([*each, "SELECT '' AS subject WHERE FALSE"])
    scored = f"SELECT number, subject FROM read_parquet({names}) SEMI JOIN ({asked}) USING (subject) ORDER BY number"
    connection.execute(f"CREATE TABLE named AS {scored}")
    named = connection.sql("SELECT number, subject FROM named").to_arrow_table().combine_chunks()
    known = Numbering.of_handles(partial(hashed, named["subject"].combine_chunks()))
    known.number(named["number"].to_numpy())
    return known


class MappedSnapshot:
    """A snapshot opened for changes: it answers what the touched people score once some records are new or different."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        """Open what `xinlin.engine.mapped.map_columns` wrote."""
        self.plan, self.layout = plan, Layout.of(plan)
        place = mapped_folder(folder, self.layout)
        self.rows, self.begins, self.handles = array(place / ROWS), array(place / BEGINS), Handles(place)
        self.scored = np.zeros(len(self.begins), np.bool_)
        self.scored[enrolled(folder)] = True
        indicators = [indicator for dimension in plan.dimensions for indicator in dimension.indicators]
        self.rules = {indicator.code: _Rule.of(indicator, self.layout) for indicator in indicators}
        self.connection = duckdb.connect(":memory:", config={"threads": 1})
        self.connection.execute("PRAGMA disable_optimizer")  # with so few rows it would take longer than the rest

    def rescore(self, changed: Mapping[str, pa.Table]) -> Figures:
        """The figures of everybody to whom a changed record belongs, or belonged before.

        ``changed`` holds by kind rows in the form of the snapshot's own files; a row replaces those with its handle, and
        one of a kind that the plan does not read touches nobody. The figures are those of a full run on the day of the
        plan; a new day, a consent, or a new person asks for one.
        """
        changed = {kind: table for kind, table in changed.items() if kind in self.layout.kinds}
        handles = [table["record"].combine_chunks() for table in changed.values()]
        codes = np.array([self.layout.kinds.index(kind) for kind in changed], np.int16)
        with ThreadPoolExecutor(THREADS) as pool:
            reading = pool.submit(self.layout.rows_of, self.connection, changed)
            every = pa.concat_arrays([pa.array([], pa.string()), *handles])
            gone = self._replaced(every, np.repeat(codes, [len(table) for table in handles]))
            new = reading.result()
            touched = self._touched(new, gone)
            pieces = np.array_split(touched, min(THREADS, len(touched) // FEW + 1))
            return joined(self.plan, pool.map(lambda some: self._figures(some, new, every, gone), pieces))

    def _figures(self, touched: Numbers, new: Table, handles: pa.Array, gone: Places) -> Figures:
        """What these people score without the records that are gone, and with their new ones."""
        rows, groups = self._in_order(touched, new, handles, gone)
        taken = _Arrays(self.layout, self.rules, rows, groups, len(touched))
        return replace(score_block(taken, self.plan, len(touched), held=taken.kinds), subjects=touched)

    def _replaced(self, handles: pa.Array, kinds: npt.NDArray[np.int16]) -> Places:
        """The rows, rising, of the records that those with these handles replace."""
        with self.connection.cursor() as cursor:
            cursor.register("changed handles", pa.table({"record": handles}))
            hashed = cursor.execute('SELECT hash(record) AS hashed FROM "changed handles"').fetchnumpy()["hashed"]
        rows, which = self.handles.alike(hashed, kinds)
        alike = self.rows["kind"][rows] == kinds[which]
        alike &= self.handles.same(rows, handles.take(pa.array(which)))
        return _distinct(rows[alike])

    def _touched(self, new: Table, gone: Places) -> Numbers:
        """The scored people whose records are new or gone, rising."""
        asked = np.concatenate([new["subject"], self.rows["subject"][gone]])
        asked = asked[(asked >= 0) & (asked < len(self.scored))]
        return _distinct(asked[self.scored[asked]])

    def _in_order(self, touched: Numbers, new: Table, handles: pa.Array, gone: Places) -> tuple[Table, Places]:
        """The records in force of these people and whose they are among them: kind after kind, in the order of a snapshot."""
        theirs = np.flatnonzero(self._in_force(new))
        theirs = theirs[_among(touched, new["subject"][theirs])]
        begin, end = self.begins[touched], self.begins[touched + 1]
        places = spread(begin, end)
        stays = np.ones(len(places), np.bool_)
        stays[np.searchsorted(places, gone[_among(places, gone)])] = False
        rows = taken_rows(self.rows, places, new[theirs])
        whose = np.repeat(np.arange(len(touched)), end - begin)
        stays &= self._in_force(rows[: len(places)])
        at = np.concatenate([np.flatnonzero(stays), np.arange(len(places), len(rows))])
        groups = np.concatenate([whose, np.searchsorted(touched, new["subject"][theirs])])[at]
        groups += rows["kind"][at] * np.int64(len(touched))

        def texts(some: Places) -> pa.Array:
            row = at[some]
            old = row < len(places)
            found = pa.concat_arrays(
                [self.handles.of(places[row[old]]), handles.take(pa.array(theirs[row[~old] - len(places)]))]
            )
            return found.take(pa.array(np.argsort(np.argsort(~old, kind="stable"))))

        order = in_order(groups, rows["occurred_on"][at], texts)
        return taken_rows(rows, at[order]), groups[order]

    def _in_force(self, rows: Table) -> Mask:
        day = self.plan.as_of.toordinal() - EPOCH
        force: Mask = rows["active"] & (rows["occurred_on"] <= day) & (rows["ends_on"] > day)
        return force


@dataclass(frozen=True, slots=True)
class _Rule:
    """Where an indicator's columns stand, and which days count on the day of the plan."""

    test: str
    value: str | None
    first_days: Numbers
    """By class of the layout, and last for every other class."""

    @classmethod
    def of(cls, indicator: IndicatorPlan, layout: Layout) -> _Rule:
        first_days = np.full(len(layout.classes) + 1, NEVER, np.int32)
        for window in indicator.windows:
            first = -NEVER if window.first_day is None else window.first_day.toordinal() - EPOCH
            at = slice(None) if window.record_class is None else layout.classes.index(window.record_class)
            first_days[at] = np.minimum(first_days[at], first)
        return cls(layout.test_of(indicator), layout.value_of(indicator), first_days)


class _Arrays:
    """Takes records out of sorted rows in arrays, as rules take them."""

    def __init__(self, layout: Layout, rules: Mapping[str, _Rule], rows: Table, groups: Places, people: int) -> None:
        self.layout, self.rules = layout, rules
        days = rows["occurred_on"]
        self.low = int(days.min(initial=NEVER))
        each = np.arange(self.low, int(days.max(initial=self.low)) + 1)  # far fewer than rows, mostly
        self.years = each.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
        ends = np.searchsorted(groups, np.arange(1, len(layout.kinds) + 1) * people)
        self.kinds = {
            kind: (rows[begin:end], (groups[begin:end] - at * people).astype(np.int32))
            for at, (kind, begin, end) in enumerate(zip(layout.kinds, [0, *ends[:-1]], ends, strict=True))
            if begin < end
        }

    def add(self, indicator: IndicatorPlan, points: Vector) -> None:
        rows, whose = self.kinds[indicator.kind]
        rule = self.rules[indicator.code]
        takes = rows[rule.test] & (rows["occurred_on"] >= rule.first_days[rows["class"]])
        at = np.flatnonzero(takes if indicator.through else takes & ~rows["via"])
        value = has = year = day = None
        if rule.value is not None:
            value, has = rows[f"value_{rule.value}"][at], rows[f"has_{rule.value}"][at]
            has = None if has.all() else has
        if indicator.by_year or indicator.repeat is not None:
            day = rows["occurred_on"][at].astype(np.int64)
        if indicator.by_year and day is not None:
            year = self.years[day - self.low]
        subjects, given = indicator_points(indicator, Rows(whose[at], value, has, year, day))
        points[subjects] += given

    def holders(self, rule: ClassRule) -> Numbers:
        rows, whose = self.kinds[rule.kind]
        found: Numbers = whose[rows[self.layout.test_of(rule)] & ~rows["via"]]
        return found
