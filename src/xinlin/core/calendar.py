"""Working days (工作日) of the People's Republic: the State Council's yearly arrangement, adjusted workdays included.

A year whose arrangement is not yet published is counted provisionally: Monday to Friday, without the statutory
holidays that have a fixed date (全国年节及纪念日放假办法 2: 1 January, 1–2 May, 1–3 October). A provisional result
moves once the arrangement is known, so deadlines are computed when asked for or marked as provisional.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, timedelta

from chinese_calendar.constants import holidays, workdays

_FIXED = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
_STATED = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))
"""Holidays that every year's arrangement states; 2 May is one since 2025 only."""


@dataclass(frozen=True)
class Calendar:
    """Which days offices work: the arrangement of each year that is decided (放假安排)."""

    off: frozenset[date]
    """Days on which offices rest although the week would have them work, and holidays at weekends."""
    on: frozenset[date]
    """Days at weekends that are worked in exchange."""
    decided: frozenset[int]
    """Years whose arrangement is known."""

    def is_decided(self, day: date) -> bool:
        """Whether the arrangement for the day's year is published and known here."""
        return day.year in self.decided

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on ``day``; provisional where `is_decided` says no."""
        if day in self.on or day in self.off or self.is_decided(day):
            return day in self.on or (day.weekday() < 5 and day not in self.off)
        return day.weekday() < 5 and (day.month, day.day) not in _FIXED

    def add_working_days(self, day: date, count: int, paused: Container[date] = ()) -> date:
        """The ``count``-th working day after ``day``; the day itself is not counted (民法典 201), nor is one of ``paused``.

        Zero gives ``day``. Raises ValueError for a negative count; a result beyond year 9999 is ``date.max``.
        """
        if count < 0:
            raise ValueError(f"count {count}: give how many working days to go forward, 0 or more")
        while count:
            if day == date.max:
                return day
            day += timedelta(days=1)
            count -= self.is_working_day(day) and day not in paused
        return day

    def with_days(self, changes: dict[date, bool]) -> Calendar:
        """This calendar with the days of ``changes`` worked (True) or free (False).

        A year is decided once the holidays that each arrangement states are settled in it. The last days of December that the
        next year's arrangement names do not decide their own year, nor does half a file.
        """
        off = (self.off - {day for day, worked in changes.items() if worked}) | {
            day for day, worked in changes.items() if not worked
        }
        on = (self.on - {day for day, worked in changes.items() if not worked}) | {
            day for day, worked in changes.items() if worked
        }
        whole = {year for year in {day.year for day in changes} if not unsettled(year, off, on)}
        return Calendar(off, on, self.decided | whole)


def unsettled(year: int, off: Container[date], on: Container[date]) -> list[date]:
    """The holidays of the year on which offices would work by these days: an arrangement that leaves any is not whole."""
    stated = [date(year, month, day) for month, day in _STATED]
    return [day for day in stated if day not in off and (day.weekday() < 5 or day in on)]


PUBLISHED = Calendar(frozenset(holidays), frozenset(workdays), frozenset(day.year for day in holidays))
"""The arrangements known when this version was made."""


def is_decided(day: date) -> bool:
    """`Calendar.is_decided` of the published arrangements."""
    return PUBLISHED.is_decided(day)


def is_working_day(day: date) -> bool:
    """`Calendar.is_working_day` of the published arrangements."""
    return PUBLISHED.is_working_day(day)


def add_working_days(day: date, count: int) -> date:
    """`Calendar.add_working_days` of the published arrangements."""
    return PUBLISHED.add_working_days(day, count)
