"""``xinlin demo`` from nothing to a page and back, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from datetime import date
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

from tests.demo.conftest import DEMO, end, environment, start
from xinlin.demo.prepare import NotOurs, clear, month_ends


def get(url: str) -> tuple[int, str]:
    """Status and text of a page, past any proxy."""
    with build_opener(ProxyHandler({})).open(url, timeout=60) as answer:
        return answer.status, answer.read().decode()


def test_the_prepared_city_went_through_intake(prepared: Path) -> None:
    state = json.loads((prepared / "demo" / "state.json").read_text(encoding="utf-8"))
    assert state["ready"] is True
    counts = state["counts"]
    assert counts["rows_read"] == counts["rows_accepted"] + counts["rows_refused"]
    assert counts["rows_refused"] > 0
    assert counts["consents"] > 50
    assert counts["checks"] == 2
    assert counts["objections"] == 3
    assert counts["deeds"] == 3
    with sqlite3.connect(prepared / "xinlin.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM batch WHERE state <> 'done'").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM score").fetchone()[0] >= counts["consents"]
    for name in ("state.json", "machines.json", "identities.json"):
        assert (prepared / "demo" / name).stat().st_mode & 0o077 == 0


def test_it_serves_says_so_to_a_second_one_and_ends_all_it_started(prepared: Path) -> None:
    demo = start(prepared)
    assert get(f"{demo.url}/healthz")[0] == 200
    assert get(f"{demo.url}/sign-in/")[0] == 200
    second = subprocess.run(DEMO, env=environment(prepared), capture_output=True, text=True)
    assert second.returncode == 0
    assert demo.url in second.stdout.replace("\n", "")
    printed = end(demo, signal.SIGTERM)
    assert demo.process.returncode == 0, printed
    assert "Ctrl-C" in printed
    with pytest.raises(OSError, match="refused"):
        get(f"{demo.url}/healthz")


def test_it_starts_again_on_the_same_address_and_a_check_finds_the_debtor(prepared: Path) -> None:
    demo = start(prepared)
    until = time.monotonic() + 60
    script = prepared / "demo" / "try-a-check.sh"
    while not script.exists() and time.monotonic() < until:
        time.sleep(0.2)
    asked = subprocess.run(["sh", str(script)], capture_output=True, text=True, env=os.environ | {"NO_PROXY": "*"})
    end(demo, signal.SIGINT)
    assert demo.process.returncode == 0
    answer = json.loads(asked.stdout)
    assert answer["answers"][0]["verdict"] == "yes"
    assert answer["answers"][0]["hits"][0]["list_code"] == "dishonest_judgment_debtor"


def test_an_unknown_city_is_refused_with_those_there_are(prepared: Path) -> None:
    asked = subprocess.run([*DEMO, "--city", "atlantis"], env=environment(prepared), capture_output=True, text=True)
    assert asked.returncode == 2
    assert "dongtou" in asked.stdout


def test_an_installation_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "xinlin.sqlite3").write_bytes(b"somebody's")
    with pytest.raises(NotOurs, match="will not touch"):
        clear(tmp_path)
    assert (tmp_path / "xinlin.sqlite3").read_bytes() == b"somebody's"


def test_month_ends_are_the_six_before_today() -> None:
    assert month_ends(date(2026, 3, 31), 3) == [date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28)]
    assert month_ends(date(2024, 3, 1), 1) == [date(2024, 2, 29)]
