"""Loading many rows at once: COPY on PostgreSQL, one prepared statement on SQLite (批量写入)."""

from __future__ import annotations

import gc
import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import connection, models
from psycopg import Cursor

Piece = TypeVar("Piece")
LOCK = 7_204_118_001
"""Advisory lock under which batches are stored one after another on PostgreSQL; SQLite has but one writer."""


STORING_MEMORY = 160 << 20
"""Bytes that the database may hold in memory for a storing connection: SQLite for pages, and as many to sort; PostgreSQL half
of it for each step.
"""
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_SPECIAL = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
"""What COPY would take for something else."""


def made_ahead(pieces: Iterator[Piece]) -> Generator[Piece, None, None]:
    """The same pieces; on PostgreSQL the next one is made, in another thread, while whoever asked stores the last.

    The server works while this process works. SQLite works in it, and would hand every row back and forth between the threads.
    """
    if connection.vendor != "postgresql":
        yield from pieces
        return
    with ThreadPoolExecutor(1, "ahead") as other:
        coming = other.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = other.submit(next, pieces, None)
            yield piece


def lock_storing() -> None:
    """Let no other batch be stored until this transaction ends, so that subjects are numbered without gaps.

    The connection is given memory for it: indexes of a million rows are written in random places.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            cursor.execute(f"SET LOCAL work_mem = '{STORING_MEMORY >> 21}MB'")
            cursor.execute("SET LOCAL jit = off")  # the statements do little with each row: compiling them costs more
        else:
            cursor.execute(f"PRAGMA cache_size = -{STORING_MEMORY >> 10}")


def listing(values: Iterable[Any]) -> Any:
    """Values for ``= ANY(%s)`` on PostgreSQL and ``IN (SELECT value FROM json_each(%s))`` on SQLite: one parameter."""
    return list(values) if connection.vendor == "postgresql" else as_json(list(values))


def fetched(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement that is run again and again: PostgreSQL plans it once per connection.

    On PostgreSQL it goes past Django's cursor, which writes values into the text so that nothing can be planned ahead.
    Errors are Django's all the same.
    """
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
    connection.ensure_connection()
    if connection.queries_logged:
        connection.queries_log.append({"sql": statement, "time": "0"})
    with connection.wrap_database_errors, Cursor(connection.connection) as direct:
        return direct.execute(statement, values, prepare=True).fetchall()


def as_json(value: Any) -> str:
    """JSON as the database stores it."""
    return _JSON.encode(value)


def moment(at: datetime) -> Any:
    """A moment as the database takes it in a statement of one's own."""
    return connection.ops.adapt_datetimefield_value(at)


def column_of(model: type[models.Model], name: str) -> str:
    """The column in which a field lies."""
    spec = model._meta.get_field(name)
    if not isinstance(spec, models.Field) or spec.column is None:
        raise ValueError(f"{model.__name__}.{name} has no column")
    return spec.column


