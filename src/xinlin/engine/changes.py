"""Scores only those whose records changed, from a snapshot whose columns are mapped into memory (增量评分).

Mapped columns stand beside the snapshot's Parquet files in the same order, unpacked: they take several times the room, and a
few people's rows are picked out of them without reading anybody else's. What is computed is computed by the same code
as a full run, on a snapshot of the people touched.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xinlin.core.plan import Plan
from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.engine.figures import Figures, Numbers, Part, joined
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
from xinlin.engine.freezing import HANDLES, Handles, Places, in_order, packed
from xinlin.engine.numbering import NOT_SCORED, Numbering, hash_sql
from xinlin.engine.scores import score_block
from xinlin.engine.snapshot import connect, enrolled, held_kinds
from xinlin.engine.statements import literal
from xinlin.engine.tables import quoted, refuse_gaps

CODED = 1 << 12
"""A text column with fewer different values than this is kept as codes."""
FEW = 1 << 15
"""People whom one thread scores alone."""


def _columns_path(folder: Path, kind: str) -> Path:
    return folder / "records" / f"{kind}.arrow"


def _handles_path(folder: Path, kind: str) -> Path:
    """The hash of each record's handle, rising, with its row; DuckDB may hash otherwise in another version."""
    return folder / "records" / f"{kind}.handles-{duckdb.__version__}.arrow"


def _rows_path(folder: Path) -> Path:
    """The kind and the place of every row of all kinds, subject after subject."""
    return folder / "records.rows.arrow"


def _begins_path(folder: Path) -> Path:
    """Where the rows of each number begin there, and one more for where the last ones end."""
    return folder / "records.begins.arrow"


def map_columns(plan: Plan, folder: Path) -> None:
    """Write the mapped columns of every kind that the snapshot holds and the plan reads, where they are not there yet."""
    held = sorted(held_kinds(folder, plan.kinds))
    with connect(folder, held) as connection:
        for kind in held:
            if not _columns_path(folder, kind).exists():
                table = connection.sql(f'SELECT * FROM "{kind}"').to_arrow_table().combine_chunks()
                _write(_columns_path(folder, kind), _coded(table))
            if not _handles_path(folder, kind).exists():
                hashed = connection.execute(f'SELECT hash(record) AS hashed FROM "{kind}"').fetchnumpy()["hashed"]
                order = np.argsort(hashed, kind="stable")
                _write(_handles_path(folder, kind), pa.table({"hashed": hashed[order], "place": order}))
    if not _rows_path(folder).exists():
        _map_rows(folder, held)


def _map_rows(folder: Path, held: Sequence[str]) -> None:
    """Write whose rows stand where: all rows are counted, then laid out kind after kind, each within those of its subject."""
    people = enrolled(folder)
    size = int(people[-1]) + 1 if len(people) else 0
    subjects = {kind: _numbers(_mapped(_columns_path(folder, kind)), "subject") for kind in held}
    counts = {kind: np.bincount(subject, minlength=size) for kind, subject in subjects.items()}
    begins = np.concatenate(([0], np.cumsum(sum(counts.values(), np.zeros(size, np.int64)))))
    kinds, places = np.empty(begins[-1], np.int16), np.empty(begins[-1], np.int32)
    filled = begins[:-1].copy()
    for at, kind in enumerate(held):
        rows = np.arange(len(subjects[kind]))
        target = (filled - (np.cumsum(counts[kind]) - counts[kind]))[subjects[kind]] + rows
        kinds[target], places[target] = at, rows
        filled += counts[kind]
    _write(_begins_path(folder), pa.table({"begin": begins}))
    coded = pa.DictionaryArray.from_arrays(pa.array(kinds), pa.array(held, pa.string()))
    _write(_rows_path(folder), pa.table({"kind": coded, "place": places}))


def _coded(table: pa.Table) -> pa.Table:
    for at, name in enumerate(table.column_names):
        if pa.types.is_string(table[name].type) and name not in ("record", "document"):
            coded = table[name].dictionary_encode().combine_chunks()
            if len(coded.dictionary) < CODED:
                table = table.set_column(at, name, coded)
    return table


