"""Deadlines against a slow reader of the statutes that shares nothing with the product: no calendar of ours, no rulebook of ours.

It walks day by day over an arrangement of holidays, with the numbers as the five statutes and the credit-reporting rules
print them. The arrangement is a real one of 2004 to 2026, or one made up for a year that nobody has published yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from chinese_calendar import is_workday
from hypothesis import given
from hypothesis import strategies as st

from xinlin import shelf
from xinlin.cli import main
from xinlin.core.calendar import PUBLISHED, Calendar
from xinlin.core.procedures import Pause, objection_due

REAL = "data/cn_holidays/chinesecalendar_1.11.0.json"
DAY = timedelta(days=1)
FIRST, LAST = date(2008, 1, 2), date(2026, 10, 30)

# own, whole when passed on, forwarding, provider, extension, longest; working days. 深圳 49–51, 上海 36, 浙江 30–32, 山东 39, 河南 41
STATUTES: dict[str, tuple[int, int | None, int | None, int | None, int | None, int | None]] = {
    "shenzhen": (1, None, None, 2, 3, None),
    "shanghai": (5, None, 2, 5, None, None),
    "zhejiang": (5, None, None, 5, 15, 20),
    "shandong": (3, 7, None, None, None, None),
    "henan": (3, 7, None, 3, None, None),
}
PAUSING = {"henan"}


class Oracle:
    """Counts on its fingers."""

    def __init__(self, worked: Mapping[date, bool] | None) -> None:
        self.worked = worked
        """Exceptions from Monday to Friday; None: as the published collection says."""

    def works(self, day: date) -> bool:
        if self.worked is None:
            return bool(is_workday(day))
        return self.worked.get(day, day.isoweekday() <= 5)

    def after(self, day: date, count: int, stopped: set[date]) -> date:
        while count > 0:
            day = day + DAY
            if self.works(day) and day not in stopped:
                count = count - 1
        return day

    def due(self, code: str, received: date, forwarded: date | None, extended: bool, stopped: set[date]) -> date:
        own, whole, forward, provider, extension, longest = STATUTES[code]
        stopped = stopped if code in PAUSING else set()
        if forwarded is None:
            day = self.after(received, own, stopped)
        elif whole is not None:
            day = self.after(received, whole, stopped)
        else:
            in_time = self.after(received, forward if forward is not None else own, stopped)
            day = self.after(min(forwarded, in_time), provider or own, stopped)
        if extended and extension is not None:
            day = self.after(day, extension, stopped)
        if longest is not None:
            day = min(day, self.after(received, longest, stopped))
        return day


@st.composite
def objections(draw: st.DrawFn, first: date, last: date) -> tuple[date, date | None, bool, tuple[date, date] | None]:
    received = draw(st.dates(first, last))
    forwarded = draw(st.none() | st.integers(0, 12).map(lambda days: received + timedelta(days=days)))
    extended = draw(st.booleans())
    began = draw(st.none() | st.integers(0, 9))
    paused = None
    if began is not None:
        start = received + timedelta(days=began)
        paused = (start, start + timedelta(days=draw(st.integers(1, 20))))
    return received, forwarded, extended, paused


def _ours(
    code: str, days: Calendar, received: date, forwarded: date | None, extended: bool, paused: tuple[date, date] | None
) -> date:
    pauses = [Pause(*paused)] if paused else []
    return objection_due(
        shelf.read("national").procedures[code],
        days,
        received_on=received,
        forwarded_on=forwarded,
        extended=extended,
        pauses=pauses,
        today=max(received, *(paused or (received,))),
    ).day


def _stopped(paused: tuple[date, date] | None) -> set[date]:
    return {paused[0] + timedelta(days=n) for n in range((paused[1] - paused[0]).days)} if paused else set()


@pytest.mark.parametrize("code", list(STATUTES))
@given(objections(FIRST, LAST))
def test_law_every_deadline_over_the_real_holidays_is_the_slow_readers(
    code: str, asked: tuple[date, date | None, bool, tuple[date, date] | None]
) -> None:
    received, forwarded, extended, paused = asked
    expected = Oracle(None).due(code, received, forwarded, extended, _stopped(paused))
    assert _ours(code, PUBLISHED, received, forwarded, extended, paused) == expected


@st.composite
def arrangements(draw: st.DrawFn, year: int) -> dict[date, bool]:
    """A year's arrangement as the State Council might publish it: a few blocks of free days, weekends worked in exchange."""
    days = {date(year, month, day): False for month, day in ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))}
    for start in draw(st.lists(st.dates(date(year, 1, 1), date(year, 12, 20)), min_size=2, max_size=6)):
        for n in range(draw(st.integers(1, 8))):
            days[start + timedelta(days=n)] = False
    for swapped in draw(st.lists(st.dates(date(year, 1, 1), date(year, 12, 31)), max_size=8)):
        if swapped.isoweekday() > 5:
            days.setdefault(swapped, True)
    return days


@pytest.mark.parametrize("code", list(STATUTES))
@given(arrangements(2031), objections(date(2031, 1, 1), date(2031, 10, 30)))
def test_law_a_year_nobody_has_published_yet_is_counted_from_its_file_alone(
    code: str, days: dict[date, bool], asked: tuple[date, date | None, bool, tuple[date, date] | None]
) -> None:
    received, forwarded, extended, paused = asked
    entered = PUBLISHED.with_days(days)
    assert entered.is_decided(received)
    expected = Oracle(days).due(code, received, forwarded, extended, _stopped(paused))
    assert _ours(code, entered, received, forwarded, extended, paused) == expected


def test_our_days_are_those_of_the_open_collection_year_by_year(shared: Path) -> None:
    tables = json.loads((shared / REAL).read_text(encoding="utf-8"))
    free, worked = set(tables["holidays"]), set(tables["workdays"])
    day, last = date(2004, 1, 1), date(2026, 12, 31)
    while day <= last:
        expected = day.isoformat() in worked or (day.isoweekday() <= 5 and day.isoformat() not in free)
        assert PUBLISHED.is_working_day(day) == expected, day
        day += DAY


def test_the_whole_collection_is_taken_as_one_file(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["calendar", "due", "zhejiang", "--received", "2026-09-30", "--calendar", str(shared / REAL)]
    assert main(line) == 0
    assert json.loads(capsys.readouterr().out) == {"due_on": "2026-10-13", "provisional": False}


def test_a_missing_year_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calendar", "due", "zhejiang", "--received", "2026-12-30"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["provisional"] is True
    assert "2027" in told.err
