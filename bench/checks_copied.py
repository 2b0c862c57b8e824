"""Millions of listed organisations made by PostgreSQL itself, whole tables at a time, for bench/checks.py.

Keys and indexes are taken off first and built again afterwards. The organisations that questions ask about lie scattered
among the others and have true identifiers; nobody asks about the rest, whose keys are hashes of a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection

from xinlin.office.scopes import now, today

TABLES = ("subject", "record", "list_entry")
_INDEXES = """SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), c.conname, pg_get_constraintdef(c.oid)
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'
WHERE i.indrelid = %s::regclass AND NOT i.indisprimary"""
_SUBJECTS = """INSERT INTO subject (id, register, kind, number, pseudonym, identifier_key, identifier_sealed, name_sealed,
    public_name, region, entered_at)
SELECT n + 1, 'organisation', 'enterprise', n, md5('p' || n), coalesce(a.key, encode(sha256(n::text::bytea), 'hex')),
    %(sealed)s, '', '示例' || n || '号建设有限公司', '', %(moment)s
FROM generate_series(%(first)s, %(last)s) n LEFT JOIN asked a USING (n)"""
_PARTS = "document, authority, article, notice_on, remedy"
_RECORDS = f"""INSERT INTO record (id, reference, kind, department, "row", occurred_on, entered_at, status, record_class,
    {_PARTS}, fields, fingerprint, key, batch_id, subject_id)
SELECT n + 1, md5('r' || n), 'wage_arrears', 'human_resources', n, %(entered)s, %(moment)s, 'active', 'serious',
    %(document)s, %(authority)s, %(article)s, %(entered)s, %(remedy)s, '{{}}', encode(sha256(('f' || n)::bytea), 'hex'), '',
    %(batch)s, n + 1
FROM generate_series(%(first)s, %(last)s) n"""
_ENTRIES = f"""INSERT INTO list_entry (id, list, entered_on, {_PARTS}, ends_on, removal_reason, record_id, subject_id)
SELECT n + 1, 'wage_arrears', %(entered)s, %(document)s, %(authority)s, %(article)s, %(entered)s, %(remedy)s, %(ends)s, '',
    n + 1, n + 1
FROM generate_series(%(first)s, %(last)s) n"""


def fill(*, batch: int, entries: int, asked: Mapping[int, str], sealed: str, parts: Sequence[str]) -> None:
    """Entries 0 to ``entries`` - 1 with their subjects and records. ``asked``: number -> key of the true identifier.

    ``parts``: document, authority, article, remedy of every entry. The tables must be empty.
    """
    day = today()
    given: dict[str, Any] = {
        **dict(zip(("document", "authority", "article", "remedy"), parts, strict=True)),
        **{"batch": batch, "first": 0, "last": entries - 1, "sealed": sealed, "moment": now()},
        **{"entered": day - timedelta(days=30), "ends": day + timedelta(days=365)},
    }
    with connection.cursor() as cursor, without_indexes(cursor, TABLES):
        cursor.execute("CREATE TEMPORARY TABLE asked (n bigint PRIMARY KEY, key text)")
        with cursor.copy("COPY asked FROM STDIN") as copy:
            for row in asked.items():
                copy.write_row(row)
        for statement in (_SUBJECTS, _RECORDS, _ENTRIES):
            cursor.execute(statement, given)
        for table in TABLES:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), %s)", [entries])


@contextmanager
def without_indexes(cursor: Any, tables: Sequence[str]) -> Iterator[None]:
    """Rows go into these tables of PostgreSQL unindexed; constraints of rows hold, references must hold by making."""
    again = []
    for table in tables:
        cursor.execute(_INDEXES, [table])
        for index, made, constraint, rule in cursor.fetchall():
            again.append(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {rule}" if constraint else made)
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}" if constraint else f"DROP INDEX {index}")
    cursor.execute("SET session_replication_role = replica")
    yield
    cursor.execute("SET session_replication_role = origin")
    for statement in again:
        cursor.execute(statement)
