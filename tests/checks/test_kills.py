"""Killed at any point of a check, a hold, a feedback: nothing that was answered is lost or doubled, nothing stands by half."""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.checks.asking import CASES, MANY

ADDRESS = os.environ.get("XINLIN_DATABASE_URL", "")
POINTS = (
    *("checks.judged", "checks.answers_written", "checks.looks_written", "checks.stored"),
    *("holds.signed", "feedback.written", "feedback.in_force"),
)


@dataclass(frozen=True)
class City:
    """A data folder and its database: a file in it, or a database of its own on the server that the tests were given."""

    checkout: Path
    data: Path
    name: str

    @property
    def address(self) -> str:
        """As XINLIN_DATABASE_URL names it; empty for the file."""
        return f"{ADDRESS.rpartition('/')[0]}/{self.name}" if ADDRESS else ""

    def start(self, word: str, **more: str) -> subprocess.Popen[str]:
        """The system that asks, as a process of its own."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("XINLIN_", "DJANGO_"))}
        environment |= {"XINLIN_DATA": str(self.data), "XINLIN_CITY": "national"}
        environment |= {"XINLIN_DATABASE_URL": self.address, "PYTHONPATH": f"{self.checkout / 'src'}:{self.checkout}"}
        command = [sys.executable, "-m", "tests.checks.asking", word]
        return subprocess.Popen(
            command,
            env=environment | more,
            cwd=self.checkout,
            text=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def run(self, word: str, **more: str) -> int:
        """Its exit code: 0, or that of a kill."""
        process = self.start(word, **more)
        told = process.communicate(timeout=300)[1]
        assert process.returncode in (0, -signal.SIGKILL), told
        return process.returncode

    def rows(self, statement: str) -> list[Any]:
        """The first column of what a statement finds, once the server has put an end to whatever the killed one began."""
        if not self.address:
            with closing(sqlite3.connect(self.data / "xinlin.sqlite3")) as database:
                return [row[0] for row in database.execute(statement)]
        with psycopg.connect(self.address) as connection:
            return [row[0] for row in connection.execute(statement).fetchall()]  # type: ignore[arg-type]  # our own words

    def settle(self) -> None:
        """Wait until the server has seen that the killed client is gone."""
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        until = time.monotonic() + 30
        while self.address and self.rows(others + " AND backend_type = 'client backend'") != [0]:
            assert time.monotonic() < until
            time.sleep(0.05)


def _on_server(statement: str) -> None:
    with psycopg.connect(ADDRESS, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]  # our own words


@pytest.fixture(scope="module")
def prepared(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Tables and a listed firm, to be copied."""
    city = City(checkout, tmp_path_factory.mktemp("prepared"), f"kills_{secrets.token_hex(4)}")
    if ADDRESS:
        _on_server(f"CREATE DATABASE {city.name}")
    assert city.run("prepare") == 0
    city.settle()
    yield city
    if ADDRESS:
        _on_server(f"DROP DATABASE {city.name} WITH (FORCE)")


@pytest.fixture
def city(prepared: City, tmp_path: Path) -> Iterator[City]:
    """A copy of one's own."""
    copy = City(prepared.checkout, tmp_path / "data", f"kills_{secrets.token_hex(4)}")
    shutil.copytree(prepared.data, copy.data)
    if ADDRESS:
        _on_server(f"CREATE DATABASE {copy.name} TEMPLATE {prepared.name}")
    yield copy
    if ADDRESS:
        _on_server(f"DROP DATABASE {copy.name} WITH (FORCE)")


def _nothing_by_half(city: City) -> None:
    """Every check has its answers, hold, look and leaf; every signature and feedback its leaf and look; none is doubled."""
    city.settle()
    found: Callable[[str], list[Any]] = city.rows
    checks = found("SELECT number FROM check_question ORDER BY id")
    assert len(set(found("SELECT idempotency_key FROM check_question"))) == len(checks) <= CASES
    leaves = "SELECT o.body ->> 'key' FROM leaf l JOIN leaf_opening o ON o.leaf_id = l.id WHERE l.action = '{}'"
    assert sorted(found(leaves.format("checks.answer"))) == sorted(checks)
    answers = found("SELECT count(*) FROM check_answer GROUP BY question_id ORDER BY question_id")
    assert answers == [2 if case % 2 else MANY for case in range(len(checks))]
    assert found("SELECT count(*) FROM hold") == [len(checks)]
    looks = "SELECT count(*) FROM look WHERE result = '{}'"
    assert found(looks.format("在有关名单上")) == [len(checks)]
    signed = found("SELECT a.number FROM hold h JOIN check_answer a ON a.id = h.answer_id WHERE signed_by <> ''")
    assert sorted(found(leaves.format("holds.sign"))) == sorted(signed)
    assert found(looks.format("审批人员签名继续暂缓办理")) == [len(signed)]
    fed = found("SELECT a.number FROM check_feedback f JOIN check_answer a ON a.id = f.answer_id")
    assert sorted(found(leaves.format("checks.feedback"))) == sorted(fed)
    assert found(looks.format("审批人员决定：采取措施")) == [len(fed)]
    assert found("SELECT count(*) FROM measure_use WHERE lifted_on IS NULL") == [len(fed)]


def _told(city: City) -> list[dict[str, Any]]:
    """What was told in whole lines: the last one may still be on its way."""
    path = city.data / "told"
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def _done_once(city: City, before: list[dict[str, Any]]) -> None:
    """The whole work, begun again, is told in full, and what was told before is told again, to the letter."""
    assert city.run("ask") == 0
    _nothing_by_half(city)
    after = _told(city)[len(before) :]
    assert [(one["what"], one["case"]) for one in after] == [
        (what, case) for case in range(CASES) for what in ("answer", "hold", "feedback")
    ]
    again = {(one["what"], one["case"]): one for one in after}
    for one in before:
        assert again[one["what"], one["case"]] == one


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("times", [1, 3])
def test_killed_there_and_started_again_every_case_is_done_once(city: City, point: str, times: int) -> None:
    assert city.run("ask", XINLIN_FAIL_AT=f"{point}:{times}") == -signal.SIGKILL
    _nothing_by_half(city)
    _done_once(city, _told(city))


def test_killed_at_any_moment_every_case_is_done_once(city: City) -> None:
    """From outside, wherever it happens to be: also in the middle of a statement on its way to the server."""
    chance = random.Random(20261126)
    for _ in range(4):
        told = len(_told(city))
        process = city.start("ask")
        while process.poll() is None and len(_told(city)) == told:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.2)
        process.kill()
        process.communicate(timeout=60)
        _nothing_by_half(city)
    _done_once(city, _told(city))
