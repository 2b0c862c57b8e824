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

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xinlin.core.plan import IndicatorPlan, Plan
from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.core.schemes import ClassRule
from xinlin.engine.figures import Figures, Numbers, Part, Vector, joined
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
from xinlin.engine.freezing import Places, in_order, packed
from xinlin.engine.mapped import (
    Layout,
    Table,
    array,
    begins_path,
    handles_path,
    hashes_path,
    numbers,
    opened,
    rows_path,
    taken_rows,
)
from xinlin.engine.numbering import NOT_SCORED, Numbering, hash_sql
from xinlin.engine.runs import EPOCH, Rows, indicator_points
from xinlin.engine.scores import score_block
from xinlin.engine.snapshot import enrolled, held_kinds
from xinlin.engine.statements import literal
from xinlin.engine.tables import quoted, refuse_gaps

Mask = npt.NDArray[np.bool_]

NEVER = 1 << 30
"""A day that no record has."""
FEW = 1 << 12
"""People whom one thread scores alone."""


def _spread(begin: Places, end: Places) -> Places:
    """All places of the ranges, one range after the other."""
    lengths = end - begin
    return np.repeat(begin - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())


def _keys(kind: npt.NDArray[np.int64] | np.int64, place: npt.NDArray[np.uint32]) -> Places:
    """Kind and place of records as one number, which rises as the records of one person do."""
    return kind << 32 | place


def _alike(rising: npt.NDArray[np.uint64], wanted: npt.NDArray[np.uint64]) -> tuple[Places, Places]:
    """Where the wanted values stand among the rising ones, once for each time; and which of the wanted each is."""
    which = np.argsort(wanted)  # neighbours are looked up one after another, in memory that was just read
    at, found = np.searchsorted(rising, wanted[which]), [(np.empty(0, np.int64), np.empty(0, np.int64))]
    while len(at):
        same = np.flatnonzero(rising[np.minimum(at, len(rising) - 1)] == wanted[which]) if len(rising) else which[:0]
        at, which = at[same], which[same]
        found.append((at, which))
        at = at + 1
        inside = at < len(rising)
        at, which = at[inside], which[inside]
    return np.concatenate([at for at, _ in found]), np.concatenate([which for _, which in found])


def _distinct(values: Numbers) -> Numbers:
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
            refuse_gaps(connection, path, view_of(kind), RECORDS)
        known = _named(connection, [kind for kind, _ in kinds], snapshot)
        for kind, _ in kinds:
            rows, numbers = checked_rows(connection, kind, demands, known)
            if kind.code in demands.fields:
                numbers = np.maximum(numbers, NOT_SCORED)
                others = np.flatnonzero(numbers == NOT_SCORED)
                parts = [
                    Scored.of(connection, kind, numbers, demands, known),
                    Scored(others, numbers[others], np.zeros(len(others), np.bool_)),
                ]
                found[kind.code] = pa.concat_tables([part.taken(packed(rows)) for part in parts])
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
    known = Numbering.of_handles(
        lambda salt: connection.execute(f"SELECT {hash_sql('subject', salt)} AS h FROM named").fetchnumpy()["h"]
    )
    known.number(connection.execute("SELECT number FROM named").fetchnumpy()["number"])
    return known


@dataclass(frozen=True, slots=True)
class _Changes:
    """Changed records, and where in the snapshot those stand that they replace."""

    rows: Table
    """``place`` is that among the changed ones of the kind."""
    handles: Mapping[str, pa.ChunkedArray]
    """By kind."""
    gone_from: Numbers
    """Whose the replaced ones are, rising."""
    gone: Places
    """Their `_keys`, rising within one subject."""


