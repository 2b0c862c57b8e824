"""Somebody leaves in the middle of a run, or a process dies in the middle of their leaving: nothing of them remains, on either database."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tools import postgresql

CHECKOUT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]
PREPARE = """
from datetime import date
from tests.scores.conftest import make_record, make_subject, resident_id
from xinlin.office.actions import people
from xinlin.office.models.staff import Account
from xinlin.office.queries.staff import actor_of
for serial, name in enumerate(("leaver", "stayer"), start=1):
    subject = make_subject(resident_id(date(1990, 5, 17), serial), name, born=date(1990, 5, 17))
    make_record(subject, "volunteer_service", date(2026, 1, 5), fields={"hours": 4})
    people.open_score(actor=actor_of(Account.objects.create(username=name, display_name=name, subject=subject)), via="portal")
"""
RUN = """
from tests.scores.conftest import SYSTEM
from xinlin.office.actions import score_publication, scores
def stay(name):
    if name == "{point}":
        print("there", flush=True)
        input()
scores.reached = score_publication.reached = stay
scores.run(actor=SYSTEM)
"""
WHOLE_RUN = """
from tests.scores.conftest import SYSTEM
from xinlin.office.actions import scores
scores.run(actor=SYSTEM)
"""
LEAVE = """
from xinlin.office.actions import people
from xinlin.office.models.staff import Account
from xinlin.office.queries.staff import actor_of
people.leave(actor=actor_of(Account.objects.get(username="leaver")))
"""
SETTLE = """
from tests.scores.conftest import SYSTEM
from xinlin.office.actions.restores import settle
settle(actor=SYSTEM)
"""
LOOK = """
from xinlin.office.models.consents import DeletionReceipt
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Consent
from xinlin.office.models.scores import Score
mine = Score.objects.filter(subject__account__username="leaver").count()
others = Score.objects.filter(subject__account__username="stayer", run__state="done").count()
live = Consent.objects.filter(withdrawn_at__isnull=True, subject__account__username="leaver").count()
print(mine, others, live, DeletionReceipt.objects.count(), Leaf.objects.filter(action="people.leave").count())
"""


class City:
    """One installation on one database, worked on by processes of their own."""

    def __init__(self, data: Path, database: str) -> None:
        self.data, self.database = data, database

    def begin(self, code: str, **more: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "XINLIN_DATA": str(self.data), "DJANGO_SETTINGS_MODULE": "xinlin.settings"}
        environment |= {"PYTHONPATH": f"{CHECKOUT / 'src'}:{CHECKOUT}", "XINLIN_DATABASE_URL": self.database, **more}
        command = [sys.executable, "-c", "import django; django.setup()\n" + code]
        return subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def do(self, code: str, **more: str) -> tuple[int, str]:
        process = self.begin(code, **more)
        told, errors = process.communicate(timeout=180)
        assert process.returncode in (0, -signal.SIGKILL), errors[-2000:]
        return process.returncode, told.strip()

    def look(self) -> tuple[int, int, int, int, int]:
        """Figures of who leaves, of who stays, live consents of who leaves, receipts, leaves."""
        mine, others, live, receipts, leaves = map(int, self.do(LOOK)[1].split())
        return mine, others, live, receipts, leaves


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL server of its own, or nothing where there is none."""
    if postgresql.binaries() is None:
        yield ""
        return
    with postgresql.server() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def city(request: pytest.FixtureRequest, tmp_path: Path, xinlin: Run, server: str) -> City:
    """An installation with one who leaves and one who stays."""
    database = ""
    if request.param == "postgresql":
        if not server:
            pytest.skip("PostgreSQL: not on this machine (apt-get install postgresql)")
        name = f"city_{secrets.token_hex(4)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]  # a name made here
        database = server.rsplit("/", 1)[0] + f"/{name}"
    data = tmp_path / "data"
    assert xinlin("manage", "migrate", "-v0", data=data, XINLIN_DATABASE_URL=database).returncode == 0
    made = City(data, database)
    made.do(PREPARE)
    return made


def test_leaving_at_any_point_of_a_run_leaves_nothing_of_one_and_all_of_the_others(city: City) -> None:
    for round_, point in enumerate(("scores.frozen", "scores.locked", "scores.put", "scores.signed"), start=1):
        running = city.begin(RUN.format(point=point))
        assert running.stdout is not None
        assert running.stdout.readline().strip() == "there"
        leaving = city.begin(LEAVE)
        if point in ("scores.locked", "scores.signed"):
            time.sleep(1)  # it waits for the run's transaction; were it not to, the figure would be published after it
        else:
            leaving.communicate(timeout=120)
        _told, errors = running.communicate("\n", timeout=120)
        assert running.returncode == 0, errors[-2000:]
        leaving.communicate(timeout=120)
        assert leaving.returncode == 0, point
        mine, others, live, receipts, leaves = city.look()
        assert (mine, others, live) == (0, round_, 0), point
        assert receipts == leaves == round_, point
        assert list((city.data / "snapshots").iterdir()) == [], point
        city.do(PREPARE.split("for serial")[0] + _again())


def _again() -> str:
    return 'people.open_score(actor=actor_of(Account.objects.get(username="leaver")), via="portal")\n'


def test_killed_anywhere_in_leaving_it_is_as_before_or_wholly_done(city: City) -> None:
    city.do(WHOLE_RUN)
    for point in ("people.ended", "people.figures_deleted", "people.receipt_kept"):
        assert city.do(LEAVE, XINLIN_FAIL_AT=point)[0] == -signal.SIGKILL
        assert city.look() == (1, 1, 1, 0, 0), point
        assert not (city.data / "withdrawn.jsonl").exists(), point
    assert city.do(LEAVE, XINLIN_FAIL_AT="farewells.committed")[0] == -signal.SIGKILL
    assert city.look() == (0, 1, 0, 1, 1), "committed is done"
    city.do(SETTLE)
    noted = (city.data / "withdrawn.jsonl").read_text(encoding="utf-8")
    assert noted.count('"consent"') == 1, "what the dead process could not note is noted at the next start"
    city.do(SETTLE)
    assert (city.data / "withdrawn.jsonl").read_text(encoding="utf-8") == noted


def test_killed_in_publishing_nothing_is_published_and_the_receipt_names_what_lies_on_disk(city: City) -> None:
    for point in ("scores.frozen", "scores.locked", "scores.put", "scores.signed"):
        assert city.do(WHOLE_RUN, XINLIN_FAIL_AT=point)[0] == -signal.SIGKILL
        assert city.look()[1] == 0, point
    left = list((city.data / "snapshots").iterdir())
    assert left
    city.do(LEAVE)
    assert city.look()[0] == 0, "nor do figures of runs that never ended outlive the consent"
    told = city.do(
        "from xinlin.office.models.consents import DeletionReceipt\nprint(DeletionReceipt.objects.get().body['copies_ending'])"
    )[1]
    assert all(place.name in told for place in left)
