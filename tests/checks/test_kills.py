"""Killed at any point of a check, a hold, a feedback: nothing that was answered is lost or doubled, nothing stands by half."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.checks.asking import CASES

pytestmark = pytest.mark.sqlite_only
POINTS = (
    *("checks.judged", "checks.answers_written", "checks.looks_written", "checks.stored"),
    *("holds.signed", "feedback.written", "feedback.in_force"),
)


def _run(checkout: Path, data: Path, word: str, **more: str) -> int:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("XINLIN_", "DJANGO_"))}
    environment |= {"XINLIN_DATA": str(data), "XINLIN_CITY": "national", "PYTHONPATH": f"{checkout / 'src'}:{checkout}"}
    command = [sys.executable, "-m", "tests.checks.asking", word]
    done = subprocess.run(command, env=environment | more, cwd=checkout, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


@pytest.fixture(scope="module")
def prepared(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with tables and a listed firm, to be copied."""
    data = tmp_path_factory.mktemp("prepared")
    assert _run(checkout, data, "prepare") == 0
    return data


def _all(database: sqlite3.Connection, statement: str) -> list[Any]:
    return [row[0] for row in database.execute(statement)]


def _nothing_by_half(data: Path) -> None:
    """Every check has its answers, hold, look and leaf; every signature and feedback its leaf and look; none is doubled."""
    with closing(sqlite3.connect(data / "xinlin.sqlite3")) as database:
        checks = _all(database, "SELECT number FROM check_question ORDER BY id")
        assert len(set(_all(database, "SELECT idempotency_key FROM check_question"))) == len(checks) <= CASES
        leaves = "SELECT o.body ->> '$.key' FROM leaf l JOIN leaf_opening o ON o.leaf_id = l.id WHERE l.action = '{}'"
        assert sorted(_all(database, leaves.format("checks.answer"))) == sorted(checks)
        assert _all(database, "SELECT count(*) FROM check_answer GROUP BY question_id") == [2] * len(checks)
        assert _all(database, "SELECT count(*) FROM hold") == [len(checks)]
        looks = "SELECT count(*) FROM look WHERE result = '{}'"
        assert _all(database, looks.format("在有关名单上")) == [len(checks)]
        signed = _all(
            database, "SELECT a.number FROM hold h JOIN check_answer a ON a.id = h.answer_id WHERE signed_by <> ''"
        )
        assert sorted(_all(database, leaves.format("holds.sign"))) == sorted(signed)
        assert _all(database, looks.format("审批人员签名继续暂缓办理")) == [len(signed)]
        fed = _all(database, "SELECT a.number FROM check_feedback f JOIN check_answer a ON a.id = f.answer_id")
        assert sorted(_all(database, leaves.format("checks.feedback"))) == sorted(fed)
        assert _all(database, looks.format("审批人员决定：采取措施")) == [len(fed)]
        assert _all(database, "SELECT count(*) FROM measure_use WHERE lifted_on IS NULL") == [len(fed)]


def _told(data: Path) -> list[dict[str, Any]]:
    path = data / "told"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("times", [1, 4])
def test_killed_there_and_started_again_every_case_is_done_once(
    checkout: Path, prepared: Path, tmp_path: Path, point: str, times: int
) -> None:
    data = tmp_path / "data"
    shutil.copytree(prepared, data)
    assert _run(checkout, data, "ask", XINLIN_FAIL_AT=f"{point}:{times}") == -signal.SIGKILL
    _nothing_by_half(data)
    before = _told(data)
    assert _run(checkout, data, "ask") == 0
    _nothing_by_half(data)
    after = _told(data)[len(before) :]
    assert [(one["what"], one["case"]) for one in after] == [
        (what, case) for case in range(CASES) for what in ("answer", "hold", "feedback")
    ]
    again = {(one["what"], one["case"]): one for one in after}
    for one in before:
        assert again[one["what"], one["case"]] == one, "what was told before is told again, to the letter"
