"""Messages and killed workers: two processes deliver, each is killed again and again, and nobody is told twice or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

MESSAGES = 60
KILLS = 8
SET_UP = """
import django; django.setup()
from datetime import date
from django.db import transaction
from tests.scores.conftest import make_subject, resident_id
from xinlin.office import vault
from xinlin.office.actions.notices import notify
from xinlin.office.models.notices import Contact
from xinlin.office.scopes import Actor, now
for n in range({count}):
    subject = make_subject(resident_id(date(1990, 1, 1), n), f"林{{n}}", born=date(1990, 1, 1))
    sealed = vault.seal(f"138{{n:08}}", "contact.address")
    Contact.objects.create(subject=subject, channel="sms", address_sealed=sealed, given_at=now())
    with transaction.atomic():
        notify(actor=Actor("system:test", "t", "system"), subject=subject, template="case_accept",
               facts={{"kind": "异议", "number": str(n), "due_on": "2027-01-01"}})
"""
WORK = """
import time
import django; django.setup()
from datetime import timedelta
from xinlin.office.jobs import notices
notices.SILENT = timedelta(seconds=1)
while True:
    if not notices.deliver(5):
        time.sleep(0.05)
"""
STATES = """
import django; django.setup()
from xinlin.office.models.notices import Delivery
print(sorted(Delivery.objects.values_list("state", flat=True)))
"""


@pytest.fixture
def sink() -> Iterator[tuple[str, list[dict[str, str]], list[str]]]:
    """A text-message gateway as real ones are: slow to answer, and taking each message id once."""
    taken: list[dict[str, str]] = []
    asked: list[str] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                asked.append(body["message_id"])
                if body["message_id"] not in {one["message_id"] for one in taken}:
                    taken.append(body)
            time.sleep(0.03)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def handle_error(self, *args: object) -> None:
            """A killed worker hangs up."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/send", taken, asked
    server.shutdown()
    server.server_close()


def _environment(data: Path, gateway: str, checkout: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "XINLIN_DATABASE_URL"}
    paths = f"{checkout / 'src'}{os.pathsep}{checkout}"
    return {
        **kept,
        "XINLIN_DATA": str(data),
        "XINLIN_SMS_GATEWAYS": gateway,
        "PYTHONPATH": paths,
        "DJANGO_SETTINGS_MODULE": "xinlin.settings",
    }


def _finished(said: str) -> bool:
    return set(json.loads(said.replace("'", '"'))) == {"sent"}


def test_two_workers_killed_again_and_again_tell_everybody_once(
    tmp_path: Path,
    checkout: Path,
    xinlin: Callable[..., subprocess.CompletedProcess[str]],
    sink: tuple[str, list[dict[str, str]], list[str]],
) -> None:
    address, taken, asked = sink
    data = tmp_path / "data"
    assert xinlin("manage", "migrate", "--verbosity", "0", data=data).returncode == 0
    environment = _environment(data, address, checkout)

    def run(script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, cwd=checkout
        )

    run(SET_UP.format(count=MESSAGES))

    def worker() -> subprocess.Popen[bytes]:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([sys.executable, "-c", WORK], env=environment, cwd=checkout, **quiet)  # type: ignore[call-overload]  # as given

    workers = [worker(), worker()]
    try:
        for number in range(KILLS):
            seen = len(asked)
            for _ in range(400):
                if len(asked) > seen + 2 or len(taken) == MESSAGES:
                    break
                time.sleep(0.02)
            workers[number % 2].send_signal(signal.SIGKILL)
            workers[number % 2].wait()
            workers[number % 2] = worker()
        for _ in range(120):
            said = run(STATES).stdout
            if _finished(said):
                break
            time.sleep(0.25)
    finally:
        for one in workers:
            one.kill()
            one.wait()
    assert _finished(said), said
    assert len(taken) == MESSAGES, "everybody, and each message id once"
    assert {one["to"] for one in taken} == {f"138{n:08}" for n in range(MESSAGES)}
    repeated = sum(Counter(asked).values()) - MESSAGES
    assert repeated <= KILLS, "tried again only where a worker died in the middle, and always under the same id"
