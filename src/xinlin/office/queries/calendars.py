"""The working days that hold here: the published arrangements and what the city has entered."""

from __future__ import annotations

from datetime import date

from xinlin.core.calendar import PUBLISHED, Calendar
from xinlin.office.models.calendars import CalendarDay
from xinlin.office.scopes import today

ASKED_FROM = 11
"""The month from which the next year's arrangement is looked for; the State Council publishes it about then."""


def calendar() -> Calendar:
    """The calendar by which deadlines are counted now."""
    entered = dict(CalendarDay.objects.values_list("day", "worked"))
    return PUBLISHED.with_days(entered) if entered else PUBLISHED


def missing_years() -> list[int]:
    """Years whose arrangement is needed and not known here: deadlines that run into them are provisional."""
    day, days = today(), calendar()
    wanted = [day.year, day.year + 1] if day.month >= ASKED_FROM else [day.year]
    return [year for year in wanted if not days.is_decided(date(year, 1, 1))]
