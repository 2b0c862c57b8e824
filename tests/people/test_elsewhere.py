"""A consent taken back in one process is gone in every other at its next question; nothing of it is kept in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PREPARE = """
from datetime import date
import secrets
from xinlin.office import vault
from xinlin.office.models.people import Subject
from xinlin.office.models.staff import Account
subject = Subject.objects.create(register="person", kind="person", number=0, pseudonym=secrets.token_hex(16),
    identifier_key="k", identifier_sealed=vault.seal("330305199005170012", "subject.identifier"),
    name_sealed=vault.seal("林小满", "subject.name"), born_on=date(1990, 5, 17))
account = Account.objects.create(username="r", display_name="林小满", subject=subject)
from xinlin.office.actions import people
from xinlin.office.queries.staff import actor_of
people.open_score(actor=actor_of(account), via="portal")
"""
READ = """
import sys, time
from xinlin.office.models.staff import Account
from xinlin.office.queries import scores
from xinlin.office.queries.staff import actor_of
actor = actor_of(Account.objects.get())
for _ in sys.stdin:
    print("seen" if scores.mine(actor=actor) else "gone", flush=True)
"""
LEAVE = """
from xinlin.office.actions import people, scores
from xinlin.office.models.scores import Score
from xinlin.office.models.staff import Account
from xinlin.office.queries.staff import actor_of
people.{what}(actor=actor_of(Account.objects.get()))
"""
RUN = """
from xinlin.office.actions import scores
from xinlin.office.models.scores import Score
from xinlin.office.scopes import Actor
def stay(done, total):
    print("running", flush=True)
    input()
scores.run(actor=Actor("system:test", "test", "system"), progress=stay)
print("rows", Score.objects.count(), flush=True)
"""


def _begin(code: str, data: Path) -> subprocess.Popen[str]:
    setup = "import django; django.setup()\n"
    environment = {**os.environ, "XINLIN_DATA": str(data), "DJANGO_SETTINGS_MODULE": "xinlin.settings"}
    environment["PYTHONPATH"] = str(CHECKOUT / "src")
    environment.pop("XINLIN_DATABASE_URL", None)
    command = [sys.executable, "-c", setup + code]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _do(code: str, data: Path) -> None:
    done = _begin(code, data)
    done.communicate(timeout=120)
    assert done.returncode == 0


def _ask(reader: subprocess.Popen[str]) -> str:
    assert reader.stdin is not None and reader.stdout is not None
    reader.stdin.write("?\n")
    reader.stdin.flush()
    return reader.stdout.readline().strip()


def test_another_process_sees_it_at_its_next_question(
    tmp_path: Path, xinlin: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    data = tmp_path / "data"
    assert xinlin("manage", "migrate", "-v0", data=data).returncode == 0
    _do(PREPARE, data)
    reader = _begin(READ, data)
    try:
        assert _ask(reader) == "seen"
        for what, answer in (("pause", "gone"), ("resume", "seen"), ("leave", "gone")):
            _do(LEAVE.format(what=what), data)
            began = time.monotonic()
            assert _ask(reader) == answer, what
            assert time.monotonic() - began < 5
    finally:
        reader.kill()
        reader.wait()


def test_a_run_of_another_process_publishes_nobody_who_left_meanwhile(
    tmp_path: Path, xinlin: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    data = tmp_path / "data"
    assert xinlin("manage", "migrate", "-v0", data=data).returncode == 0
    _do(PREPARE, data)
    runner = _begin(RUN, data)
    try:
        assert runner.stdin is not None and runner.stdout is not None
        assert runner.stdout.readline().strip() == "running"
        _do(LEAVE.format(what="leave"), data)
        told, _errors = runner.communicate("\n" * 50, timeout=120)
        assert told.strip().splitlines()[-1] == "rows 0"
    finally:
        runner.kill()
        runner.wait()
    assert list((data / "snapshots").iterdir()) == []
