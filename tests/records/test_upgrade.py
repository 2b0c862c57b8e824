"""An installation of the first version is taken over with all that it holds."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path


def _manage(data: Path, *words: str) -> None:
    environment = {**os.environ, "XINLIN_DATA": str(data), "XINLIN_CITY": "dongtou"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    environment.pop("XINLIN_DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "xinlin.cli", "manage", *words], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


def _insert(database: sqlite3.Connection, table: str, **given: object) -> int:
    """A row with what is given; other columns that must hold something hold the least of their type."""
    least = {"integer": 0, "bigint": 0, "smallint": 0, "bool": 0, "date": "2026-11-01", "datetime": "2026-11-01 08:00"}
    row = dict(given)
    for _, name, kind, needed, default, key in database.execute(f'PRAGMA table_info("{table}")'):
        if needed and default is None and not key and name not in row:
            plain = kind.split("(")[0].removesuffix(" unsigned")
            row[name] = "{}" if name in ("fields", "layout", "findings") else least.get(plain, "")
    names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
    done = database.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(row.values()))
    assert done.lastrowid is not None
    return done.lastrowid


def test_the_first_version_is_taken_over(tmp_path: Path) -> None:
    _manage(tmp_path, "migrate", "office", "0001_initial", "-v0")
    file = tmp_path / "xinlin.sqlite3"
    with sqlite3.connect(file) as database:
        person = _insert(database, "subject", register="person", kind="person", number=1, pseudonym="p")
        batch = _insert(database, "batch", number="B1", state="received")
        record = _insert(
            database, "record", reference="r", subject_id=person, batch_id=batch, status="disputed", kind="honour"
        )
        _insert(
            database, "case_file", number="C1", kind="objection", state="submitted", subject_id=person, record_id=record
        )
    database.close()
    _manage(tmp_path, "migrate", "-v0")
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT status, subject_id FROM record").fetchall() == [("disputed", person)]
        assert database.execute("SELECT number, filed_by_id FROM case_file").fetchall() == [("C1", person)]
    database.close()
