"""``xinlin score --scheme``: a trade's score on its own consent, organisations and districts without any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.rulebooks import example
from tests.scores.test_open_folder import write
from xinlin.cli import main

COLUMNS = "record,subject,occurred_on,status,class,ends_on,document,named_person"


def score(data: Path, out: Path, *more: str) -> tuple[int, dict[str, Any]]:
    code = main(["score", "--data", str(data), "--as-of", "2026-06-30", "--out", str(out), *more])
    if code:
        return code, {}
    rows = pq.read_table(out / "scores.parquet").to_pylist()
    return code, {row["subject"]: row for row in rows}


@pytest.fixture(params=["duckdb", "plain"])
def engine(request: pytest.FixtureRequest) -> tuple[str, str]:
    return "--engine", request.param


def test_a_trade_s_score_and_the_city_s_each_ask_for_their_own_consent(tmp_path: Path, engine: tuple[str, str]) -> None:
    tables = {
        "subjects": ["subject,kind,born_on", "anna,person,1990-01-01", "bao,person,1980-01-01", "cai,person,1970-01-01"],
        "consents": [
            "subject,given_on,withdrawn_on,scheme",
            "anna,2026-01-01,,",
            "anna,2026-01-01,,housekeeping",
            "bao,2026-01-01,,housekeeping",
            "cai,2026-01-01,,",
            "cai,2026-01-01,2026-06-01,housekeeping",
        ],
        "records/housekeeping_training": [f"{COLUMNS},hours", "t1,bao,2026-02-01,active,,,x,,47", "t2,cai,2026-02-01,active,,,x,,47"],
        "records/volunteer_service": [f"{COLUMNS},hours,project", "v1,bao,2026-02-01,active,,,x,,10,", "v2,cai,2026-02-01,active,,,x,,10,"],
    }  # fmt: skip
    data = write(tmp_path / "city", tables)
    code, trade = score(data, tmp_path / "trade", "--rulebook", "xiamen", "--scheme", "housekeeping", *engine)
    assert code == 0
    assert {who: row["score"] for who, row in trade.items()} == {"anna": 100, "bao": 110}
    assert (trade["bao"]["tier"], trade["bao"]["profession"], trade["bao"]["basic"]) == ("housekeeping_reliable", 10, 0)
    _, own = score(data, tmp_path / "own", "--rulebook", "xiamen", *engine)
    assert {who: row["score"] for who, row in own.items()} == {"anna": 560, "cai": 570}


def test_organisations_are_scored_by_their_own_records_and_nobody_else(tmp_path: Path, engine: tuple[str, str]) -> None:
    tables = {
        "subjects": ["subject,kind,born_on", "anna,person,1990-01-01", "firm,enterprise,", "club,social_organisation,"],
        "records/fulfilled_commitment": [f"{COLUMNS},commitment", "f1,firm,2026-02-01,active,,,x,anna,y", "f2,anna,2026-02-01,active,,,x,,y"],
        "records/wage_arrears": [f"{COLUMNS},workers,amount", "w1,club,2026-02-01,active,,2027-02-01,x,,3,100"],
    }  # fmt: skip
    data = write(tmp_path / "city", tables)
    code, rows = score(data, tmp_path / "out", "--rulebook", "weihai", "--scheme", "firms", *engine)
    assert code == 0
    assert {who: (row["score"], row["tier"]) for who, row in rows.items()} == {
        "firm": (1005, "firm_a"),
        "club": (1000, "firm_c"),
    }


def test_districts_have_an_index_where_nobody_has_a_score(
    tmp_path: Path, engine: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    tables = {
        "subjects": ["subject,kind,born_on", "520103,district,", "520111,district,", "anna,person,1990-01-01"],
        "records/district_penalties": [
            f"{COLUMNS},records,organisations,per_thousand",
            "p1,520103,2026-05-31,active,,,x,,30,500,60",
            "p2,520111,2025-06-30,active,,,x,,30,500,60",
        ],
    }
    data = write(tmp_path / "city", tables)
    code, rows = score(data, tmp_path / "out", "--rulebook", "guizhou", "--scheme", "district_index", *engine)
    assert code == 0
    assert {who: row["score"] for who, row in rows.items()} == {"520103": 75, "520111": 100}
    code, _ = score(data, tmp_path / "none", "--rulebook", "guizhou", *engine)
    assert code == 2
    assert "judges nobody" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            ["--rulebook", "xiamen", "--scheme", "parking"],
            "has no scheme parking. With --scheme, name one of: egret, hous",
        ),
        (["--rulebook", "weihai", "--version", "7"], "The scheme haibei has no version 7. There are, with their first"),
        (["--rulebook", "weihai", "--as-of", "1999-01-01"], "no version in force on 1999-01-01"),
        (["--rulebook", "./nowhere"], "There is no folder nowhere of a rulebook"),
    ],
)
def test_what_is_asked_for_and_not_there_is_said_in_both_languages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    code, _ = score(tmp_path, tmp_path / "out", *asked)
    complaint = capsys.readouterr().err
    assert code == 1
    assert said in complaint
    assert "没有" in complaint.splitlines()[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("inside", [".", "records", "results"])
def test_results_are_not_written_between_the_files_that_they_are_worked_out_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], inside: str
) -> None:
    data = write(
        tmp_path / "city", {"subjects": ["subject,kind,born_on"], "consents": ["subject,given_on,withdrawn_on"]}
    )
    code, _ = score(data, data / inside, "--rulebook", "weihai")
    assert code == 1
    assert "is the folder of --data or lies in it" in capsys.readouterr().err
    assert [path.name for path in sorted(data.rglob("*"))] == ["consents.csv", "subjects.csv"]


def test_a_rulebook_in_a_folder_of_one_s_own_is_found_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the page of the language tells a new city to do it."""
    for path, text in example.texts().items():
        (tmp_path / "example" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "example" / path).write_text(text, encoding="utf-8")
    tables = {
        "subjects": ["subject,kind,born_on", "anna,person,1990-01-01"],
        "consents": ["subject,given_on,withdrawn_on", "anna,2026-01-01,"],
        "records/park_volunteering": [f"{COLUMNS},hours,led", "v1,anna,2026-02-01,active,,,,,14,"],
    }
    data = write(tmp_path / "data", tables)
    monkeypatch.chdir(tmp_path)
    assert main(["rulebook", "lint", "example", "--root", "."]) == 1  # not published yet, and nothing else
    code, rows = score(data, tmp_path / "out", "--rulebook", "./example")
    assert code == 0
    assert rows["anna"]["score"] == 112
