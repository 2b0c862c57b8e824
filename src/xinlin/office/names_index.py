"""The index by which organisations are found by name, in either database: pairs of characters and of sounds (名称索引).

SQLite has it as a full-text table that triggers keep, PostgreSQL as an inverted index on the same column. Both dialects stand
here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import QuerySet

from xinlin.office.models.publicity import PublicBody

_FORGET = (
    "INSERT INTO public_body_grams (public_body_grams, rowid, grams) VALUES ('delete', old.subject_id, old.grams);"
)
_KEEP = "INSERT INTO public_body_grams (rowid, grams) VALUES (new.subject_id, new.grams);"
_INDEX = {
    "sqlite": (
        "CREATE VIRTUAL TABLE public_body_grams USING fts5(grams, content='public_body', content_rowid='subject_id',"
        """ detail=none, columnsize=0, tokenize="unicode61 tokenchars '~'")""",
        f"CREATE TRIGGER public_body_entered AFTER INSERT ON public_body BEGIN {_KEEP} END",
        f"CREATE TRIGGER public_body_left AFTER DELETE ON public_body BEGIN {_FORGET} END",
        f"CREATE TRIGGER public_body_renamed AFTER UPDATE OF grams ON public_body BEGIN {_FORGET} {_KEEP} END",
    ),
    "postgresql": ("CREATE INDEX public_body_grams ON public_body USING gin (string_to_array(grams, ' '))",),
}


def make_index(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """For the migration: the index of this database."""
    with schema_editor.connection.cursor() as cursor:
        for statement in _INDEX[schema_editor.connection.vendor]:
            cursor.execute(statement)


def holding(every: Sequence[str] = (), some: Sequence[str] = ()) -> QuerySet[PublicBody]:
    """The bodies whose index text holds every one of ``every`` and, where it is given, at least one of ``some``."""
    if not every and not some:
        return PublicBody.objects.none()
    if connection.vendor == "postgresql":
        column = "string_to_array(public_body.grams, ' ')"
        wanted = [
            (f"{column} {sign} %s::text[]", list(pairs)) for sign, pairs in (("@>", every), ("&&", some)) if pairs
        ]
        return PublicBody.objects.extra(where=[sql for sql, _ in wanted], params=[pairs for _, pairs in wanted])
    said = [_quoted(pair) for pair in every]
    said += [f"({' OR '.join(map(_quoted, some))})"] if some else []
    sql = "public_body.subject_id IN (SELECT rowid FROM public_body_grams WHERE public_body_grams MATCH %s)"
    return PublicBody.objects.extra(where=[sql], params=[" AND ".join(said)])


def _quoted(pair: str) -> str:
    return '"' + pair.replace('"', '""') + '"'
