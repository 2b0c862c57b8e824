"""Entering a year's holidays, and counting a deadline at the keyboard."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from xinlin.cli import main
from xinlin.core import arrangements
from xinlin.office.models.calendars import CalendarDay
from xinlin.office.queries.calendars import calendar


def test_csv_and_json_say_the_same() -> None:
    lines = "日期,班休,名称\n2027-01-01,off,元旦\n2027-01-02,班,元旦调休\n"
    tables = json.dumps({"holidays": {"2027-01-01": "元旦"}, "workdays": {"2027-01-02": "元旦调休"}})
    assert arrangements.read(lines) == arrangements.read(tables)
    assert arrangements.read(lines)[date(2027, 1, 2)] == (True, "元旦调休")


@pytest.mark.parametrize("text", ["2027-01-01,perhaps", "2027-13-01,off", '{"holidays": {}}', "{", "[1]"])
def test_what_cannot_be_read_is_said_with_its_place(text: str) -> None:
    with pytest.raises(arrangements.ArrangementRefused) as refused:
        arrangements.read(text)
    assert refused.value.problem.where
    assert refused.value.problem.cure.en


def test_a_deadline_in_a_year_not_yet_published_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "2027.csv"
    file.write_text("2027-01-01,off,元旦\n2027-01-04,off,调休\n2027-01-02,on,上班\n", encoding="utf-8")
    line = ["calendar", "due", "zhejiang", "--received", "2026-12-30"]
    assert main(line) == 0
    assert json.loads(capsys.readouterr().out) == {"due_on": "2027-01-07", "provisional": True}
    assert main([*line, "--calendar", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == {"due_on": "2027-01-07", "provisional": False}
    assert main(["calendar", "due", "mars", "--received", "2026-12-30"]) == 1


@pytest.mark.django_db
def test_an_entered_year_is_decided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "2027.csv"
    file.write_text("2027-01-01,off,元旦\n2027-10-09,on,国庆调休\n", encoding="utf-8")
    assert not calendar().is_decided(date(2027, 5, 5))
    assert main(["calendar", "import", str(file), "--document", "国办发明电〔2026〕0号"]) == 0
    assert CalendarDay.objects.count() == 2
    assert calendar().is_decided(date(2027, 5, 5))
    assert calendar().is_working_day(date(2027, 10, 9))
    assert main(["calendar", "import", str(file), "--document", " "]) == 1
