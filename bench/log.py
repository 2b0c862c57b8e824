"""How the log keeps up: ``python bench/log.py --leaves 1000000``.

It makes its own data folder and database (SQLite, or the empty one that XINLIN_DATABASE_URL names), fills and signs the
tree, asks for one proof in processes that have just started, and then writes leaves at a steady pace, each in a transaction
of its own, while the sequencer runs beside it: how long from a leaf's commit to a signed head that covers it.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
COLD = """
import time, django
django.setup()
from django.db import connection
connection.ensure_connection()
from xinlin.office.models.calendars import CalendarDay
from xinlin.office.queries import log
list(CalendarDay.objects.all()[:1])  # Django's own first query is not the log's
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
    for start in range(0, count, 50_000):
        moment = now()
        rows = [(secrets.token_bytes(32), "bench.fill", moment) for _ in range(min(50_000, count - start))]
        with transaction.atomic():
            insert(Leaf, ("commitment", "action", "at"), rows)
        sequence()
    taken = time.perf_counter() - begun
    print(f"{count:,} leaves written, numbered and signed in {taken:.0f} s ({count / taken:,.0f}/s)")


def cold_proofs(count: int, tries: int) -> None:
    """One proof each in fresh processes; the import of the program is not counted, the first touch of the data is."""
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


def steady(rate: int, seconds: float, every: float) -> None:
    """Write at a pace beside the sequencer, and say how far behind the signed head is."""
    from django.db import connection, transaction

    from xinlin.office.jobs.log import keep_sequencing
    from xinlin.office.leaves import write_leaf
    from xinlin.office.models.log import Head, Leaf
    from xinlin.office.scopes import Actor, now

    stop, actor = threading.Event(), Actor(handle="system:bench", name="bench", role="system")

    def sequencer() -> None:
        keep_sequencing(every, stop.is_set)
        connection.close()

    thread = threading.Thread(target=sequencer)
    thread.start()
    first, begun, written, late = now(), time.perf_counter(), 0, 0.0
    while (passed := time.perf_counter() - begun) < seconds:
        if written >= passed * rate:
            time.sleep(max((written + 1) / rate - passed, 0))
            continue
        asked = time.perf_counter()
        with transaction.atomic():
            write_leaf(actor=actor, action="bench.write", table="bench", key=str(written), facts={"n": written})
        late = max(late, time.perf_counter() - asked)
        written += 1
    taken = time.perf_counter() - begun
    time.sleep(every * 3 + 1)
    stop.set()
    thread.join()
    heads = list(Head.objects.filter(at__gte=first).order_by("size").values_list("size", "at"))
    lags, place = [], 0
    for index, at in (
        Leaf.objects.filter(at__gte=first, index__isnull=False).order_by("index").values_list("index", "at")
    ):
        while heads[place][0] <= index:
            place += 1
        lags.append((heads[place][1] - at).total_seconds())
    print(
        f"{written / taken:.0f} leaves/s over {taken:.0f} s (one transaction each, slowest {late * 1e3:.0f} ms), {len(heads)} heads signed"
    )
    ranked = sorted(lags)
    print(
        f"from commit to signed head: median {statistics.median(lags):.2f} s, 99 % {ranked[int(len(ranked) * 0.99)]:.2f} s, worst {ranked[-1]:.2f} s"
    )


def main() -> int:
    """Prepare, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=200_000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two turns of the sequencer")
    parser.add_argument("--cold", type=int, default=9, help="processes that ask for one proof")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xinlin-bench-") as folder:
        os.environ |= {
            "XINLIN_DATA": folder,
            "DJANGO_SETTINGS_MODULE": "xinlin.settings",
            "PYTHONPATH": str(ROOT / "src"),
        }
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        fill(chosen.leaves)
        cold_proofs(chosen.leaves, chosen.cold)
        steady(chosen.rate, chosen.seconds, chosen.every)
        print(connection.vendor)
    return 0


if __name__ == "__main__":
    sys.exit(main())
