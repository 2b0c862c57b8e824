"""Scores only those whose records changed, from a snapshot whose columns are mapped into memory (增量评分).

Mapped columns stand beside the snapshot's Parquet files in the same order, unpacked: they take several times the room, and a
few people's rows are picked out of them without reading anybody else's. What is computed is computed by the same code
as a full run, on a snapshot of the people touched.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xinlin.core.plan import Plan
from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.engine.figures import Figures, Numbers
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
from xinlin.engine.numbering import NOT_SCORED, Numbering, hash_sql
from xinlin.engine.scores import score_block
from xinlin.engine.snapshot import connect, enrolled
from xinlin.engine.statements import literal
from xinlin.engine.tables import quoted, refuse_gaps

CODED = 1 << 12
"""A text column with fewer different values than this is kept as codes."""


def _columns_path(folder: Path, kind: str) -> Path:
    return folder / "records" / f"{kind}.arrow"


def _handles_path(folder: Path, kind: str) -> Path:
    """The hash of each record's handle, rising, with its row; DuckDB may hash otherwise in another version."""
    return folder / "records" / f"{kind}.handles-{duckdb.__version__}.arrow"


def map_columns(plan: Plan, folder: Path) -> None:
    """Write the mapped columns of every kind that the snapshot holds and the plan reads, where they are not there yet."""
    with connect(folder, plan.kinds) as connection:
        for kind in plan.kinds:
            if not (folder / "records" / f"{kind}.parquet").exists():
                continue
            if not _columns_path(folder, kind).exists():
                table = connection.sql(f'SELECT * FROM "{kind}"').to_arrow_table().combine_chunks()
                _write(_columns_path(folder, kind), _coded(table))
            if not _handles_path(folder, kind).exists():
                hashed = connection.execute(f'SELECT hash(record) AS hashed FROM "{kind}"').fetchnumpy()["hashed"]
                order = np.argsort(hashed, kind="stable")
                _write(_handles_path(folder, kind), pa.table({"hashed": hashed[order], "place": order}))


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


def _among(rising: Numbers, asked: Numbers) -> npt.NDArray[np.bool_]:
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
        self.plan, self.people = plan, enrolled(folder)
        held = [kind for kind in plan.kinds if _columns_path(folder, kind).exists()]
        self.kinds = {kind: _mapped(_columns_path(folder, kind)) for kind in held}
        self.subjects = {kind: _numbers(table, "subject") for kind, table in self.kinds.items()}
        handles = {kind: _mapped(_handles_path(folder, kind)) for kind in held}
        self.handles = {kind: (_numbers(table, "hashed"), _numbers(table, "place")) for kind, table in handles.items()}

    def rescore(self, changed: Mapping[str, pa.Table]) -> Figures:
        """The figures of everybody to whom a changed record belongs, or belonged before.

        ``changed`` holds by kind rows in the form of the snapshot's own files; a row replaces those with its handle, and
        one of a kind that the plan does not read touches nobody. The
        figures are those of a full run on the day of the plan; a new day, a consent, or a new person asks for one.
        """
        changed = {kind: table for kind, table in changed.items() if kind in self.plan.kinds}
        touched = self._touched(changed)
        cores = len(os.sched_getaffinity(0))
        wanted = [kind for kind in self.plan.kinds if kind in self.kinds or kind in changed]
        with ThreadPoolExecutor(cores) as pool:
            tables = list(pool.map(lambda kind: self._rows(kind, touched, changed.get(kind)), wanted))
        numbers = np.arange(len(touched), dtype=np.int32)
        with duckdb.connect(":memory:", config={"threads": 1}) as connection:
            for kind, table in zip(wanted, tables, strict=True):
                connection.register(kind, table)
            figures = score_block(connection, self.plan, numbers, (0, len(numbers)), held=set(wanted)).figures
        return Figures(touched, figures.scores, figures.tiers, figures.dimensions)

    def _touched(self, changed: Mapping[str, pa.Table]) -> Numbers:
        """The numbers of the scored people whom the changes touch, rising."""
        theirs = [table["subject"].to_numpy() for table in changed.values()]
        known = [kind for kind in changed if kind in self.kinds]
        with duckdb.connect(":memory:", config={"threads": 1}) as connection:
            for at, kind in enumerate(known):
                connection.register(f"changed {at}", changed[kind].select(["record"]))
            each = [f'SELECT {at} AS kind, hash(record) AS hashed FROM "changed {at}"' for at in range(len(known))]
            found = connection.execute(" UNION ALL ".join(each)).fetchnumpy() if known else {}
        for at, kind in enumerate(known):
            hashed = np.unique(found["hashed"][found["kind"] == at])
            theirs.append(self.subjects[kind][self._replaced(kind, changed[kind], hashed)])
        asked = np.unique(np.concatenate([np.empty(0, np.int32), *theirs]))
        touched: Numbers = asked[_among(self.people, asked)].astype(np.int32)
        return touched

    def _replaced(self, kind: str, changed: pa.Table, wanted: npt.NDArray[np.uint64]) -> Places:
        """Where the kind's rows stand whose handles are among the changed ones, which have the hashes ``wanted``."""
        hashed, places = self.handles[kind]
        found = places[_spread(np.searchsorted(hashed, wanted), np.searchsorted(hashed, wanted, side="right"))]
        handles = self.kinds[kind]["record"].take(pa.array(found))
        same = pc.is_in(handles, value_set=changed["record"].combine_chunks())
        theirs: Places = found[same.combine_chunks().to_numpy(zero_copy_only=False).astype(np.bool_)]
        return theirs

    def _rows(self, kind: str, touched: Numbers, changed: pa.Table | None) -> pa.Table:
        """The rows of the touched people, numbered among themselves, old ones replaced by changed ones, in order."""
        parts = []
        if kind in self.kinds:
            begin, end = (np.searchsorted(self.subjects[kind], touched, side=side) for side in ("left", "right"))
            parts.append(self.kinds[kind].take(pa.array(_spread(begin, end))))
        if changed is not None:
            theirs = changed.filter(pa.array(_among(touched, changed["subject"].to_numpy())))
            if parts:
                replaced = pc.is_in(parts[0]["record"], value_set=changed["record"].combine_chunks())
                parts = [
                    parts[0].filter(pc.invert(replaced)),
                    theirs.select(parts[0].column_names).cast(parts[0].schema),
                ]
            else:
                parts = [theirs]
        table = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
        subject = np.searchsorted(touched, table["subject"].to_numpy()).astype(np.int32)
        table = table.set_column(table.schema.get_field_index("subject"), "subject", pa.array(subject))
        if changed is None:
            return table
        record = table["record"].combine_chunks()
        days = table["occurred_on"].combine_chunks().cast(pa.int32()).to_numpy()
        return table.take(pa.array(in_order(subject, days, lambda at: record.take(pa.array(at)))))
