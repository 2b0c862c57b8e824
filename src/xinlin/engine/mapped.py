"""Keeps beside a snapshot what a scheme asks of each record, a person's records side by side (按人排列).

All that a rule tests or measures in a record is worked out once, by the same SQL as in a full run, and stands in a row of
fixed width: a few people's records are then few places in one mapped file. What depends on the day does not stand there:
whether a record is in force, and which windows it falls into.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xinlin.core.plan import IndicatorPlan, Plan
from xinlin.core.schemes import ClassRule
from xinlin.engine.snapshot import connect, edges_of, enrolled, held_kinds
from xinlin.engine.statements import filter_sql, literal, value_sql

Table = npt.NDArray[np.void]
"""Records as rows of a `Layout`'s ``dtype``."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns a scheme's records have: one for each different test, and one for each different measured value."""

    kinds: tuple[str, ...]
    classes: tuple[str, ...]
    tests: Mapping[str, tuple[str, ...]]
    """By kind, as SQL; the column is ``test_`` and the place here."""
    values: Mapping[str, tuple[str, ...]]
    """By kind, as SQL; the columns are ``value_`` and ``has_`` and the place here."""

    @classmethod
    def of(cls, plan: Plan) -> Layout:
        """The same for one scheme on any day."""
        tests: dict[str, dict[str, None]] = {kind: {} for kind in plan.kinds}
        values: dict[str, dict[str, None]] = {kind: {} for kind in plan.kinds}
        indicators = [indicator for dimension in plan.dimensions for indicator in dimension.indicators]
        conditions = [(indicator.kind, indicator.where) for indicator in indicators]
        conditions += [(rule.kind, rule.where) for rule in plan.scheme.class_rules]
        for kind, where in conditions:
            tests[kind][filter_sql(where)] = None
        for indicator in indicators:
            values[indicator.kind] |= {} if (value := value_sql(indicator)) is None else {value: None}
        windows = [window for indicator in indicators for window in indicator.windows]
        classes = {window.record_class for window in windows if window.record_class is not None}
        return cls(
            tuple(sorted(plan.kinds)),
            tuple(sorted(classes)),
            {kind: tuple(found) for kind, found in tests.items()},
            {kind: tuple(found) for kind, found in values.items()},
        )

    @property
    def sha256(self) -> str:
        """The identity of a file with this layout."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    @property
    def dtype(self) -> np.dtype[np.void]:
        """A record; ``place`` is that among its kind's, ``class`` one of the scheme's classes or -1, days are since 1970."""
        values, tests = (max(map(len, found.values()), default=0) for found in (self.values, self.tests))
        return np.dtype(
            [
                *((f"value_{at}", np.int64) for at in range(values)),
                ("subject", np.int32),
                ("place", np.uint32),
                ("occurred_on", np.int32),
                ("ends_on", np.int32),
                ("kind", np.int16),
                ("class", np.int16),
                ("active", np.bool_),
                ("via", np.bool_),
                *((f"test_{at}", np.bool_) for at in range(tests)),
                *((f"has_{at}", np.bool_) for at in range(values)),
            ],
            align=True,
        )

    def test_of(self, rule: IndicatorPlan | ClassRule) -> str:
        """The column with what the rule's condition says of each record."""
        return f"test_{self.tests[rule.kind].index(filter_sql(rule.where))}"

    def value_of(self, indicator: IndicatorPlan) -> str | None:
        """What stands after ``value_`` and ``has_`` in the columns with what the indicator measures; None for no field."""
        value = value_sql(indicator)
        return None if value is None else str(self.values[indicator.kind].index(value))

    def rows(self, connection: duckdb.DuckDBPyConnection, kinds: Sequence[str], within: str = "TRUE") -> Table:
        """The records in the connection's views of these kinds, view after view, in their order; ``place`` is not set."""
        if not kinds:
            return np.empty(0, self.dtype)
        return self._read(connection, " UNION ALL ".join(self._select(kind, [kind], within) for kind in kinds))

    def rows_of(self, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> Table:
        """The records of tables by kind, table after table, as the views of those tables would give them.

        One statement reads all of them where their columns agree: for a few records a statement costs more than its rows.
        """
        found = np.empty(0, self.dtype)
        for kinds in _agreeing(tables):
            codes = [np.full(len(tables[kind]), self.kinds.index(kind), np.int16) for kind in kinds]
            coded = [
                tables[kind].append_column("kind", pa.array(code)) for kind, code in zip(kinds, codes, strict=True)
            ]
            connection.register("changed", pa.concat_tables(coded, promote_options="default").combine_chunks())
            found = taken_rows(found, np.arange(len(found)), self._read(connection, self._select("changed", kinds)))
            connection.unregister("changed")
        return found

    def _read(self, connection: duckdb.DuckDBPyConnection, sql: str) -> Table:
        found = connection.execute(sql).fetchnumpy()
        rows = np.empty(len(found["subject"]), self.dtype)
        for name, column in found.items():
            rows[name] = column
        return rows

    def _select(self, view: str, kinds: Sequence[str], within: str = "TRUE") -> str:
        """What a view says of records of these kinds; where there are several, its column ``kind`` tells them apart."""
        cases = " ".join(f"WHEN {literal(name)} THEN {at}" for at, name in enumerate(self.classes))
        columns = {
            "subject": "subject",
            "occurred_on": "CAST(occurred_on - DATE '1970-01-01' AS INTEGER)",
            "ends_on": "CAST(ends_on - DATE '1970-01-01' AS INTEGER)",
            "kind": "kind" if len(kinds) > 1 else f"CAST({self.kinds.index(kinds[0])} AS SMALLINT)",
            "class": f'CAST(CASE "class" {cases} ELSE -1 END AS SMALLINT)' if cases else "CAST(-1 AS SMALLINT)",
            "active": "status = 'active'",
            "via": "via",
        }
        for name in self.dtype.names or ():
            what, _, at = name.partition("_")
            if what == "test":
                columns[name] = f"coalesce({self._by_kind(self.tests, kinds, int(at), 'FALSE')}, FALSE)"
            elif what == "value":
                value = self._by_kind(self.values, kinds, int(at), "CAST(NULL AS BIGINT)")
                columns |= {name: f"coalesce({value}, 0)", f"has_{at}": f"({value}) IS NOT NULL"}
        named = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return f'SELECT {named} FROM "{view}" WHERE {within}'

    def _by_kind(self, found: Mapping[str, Sequence[str]], kinds: Sequence[str], at: int, otherwise: str) -> str:
        """The expression at this place of each kind's; one that several kinds share is asked once."""
        wanted: dict[str, list[str]] = {}
        for kind in kinds:
            sql = found[kind][at] if at < len(found[kind]) else otherwise
            wanted.setdefault(sql, []).append(str(self.kinds.index(kind)))
        if len(wanted) == 1:
            return next(iter(wanted))
        arms = " ".join(f"WHEN kind IN ({', '.join(codes)}) THEN {sql}" for sql, codes in wanted.items())
        return f"CASE {arms} END"


def _agreeing(tables: Mapping[str, pa.Table]) -> list[list[str]]:
    """The kinds in groups, in their order, within which columns of one name have one type."""
    groups: list[list[str]] = []
    types: dict[str, pa.DataType] = {}
    for kind, table in tables.items():
        own = dict(zip(table.schema.names, table.schema.types, strict=True))
        if not groups or any(types.get(name, type_) != type_ for name, type_ in own.items()):
            groups.append([])
            types = {}
        groups[-1].append(kind)
        types |= own
    return groups


def _bare(rows: Table) -> npt.NDArray[np.void]:
    """The same rows without names: numpy moves them as bytes, not field by field, in a third of the time."""
    return rows.view(np.dtype((np.void, rows.dtype.itemsize)))


def taken_rows(rows: Table, places: npt.NDArray[np.int64], then: Table | None = None) -> Table:
    """The rows at these places, and behind them those of ``then``."""
    more = rows[:0] if then is None else then
    found = np.empty(len(places) + len(more), rows.dtype)
    _bare(rows).take(places, out=_bare(found)[: len(places)], mode="clip")  # which checks nothing, so needs no copy
    _bare(found)[len(places) :] = _bare(more)
    return found


def rows_path(folder: Path, layout: Layout) -> Path:
    """All records of the snapshot, subject after subject, kind after kind, each in the order of the snapshot."""
    return folder / f"records.{layout.sha256[:16]}.npy"


def begins_path(folder: Path, layout: Layout) -> Path:
    """Where the records of each number begin there, and one more for where the last ones end."""
    return folder / f"records.{layout.sha256[:16]}.begins.npy"


def handles_path(folder: Path, kind: str) -> Path:
    """The handles of a kind's records, in the order of the snapshot."""
    return folder / "records" / f"{kind}.handles.arrow"


def hashes_path(folder: Path, kind: str) -> Path:
    """The hash of each handle, rising, with its place and subject; DuckDB may hash otherwise in another version."""
    return folder / "records" / f"{kind}.hashes-{duckdb.__version__}.arrow"


def map_columns(plan: Plan, folder: Path) -> None:
    """Write what `xinlin.engine.changes.MappedSnapshot` reads, where it is not there yet."""
    held = sorted(held_kinds(folder, plan.kinds))
    with connect(folder, held) as connection:
        for kind in held:
            _map_handles(connection, kind, folder)
        layout = Layout.of(plan)
        if not rows_path(folder, layout).exists():
            _map_rows(connection, layout, held, folder)


def _map_handles(connection: duckdb.DuckDBPyConnection, kind: str, folder: Path) -> None:
    if not handles_path(folder, kind).exists():
        handles = connection.sql(f'SELECT record FROM "{kind}"').to_arrow_table().combine_chunks()
        _write(handles_path(folder, kind), handles)
    if not hashes_path(folder, kind).exists():
        found = connection.execute(f'SELECT hash(record) AS hashed, subject FROM "{kind}"').fetchnumpy()
        order = np.argsort(found["hashed"], kind="stable")
        columns = {name: column[order] for name, column in found.items()}
        _write(hashes_path(folder, kind), pa.table(columns | {"place": order.astype(np.uint32)}))


def _map_rows(connection: duckdb.DuckDBPyConnection, layout: Layout, held: Sequence[str], folder: Path) -> None:
    """Write the rows block of subjects by block, so that memory holds one block."""
    people = enrolled(folder)
    size = int(people[-1]) + 1 if len(people) else 0
    counts, before = np.zeros(size + 1, np.int64), np.zeros(len(layout.kinds), np.int64)
    path, beside = rows_path(folder, layout), rows_path(folder, layout).with_suffix(f".{os.getpid()}")
    with beside.open("wb") as stream:
        total = sum(connection.execute(f'SELECT count(*) FROM "{kind}"').fetchall()[0][0] for kind in held)
        header = {"descr": np.lib.format.dtype_to_descr(layout.dtype), "fortran_order": False, "shape": (total,)}
        np.lib.format.write_array_header_1_0(stream, header)
        for first, last in edges_of(size):
            rows = layout.rows(connection, held, f"subject >= {first} AND subject < {last}")
            here = np.bincount(rows["kind"], minlength=len(before))
            begin = np.cumsum(here[[layout.kinds.index(kind) for kind in held]])
            for kind, end in zip(held, begin, strict=True):
                at = layout.kinds.index(kind)
                rows["place"][end - here[at] : end] = before[at] + np.arange(here[at])
            before += here
            counts[first + 1 : last + 1] = np.bincount(rows["subject"] - first, minlength=last - first)
            taken_rows(rows, np.argsort(rows["subject"], kind="stable")).tofile(stream)
    begins = begins_path(folder, layout).with_suffix(f".{os.getpid()}")
    with begins.open("wb") as stream:
        np.save(stream, np.cumsum(counts))
    begins.replace(begins_path(folder, layout))
    beside.replace(path)


def _write(target: Path, table: pa.Table) -> None:
    beside = target.with_suffix(f".{os.getpid()}")
    with pa.OSFile(beside.as_posix(), "wb") as stream, pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)
    beside.replace(target)


def opened(path: Path) -> pa.Table:
    """An Arrow file, mapped."""
    return pa.ipc.open_file(pa.memory_map(path.as_posix())).read_all()


def array(path: Path) -> npt.NDArray[Any]:
    """An array's file, mapped."""
    return np.asarray(np.load(path, mmap_mode="r"))


def numbers(table: pa.Table, name: str) -> npt.NDArray[Any]:
    """A column of numbers as an array on the same memory."""
    found: npt.NDArray[Any] = table[name].combine_chunks().to_numpy()
    return found