def insert(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert ``rows`` (values in the order of the field ``names``) as they are: JSON already as text, no signals.

    Must run in a transaction; a breach of a constraint raises IntegrityError and the transaction is lost.
    """
    columns = list(zip(*rows, strict=True))
    if not columns:
        return
    if connection.vendor != "postgresql":
        for position, name in enumerate(names):
            if isinstance(model._meta.get_field(name), models.DateTimeField):
                columns[position] = tuple(_moments(columns[position]))
    _load(model._meta.db_table, [column_of(model, name) for name in names], columns)


def _moments(values: Iterable[datetime | None]) -> Iterator[Any]:
    """Moments as SQLite stores them; there are few different ones."""
    known: dict[datetime | None, Any] = {None: None}
    for value in values:
        if value not in known:
            known[value] = moment(value) if value is not None else None
        yield known[value]


def _load(table: str, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> None:
    quote = connection.ops.quote_name
    told = ", ".join(map(quote, names))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            line = "\t".join(["%s"] * len(names)) + "\n"
            texts = [_copied(column) for column in columns]
            with cursor.copy(f"COPY {quote(table)} ({told}) FROM STDIN") as copy:
                copy.write("".join([line % row for row in zip(*texts, strict=True)]))
            return
        marks = ", ".join(["%s"] * len(names))
        cursor.executemany(f"INSERT INTO {quote(table)} ({told}) VALUES ({marks})", list(zip(*columns, strict=True)))


def _copied(column: Sequence[Any]) -> Sequence[Any]:
    r"""A column as COPY reads it: \N for nothing, and what it would misread written otherwise."""
    if isinstance(column[0], bytes):
        return [rf"\\x{value.hex()}" for value in column]
    if None in column:
        return [
            r"\N" if value is None else value.translate(_SPECIAL) if isinstance(value, str) else value
            for value in column
        ]
    if not isinstance(column[0], str):
        return column
    joined = "".join(column)
    if any(mark in joined for mark in "\\\t\n\r"):
        return [value.translate(_SPECIAL) for value in column]
    return column


class Stage:
    """A table that this connection alone sees and that goes with it: rows on their way into the lasting tables (暂存表).

    Filling it locks nobody out; the database then matches and moves all its rows in one statement.
    """

    def __init__(self, name: str, columns: Mapping[str, str]) -> None:
        """``columns``: name -> type on PostgreSQL. The first one is the key."""
        self.name, self.columns = name, tuple(columns)
        self.rows = 0
        if connection.vendor == "postgresql":  # joins there hash the whole table, and an index would only cost
            shape = [f"{connection.ops.quote_name(column)} {type_}" for column, type_ in columns.items()]
        else:
            shape = [f"{connection.ops.quote_name(column)} {_plain(type_)}" for column, type_ in columns.items()]
            shape[0] += " PRIMARY KEY"
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
            cursor.execute(f"CREATE TEMPORARY TABLE {name} ({', '.join(shape)})")

    def put(self, columns: Sequence[Sequence[Any]]) -> None:
        """Add rows, given as columns in the table's own order; days as ISO text."""
        if not columns or not columns[0]:
            return
        with _together():
            _load(self.name, self.columns, columns)
        self.rows += len(columns[0])

    def read(self, columns: str, where: str = "TRUE", given: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Rows in the order of the key."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {self.name} WHERE {where} ORDER BY {self.columns[0]}", given)
            while some := cursor.fetchmany(5_000):
                yield from some

    def drop_rows(self, keys: Sequence[int]) -> None:
        """Take these rows out."""
        with connection.cursor() as cursor, _together():
            cursor.execute(f"DELETE FROM {self.name} WHERE {self.columns[0]} IN {members('bigint')}", [listed(keys)])
        self.rows -= len(keys)

    def count_keys(self) -> None:
        """Let PostgreSQL see that no key comes twice: it joins others to the rows by hashing these, instead of sorting all."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"ANALYZE {self.name} ({self.columns[0]})")

    def drop(self) -> None:
        """Give the space back."""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {self.name}")


def _plain(type_: str) -> str:
    return "INTEGER" if type_ in ("bigint", "integer") else "TEXT"


@contextmanager
def _together() -> Iterator[None]:
    """Statements on tables of our own as one, without locking anybody out as a transaction of the office would."""
    if connection.in_atomic_block or connection.vendor == "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")


def members(type_: str) -> str:
    """The right side of ``IN`` for a parameter made by `listed`, of any length; ``type_`` as PostgreSQL calls it."""
    if connection.vendor == "postgresql":
        return f"(SELECT unnest(%s::{type_}[]))"
    return "(SELECT value FROM json_each(%s))"


def listed(values: Iterable[Any]) -> Any:
    """Many values as one parameter."""
    return list(values) if connection.vendor == "postgresql" else as_json(list(values))


def paired() -> str:
    """A table ``pair`` of two whole numbers, ``old`` and ``new``, for ``FROM``; its parameters come from `pairing`."""
    if connection.vendor == "postgresql":
        return "unnest(%s::bigint[], %s::bigint[]) AS pair(old, new)"
    return "(SELECT value ->> 0 AS old, value ->> 1 AS new FROM json_each(%s)) AS pair"


def pairing(pairs: Sequence[tuple[int, int]]) -> list[Any]:
    """Many pairs as the parameters of `paired`."""
    if connection.vendor == "postgresql":
        return [[old for old, _ in pairs], [new for _, new in pairs]]
    return [as_json(pairs)]


def day_text(day: date | None) -> str | None:
    """A day as columns hold it."""
    return None if day is None else day.isoformat()


@contextmanager
def without_sweeps() -> Iterator[None]:
    """Python's search for rings of dead objects waits: millions of plain rows set it off again and again and make no rings."""
    going = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if going:
            gc.enable()
