"""Working days (工作日) of the People's Republic: the State Council's yearly arrangement, adjusted workdays included.

A year whose arrangement is not yet published is counted provisionally: Monday to Friday, without the statutory
holidays that have a fixed date (全国年节及纪念日放假办法 2: 1 January, 1–2 May, 1–3 October). A provisional result
moves once the arrangement is known, so deadlines are computed when asked for or marked as provisional.
"""

from __future__ import annotations

from datetime import date, timedelta

from chinese_calendar.constants import holidays, workdays

_FIXED = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
_DECIDED_YEARS = frozenset(day.year for day in holidays)


def is_decided(day: date) -> bool:
    """Whether the arrangement for the day's year is published and known here."""
    return day.year in _DECIDED_YEARS


def is_working_day(day: date) -> bool:
    """Whether offices work on ``day``; provisional where `is_decided` says no."""
    if is_decided(day):
        return day in workdays or (day.weekday() < 5 and day not in holidays)
    return day.weekday() < 5 and (day.month, day.day) not in _FIXED


def add_working_days(day: date, count: int) -> date:
    """The ``count``-th working day after ``day``; the day itself is not counted (民法典 201).

    Zero gives ``day``. Raises ValueError for a negative count; a result beyond year 9999 is ``date.max``.
    """
    if count < 0:
        raise ValueError(f"count {count}: give how many working days to go forward, 0 or more")
    while count:
        if day == date.max:
            return day
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day
