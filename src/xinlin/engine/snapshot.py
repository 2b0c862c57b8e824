"""Freezes records to typed columns: one Parquet file per kind, sorted by subject number; rebuildable at any time (快照).

Columns of ``records/KIND.parquet``: ``subject`` (dense int32 number), ``via`` (true: an organisation's record that names
the person who represented it), ``record``, ``occurred_on``, ``status``, ``class``, ``ends_on`` (9999-12-31 for none),
``document``, and the kind's own fields as ``f_CODE``, of an open folder those that rules read. Rows are sorted by (subject, occurred_on, record).
``subjects.parquet`` holds the enrolled numbers in order.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.engine.freezing import COMPLETE, FOREVER, in_order, write_kind, write_numbers
from xinlin.engine.gathered import Gathered

COLUMN_TYPES: Mapping[str, pa.DataType] = {
    "integer": pa.int64(),
    "money": pa.int64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}
"""Arrow types of field types; every other type is text."""

BLOCK = 1 << 21
"""How many subject numbers are scored at once by one thread, at most."""
PIECES, SMALL = 4, 1 << 18
"""Where there are fewer than so many blocks, they are made smaller, down to ``SMALL`` numbers."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record on its way into a snapshot."""

    subject: int
    via: bool
    record: str
    occurred_on: date
    status: str
    record_class: str | None
    ends_on: date | None
    document: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A finished snapshot folder and the SHA-256 over all its files."""

    folder: Path
    people: int
    rows: int
    sha256: str


def column(code: str) -> str:
    """The column of a kind's own field, kept apart from the record's columns by its prefix."""
    return f"f_{code}"


def table_schema(kind: Kind) -> pa.Schema:
    """The columns of a kind's file, sorted or not yet."""
    fixed = [
        ("subject", pa.int32()),
        ("via", pa.bool_()),
        ("record", pa.string()),
        ("occurred_on", pa.date32()),
        ("status", pa.string()),
        ("class", pa.string()),
        ("ends_on", pa.date32()),
        ("document", pa.string()),
    ]
    own = [(column(spec.code), COLUMN_TYPES.get(spec.type, pa.string())) for spec in scored_fields(kind)]
    return pa.schema([*fixed, *own])


def scored_fields(kind: Kind) -> list[FieldSpec]:
    """The fields of a kind that rules may read: its own ones that do not point at a person."""
    return [spec for spec in kind.fields if spec.scored]


def rows_table(kind: Kind, rows: list[Row]) -> pa.Table:
    """Rows of one kind as the columns of a snapshot's file, in the order given."""
    schema = table_schema(kind)
    columns: dict[str, list[Any]] = {
        "subject": [row.subject for row in rows],
        "via": [row.via for row in rows],
        "record": [row.record for row in rows],
        "occurred_on": [row.occurred_on for row in rows],
        "status": [row.status for row in rows],
        "class": [row.record_class or None for row in rows],
        "ends_on": [row.ends_on or FOREVER for row in rows],
        "document": [row.document or None for row in rows],
    }
    for spec in scored_fields(kind):
        values = [row.fields.get(spec.code) for row in rows]
        if spec.type == "date":
            values = [date.fromisoformat(value) if isinstance(value, str) else value for value in values]
        columns[column(spec.code)] = values
    return pa.table(columns, schema=schema)


class SnapshotWriter:
    """Writes a snapshot kind by kind, then seals it with its hash."""

    def __init__(self, folder: Path) -> None:
        """``folder`` must not exist yet; it is made."""
        self.folder = folder
        (folder / "records").mkdir(parents=True)
        self.rows = 0
        self.people = 0
        self.edges: list[tuple[int, int]] = []

    def subjects(self, numbers: Iterable[int]) -> None:
        """The dense numbers of the enrolled people."""
        ordered = np.unique(pa.array(numbers, pa.int32()).to_numpy())  # which takes a column of them as it lies
        self.people = len(ordered)
        self.edges = edges_of(int(ordered[-1]) + 1 if len(ordered) else 0)
        write_numbers(self.folder / "subjects.parquet", ordered)

    def records(self, kind: Kind, rows: Iterable[Row]) -> None:
        """All records of one kind, in any order, of people whom `subjects` was told of."""
        self.table(kind, rows_table(kind, list(rows)))

    def table(self, kind: Kind, table: pa.Table) -> None:
        """As `records`, from columns with the schema `table_schema`."""
        self.rows += table.num_rows
        days = table["occurred_on"].combine_chunks().cast(pa.int32()).to_numpy()
        record = table["record"].combine_chunks()
        order = in_order(table["subject"].to_numpy(), days, lambda at: record.take(pa.array(at)))
        path = self.folder / "records" / f"{kind.code}.parquet"
        subject = table["subject"].to_numpy()[order]
        rows = Gathered(pa.schema([one.with_nullable(one.name not in COMPLETE) for one in table.schema]), len(table))
        for batch in table.to_batches():
            rows.add(batch)
        write_kind(path, subject, self.edges, lambda at: rows.taken(order[at]))

    def seal(self) -> Snapshot:
        """Hash all files in the order of their names."""
        return Snapshot(self.folder, self.people, self.rows, digest_folder(self.folder))


def digest_folder(folder: Path) -> str:
    """SHA-256 over the names and bytes of all tables (Parquet and CSV) below ``folder``."""
    digest = hashlib.sha256()
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".parquet", ".csv") and path.is_file())
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for path, whole in zip(paths, pool.map(_digest, paths), strict=True):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + whole)
    return digest.hexdigest()


def _digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def enrolled(folder: Path) -> npt.NDArray[np.int32]:
    """The enrolled numbers of a snapshot, rising."""
    numbers: npt.NDArray[np.int32] = pq.read_table(folder / "subjects.parquet")["subject"].to_numpy()
    return numbers


def edges_of(size: int) -> list[tuple[int, int]]:
    """The blocks of subject numbers from 0 to before ``size``, as (first, last + 1): of one length, for any machine.

    A block has at most `BLOCK` numbers; a large city has several, so that several cores have work.
    """
    pieces = max(-(-size // BLOCK), min(PIECES, size // SMALL), min(size, 1))
    length = -(-size // pieces) if pieces else 0
    return [(first, min(first + length, size)) for first in range(0, size, max(length, 1))]


def connect(folder: Path, kinds: Iterable[str], threads: int = 1) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with one view per kind that the snapshot holds; statements give rows in the files' order."""
    connection = duckdb.connect(":memory:", config={"threads": threads, "preserve_insertion_order": True})
    connection.execute("SET parquet_metadata_cache = true")
    # a list of choices would become a join, which gives rows in an order of its own
    connection.execute("SET disabled_optimizers = 'in_clause'")
    for kind in sorted(held_kinds(folder, kinds)):
        escaped = (folder / "records" / f"{kind}.parquet").as_posix().replace("'", "''")
        connection.execute(f"CREATE VIEW \"{kind}\" AS SELECT * FROM read_parquet('{escaped}')")
    return connection


def held_kinds(folder: Path, kinds: Iterable[str]) -> set[str]:
    """The kinds of which the snapshot has records."""
    return {kind for kind in kinds if (folder / "records" / f"{kind}.parquet").exists()}
