"""Entering a year's holidays, and counting a deadline at the keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.scores.conftest import SYSTEM, Resident, record, resident
from xinlin.cli import main
from xinlin.core import arrangements
from xinlin.core.calendar import PUBLISHED
from xinlin.office.actions import calendars as calendar_actions
from xinlin.office.actions import cases, repairs
from xinlin.office.models.calendars import CalendarDay
from xinlin.office.models.cases import Case, CaseStep
from xinlin.office.models.records import Record
from xinlin.office.queries.calendars import calendar, missing_years

__all__ = ["record", "resident"]
SHANGHAI = ZoneInfo("Asia/Shanghai")


REST_OF_2027 = "2027-05-01,off,劳动节\n2027-10-01,off,国庆节\n2027-10-04,off,国庆节\n"
"""With 2 and 3 October at a weekend: the holidays that every arrangement states."""


def test_csv_and_json_say_the_same() -> None:
    lines = "日期,班休,名称\n2027-01-01,off,元旦\n2027-01-02,班,元旦调休\n"
    tables = json.dumps({"holidays": {"2027-01-01": "元旦"}, "workdays": {"2027-01-02": "元旦调休"}})
    assert arrangements.read(lines) == arrangements.read(tables)
    assert arrangements.read(lines)[date(2027, 1, 2)] == (True, "元旦调休")
    days = [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦调休", "date": "2027-01-02", "isOffDay": False},
    ]
    assert arrangements.read(json.dumps({"year": 2027, "papers": [], "days": days})) == arrangements.read(lines)
    assert arrangements.read(json.dumps(days)) == arrangements.read(lines)


@pytest.mark.parametrize(
    "text", ["2027-01-01,perhaps", "2027-13-01,off", '{"holidays": {}}', "{", "[1]", '[{"date": "2027-01-01"}]']
)
def test_what_cannot_be_read_is_said_with_its_place(text: str) -> None:
    with pytest.raises(arrangements.ArrangementRefused) as refused:
        arrangements.read(text)
    assert refused.value.problem.where
    assert refused.value.problem.cure.en


def test_a_deadline_in_a_year_not_yet_published_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "2027.csv"
    file.write_text("2027-01-01,off,元旦\n2027-01-04,off,调休\n2027-01-02,on,上班\n" + REST_OF_2027, encoding="utf-8")
    line = ["calendar", "due", "zhejiang", "--received", "2026-12-30"]
    assert main(line) == 0
    assert json.loads(capsys.readouterr().out) == {"due_on": "2027-01-07", "provisional": True}
    assert main([*line, "--calendar", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == {"due_on": "2027-01-07", "provisional": False}
    assert main(["calendar", "due", "mars", "--received", "2026-12-30"]) == 1


@pytest.mark.django_db
def test_an_entered_year_is_decided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "2027.csv"
    file.write_text("2027-01-01,off,元旦\n2027-10-09,on,国庆调休\n" + REST_OF_2027, encoding="utf-8")
    assert not calendar().is_decided(date(2027, 5, 5))
    assert main(["calendar", "import", str(file), "--document", "国办发明电〔2026〕0号"]) == 0
    assert CalendarDay.objects.count() == 5
    assert calendar().is_decided(date(2027, 5, 5))
    assert calendar().is_working_day(date(2027, 10, 9))
    assert main(["calendar", "import", str(file), "--document", " "]) == 1


@pytest.mark.django_db
def test_half_a_file_decides_nothing_and_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "2027.csv"
    file.write_text("2027-01-01,off,元旦\n2027-05-01,off,劳动节\n", encoding="utf-8")
    assert main(["calendar", "import", str(file), "--document", "国办发明电〔2026〕0号"]) == 0
    said = capsys.readouterr().err
    assert "2027-10-01" in said
    assert "provisional" in said
    assert missing_years() == [2027]
    assert not calendar().is_decided(date(2027, 5, 5))
    assert not calendar().is_working_day(date(2027, 1, 1)), "what is known of it is kept to"


@pytest.mark.django_db
def test_the_next_years_last_days_of_december_do_not_decide_this_year() -> None:
    days = PUBLISHED.with_days({date(2027, 12, 31): False})
    assert not days.is_decided(date(2027, 3, 3))
    assert not days.is_working_day(date(2027, 12, 31))


@pytest.mark.django_db
def test_open_cases_are_counted_again_once_the_year_is_arranged(
    resident: Callable[..., Resident], record: Callable[..., Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spring festival of 2027 is not known yet; a week of it moves every deadline that runs across."""
    begun = datetime(2027, 2, 4, 10, tzinfo=SHANGHAI)
    for module in ("case_steps", "cases", "repairs", "objections"):
        for name, value in (("now", begun), ("today", begun.date())):
            monkeypatch.setattr(f"xinlin.office.actions.{module}.{name}", lambda v=value: v, raising=False)
    someone = resident()
    disputed = record(someone.subject, "uncivil_conduct", date(2027, 1, 4), fields={"conduct": "occupation"})
    repairable = record(someone.subject, "uncivil_conduct", date(2027, 1, 5), fields={"conduct": "occupation"})
    objection = cases.object_to(actor=someone.actor, reference=disputed.reference, reason="not_me", words="")
    repair = repairs.apply_for(
        actor=someone.actor, reference=repairable.reference, words="已履行", fulfilled=True, committed=True
    )
    before = dict(Case.objects.values_list("number", "due_on"))
    assert set(Case.objects.values_list("due_provisional", flat=True)) == {True}
    free = {date(2027, 2, day): (False, "春节") for day in range(5, 13)}
    fixed = [(1, 1), (5, 1), (10, 1), (10, 2), (10, 3)]
    whole = {**free, **{date(2027, month, day): (False, "") for month, day in fixed}}
    calendar_actions.enter(actor=SYSTEM, days=whole, document="国办发明电〔2026〕0号")
    after = {case.number: case for case in Case.objects.all()}
    for number in (objection, repair):
        assert not after[number].due_provisional
        assert after[number].due_on == count(before[number], free)
        assert after[number].steps.filter(step="recount").count() == 1
    again = calendar_actions.enter(actor=SYSTEM, days=whole, document="国办发明电〔2026〕0号")
    assert again == len(whole)
    assert CaseStep.objects.filter(step="recount").count() == 2, "counted again once"


def count(due: date, free: dict[date, tuple[bool, str]]) -> date:
    """A deadline before and after eight weekdays and weekend days became free, found by going on day by day."""
    begun, days = date(2027, 2, 4), 0
    day = begun
    while day < due:
        day += timedelta(days=1)
        days += day.weekday() < 5
    day = begun
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5 and day not in free
    return day
