"""Working days: the published arrangement, and the provisional count after it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinlin.core.calendar import add_working_days, is_decided, is_working_day


def test_national_day_2026_and_its_adjusted_workdays() -> None:
    assert not any(is_working_day(date(2026, 10, day)) for day in range(1, 8))
    assert is_working_day(date(2026, 10, 10)), "a Saturday worked in exchange"
    assert add_working_days(date(2026, 9, 30), 1) == date(2026, 10, 8)


def test_an_undecided_year_is_counted_provisionally() -> None:
    assert is_decided(date(2026, 12, 31))
    far = date(2090, 1, 1)
    assert not is_decided(far)
    assert not is_working_day(far)
    assert add_working_days(date(2026, 12, 25), 10) > date(2027, 1, 1)


def test_a_count_begins_on_the_next_day() -> None:
    assert add_working_days(date(2026, 11, 20), 0) == date(2026, 11, 20)
    assert add_working_days(date(2026, 11, 20), 1) == date(2026, 11, 23)
    assert add_working_days(date.max, 3) == date.max
    with pytest.raises(ValueError, match="0 or more"):
        add_working_days(date(2026, 1, 1), -1)


@given(st.dates(date(2004, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_law_the_result_is_a_working_day_with_the_count_between(day: date, count: int) -> None:
    due = add_working_days(day, count)
    between = [day + timedelta(days=n) for n in range(1, (due - day).days + 1)]
    assert is_working_day(due)
    assert sum(is_working_day(one) for one in between) == count
