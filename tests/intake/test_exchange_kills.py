"""Kill -9 while a file comes in parts and while rows are pulled: both go on where they were, and nothing is lost or doubled."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import resident, table
from .test_kills import migrated, place
from .test_sources import Execute, postgresql_source

__all__ = ["migrated", "place", "postgresql_source"]
UPLOAD = """
import django, hashlib, sys
django.setup()
from xinlin.office.actions import uploads
from xinlin.office.scopes import Actor
actor = Actor("machine:test", "test", "machine", "youth_league")
with open(sys.argv[1], "rb") as stream:
    content = stream.read()
sent = uploads.open_upload(
    actor=actor, kind="volunteer_service", filename="a.csv", size=len(content),
    sha256=hashlib.sha256(content).hexdigest(),
)
print(sent.number, flush=True)
while sent.received < sent.size:
    part = content[sent.received : sent.received + 1500]
    sent = uploads.add_part(actor=actor, number=sent.number, offset=sent.received, chunks=[part[:700], part[700:]])
    print(sent.received, flush=True)
uploads.finish(actor=actor, number=sent.number)
"""
PULL = """
import django, sys
django.setup()
from xinlin.office.actions import sources
from xinlin.office.jobs import sources as jobs
from xinlin.office.models.exchange import Source
from xinlin.office.scopes import Actor
jobs.WINDOW = 2
if not Source.objects.exists():
    sources.add(
        actor=Actor("system:test", "test", "system"), name="deeds", department="youth_league", kind="volunteer_service",
        url=sys.argv[1], table="deeds", watermark_column="changed",
    )
jobs.pull("deeds")
"""
GO_ON = """
import datetime, json
import django
django.setup()
from django_tasks_db.models import DBTaskResult
from xinlin.office.jobs import batches as jobs
from xinlin.office.models.batches import Batch, Job
from xinlin.office.models.exchange import Upload
from xinlin.office.models.log import Leaf
from xinlin.office.models.records import Record
from xinlin.office.scopes import now
Job.objects.filter(state="running").update(heartbeat_at=now() - datetime.timedelta(minutes=2))
Job.objects.update(created_at=now() - datetime.timedelta(minutes=2))
DBTaskResult.objects.all().delete()
jobs.reap()
for job in Job.objects.filter(state="waiting"):
    jobs.work(job.number)
print(json.dumps({
    "batches": [[b.state, b.rows_read, b.rows_accepted] for b in Batch.objects.order_by("pk")],
    "records": Record.objects.count(),
    "uploads": [[u.state, u.received == u.size] for u in Upload.objects.all()],
    "received": Leaf.objects.filter(action="batches.receive").count(),
    "stored": Leaf.objects.filter(action="batches.store").count(),
}))
"""


def run(place: dict[str, str], script: str, *words: str, fail_at: str = "") -> subprocess.CompletedProcess[str]:
    """Do it in a process of its own."""
    command = [sys.executable, "-c", script, *words]
    environment = {**place, "XINLIN_FAIL_AT": fail_at}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def after(place: dict[str, str]) -> dict[str, Any]:
    """What stands once a worker has come by."""
    done = run(place, GO_ON)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "stage",
    [
        *("uploads.part_kept:2", "uploads.part_counted:2", "intake.bytes_kept", "intake.receipt_written"),
        "uploads.received",
    ],
)
def test_a_file_in_parts_goes_on_where_it_was(tmp_path: Path, place: dict[str, str], stage: str) -> None:
    header = "公民身份号码,姓名,服务日期,时长,记录编号,项目名称"
    rows = [f"{resident(n)},王小明,2024-05-{n % 28 + 1:02d},3,志〔2024〕{n}号,某志愿者协会" for n in range(1, 60)]
    file = tmp_path / "a.csv"
    file.write_bytes(table(header, *rows))
    killed = run(place, UPLOAD, str(file), fail_at=stage)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    number, *counted = killed.stdout.split()
    between = after(place)
    assert between["batches"] in ([], [["done", 59, 59]]), "all of the file or nothing"
    again = run(place, UPLOAD, str(file))
    assert again.returncode == 0, again.stderr
    said = again.stdout.split()
    assert said[0] == number, "the same announcement goes on"
    assert not set(said[1:]) & set(counted), "no part that was counted is asked for again"
    final = after(place)
    assert final == {
        "batches": [["done", 59, 59]], "records": 59, "uploads": [["done", True]], "received": 1, "stored": 1,
    }  # fmt: skip
    vault = Path(place["XINLIN_DATA"]) / "vault"
    assert not list((vault / "incoming").iterdir()) and not list((vault / "parts").glob("*/*"))


@pytest.mark.parametrize("stage", ["intake.receipt_written:2", "sources.delivered:2", "sources.delivered:4"])
def test_a_pull_goes_on_where_it_was(place: dict[str, str], postgresql_source: tuple[str, Execute], stage: str) -> None:
    url, execute = postgresql_source
    execute("DROP TABLE IF EXISTS deeds")
    execute(
        "CREATE TABLE deeds (resident_id VARCHAR(18), name VARCHAR(60), occurred_on DATE, hours INT, document TEXT,"
        " changed TIMESTAMP)"
    )
    for number in range(1, 8):
        row = (resident(number), "王小明", "2024-05-01", 3, f"志{number}号", f"2024-06-01 10:00:0{number}")
        execute("INSERT INTO deeds VALUES (%s, %s, %s, %s, %s, %s)", *row)
    killed = run(place, PULL, url, fail_at=stage)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    windows = int(stage.partition(":")[2]) - 1
    between = after(place)
    assert between["batches"] == [["done", 2, 2]] * windows, "what was committed was taken in, the rest was not"
    again = run(place, PULL, url)
    assert again.returncode == 0, again.stderr
    final = after(place)
    assert final["batches"] == [["done", 2, 2]] * 3 + [["done", 1, 1]]
    assert (final["records"], final["received"], final["stored"]) == (7, 4, 4)
