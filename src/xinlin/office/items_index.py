"""The index by which items are found by any words of their name, office or code (事项索引).

On PostgreSQL an inverted index of single characters and of pairs: Chinese has no gaps between words, and an index of trigrams
would know neither words of two characters nor, in many locales, Chinese at all. SQLite reads the names through, which costs it a
third of what it costs PostgreSQL. Both dialects stand here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence

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

_NEAR = 20_000
"""Through so many names PostgreSQL reads in some ten milliseconds."""


def make_index(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """For the migration."""
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            for statement in _INDEX:
                cursor.execute(statement)


def first(found: QuerySet[ServiceItem], words: Sequence[str], count: int) -> list[ServiceItem]:
    """The first ``count`` of the items, by code, in whose name, office or code every one of the words, in lower case, stands.

    What stands in many is soon found by reading on from the first; what stands in few or in none, by the index.
    """
    found = found.order_by("code")
    if connection.vendor == "sqlite":
        for at, word in enumerate(words):
            found = found.alias(**{f"at{at}": StrIndex(F("sought"), Value(word))}).filter(**{f"at{at}__gt": 0})
        return list(found[:count])
    if not words:
        return list(found[:count])
    far = list(found.values_list("code", flat=True)[_NEAR : _NEAR + 1])
    for word in words:
        found = found.filter(sought__contains=word)
    near = list(found.filter(code__lte=far[0])[:count]) if far else []
    if len(near) == count:
        return near
    pairs = " AND ".join(["text_pairs(service_item.sought) @> text_pairs(%s)"] * len(words))
    return list(found.extra(where=[pairs], params=list(words))[:count])
