"""Loading many rows at once: COPY on PostgreSQL, one prepared statement on SQLite (批量写入)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models

LOCK = 7_204_118_001
"""Advisory lock under which batches are stored one after another on PostgreSQL; SQLite has but one writer."""


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def lock_storing() -> None:
    """Let no other batch be stored until this transaction ends, so that subjects are numbered without gaps."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def as_json(value: Any) -> str:
    """JSON as the database stores it."""
    return _JSON.encode(value)


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
        moments = [i for i, name in enumerate(names) if isinstance(model._meta.get_field(name), models.DateTimeField)]
        marks = ", ".join(["%s"] * len(names))
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", _with_moments(rows, moments))


def _with_moments(rows: Iterable[Sequence[Any]], at: list[int]) -> list[Sequence[Any]]:
    """The rows with their moments (at these positions) as SQLite stores them; there are few different ones."""
    if not at:
        return list(rows)
    known: dict[datetime | None, Any] = {None: None}
    changed: list[Sequence[Any]] = []
    for row in rows:
        values = list(row)
        for position in at:
            moment = values[position]
            if moment not in known:
                known[moment] = connection.ops.adapt_datetimefield_value(moment)
            values[position] = known[moment]
        changed.append(values)
    return changed
