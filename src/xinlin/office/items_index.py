"""The index by which items are found by any words of their name, office or code (事项索引).

On PostgreSQL an inverted index of single characters and of pairs: Chinese has no gaps between words, and an index of trigrams
would know neither words of two characters nor, in many locales, Chinese at all. SQLite reads the names through, which costs it a
third of what it costs PostgreSQL. Both dialects stand here and nowhere else.
"""

from __future__ import annotations

from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, QuerySet, Value
from django.db.models.functions import StrIndex

from xinlin.office.models.items import ServiceItem

_INDEX = (
    "CREATE FUNCTION text_pairs(text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$ "
    "SELECT string_to_array($1, NULL) || array_agg(substr($1, at, 2)) FROM generate_series(1, length($1) - 1) AS at $$",
    "CREATE INDEX service_item_sought ON service_item USING gin (text_pairs(sought))",
)


def make_index(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """For the migration."""
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            for statement in _INDEX:
                cursor.execute(statement)


def holding(found: QuerySet[ServiceItem], word: str) -> QuerySet[ServiceItem]:
    """Those of the items in whose name, office or code this word, in lower case, stands."""
    if connection.vendor == "sqlite":
        return found.alias(at=StrIndex(F("sought"), Value(word))).filter(at__gt=0)
    pairs = "text_pairs(service_item.sought) @> text_pairs(%s)"
    return found.extra(where=[pairs], params=[word]).filter(sought__contains=word)
