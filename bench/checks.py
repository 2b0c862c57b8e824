"""Checks over big lists, leaf, look and audit row durable before the answer: ``python bench/checks.py --entries 8000000``.

It fills the PostgreSQL database that XINLIN_DATABASE_URL names (which must be empty) or a SQLite file of its own, serves
the product by granian with one worker and one thread, and beside it a bare django-ninja endpoint that does one indexed read
and one insert with the same durability. Clients of its own ask both in turns, and it prints figures and their ratios.
``python tools/postgresql.py --durable`` starts a server that waits for the disk, as an installation's does; without the
word nothing does, and the ratio is that of the work alone. Processor time is that of the worker and of the database.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "bench")]
HERE = "127.0.0.1"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(application: str, environment: dict[str, str], path: str) -> Any:
    """One worker with one blocking thread; its port, and the process that holds it."""
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HERE, "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", "1", "--no-ws", "--log-level", "warning", application]
    process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=ROOT)
    try:
        _await_answer(process, port, path)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _await_answer(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    """Wait until the server answers anything at all. Raises RuntimeError where it ended or kept silent for a minute."""
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
        connection = http.client.HTTPConnection(HERE, port, timeout=5)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
            return
        except OSError:
            continue
        finally:
            connection.close()
    raise RuntimeError(f"no server answers at {path}; what it said stands above")


class Caller:
    """One connection that asks one question after another and notes how long each took, in seconds."""

    def __init__(self, port: int, question: Callable[[], tuple[str, bytes, dict[str, str]]]) -> None:
        self.connection = http.client.HTTPConnection(HERE, port, timeout=120)
        self.question = question
        self.took: list[float] = []

    def ask(self) -> bytes:
        """One question; fails loudly where it was not answered."""
        path, body, headers = self.question()
        began = time.perf_counter()
        self.connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        answer = self.connection.getresponse()
        content = answer.read()
        self.took.append(time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {content[:300]!r}")
        return content


def flat_out(port: int, question: Callable[[], Any], seconds: float, callers: int) -> tuple[float, list[float]]:
    """(questions a second, seconds of each) of so many callers that never wait."""
    every = [Caller(port, question) for _ in range(callers)]
    until = time.perf_counter() + seconds

    def run(caller: Caller) -> None:
        while time.perf_counter() < until:
            caller.ask()

    began = time.perf_counter()
    threads = [threading.Thread(target=run, args=(caller,)) for caller in every]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = [one for caller in every for one in caller.took]
    return len(took) / (time.perf_counter() - began), took


def at_a_rate(port: int, question: Callable[[], Any], seconds: float, rate: float, callers: int = 8) -> list[float]:
    """Seconds from when each question was due to its answer, so that waiting for the one before counts too."""
    began, turn, lock = time.perf_counter() + 0.2, iter(range(int(seconds * rate))), threading.Lock()
    took: list[float] = []

    def run() -> None:
        caller = Caller(port, question)
        while True:
            with lock:
                number = next(turn, None)
            if number is None:
                return
            due = began + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            caller.ask()
            took.append(time.perf_counter() - due)

    threads = [threading.Thread(target=run) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def processor_seconds(*roots: int) -> float:
    """Processor time that these processes and all their children, ended ones too, have used so far (Linux)."""
    used, parents = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(path.parent.name)
        parents[pid] = int(fields[1])
        used[pid] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def belongs(pid: int) -> bool:
        return pid in roots or (pid in parents and belongs(parents[pid]))

    return sum(seconds for pid, seconds in used.items() if belongs(pid))


def database_process() -> list[int]:
    """The process above all of the PostgreSQL server's, where it runs on this machine; none for SQLite."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    return [int(backend.read_text().rpartition(")")[2].split()[1])] if backend.exists() else []


def durability() -> str:
    """What the database waits for before it says that something is written."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return "SQLite, write-ahead log, synchronous = normal"
    told = []
    with connection.cursor() as cursor:
        for name in ("fsync", "synchronous_commit"):
            cursor.execute(f"SHOW {name}")
            told.append(f"{name} {cursor.fetchone()[0]}")
    return ", ".join(told)


def milliseconds(took: list[float], share: float) -> float:
    """The time within which this share was answered."""
    return sorted(took)[min(len(took) - 1, int(len(took) * share))] * 1000


def main() -> int:
    """Prepare, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--callers", type=int, default=4)
    parser.add_argument("--keep", help="a data folder to fill once and measure again and again")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xinlin-bench-") as folder:
        os.environ |= {
            "XINLIN_DATA": chosen.keep or folder,
            "XINLIN_CITY": "national",
            "DJANGO_SETTINGS_MODULE": "xinlin.settings",
        }
        import django

        django.setup()
        from checks_data import city_of_lists

        city = city_of_lists(chosen.entries, chosen.items)
        measure(chosen, city)
    return 0


