"""How the log keeps up: ``python bench/log.py --leaves 1000000``.

It makes its own data folder and database (SQLite, or the empty one that XINLIN_DATABASE_URL names), fills and signs the
tree, asks for one proof in processes that have just started, and then writes leaves at a steady pace, each in a transaction
of its own, while the sequencer runs and a server answers checks beside it: how long from a leaf's commit to a signed head
that covers it. Each figure is held against what is wanted.

A cold process has imported the program and opened the database, and has asked nothing of the log: no page, no plan and no
head is kept from before. Its start (about half a second of imports) is not counted.
"""

from __future__ import annotations

import argparse
import itertools
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "bench")]
WRITERS = 4
"""So many write at the same time: one alone writes no faster than the disk answers."""
COLD = """
import time, django
django.setup()
from django.db import connection
connection.ensure_connection()
from xinlin.office.models.calendars import CalendarDay
from xinlin.office.queries import log
CalendarDay.objects.order_by("-day").first()  # Django's own first query is not the log's
begun, cpu = time.perf_counter(), time.process_time()
log.leaf_proof({index})
print(time.perf_counter() - begun, time.process_time() - cpu)
"""


def fill(count: int) -> None:
    """Leaves as bulk actions leave them, numbered and signed in batches."""
    from django.db import transaction

    from xinlin.office.bulk import insert
    from xinlin.office.jobs.log import sequence
    from xinlin.office.models.log import Leaf
    from xinlin.office.scopes import now

    begun = time.perf_counter()
    held = Leaf.objects.count()
    for start in range(held, count, 50_000):
        moment = now()
        rows = [(secrets.token_bytes(32), "bench.fill", moment) for _ in range(min(50_000, count - start))]
        with transaction.atomic():
            insert(Leaf, ("commitment", "action", "at"), rows)
        sequence()
    taken = time.perf_counter() - begun
    fresh = max(count - held, 0)
    print(f"{fresh:,} leaves written, numbered and signed in {taken:.0f} s ({fresh / taken:,.0f}/s)")


def cold_proofs(count: int, tries: int) -> float:
    """One proof each in fresh processes; gives the median in milliseconds."""
    times, cpu = [], []
    for _ in range(tries):
        script = COLD.format(index=secrets.randbelow(count))
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        wall, used = map(float, done.stdout.split())
        times.append(wall)
        cpu.append(used)
    middle, most = statistics.median(times) * 1e3, max(times) * 1e3
    print(f"proof from a cold process at {count:,} leaves: median {middle:.1f} ms, worst {most:.1f} ms")
    print(f"  of processor time: median {statistics.median(cpu) * 1e3:.1f} ms")
    return middle


@contextmanager
def checks_beside(rate: int, seconds: float) -> Iterator[list[float]]:
    """A server of its own that answers so many checks a second meanwhile; gives the seconds that each took."""
    if not rate:
        yield []
        return
    from checks import at_a_rate, served
    from checks_data import city_of_lists

    city, took = city_of_lists(2_000, 100), list[float]()

    def question() -> tuple[str, bytes, dict[str, str]]:
        headers = {"Authorization": f"Bearer {city.token}", "Idempotency-Key": secrets.token_hex(8)}
        return "/api/v1/checks", city.question(1), headers

    with served("xinlin.wsgi:application", {"PYTHONPATH": str(ROOT / "src")}, "/healthz") as (port, _):
        at_a_rate(port, question, 1, rate)
        asking = threading.Thread(target=lambda: took.extend(at_a_rate(port, question, seconds, rate)))
        asking.start()
        yield took
        asking.join()


def steady(rate: int, seconds: float, every: float, took: list[float]) -> tuple[float, float]:
    """Write at a pace beside the sequencer; gives leaves a second and the worst lag of a signed head in seconds."""
    from django.db import connection, transaction

    from xinlin.office.jobs.log import keep_sequencing
    from xinlin.office.leaves import write_leaf
    from xinlin.office.scopes import Actor, now

    stop, actor = threading.Event(), Actor(handle="system:bench", name="bench", role="system")

    def sequencer() -> None:
        keep_sequencing(every, stop.is_set)
        connection.close()

    first, begun, turn, lock = now(), time.perf_counter(), itertools.count(), threading.Lock()
    waits: list[float] = []

    def writer() -> None:
        while True:
            with lock:
                number = next(turn)
            due = begun + number / rate
            if due >= begun + seconds:
                break
            time.sleep(max(due - time.perf_counter(), 0))
            with transaction.atomic():
                write_leaf(actor=actor, action="bench.write", table="bench", key=str(number), facts={"n": number})
            waits.append(time.perf_counter() - due)
        connection.close()

    thread = threading.Thread(target=sequencer)
    thread.start()
    writing = [threading.Thread(target=writer) for _ in range(WRITERS)]
    for one in writing:
        one.start()
    for one in writing:
        one.join()
    written, taken = len(waits), time.perf_counter() - begun
    time.sleep(every * 3 + 1)
    stop.set()
    thread.join()
    print(
        f"{written / taken:.1f} leaves/s over {taken:.0f} s (one transaction each, the slowest {max(waits) * 1e3:.0f} ms after it was due)"
    )
    if took:
        ranked = sorted(took)
        print(f"beside {len(took) / taken:.0f} checks/s, 99 % within {ranked[int(len(took) * 0.99)] * 1e3:.0f} ms")
    return written / taken, _worst_lag(first)


def _worst_lag(first: datetime) -> float:
    from xinlin.office.models.log import Head, Leaf

    heads = list(Head.objects.filter(at__gte=first).order_by("size").values_list("size", "at"))
    leaves = Leaf.objects.filter(at__gte=first, index__isnull=False).order_by("index").values_list("index", "at")
    lags, place = [], 0
    for index, at in leaves:
        while heads[place][0] <= index:
            place += 1
        lags.append((heads[place][1] - at).total_seconds())
    ranked = sorted(lags)
    print(
        f"{len(lags):,} leaves in {len(heads)} signed heads; from commit to head: median {statistics.median(lags):.2f} s, "
        f"99 % {ranked[int(len(ranked) * 0.99)]:.2f} s, worst {ranked[-1]:.2f} s"
    )
    return ranked[-1]


def main() -> int:
    """Prepare, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=200_000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two turns of the sequencer")
    parser.add_argument("--cold", type=int, default=15, help="processes that ask for one proof")
    parser.add_argument("--checks", type=int, default=50, help="checks a second that a server answers beside")
    parser.add_argument("--keep", help="a data folder to fill once and measure again and again")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xinlin-bench-") as folder:
        os.environ |= {
            "XINLIN_DATA": chosen.keep or folder,
            "XINLIN_CITY": "national",
            "DJANGO_SETTINGS_MODULE": "xinlin.settings",
            "PYTHONPATH": str(ROOT / "src"),
        }
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        from xinlin.office.queries.keys import insist

        call_command("migrate", verbosity=0)
        insist()
        fill(chosen.leaves)
        proof = cold_proofs(chosen.leaves, chosen.cold)
        with checks_beside(chosen.checks, chosen.seconds) as took:
            rate, lag = steady(chosen.rate, chosen.seconds, chosen.every, took)
        print(f"{connection.vendor}, against what is wanted:")
        for what, found, wanted, good in (
            ("leaves a second", rate, f"{chosen.rate}", rate >= 0.99 * chosen.rate),
            ("worst lag of a head, s", lag, "2", lag <= 2),
            ("proof, cold (median), ms", proof, "5", proof <= 5),
        ):
            print(f"  {what:30} {found:10.2f}   wanted {wanted:>7}   {'kept' if good else 'MISSED'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