def _write(target: Path, table: pa.Table) -> None:
    beside = target.with_suffix(f".{os.getpid()}")
    with pa.OSFile(beside.as_posix(), "wb") as stream, pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)
    beside.replace(target)


def _mapped(path: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(path.as_posix())).read_all()


def _numbers(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    numbers: npt.NDArray[np.int64] = table[name].combine_chunks().to_numpy()
    return numbers


def _spread(begin: Places, end: Places) -> Places:
    """All places of the ranges, one range after the other."""
    lengths = end - begin
    return np.repeat(begin - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())


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
            if kind.code in demands.kinds:
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


class MappedSnapshot:
    """A snapshot opened for changes: it answers what the touched people score once some records are new or different."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        """Open the columns that `map_columns` wrote."""
        self.plan, self.people, documents = plan, enrolled(folder), Demands.of(plan).documents
        rows = _mapped(_rows_path(folder))
        coded = rows["kind"].combine_chunks()
        held = coded.dictionary.to_pylist()
        self.begins, self.places = _numbers(_mapped(_begins_path(folder)), "begin"), _numbers(rows, "place")
        self.kind_at = coded.indices.to_numpy()
        self.kinds = {kind: _mapped(_columns_path(folder, kind)) for kind in held}
        unread = {kind: {"record"} if kind in documents else HANDLES for kind in held}
        self.columns = {kind: [n for n in self.kinds[kind].column_names if n not in unread[kind]] for kind in held}
        handles = {kind: _mapped(_handles_path(folder, kind)) for kind in held}
        self.handles = {kind: (_numbers(table, "hashed"), _numbers(table, "place")) for kind, table in handles.items()}
        self.connections = [
            duckdb.connect(":memory:", config={"threads": 1}) for _ in range(len(os.sched_getaffinity(0)))
        ]
        for connection in self.connections:
            connection.execute("PRAGMA disable_optimizer")  # with so few rows it would take longer than the rest

    def rescore(self, changed: Mapping[str, pa.Table]) -> Figures:
        """The figures of everybody to whom a changed record belongs, or belonged before.

        ``changed`` holds by kind rows in the form of the snapshot's own files; a row replaces those with its handle, and
        one of a kind that the plan does not read touches nobody. The
        figures are those of a full run on the day of the plan; a new day, a consent, or a new person asks for one.
        """
        changed = {kind: table for kind, table in changed.items() if kind in self.plan.kinds}
        replaced = self._replaced(changed)
        theirs = [table["subject"].to_numpy() for table in changed.values()]
        theirs += [_numbers(self.kinds[kind], "subject")[places] for kind, places in replaced.items()]
        asked = np.unique(np.concatenate([np.empty(0, np.int32), *theirs]))
        touched = asked[_among(self.people, asked)].astype(np.int32)
        pieces = max(1, min(len(self.connections), len(touched) // FEW))
        with ThreadPoolExecutor(pieces) as pool:
            parts = list(
                pool.map(
                    lambda connection, some: self._scored(connection, some, changed, replaced),
                    self.connections,
                    np.array_split(touched, pieces),
                )
            )
        return joined(self.plan, parts)

    def _replaced(self, changed: Mapping[str, pa.Table]) -> dict[str, Places]:
        """By kind, rising, where the rows stand that a changed one with their handle replaces."""
        known = [kind for kind in changed if kind in self.kinds]
        if not known:
            return {}
        handles = {kind: changed[kind]["record"].combine_chunks() for kind in known}
        every = pa.table({"record": pa.chunked_array(list(handles.values()), pa.string())})
        self.connections[0].register("changed handles", every)
        hashed = self.connections[0].execute('SELECT hash(record) AS hashed FROM "changed handles"').fetchnumpy()
        self.connections[0].unregister("changed handles")
        ends = np.cumsum([len(texts) for texts in handles.values()])
        found = {}
        for kind, wanted in zip(known, np.split(hashed["hashed"], ends[:-1]), strict=True):
            rising, places = self.handles[kind]
            wanted = np.unique(wanted)
            alike = places[_spread(np.searchsorted(rising, wanted), np.searchsorted(rising, wanted, side="right"))]
            same = pc.is_in(self.kinds[kind]["record"].take(pa.array(alike)), value_set=handles[kind])
            found[kind] = np.unique(alike[same.combine_chunks().to_numpy(zero_copy_only=False).astype(np.bool_)])
        return found

    def _scored(
        self,
        connection: duckdb.DuckDBPyConnection,
        touched: Numbers,
        changed: Mapping[str, pa.Table],
        replaced: Mapping[str, Places],
    ) -> Part:
        """The figures of some of the touched people."""
        tables = self._rows(touched, changed, replaced)
        for kind, table in tables.items():
            connection.register(kind, table)
        numbers = np.arange(len(touched), dtype=np.int32)
        part = score_block(connection, self.plan, numbers, (0, len(numbers)), held=set(tables))
        for kind in tables:
            connection.unregister(kind)
        return replace(part, figures=replace(part.figures, subjects=touched))

    def _rows(
        self, touched: Numbers, changed: Mapping[str, pa.Table], replaced: Mapping[str, Places]
    ) -> dict[str, pa.Table]:
        """By kind the rows of the touched people, numbered among themselves, old ones replaced by changed ones, in order."""
        begin, end = self.begins[touched], self.begins[touched + 1]
        at = _spread(begin, end)
        whose, kinds, places = np.repeat(np.arange(len(touched)), end - begin), self.kind_at[at], self.places[at]
        by_kind = np.argsort(kinds, kind="stable")
        ends = np.cumsum(np.bincount(kinds, minlength=len(self.kinds)))
        tables = {}
        for kind, mine in zip(self.kinds, np.split(by_kind, ends[:-1]), strict=False):
            if kind in replaced:
                mine = mine[~_among(replaced[kind], places[mine])]
            if kind in changed or len(mine):
                old = _numbered(self.kinds[kind].select(self.columns[kind]).take(pa.array(places[mine])), whose[mine])
                tables[kind] = self._merged(kind, old, places[mine], touched, changed)
        new = {kind: _of(touched, table) for kind, table in changed.items() if kind not in self.kinds}
        return tables | {kind: table.take(pa.array(_order(table, _handles(table)))) for kind, table in new.items()}

    def _merged(
        self, kind: str, old: pa.Table, places: Places, touched: Numbers, changed: Mapping[str, pa.Table]
    ) -> pa.Table:
        """A kind's rows that stay, from these places, and the changed ones, in order."""
        if kind not in changed or not len(new := _of(touched, changed[kind])):
            return old
        both = [old, new.select(old.column_names).cast(old.schema)]
        table = pa.concat_tables(both).unify_dictionaries().combine_chunks()
        handles = [self.kinds[kind]["record"], new["record"]]

        def record(at: Places) -> pa.Array:
            stays = at < len(places)
            found = [handles[0].take(pa.array(places[at[stays]])), handles[1].take(pa.array(at[~stays] - len(places)))]
            back = np.argsort(np.concatenate([np.flatnonzero(stays), np.flatnonzero(~stays)]))
            return (
                pa.chunked_array([*found[0].chunks, *found[1].chunks], pa.string())
                .combine_chunks()
                .take(pa.array(back))
            )

        return table.take(pa.array(_order(table, record)))


def _numbered(rows: pa.Table, subject: npt.NDArray[np.int64]) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index("subject"), "subject", pa.array(subject, pa.int32()))


def _of(touched: Numbers, changed: pa.Table) -> pa.Table:
    """The changed rows of these people, numbered among themselves."""
    theirs = changed.filter(pa.array(_among(touched, changed["subject"].to_numpy())))
    return _numbered(theirs, np.searchsorted(touched, theirs["subject"].to_numpy()))


def _handles(table: pa.Table) -> Handles:
    return lambda at: table["record"].take(pa.array(at)).combine_chunks()


def _order(table: pa.Table, handles: Handles) -> Places:
    """The places of the rows in the order of a snapshot."""
    days = table["occurred_on"].combine_chunks().cast(pa.int32()).to_numpy()
    return in_order(table["subject"].to_numpy(), days, handles)
