"""Pulling new rows from a department's own database by watermark (数据库拉取).

Rows are read in the order of a column that never falls, in one read-only transaction, and delivered in windows; with each
window the watermark moves in the same transaction. So a pull that dies goes on where it was, and a pull of nothing new
delivers nothing. Rows that share the highest value are remembered by their digest, since another may join them later.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pymysql
import pymysql.cursors

from xinlin.office.actions import sources
from xinlin.office.actions.deliveries import Receipt, refused
from xinlin.office.actions.sources import Pulled
from xinlin.office.scopes import Actor, NotFound, Refused

log = logging.getLogger(__name__)
ACTOR = Actor(handle="system:pull", name="数据拉取 Pull", role="system")
WINDOW = 50_000
"""Rows in one delivery, and as many more as share the last value."""
CONNECT_SECONDS = 10
_FETCH = 2_000
Row = tuple[Any, ...]


def pull_all() -> int:
    """Pull from every source; returns how many deliveries came of it. One that cannot be read does not hold up the others."""
    count = 0
    for name in sources.names(actor=ACTOR):
        try:
            count += len(pull(name))
        except (Refused, NotFound) as error:
            log.warning("the source %s waits: %s", name, error)
    return count


def pull(name: str) -> list[Receipt]:
    """Pull what is new. Raises `NotFound`, and `Refused` where the database does not answer or the table is not as said."""
    source = sources.pulled(actor=ACTOR, name=name)
    receipts: list[Receipt] = []
    try:
        with _rows(source) as (columns, rows):
            for window, watermark, edge in _windows(source, columns, rows):
                receipt = sources.deliver(
                    actor=ACTOR, source=source, rows=window, watermark=watermark, edge_sha256=edge
                )
                if receipt is None:
                    break
                receipts.append(receipt)
                source = replace(source, watermark=watermark, edge_sha256=edge)
    except (psycopg.Error, pymysql.MySQLError) as error:
        raise refused(
            "source_unreachable",
            "source",
            f"数据源 {name} 读不出来（{type(error).__name__}）",
            f"The source {name} cannot be read ({type(error).__name__})",
            "请核对地址、账号、表名和列名；已收的数据不受影响",
            "Check address, account, table and columns; what came before is not affected",
        ) from error
    return receipts


def _windows(source: Pulled, columns: list[str], rows: Iterator[Row]) -> Iterator[tuple[list[bytes], str, str]]:
    """Windows of rows as lines of JSON, each with the watermark after it and the digest of the rows that have just that."""
    window: list[bytes] = []
    mark, group = "", list[bytes]()

    def closed() -> None:
        known = source.watermark_column and mark == source.watermark and _digest(group) == source.edge_sha256
        if not known:
            window.extend(group)

    for row in rows:
        value = "" if row[-1] is None else str(row[-1])
        if value != mark and group:
            closed()
            if len(window) >= WINDOW:
                yield window, mark, _digest(group)
                window = []
            group = []
        mark = value
        group.append(_line(columns, row))
    if group:
        closed()
    if window:
        yield window, mark, _digest(group)


def _digest(lines: list[bytes]) -> str:
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest()


def _line(columns: list[str], row: Row) -> bytes:
    told = {name: _text(value) for name, value in zip(columns, row, strict=False) if value is not None}
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    return str(value)


@contextmanager
def _rows(source: Pulled) -> Iterator[tuple[list[str], Iterator[Row]]]:
    """Columns and rows of the table from the watermark on, as they stood when the reading began; the mark is the last value."""
    with (_of_postgresql if urlsplit(source.url).scheme == "postgresql" else _of_mysql)(source) as found:
        yield found


@contextmanager
def _of_postgresql(source: Pulled) -> Iterator[tuple[list[str], Iterator[Row]]]:
    with psycopg.connect(source.url, connect_timeout=CONNECT_SECONDS, options="-c timezone=UTC") as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        table, given = psycopg.sql.Identifier(*source.table.split(".")), list[str]()
        mark: psycopg.sql.Composable = psycopg.sql.SQL("NULL")
        tail: psycopg.sql.Composable = psycopg.sql.SQL("")
        if source.watermark_column:
            column = psycopg.sql.Identifier(source.watermark_column)
            mark = psycopg.sql.SQL("t.{}::text").format(column)
            tail = psycopg.sql.SQL(" WHERE t.{c} IS NOT NULL{since} ORDER BY t.{c}").format(
                c=column,
                since=psycopg.sql.SQL(" AND t.{} >= %s").format(column) if source.watermark else psycopg.sql.SQL(""),
            )
            given = [source.watermark] if source.watermark else []
        query = psycopg.sql.SQL("SELECT t.*, {mark} FROM {table} t{tail}").format(mark=mark, table=table, tail=tail)
        with connection.cursor(name="pull") as cursor:
            cursor.itersize = _FETCH
            cursor.execute(query, given)
            yield [one.name for one in cursor.description or ()][:-1], iter(cursor)


@contextmanager
def _of_mysql(source: Pulled) -> Iterator[tuple[list[str], Iterator[Row]]]:
    parts = urlsplit(source.url)
    connection = pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.strip("/")),
        charset="utf8mb4",
        connect_timeout=CONNECT_SECONDS,
        cursorclass=pymysql.cursors.SSCursor,
        local_infile=False,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("START TRANSACTION READ ONLY")
        table = ".".join(map(_quoted, source.table.split(".")))
        query, given = f"SELECT t.*, NULL FROM {table} t", []
        if source.watermark_column:
            column = f"t.{_quoted(source.watermark_column)}"
            since = f" AND {column} >= %s" if source.watermark else ""
            query = (
                f"SELECT t.*, CAST({column} AS CHAR) FROM {table} t WHERE {column} IS NOT NULL{since} ORDER BY {column}"
            )
            given = [source.watermark] if source.watermark else []
        cursor.execute(query, given)
        yield [one[0] for one in cursor.description][:-1], iter(cursor.fetchone, None)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
