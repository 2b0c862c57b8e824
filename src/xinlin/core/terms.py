"""Calendar terms (``P3M``, ``P2Y``, ``P30D``) and their resolution to dates."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

TERM = re.compile(r"^P(?:(?P<years>\d{1,3})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<days>\d{1,5})D)?$")


def add_term(day: date, term: str) -> date:
    """``day`` plus an ISO 8601 calendar term; a day that the month lacks becomes its last day.

    Raises ValueError for a term that is not of the form PnYnMnD with at least one part.
    A result beyond year 9999 is ``date.max``.
    """
    match = TERM.match(term)
    if not match or not any(match.groupdict().values()):
        raise ValueError(f"{term!r} is no calendar term; write for example P3M, P2Y or P30D")
    years, months, days = (int(match[part] or 0) for part in ("years", "months", "days"))
    later = moved(day, years * 12 + months)
    if (date.max - later).days < days:
        return date.max
    return later + timedelta(days=days)


def moved(day: date, months: int) -> date:
    """The same day so many months later, or earlier where negative; a day that the month lacks becomes its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return date.max if months > 0 else date.min
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def first_day_within(as_of: date, term: str) -> date:
    """The earliest day whose term still runs on ``as_of``: ``as_of < add_term(day, term)`` holds from it on.

    `add_term` never falls as days rise, so one threshold replaces a date sum per record.
    """
    low, high = date.min.toordinal(), as_of.toordinal()
    if as_of >= add_term(as_of, term):
        return as_of + timedelta(days=1)
    while low < high:
        middle = (low + high) // 2
        if as_of < add_term(date.fromordinal(middle), term):
            high = middle
        else:
            low = middle + 1
    return date.fromordinal(low)