class MappedSnapshot:
    """A snapshot opened for changes: it answers what the touched people score once some records are new or different."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        """Open what `xinlin.engine.mapped.map_columns` wrote."""
        self.plan, self.people, self.layout = plan, enrolled(folder), Layout.of(plan)
        self.rows, self.begins = array(rows_path(folder, self.layout)), array(begins_path(folder, self.layout))
        held = held_kinds(folder, plan.kinds)
        self.handles = {kind: opened(handles_path(folder, kind))["record"] for kind in held}
        hashes = {kind: opened(hashes_path(folder, kind)) for kind in held}
        self.hashed = {kind: numbers(table, "hashed") for kind, table in hashes.items()}
        self.owners = {kind: numbers(table, "subject") for kind, table in hashes.items()}
        self.places = {kind: numbers(table, "place") for kind, table in hashes.items()}
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
        handles = {kind: table["record"] for kind, table in changed.items()}
        cores = len(os.sched_getaffinity(0))
        with ThreadPoolExecutor(cores) as pool:
            replaced = pool.submit(self._replaced, handles)
            changes = _Changes(self._new(changed), handles, *replaced.result())
            asked = _distinct(np.concatenate([changes.rows["subject"], changes.gone_from]))
            touched = asked[_among(self.people, asked)]
            pieces = np.array_split(touched, max(1, min(cores, len(touched) // FEW)))
            found = list(pool.map(partial(self._scored, changes), pieces))
        return joined(self.plan, [Part(0, 0, figures) for figures in found])

    def _new(self, changed: Mapping[str, pa.Table]) -> Table:
        """The changed records as rows."""
        rows = self.layout.rows_of(self.connection, changed)
        lengths = [len(table) for table in changed.values()]
        rows["place"] = _spread(np.zeros(len(lengths), np.int64), np.array(lengths, np.int64))
        return rows

    def _replaced(self, handles: Mapping[str, pa.ChunkedArray]) -> tuple[Numbers, Places]:
        """Whose records, and their kinds and places, the changed ones with these handles replace."""
        known = [kind for kind in handles if kind in self.hashed]
        if not known:
            return np.empty(0, np.int32), np.empty(0, np.int64)
        every = pa.chunked_array([chunk for kind in known for chunk in handles[kind].chunks], pa.string())
        with self.connection.cursor() as cursor:
            cursor.register("changed handles", pa.table({"record": every}))
            hashed = cursor.execute('SELECT hash(record) AS hashed FROM "changed handles"').fetchnumpy()["hashed"]
        subjects, keys, named, wanted, first = [], [], [], [], 0
        for kind in known:
            at, which = _alike(self.hashed[kind], hashed[first : first + len(handles[kind])])
            place = self.places[kind][at]
            subjects.append(self.owners[kind][at])
            keys.append(_keys(np.int64(self.layout.kinds.index(kind)), place))
            named += self.handles[kind].take(pa.array(place)).chunks
            wanted.append(which + first)
            first += len(handles[kind])
        alike = pc.equal(pa.chunked_array(named, pa.string()), every.take(pa.array(np.concatenate(wanted))))
        same = np.flatnonzero(alike.to_numpy())  # two handles may have one hash
        subject, key = np.concatenate(subjects)[same], np.concatenate(keys)[same]
        order = np.lexsort((key, subject))
        return subject[order], key[order]

    def _scored(self, changes: _Changes, touched: Numbers) -> Figures:
        """The figures of some of the touched people."""
        taken = _Arrays(self.layout, self.rules, *self._in_order(changes, touched), len(touched))
        return replace(score_block(taken, self.plan, len(touched), held=taken.kinds), subjects=touched)

    def _in_order(self, changes: _Changes, touched: Numbers) -> tuple[Table, Places]:
        """The records in force of these people and whose they are among them: kind after kind, in the order of a snapshot."""
        new = np.flatnonzero(_among(touched, changes.rows["subject"]) & self._in_force(changes.rows))
        begin, end = self.begins[touched], self.begins[touched + 1]
        old, of_old = int((end - begin).sum()), np.repeat(np.arange(len(touched)), end - begin)
        rows = taken_rows(self.rows, _spread(begin, end), taken_rows(changes.rows, new))
        whose = np.concatenate([of_old, np.searchsorted(touched, rows["subject"][old:])])
        stays = self._in_force(rows)
        stays[self._gone(changes, touched, rows[:old], of_old)] = False
        at = np.flatnonzero(stays)
        groups = whose[at]
        groups += rows["kind"][at] * np.int64(len(touched))
        texts = partial(self._texts, changes, rows, old)
        order = in_order(groups, rows["occurred_on"][at], lambda some: texts(at[some]))
        return taken_rows(rows, at[order]), groups[order]

    def _gone(self, changes: _Changes, touched: Numbers, old: Table, whose: Places) -> Places:
        """Where those stand among these people's records that changed ones replace."""
        theirs = np.flatnonzero(_among(touched, changes.gone_from))
        kinds = len(self.layout.kinds)
        gone = (np.searchsorted(touched, changes.gone_from[theirs]) * kinds << 32) + changes.gone[theirs]
        return np.searchsorted(_keys(whose * kinds + old["kind"], old["place"]), gone)

    def _in_force(self, rows: Table) -> Mask:
        day = self.plan.as_of.toordinal() - EPOCH
        force: Mask = rows["active"] & (rows["occurred_on"] <= day) & (rows["ends_on"] > day)
        return force

    def _texts(self, changes: _Changes, rows: Table, olds: int, at: Places) -> pa.Array:
        """The handles of the rows at these places, of which the first so many are the snapshot's."""
        sources = [(at < olds, self.handles), (at >= olds, changes.handles)]
        found, places = [pa.array([], pa.string())], [np.empty(0, np.int64)]
        for code, kind in enumerate(self.layout.kinds):
            for mine, handles in sources:
                here = np.flatnonzero(mine & (rows["kind"][at] == code))
                if len(here):
                    found += handles[kind].take(pa.array(rows["place"][at[here]])).chunks
                    places.append(here)
        return pa.concat_arrays(found).take(pa.array(np.argsort(np.concatenate(places))))


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
            year = day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
        subjects, given = indicator_points(indicator, Rows(whose[at], value, has, year, day))
        points[subjects] += given

    def holders(self, rule: ClassRule) -> Numbers:
        rows, whose = self.kinds[rule.kind]
        found: Numbers = whose[rows[self.layout.test_of(rule)] & ~rows["via"]]
        return found
