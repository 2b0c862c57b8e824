"""Freezes records that stream out of a database, all kinds mixed, into a snapshot's typed and sorted columns (流式入列).

They pass through a DuckDB file in the snapshot's folder, so that memory holds one kind at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import duckdb
import pyarrow as pa

from xinlin.core.rulebooks import Kind
from xinlin.engine.freezing import FOREVER
from xinlin.engine.snapshot import Row, SnapshotWriter, column, rows_table, scored_fields, table_schema
from xinlin.engine.statements import literal
from xinlin.engine.tables import FIELD_TYPES, WORDS

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True, slots=True)
class Stream:
    """What comes out of the database, as `xinlin.office.queries.columns` describes it, and whose it may be."""

    records: Batches
    relations: Batches
    numbers: Mapping[int, int]
    """Subject key -> dense number of everybody who is scored."""


def freeze_stream(
    stream: Stream, kinds: Iterable[Kind], changed: Callable[[], Mapping[str, list[Row]]], writer: SnapshotWriter
) -> None:
    """Write the records of these kinds to a snapshot whose subjects are known.

    ``changed`` gives by kind the rows of records that the stream leaves out since they changed. It is asked when the stream
    is over, so that none is missed; of those that it also gave, the rows of ``changed`` stand.
    """
    passing = writer.folder / "passing.duckdb"
    try:
        with duckdb.connect(passing.as_posix()) as connection:
            connection.execute("PRAGMA disable_checkpoint_on_shutdown")  # nobody opens the file again
            _pass(connection, stream)
            more = changed()
            again = pa.array([row.record for rows in more.values() for row in rows], pa.string())
            connection.register("again", pa.table({"record": again}))
            connection.execute("DELETE FROM records WHERE record IN (SELECT record FROM again)")
            for kind in kinds:
                found = connection.sql(_kind_sql(kind)).to_arrow_table().cast(table_schema(kind))
                extra = more.get(kind.code)
                writer.table(kind, pa.concat_tables([found, rows_table(kind, extra)]) if extra else found)
    finally:
        passing.unlink(missing_ok=True)
        passing.with_suffix(".duckdb.wal").unlink(missing_ok=True)


def _pass(connection: duckdb.DuckDBPyConnection, stream: Stream) -> None:
    """Tables ``records`` (with ``subject`` and ``via``) and ``offices``: who led which organisation from when to when."""
    keys, numbers = pa.array(stream.numbers.keys(), pa.int64()), pa.array(stream.numbers.values(), pa.int32())
    connection.register("people", pa.table({"key": keys, "number": numbers}))
    connection.register("relations", _reader(stream.relations))
    connection.execute(
        "CREATE TABLE offices AS SELECT *, lead(from_on) OVER (PARTITION BY organisation ORDER BY from_on, place) AS until_on "
        "FROM (SELECT organisation, person, place, CAST(from_on AS DATE) AS from_on FROM relations WHERE place > 0)"
    )
    connection.register("incoming", _reader(stream.records))
    connection.execute(
        "CREATE TABLE records AS SELECT i.* EXCLUDE (occurred_on, person), number AS subject, organisation > 0 AS via, "
        "CAST(occurred_on AS DATE) AS occurred_on FROM incoming i JOIN people ON key = i.person "
        "WHERE i.kind <> '' AND (organisation = 0 OR EXISTS (SELECT 1 FROM offices o WHERE o.organisation = i.organisation "
        "AND o.person = i.person AND o.from_on <= CAST(i.occurred_on AS DATE) "
        "AND (o.until_on IS NULL OR CAST(i.occurred_on AS DATE) < o.until_on)))"
    )


def _reader(batches: Batches) -> pa.RecordBatchReader:
    first = next(batches)
    return pa.RecordBatchReader.from_batches(first.schema, chain([first], batches))


def _kind_sql(kind: Kind) -> str:
    own = [
        f'CAST(v{at} AS {FIELD_TYPES.get(spec.type, WORDS)}) AS "{column(spec.code)}"'
        for at, spec in enumerate(scored_fields(kind))
    ]
    columns = [
        "subject", "via", "record", "occurred_on", "status", "nullif(class, '') AS class",
        f"coalesce(CAST(ends_on AS DATE), {literal(FOREVER)}) AS ends_on", "nullif(document, '') AS document", *own,
    ]  # fmt: skip
    return f"SELECT {', '.join(columns)} FROM records WHERE kind = {literal(kind.code)}"
