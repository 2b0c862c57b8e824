"""Whatever breaks, nothing is half stored and no acknowledged file is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from .conftest import CLERK, Send, resident, table

HEADER = "公民身份号码,姓名,发生日期"
ROWS = [f"{resident(n)},第{'一二三四五六七八九'[n % 9]}人,2024-05-01" for n in range(1, 41)]


def test_an_error_while_storing_stores_nothing_and_the_file_can_be_sent_again(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinlin.office.actions.records import Storing
    from xinlin.office.jobs import batches as jobs
    from xinlin.office.models.batches import Job
    from xinlin.office.models.people import Subject
    from xinlin.office.models.records import Record

    monkeypatch.setattr(jobs, "CHUNK", 10)
    keep, calls = Storing.keep_accepted, iter(range(100))

    def breaks(self: Storing, rows: Any) -> None:
        if next(calls) == 2:
            raise OSError("no space left on device")
        keep(self, rows)

    monkeypatch.setattr(Storing, "keep_accepted", breaks)
    batch = send("deeds", table(HEADER, *ROWS))
    assert (batch.state, batch.findings[0]["code"]) == ("failed", "internal_error")
    assert (Record.objects.count(), Subject.objects.count(), batch.refused_rows.count()) == (0, 0, 0)
    assert "no space left" in Job.objects.get(number=batch.job.number).message
    again = send("deeds", table(HEADER, *ROWS))
    assert (again.pk, again.state, again.rows_accepted, Record.objects.count()) == (batch.pk, "done", 40, 40)


def test_doing_a_finished_job_again_changes_nothing(send: Send) -> None:
    from xinlin.office.jobs.batches import work
    from xinlin.office.models.batches import Job
    from xinlin.office.models.records import Record

    batch = send("deeds", table(HEADER, *ROWS))
    Job.objects.filter(pk=batch.job_id).update(state="waiting")
    work(batch.job.number)
    assert Record.objects.count() == 40
    assert Job.objects.get(pk=batch.job_id).state == "done"


def test_a_silent_job_is_put_back_to_work(send: Send, django_capture_on_commit_callbacks: Any) -> None:
    from xinlin.office.actions.batches import receive
    from xinlin.office.jobs.batches import reap
    from xinlin.office.models.batches import Batch, Job
    from xinlin.office.scopes import now

    receipt = receive(actor=CLERK, kind="deeds", filename="a.csv", chunks=[table(HEADER, *ROWS)])
    Job.objects.update(state="running", attempts=1, heartbeat_at=now() - timedelta(seconds=30))
    with django_capture_on_commit_callbacks(execute=True):
        assert reap() == 0
    Job.objects.update(heartbeat_at=now() - timedelta(seconds=61))
    with django_capture_on_commit_callbacks(execute=True):
        assert reap() == 1
    assert Batch.objects.get(number=receipt.number).rows_accepted == 40
    Job.objects.update(state="running", attempts=5, heartbeat_at=now() - timedelta(seconds=61))
    Batch.objects.update(state="judging")
    with django_capture_on_commit_callbacks(execute=True):
        assert reap() == 1
    assert (Job.objects.get().state, Batch.objects.get().state) == ("failed", "failed")


SCRIPT = """
import os, signal, sys
import django
django.setup()
from xinlin.office.actions.batches import receive
from xinlin.office.actions.records import Storing
from xinlin.office.jobs import batches as jobs
from xinlin.office.models.batches import Batch, Job, RefusedRow
from xinlin.office.models.records import Record
from xinlin.office.scopes import Actor
import datetime, json
mode, path = sys.argv[1:]
jobs.CHUNK = 10
keep, seen = Storing.keep_accepted, []
def dies(self, rows):
    keep(self, rows)
    seen.append(1)
    if mode == "storing" and len(seen) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
Storing.keep_accepted = dies
judge_all = jobs._judge_all
def judged(*given):
    judge_all(*given)
    if mode == "judged":
        os.kill(os.getpid(), signal.SIGKILL)
jobs._judge_all = judged
actor = Actor("system:test", "test", "system")
content = open(path, "rb").read()
receipt = receive(
    actor=actor, kind="volunteer_service", filename="a.csv", chunks=[content], department="youth_league"
)
if mode == "received":
    os.kill(os.getpid(), signal.SIGKILL)
if mode == "finish":
    Job.objects.filter(state="running").update(heartbeat_at=datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc))
    jobs.reap()
batch = Batch.objects.get(number=receipt.number)
print(json.dumps({"before": [batch.state, Record.objects.count(), RefusedRow.objects.count()]}))
jobs.work(batch.job.number)
batch.refresh_from_db()
counts = [batch.rows_read, batch.rows_accepted, batch.rows_refused]
tables = [Record.objects.count(), RefusedRow.objects.count(), Batch.objects.count()]
print(json.dumps([batch.state, *counts, *tables]))
"""


def _environment(data: Path, checkout: Path) -> dict[str, str]:
    environment = {**os.environ, "XINLIN_DATA": str(data), "PYTHONPATH": str(checkout / "src")}
    environment |= {"DJANGO_SETTINGS_MODULE": "xinlin.settings", "XINLIN_CITY": "dongtou"}
    environment.pop("XINLIN_DATABASE_URL", None)
    return environment


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """A data folder with empty tables, to be copied."""
    data = tmp_path_factory.mktemp("migrated") / "data"
    command = [sys.executable, "-m", "xinlin.cli", "manage", "migrate", "-v0"]
    subprocess.run(command, env=_environment(data, checkout), check=True, timeout=300)
    return data


@pytest.mark.parametrize("stage", ["received", "judged", "storing"])
def test_kill_9_at_any_stage_loses_and_doubles_nothing(
    tmp_path: Path, checkout: Path, migrated: Path, stage: str
) -> None:
    data = tmp_path / "data"
    shutil.copytree(migrated, data)
    header = "公民身份号码,姓名,服务日期,时长,记录编号,项目名称"
    rows = [f"{resident(n)},王小明,2024-05-{n % 28 + 1:02d},3,志〔2024〕{n}号,某志愿者协会" for n in range(1, 60)]
    file = tmp_path / "a.csv"
    file.write_bytes(table(header, *rows, "坏行,,,,,"))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command, environment = [sys.executable, *words], _environment(data, checkout)
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)

    killed = run("-c", SCRIPT, stage, str(file))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    finished = run("-c", SCRIPT, "finish", str(file))
    assert finished.returncode == 0, finished.stderr
    before, after = (json.loads(line) for line in finished.stdout.splitlines())
    assert before["before"][1:] == [0, 0], "nothing half written"
    assert after == ["done", 60, 59, 1, 59, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_the_same_file_from_many_hands_at_once_is_one_delivery() -> None:
    from django.db import connection

    from xinlin.office.actions.batches import receive
    from xinlin.office.models.batches import Batch
    from xinlin.office.models.records import Record

    numbers: list[str] = []
    content = table(HEADER, *ROWS)

    def one() -> None:
        try:
            numbers.append(receive(actor=CLERK, kind="deeds", filename="a.csv", chunks=[content]).number)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 6
    assert len(set(numbers)) == Batch.objects.count() == 1
    assert Record.objects.count() == 40
