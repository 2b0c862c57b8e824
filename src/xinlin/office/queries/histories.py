"""Records as they were known at an earlier moment (双时态)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from xinlin.office.models.records import RecordEvent

DAYS = frozenset({"ends_on", "notice_on", "disclosed_until"})


def changed_since(moment: datetime) -> dict[int, dict[str, Any]]:
    """For each record that was amended after ``moment``: the columns that differ now, as they were at that moment.

    A record entered after ``moment`` is not among what was known then at all: filter ``entered_at`` as well. System
    use (replaying a run): no look is written, since nothing is shown to anybody.
    """
    known: dict[int, dict[str, Any]] = {}
    later = RecordEvent.objects.filter(entered_at__gt=moment).order_by("entered_at", "pk")
    for record, before in later.values_list("record_id", "before").iterator():
        held = known.setdefault(record, {})
        for name, value in before.items():
            if name not in held:
                held[name] = date.fromisoformat(value) if name in DAYS and value is not None else value
    return known
