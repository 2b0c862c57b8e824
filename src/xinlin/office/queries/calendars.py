"""The working days that hold here: the published arrangements and what the city has entered."""

from __future__ import annotations

from xinlin.core.calendar import PUBLISHED, Calendar
from xinlin.office.models.calendars import CalendarDay


def calendar() -> Calendar:
    """The calendar by which deadlines are counted now."""
    entered = dict(CalendarDay.objects.values_list("day", "worked"))
    return PUBLISHED.with_days(entered) if entered else PUBLISHED
