"""The records that count for many people, as columns for the engine, as they were known at a moment (记录列).

What `xinlin.office.queries.records.facts_of_kind` says person by person, said in one pass over the database. Only what rules
may read leaves it: no field that points at a person, and no record of anybody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import pyarrow as pa
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Max, QuerySet

from xinlin.core.rulebooks import Kind
from xinlin.engine.snapshot import scored_fields
from xinlin.engine.statements import literal
from xinlin.office.queries.histories import Horizon
from xinlin.office.streams import batches

COLUMNS = ("kind", "person", "organisation", "record", "occurred_on", "status", "class", "ends_on", "document")
"""Before the kind's own fields ``v0``, ``v1`` … in their order. ``organisation`` is 0 for a person's own record."""
READERS, SMALL = 2, 1 << 17
"""How many read a table at once, each its part of it; where it has fewer rows than ``SMALL``, one does."""


def records(
    kinds: Sequence[Kind], through: set[str], people: QuerySet[Any, Any], known: Horizon, *, sweep: bool = False
) -> Iterator[pa.RecordBatch]:
    """Their own records of these kinds, and those of organisations (of the kinds ``through``) that name them.

    Everything is text but the keys of subjects; an absent value is NULL. Rows without a kind say so. Left out are records
    that changed after the horizon: those stand otherwise now than they were known then. ``sweep``: the people are so many
    that all records are passed through, by several readers, where those of a few are looked up person by person.
    """
    parts = _parts(known.records + 1) if sweep else [(0, known.records + 1)]
    wide = max((len(scored_fields(kind)) for kind in kinds), default=0)
    types = ", ".join(
        f"{0 if name in ('person', 'organisation') else literal('')} AS {_quoted(name)}"
        for name in (*COLUMNS, *(f"v{at}" for at in range(wide)))
    )
    mine, later = _keys_sql(people), f"SELECT record_id FROM record_event WHERE id > {known.events}"
    own = f"{_unsought() if sweep else ''}r.subject_id IN ({mine})"
    theirs = f"r.named_person_id IS NOT NULL AND r.named_person_id IN ({mine}) AND r.subject_id IS NOT NULL"
    named = [kind for kind in kinds if kind.code in through]
    statements = []
    for first, end in parts:
        within = f"r.id >= {first} AND r.id < {end} AND r.id NOT IN ({later})"
        rows = [f"SELECT {types}", _rows_sql(kinds, wide, f"{own} AND {within}", "r.subject_id", "0")]
        if named:
            rows.append(_rows_sql(named, wide, f"{theirs} AND {within}", "r.named_person_id", "r.subject_id"))
        statements.append(" UNION ALL ".join(rows))
    yield from batches(*statements)


def relations(people: QuerySet[Any, Any], known: Horizon) -> Iterator[pa.RecordBatch]:
    """Who led the organisations that these people led, since when: organisation, person, from_on, place in order.

    A first row of noughts says the types.
    """
    theirs = f"SELECT organisation_id FROM relation WHERE person_id IN ({_keys_sql(people)})"
    yield from batches(
        "SELECT 0 AS organisation, 0 AS person, '' AS from_on, 0 AS place UNION ALL "
        "SELECT organisation_id, person_id, CAST(from_on AS TEXT), id FROM relation "
        f"WHERE role = 'legal_representative' AND record_id <= {known.records} AND organisation_id IN ({theirs})"
    )


def consents(given: QuerySet[Any, Any]) -> Iterator[pa.RecordBatch]:
    """Who gave these consents: keys of the person and of the consent, and the person's number. First rows of noughts say the types."""
    # the keys by themselves first: a planner without statistics would look each of them up for each person
    yield from batches(
        *(
            f"WITH given (consent, person) AS MATERIALIZED ({share}) "
            "SELECT 0 AS person, 0 AS number, 0 AS consent UNION ALL SELECT s.id, s.number, consent FROM given "
            f"JOIN subject s ON s.id = person WHERE {_unsought()}s.register = 'person'"
            for share, _within in _shares(given.values("pk", "subject_id"), "pk")
        )
    )


def numbers(people: QuerySet[Any, Any]) -> Iterator[pa.RecordBatch]:
    """Keys and numbers of these people. A first row of noughts."""
    yield from batches(
        f"SELECT 0 AS person, 0 AS number UNION ALL SELECT id, number FROM subject WHERE id IN ({_keys_sql(people)})"
    )


def groups(people: QuerySet[Any, Any], key: str) -> Iterator[pa.RecordBatch]:
    """To which groups these people belong: number, division (its first six digits), day of birth.

    ``people`` finds their keys in its column ``key``. Rows of nobody, numbered -1, say the types.
    """
    yield from batches(
        *(
            "SELECT -1 AS number, '' AS division, '' AS born_on UNION ALL "
            "SELECT number, substr(coalesce(region, ''), 1, 6), CAST(born_on AS TEXT) FROM subject "
            f"WHERE {_unsought()}register = 'person' AND {_unsought()}id IN ({share}) AND {within}"
            for share, within in _shares(people, key)
        )
    )


def _shares(keys: QuerySet[Any, Any], key: str) -> Iterator[tuple[str, str]]:
    """The query in parts, one for each reader, by its column ``key``; and that an ``id`` lies in the part."""
    last = keys.aggregate(last=Max(key))["last"] or 0
    for first, end in _parts(last + 1):
        share = keys.filter(**{f"{key}__gte": first, f"{key}__lt": end})
        yield _keys_sql(share), f"id >= {first} AND id < {end}"


def _parts(size: int) -> list[tuple[int, int]]:
    """Ranges from 0 to before ``size``, one for each reader."""
    readers = READERS if size >= SMALL else 1
    return list(pairwise(size * at // readers for at in range(readers + 1)))


def _rows_sql(kinds: Sequence[Kind], wide: int, which: str, person: str, organisation: str) -> str:
    codes = ", ".join(literal(kind.code) for kind in kinds) or literal("")
    given = [
        "r.kind", person, organisation, "r.reference", "CAST(r.occurred_on AS TEXT)", "r.status", "r.record_class",
        "CAST(r.ends_on AS TEXT)", "r.document", *(_field_sql(kinds, at) for at in range(wide)),
    ]  # fmt: skip
    return f"SELECT {', '.join(given)} FROM record r WHERE {_unsought()}r.kind IN ({codes}) AND {which}"


def _unsought() -> str:
    """A sign that keeps SQLite from seeking a column in an index: it would look up each kind for each person.

    PostgreSQL knows from its statistics what is worth it.
    """
    return "+" if connection.vendor == "sqlite" else ""


def _field_sql(kinds: Sequence[Kind], at: int) -> str:
    """The field at this place among each kind's own, whatever its type, as text."""
    cases = [
        f"WHEN {literal(kind.code)} THEN CAST(r.fields ->> {literal(own[at].code)} AS TEXT)"
        for kind in kinds
        if len(own := scored_fields(kind)) > at
    ]
    return f"CASE r.kind {' '.join(cases)} END" if cases else "NULL"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _keys_sql(people: QuerySet[Any, Any]) -> str:
    """The query for their keys with its parameters written out: ADBC's drivers mark parameters each in its own way."""
    try:
        sql, parameters = people.query.sql_with_params()
    except EmptyResultSet:
        return "SELECT 0 WHERE FALSE"
    return sql % tuple(_written(value) for value in parameters)


def _written(value: Any) -> str:
    return literal(value.isoformat(sep=" ") if isinstance(value, datetime) else value)
