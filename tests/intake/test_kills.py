"""Kill -9 at every stage of a delivery: no acknowledged file is lost, no row is doubled, and the job goes on by itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from .conftest import resident, table

SEND = """
import django, sys
django.setup()
from xinlin.office.actions.batches import receive
from xinlin.office.jobs import batches as jobs
from xinlin.office.scopes import Actor
jobs.CHUNK = 10
actor = Actor("system:test", "test", "system")
with open(sys.argv[1], "rb") as stream:
    receipt = receive(
        actor=actor, kind="volunteer_service", filename="a.csv", chunks=[stream.read()], department="youth_league"
    )
print(receipt.number, flush=True)
if sys.argv[2] != "receive":
    jobs.work(receipt.job)
if sys.argv[2] == "replay":
    from xinlin.office.actions.batches import correct
    cells = {"公民身份号码": sys.argv[3], "姓名": "王小明", "服务日期": "2024-05-01", "时长": "3"}
    cells |= {"记录编号": "志〔2024〕99号", "项目名称": "某协会"}
    jobs.work(correct(actor=actor, number=receipt.number, rows={61: cells}).job)
"""
TRY = """
import django, sys
django.setup()
from xinlin.office.actions.batches import receive
from xinlin.office.jobs import batches as jobs
from xinlin.office.scopes import Actor
jobs.CHUNK = 10
with open(sys.argv[1], "rb") as stream:
    receipt = receive(
        actor=Actor("system:test", "test", "system"), kind="volunteer_service", filename="a.csv", chunks=[stream.read()],
        department="youth_league", trial=True,
    )
print(receipt.number, flush=True)
jobs.work(receipt.job)
"""
GO_ON = """
import datetime, json
import django
django.setup()
from django_tasks_db.models import DBTaskResult
from xinlin.office.jobs import batches as jobs
from xinlin.office.models.batches import Batch, Job, RefusedRow
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.scopes import now
half = [Record.objects.count(), Subject.objects.count()]
# a minute later, a worker: the queue it had is gone with the machine, as after a restart
Job.objects.filter(state="running").update(heartbeat_at=now() - datetime.timedelta(minutes=2))
Job.objects.update(created_at=now() - datetime.timedelta(minutes=2))
DBTaskResult.objects.all().delete()
jobs.reap()
for job in Job.objects.filter(state="waiting"):
    jobs.work(job.number)
