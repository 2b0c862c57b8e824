"""The feed of what is public: one writer at a time, so that its numbers are seen in order (公示变动)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.utils import timezone

from xinlin.office.models.publicity import Publication, PublicChange

_LOCK = 0x78696E7075


def lock_feed() -> None:
    """Let nobody else write into the feed until this transaction ends; on SQLite there is but one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def tell(changes: Iterable[tuple[Publication, PublicChange.Reason, bool]]) -> int:
    """Write words into the feed (publication, reason, whether it is gone); runs under `lock_feed`."""
    moment = timezone.now()
    rows = [PublicChange(publication=one, reason=reason, gone=gone, at=moment) for one, reason, gone in changes]
    PublicChange.objects.bulk_create(rows, batch_size=1_000)
    return len(rows)
