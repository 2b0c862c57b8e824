"""Keeps beside a snapshot what a scheme asks of each record, a person's records side by side (按人排列).

All that a rule tests or measures in a record is worked out once, by the same SQL as in a full run, and stands in a row of
fixed width: a few people's records are then few places in one mapped file, and `xinlin.engine.handles` finds a record there by
its handle. What depends on the day does not stand there: whether a record is in force, and which windows it falls into.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from xinlin.core.plan import IndicatorPlan, Plan
from xinlin.core.schemes import ClassRule
from xinlin.engine.gathered import taken_rows
from xinlin.engine.handles import GrowingArray, HandlesWriter
from xinlin.engine.snapshot import connect, edges_of, enrolled, held_kinds
from xinlin.engine.statements import filter_sql, literal, value_sql
from xinlin.engine.workplaces import workplace

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
        """A record; ``class`` is one of the scheme's classes or -1, days are since 1970."""
        values, tests = (max(map(len, found.values()), default=0) for found in (self.values, self.tests))
        return np.dtype(
            [
                *((f"value_{at}", np.int64) for at in range(values)),
                ("subject", np.int32),
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
        """The records in the connection's views of these kinds, view after view, in their order."""
        if not kinds:
            return np.empty(0, self.dtype)
        return self._read(connection, " UNION ALL ".join(self._select(kind, [kind], within) for kind in kinds))

    def rows_of(self, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> Table:
        """The records of tables by kind, table after table, as the views of those tables would give them.

        One statement reads all of them where their columns agree: for a few records a statement costs more than its rows.
        """
        found: list[Table] = []
        for kinds in _agreeing(tables):
            codes = [np.full(len(tables[kind]), self.kinds.index(kind), np.int16) for kind in kinds]
            coded = [
                tables[kind].append_column("kind", pa.array(code)) for kind, code in zip(kinds, codes, strict=True)
            ]
            connection.register("changed", pa.concat_tables(coded, promote_options="default").combine_chunks())
            found.append(self._read(connection, self._select("changed", kinds)))
            connection.unregister("changed")
        return np.concatenate([np.empty(0, self.dtype), *found])

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


def mapped_folder(folder: Path, layout: Layout) -> Path:
    """Where the mapped files of a snapshot stand. DuckDB may hash otherwise in another version."""
    return folder / f"mapped-{layout.sha256[:16]}-{duckdb.__version__}"


ROWS, BEGINS = "rows.npy", "begins.npy"
"""All records, subject after subject, kind after kind, each in the order of the snapshot; and where the rows of each number
begin, and one more for where the last ones end."""


def map_columns(plan: Plan, folder: Path) -> None:
    """Write what `xinlin.engine.changes.MappedSnapshot` reads, where it is not there yet: beside its place, then renamed."""
    layout = Layout.of(plan)
    place = mapped_folder(folder, layout)
    if place.exists():
        return
    with workplace(folder) as work:
        (work / place.name).mkdir()
        _map_rows(layout, folder, work / place.name)
        try:
            (work / place.name).rename(place)
        except OSError:
            if not place.exists():
                raise


def _map_rows(layout: Layout, folder: Path, target: Path) -> None:
    """Write rows and handles block of subjects by block, so that memory holds one block, and an entry of the index a record."""
    people, held = enrolled(folder), sorted(held_kinds(folder, layout.kinds))
    size = int(people[-1]) + 1 if len(people) else 0
    counts, mapped = np.zeros(size + 1, np.int64), GrowingArray(target / ROWS, layout.dtype)
    total = sum(pq.read_metadata(folder / "records" / f"{kind}.parquet").num_rows for kind in held)
    writer = HandlesWriter(target, total)
    with connect(folder, held) as connection:
        for first, last in edges_of(size) if held else ():
            within = f"subject >= {first} AND subject < {last}"
            rows = layout.rows(connection, held, within)
            handles = [f'SELECT record, hash(record) AS hashed FROM "{kind}" WHERE {within}' for kind in held]
            found = connection.sql(" UNION ALL ".join(handles)).to_arrow_table()
            order = np.argsort(rows["subject"], kind="stable")
            rows = taken_rows(rows, order)
            record = found["record"].cast(pa.large_string()).combine_chunks().take(pa.array(order))
            writer.add(record, found["hashed"].to_numpy()[order], rows["kind"])
            mapped.add(rows)
            counts[first + 1 : last + 1] = np.bincount(rows["subject"] - first, minlength=last - first)
    mapped.close()
    writer.close()
    np.save(target / BEGINS, np.cumsum(counts))