told = [[b.state, b.rows_read, b.rows_accepted, b.rows_refused] for b in Batch.objects.order_by("pk")]
rows = [Record.objects.count(), RefusedRow.objects.count(), RefusedRow.objects.filter(state="open").count()]
stored = Leaf.objects.filter(action="batches.store").count()
print(json.dumps({"half": half, "batches": told, "rows": rows, "stored": stored, "subjects": Subject.objects.count()}))
"""
STAGES = {
    "intake.bytes_kept": "receive",
    "intake.receipt_written": "receive",
    "received": "receive",
    "intake.claimed": "work",
    "intake.judged_some:3": "work",
    "intake.judged": "work",
    "intake.linked": "work",
    "intake.records_stored": "work",
    "intake.before_commit": "work",
    "intake.committed": "work",
    "intake.receipt_written:2": "replay",
    "intake.claimed:2": "replay",
    "intake.records_stored:2": "replay",
    "intake.replayed": "replay",
    "intake.committed:2": "replay",
}


def _environment(data: Path, checkout: Path, url: str) -> dict[str, str]:
    environment = {
        **os.environ,
        "XINLIN_DATA": str(data),
        "PYTHONPATH": str(checkout / "src"),
        "XINLIN_CITY": "dongtou",
    }
    return {**environment, "DJANGO_SETTINGS_MODULE": "xinlin.settings", "XINLIN_DATABASE_URL": url}


def _other_database(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", "", ""))


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Iterator[tuple[Path, str]]:
    """A data folder and a database with empty tables, to be copied; the database is the one that the round is about."""
    data = tmp_path_factory.mktemp("migrated") / "data"
    url = os.environ.get("XINLIN_DATABASE_URL", "")
    if url:
        _sql(url, "CREATE DATABASE kills_template")
        url = _other_database(url, "kills_template")
    command = [sys.executable, "-m", "xinlin.cli", "manage", "migrate", "-v0"]
    subprocess.run(command, env=_environment(data, checkout, url), check=True, timeout=300)
    yield data, url
    if url:
        _sql(os.environ["XINLIN_DATABASE_URL"], "DROP DATABASE kills_template")


def _sql(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]  # a literal of this file


@pytest.fixture
def place(tmp_path: Path, checkout: Path, migrated: tuple[Path, str]) -> Iterator[dict[str, str]]:
    """An environment of its own with empty tables."""
    template, url = migrated
    shutil.copytree(template, tmp_path / "data")
    name = f"kills_{os.getpid()}"
    if url:
        _sql(os.environ["XINLIN_DATABASE_URL"], f"CREATE DATABASE {name} TEMPLATE kills_template")
    yield _environment(tmp_path / "data", checkout, _other_database(url, name) if url else "")
    if url:
        _sql(os.environ["XINLIN_DATABASE_URL"], f"DROP DATABASE {name} WITH (FORCE)")


HEADER = "公民身份号码,姓名,服务日期,时长,记录编号,项目名称"
TRIAL_STAGES = [
    "intake.receipt_written",
    "intake.claimed",
    "intake.judged_some:3",
    "intake.before_commit",
    "intake.committed",
]
DRY_STAGES = ["intake.bytes_kept", "intake.judged_some", "intake.before_commit"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """59 rows of which nothing is wrong, and one that is empty but for a word."""
    rows = [f"{resident(n)},王小明,2024-05-{n % 28 + 1:02d},3,志〔2024〕{n}号,某志愿者协会" for n in range(1, 60)]
    path = tmp_path / "a.csv"
    path.write_bytes(table(HEADER, *rows, "坏行,,,,,"))
    return path


def _run(place: dict[str, str], *words: str, fail_at: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**place, "XINLIN_FAIL_AT": fail_at}
    return subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, timeout=300)


def _after(place: dict[str, str]) -> dict[str, Any]:
    done = _run(place, "-c", GO_ON)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("stage", TRIAL_STAGES)
def test_a_trial_that_is_killed_stores_nothing_and_is_done_again(file: Path, place: dict[str, str], stage: str) -> None:
    killed = _run(place, "-c", TRY, str(file), fail_at=stage)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    tried, nothing = ["tried", 60, 59, 1], {"rows": [0, 0, 0], "half": [0, 0], "stored": 0, "subjects": 0}
    state = _after(place)
    assert state == {"batches": [] if stage == "intake.receipt_written" else [tried], **nothing}
    assert _run(place, "-c", TRY, str(file)).returncode == 0
    assert _after(place) == {"batches": [tried], **nothing}
    assert _run(place, "-c", SEND, str(file), "work", "").returncode == 0
    final = _after(place)
    assert (final["batches"], final["rows"], final["stored"]) == ([["done", 60, 59, 1]], [59, 1, 1], 1)


@pytest.mark.parametrize("stage", DRY_STAGES)
def test_a_dry_run_that_is_killed_leaves_nothing(file: Path, place: dict[str, str], stage: str) -> None:
    words = ["-m", "xinlin.cli", "intake", str(file), "--department", "youth_league", "--kind", "volunteer_service"]
    killed = _run(place, *words, "--dry-run", "--json", fail_at=stage)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    nothing = {"batches": [], "rows": [0, 0, 0], "half": [0, 0], "stored": 0, "subjects": 0}
    assert _after(place) == nothing
    vault = Path(place["XINLIN_DATA"]) / "vault"
    for path in vault.rglob("*"):
        os.utime(path, (0, 0))
    assert _after(place) == nothing
    assert not [path for path in vault.rglob("*") if path.is_file()], (
        "a day later the worker clears what a dead process left"
    )
    told = _run(place, *words, "--dry-run", "--json")
    said = json.loads(told.stdout)
    assert (told.returncode, said["read"], said["accepted"], said["refused"]) == (0, 60, 59, 1)
    assert _after(place) == nothing and not [path for path in vault.rglob("*") if path.is_file()]


@pytest.mark.parametrize("stage", STAGES)
def test_kill_9_loses_and_doubles_nothing(file: Path, place: dict[str, str], stage: str) -> None:
    killed = _run(
        place, "-c", SEND, str(file), STAGES[stage], resident(99), fail_at="" if stage == "received" else stage
    )
    assert killed.returncode == (0 if stage == "received" else -signal.SIGKILL), killed.stderr
    acknowledged = killed.stdout.split()
    state = _after(place)
    whole, replayed = ["done", 60, 59, 1], ["done", 1, 1, 0]
    if not acknowledged:
        assert state["batches"] == [] and state["rows"] == [0, 0, 0], "without a receipt there is nothing"
    elif STAGES[stage] == "replay":
        assert state["batches"][0] == whole
        assert state["batches"][1:] in ([], [replayed])
    else:
        assert state["batches"] == [whole]
        assert state["half"] in ([0, 0], [59, 59]), "all or nothing"
    again = _run(place, "-c", SEND, str(file), STAGES[stage], resident(99))
    assert again.returncode in (0, 1), again.stderr  # the corrected row may be in already, which a second time refuses
    final = _after(place)
    corrected = STAGES[stage] == "replay"
    assert final["batches"] == [whole, replayed] if corrected else [whole]
    assert final["rows"] == ([60, 1, 0] if corrected else [59, 1, 1])
    assert final["subjects"] == (60 if corrected else 59)
    assert final["stored"] == (2 if corrected else 1)
    assert not list((Path(place["XINLIN_DATA"]) / "vault" / "incoming").iterdir()), "no half file stays"
