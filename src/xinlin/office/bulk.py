"""Loading many rows at once: COPY on PostgreSQL, one prepared statement on SQLite (批量写入)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, models

LOCK = 7_204_118_001
"""Advisory lock under which batches are stored one after another on PostgreSQL; SQLite has but one writer."""


def lock_storing() -> None:
    """Let no other batch be stored until this transaction ends, so that subjects are numbered without gaps."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def as_json(value: Any) -> str:
    """JSON as the database stores it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value.isoformat() if isinstance(value, date) else value


def _column(model: type[models.Model], name: str) -> str:
    spec = model._meta.get_field(name)
    if not isinstance(spec, models.Field) or spec.column is None:
        raise ValueError(f"{model.__name__}.{name} has no column")
    return spec.column


def insert(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert ``rows`` (values in the order of the field ``names``) as they are: JSON already as text, no signals.

    Must run in a transaction; a breach of a constraint raises IntegrityError and the transaction is lost.
    """
    quote = connection.ops.quote_name
    columns = ", ".join(quote(_column(model, name)) for name in names)
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(names))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
        cursor.executemany(statement, [tuple(map(_plain, row)) for row in rows])
