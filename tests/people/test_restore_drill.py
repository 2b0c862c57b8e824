"""A restore drill with the database's own tools: what was taken back, deleted, repaired or ended since does not come back."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tools import postgresql

CHECKOUT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


def _act(name: str, data: Path, database: str) -> dict[str, Any]:
    environment = {**os.environ, "XINLIN_DATA": str(data), "DJANGO_SETTINGS_MODULE": "xinlin.settings"}
    environment |= {"PYTHONPATH": f"{CHECKOUT / 'src'}:{CHECKOUT}", "XINLIN_DATABASE_URL": database}
    command = [sys.executable, "-m", "tests.people.drill", name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, cwd=CHECKOUT)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip().startswith("{") else {}


def _drill(xinlin: Run, data: Path, database: str, backup: Callable[[], None], restore: Callable[[], None]) -> None:
    given = {"XINLIN_DATABASE_URL": database}
    assert xinlin("manage", "migrate", "-v0", data=data, **given).returncode == 0
    _act("prepare", data, database)
    before = _act("look", data, database)
    assert (before["consents"], before["figures"], before["entries"], before["mandates"]) == (2, 1, 1, 1)
    backup()
    _act("change", data, database)
    wanted = _act("look", data, database)
    assert (wanted["consents"], wanted["figures"], wanted["entries"], wanted["mandates"]) == (0, 0, 0, 0)
    restore()
    assert _act("look", data, database) == before, "the backup holds what stood before"
    settled = xinlin("consent", "settle", data=data, **given)
    assert settled.returncode == 0, settled.stderr
    assert "2 consents ended again, 1 figures and 1 records deleted again" in settled.stdout
    after = _act("look", data, database)
    assert after == wanted
    assert ["uncivil_conduct", "repaired"] in after["statuses"]
    assert ["uncivil_conduct", "active"] not in after["statuses"]
    assert after["others_figures"] == before["others_figures"] == 1
    assert "0 consents" in xinlin("consent", "settle", data=data, **given).stdout, "again changes nothing"
    assert _act("look", data, database) == wanted
    noted = (data / "withdrawn.jsonl").read_text(encoding="utf-8")
    assert "林" not in noted
    assert "330305" not in noted


def test_on_sqlite(tmp_path: Path, xinlin: Run) -> None:
    data, kept = tmp_path / "data", tmp_path / "backup.sqlite3"

    def backup() -> None:
        with closing(sqlite3.connect(data / "xinlin.sqlite3")) as here, closing(sqlite3.connect(kept)) as there:
            here.backup(there)

    def restore() -> None:
        for left in data.glob("xinlin.sqlite3*"):
            left.unlink()
        shutil.copy(kept, data / "xinlin.sqlite3")

    _drill(xinlin, data, "", backup, restore)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL server of its own."""
    if postgresql.binaries() is None or shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL: not on this machine (apt-get install postgresql)")
    with postgresql.server() as address:
        yield address


def test_on_postgresql(tmp_path: Path, xinlin: Run, server: str) -> None:
    kept = tmp_path / "backup.dump"

    def tool(*words: str) -> None:
        done = subprocess.run(words, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr

    _drill(
        xinlin,
        tmp_path / "data",
        server,
        lambda: tool("pg_dump", "--format=custom", f"--file={kept}", server),
        lambda: tool("pg_restore", "--clean", "--if-exists", f"--dbname={server}", str(kept)),
    )