def measure(chosen: argparse.Namespace, city: Any) -> None:
    """Ask product and bare endpoint in turns; print."""
    from checks_pages import paged, tell

    headers = {"Authorization": f"Bearer {city.token}"}

    def question() -> tuple[str, bytes, dict[str, str]]:
        body = city.question(1)
        return "/api/v1/checks", body, {**headers, "Idempotency-Key": secrets.token_hex(8)}

    def many() -> tuple[str, bytes, dict[str, str]]:
        return "/api/v1/checks", city.question(10_000), {**headers, "Idempotency-Key": secrets.token_hex(8)}

    def bare() -> tuple[str, bytes, dict[str, str]]:
        return "/bare", json.dumps({"key": city.a_key()}).encode(), {}

    rates: dict[str, list[float]] = {"bare": [], "checks": []}
    cost: dict[str, list[float]] = {"bare": [], "checks": []}
    with (
        served("checks_bare:application", {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'bench'}"}, "/bare") as bare_served,
        served("xinlin.wsgi:application", {"PYTHONPATH": str(ROOT / "src")}, "/healthz") as check_served,
    ):
        database, port = database_process(), check_served[0]
        asked = {"bare": (bare, *bare_served), "checks": (question, *check_served)}
        for what, its_port, _ in asked.values():
            flat_out(its_port, what, 1, chosen.callers)
        for _ in range(chosen.rounds):
            for name, (what, its_port, process) in asked.items():
                before = processor_seconds(process, *database)
                rate, took = flat_out(its_port, what, chosen.seconds, chosen.callers)
                rates[name].append(rate)
                cost[name].append((processor_seconds(process, *database) - before) / len(took))
        paced = at_a_rate(port, question, max(chosen.seconds, 10.0), 50)
        batches = [1e4 / one for one in flat_out(port, many, 3 * chosen.seconds, 1)[1]]
    ratios = [checks / bare_rate for checks, bare_rate in zip(rates["checks"], rates["bare"], strict=True)]
    costs = [bare_cost / checks for checks, bare_cost in zip(cost["checks"], cost["bare"], strict=True)]
    where = urlsplit(os.environ.get("XINLIN_DATABASE_URL") or "sqlite://").scheme
    print(f"{where}, {city.entries} entries, {chosen.callers} callers, {chosen.rounds} rounds in turns")
    print(f"the database: {durability()}")
    print(f"one indexed read and one insert   {statistics.median(rates['bare']):10.0f} /s")
    print(f"checks of one applicant           {statistics.median(rates['checks']):10.0f} /s")
    print(
        f"ratio                             {statistics.median(ratios):10.2f}    ({min(ratios):.2f} to {max(ratios):.2f})"
    )
    print(
        f"processor time of one, bare/checks{statistics.median(cost['bare']) * 1e3:10.2f} / "
        f"{statistics.median(cost['checks']) * 1e3:.2f} ms, ratio {statistics.median(costs):.2f}"
    )
    print(f"at 50 checks a second, p50 / p99  {milliseconds(paced, 0.5):10.1f} / {milliseconds(paced, 0.99):.1f} ms")
    print(f"applicants in checks of 10,000    {statistics.median(batches):10.0f} /s")
    worst = tell(paged(city.asked[0][0]))
    print("against what is wanted:")
    for what, found, wanted, good in (
        ("ratio to the bare endpoint", statistics.median(ratios), 0.6, statistics.median(ratios) >= 0.6),
        ("p99 at 50 a second, ms", milliseconds(paced, 0.99), 50, milliseconds(paced, 0.99) <= 50),
        ("applicants a second", statistics.median(batches), 5_000, statistics.median(batches) >= 5_000),
        ("slowest page (median), ms", worst * 1000, 300, worst < 0.3),
    ):
        print(f"  {what:30} {found:10.2f}   wanted {wanted:>7}   {'kept' if good else 'MISSED'}")


if __name__ == "__main__":
    sys.exit(main())
