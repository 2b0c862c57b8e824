"""The command line of the log, in a process and on a database file of its own."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

FILL = """
from django.db import transaction
from xinlin.office.leaves import write_leaves
from xinlin.office.scopes import Actor
with transaction.atomic():
    rows = [(str(n), {"n": n}) for n in range(300)]
    write_leaves(actor=Actor("system:test", "test", "system"), action="batches.receive", table="batch", rows=rows)
"""


@pytest.mark.sqlite_only
@pytest.mark.django_db
def test_from_an_empty_folder_to_a_found_forgery(xinlin: Run, tmp_path: Path) -> None:
    assert xinlin("manage", "migrate", "-v0").returncode == 0
    assert xinlin("manage", "shell", "-v0", "-c", FILL).returncode == 0
    waiting = xinlin("log", "verify")
    assert waiting.returncode == 0
    assert "300 leaves are committed and wait" in waiting.stdout
    assert "300 leaves numbered" in xinlin("log", "sequence").stdout
    good = xinlin("log", "verify")
    assert (good.returncode, "The log holds: 300 leaves" in good.stdout) == (0, True)

    assert xinlin("log", "export", str(tmp_path / "out")).returncode == 0
    kept = tmp_path / "out" / "checkpoint"
    key = xinlin("log", "key").stdout.strip()
    assert xinlin("log", "verify", "--key", key, "--head", str(kept)).returncode == 0
    assert xinlin("log", "verify", "--key", "nonsense").returncode == 2

    database = sqlite3.connect(tmp_path / "data" / "xinlin.sqlite3")
    database.execute('UPDATE leaf SET commitment = zeroblob(32) WHERE "index" = 123')
    database.commit()
    database.close()
    bad = xinlin("log", "verify")
    assert bad.returncode == 1
    assert "DIFFERS leaf 123" in bad.stdout
    assert "1 findings" in bad.stdout


def test_a_receipt_is_checked_without_any_database(xinlin: Run, tmp_path: Path) -> None:
    from .test_notes import KEY, receipt

    path = tmp_path / "receipt.tlog-proof"
    path.write_text(str(receipt()), encoding="utf-8")
    good = xinlin("log", "check", str(path), "--key", str(KEY))
    assert good.returncode == 0, good.stderr
    assert "batches.receive" in good.stdout
    path.write_text(str(receipt()).replace("index 0", "index 1"), encoding="utf-8")
    assert xinlin("log", "check", str(path), "--key", str(KEY)).returncode == 1
    assert xinlin("log", "check", str(tmp_path / "none"), "--key", str(KEY)).returncode == 1
