"""What a city's month costs where it runs: ``python bench/scores_office.py [--people 200000 1000000 5260000]`` (SQLite), or with
XINLIN_DATABASE_URL an empty PostgreSQL.

For each size, in processes of their own, over tables filled by the database: the monthly run (freeze, score, a sample again,
publish and sign), its replay, the impact preview of a changed scheme, and one new record with the live value after it. Printed are
seconds, seconds of cores and peak memory of each; how memory grows from the smallest size to the largest is the last line.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
STEPS = ("run", "replay", "preview", "live")


def _peak() -> int:
    """Peak memory of this process in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _run() -> None:
    from xinlin.office.actions import scores
    from xinlin.office.scopes import Actor

    frozen: list[int] = []

    def scoring(done: int, total: int) -> None:
        if not frozen:
            frozen.append(_peak())

    number = scores.run(actor=Actor("system:bench", "bench", "system"), progress=scoring)
    print(f"{number}; scoring and publishing on top of the freeze {(_peak() - frozen[0]) / 1024:.0f} MiB")


def _replay() -> None:
    from xinlin.office.actions.score_replays import replay
    from xinlin.office.queries.score_runs import newest
    from xinlin.office.scopes import Actor

    said = replay(actor=Actor("system:bench", "bench", "system"), number=newest()[0])
    assert said.holds, said
    print(f"{said.replayed:,} figures the same")


def _preview() -> None:
    from xinlin.office.actions.score_previews import preview
    from xinlin.office.rulebook import current
    from xinlin.office.scopes import today

    scheme = current().scheme_at(today())
    assert scheme is not None
    changed = scheme.model_copy(update={"base": scheme.base + 40, "version": "bench"})
    said = preview(scheme, changed, current(), today())
    assert said["changed"] > 0
    print(f"{said['people']:,} people, {said['changed']:,} of them otherwise")


def _live() -> None:
    """One record more for one person, by the database; then what the person sees."""
    from django.db import connection

    from bench.scores_city import _insert, _numbered, _record
    from xinlin.core.plan import compile_scheme
    from xinlin.office.models.records import Record
    from xinlin.office.models.staff import Account
    from xinlin.office.queries import scores as scores_of
    from xinlin.office.queries.staff import actor_of
    from xinlin.office.rulebook import current
    from xinlin.office.scopes import now, today

    scheme = current().scheme_at(today())
    assert scheme is not None
    plan = compile_scheme(scheme, today())
    kinds = [current().kinds[code] for code in plan.kinds if code == "volunteer_service"]
    last = Record.objects.order_by("-pk").values_list("pk", flat=True)[0]
    source = _numbered(connection.vendor, last + 1_000_001, last + 1_000_001)
    day = today().isoformat()
    row = _record(kinds, connection.vendor) | {
        "subject_id": "7", "status": "'active'", "occurred_on": f"'{day}'", "fields": "'{\"hours\": 9}'",
    }  # fmt: skip
    account, _made = Account.objects.get_or_create(
        username="bench", defaults={"display_name": "bench", "subject_id": 7, "verified_at": now()}
    )
    actor = actor_of(account)
    before = scores_of.mine(actor=actor)
    began = time.monotonic()
    _insert(Record, source, **row)
    after = scores_of.mine(actor=actor)
    assert before is not None and after is not None and len(after.lines) == len(before.lines) + 1
    print(f"{before.score} -> {after.score} in {(time.monotonic() - began) * 1000:.0f} ms, nobody else scored")


def _step(name: str) -> None:
    import django

    django.setup()
    {"run": _run, "replay": _replay, "preview": _preview, "live": _live}[name]()


def _fill(people: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from bench import scores_city
    from xinlin.core.plan import compile_scheme
    from xinlin.office.models.people import Subject
    from xinlin.office.rulebook import current
    from xinlin.office.scopes import today

    call_command("migrate", verbosity=0)
    scheme = current().scheme_at(today())
    assert scheme is not None
    if Subject.objects.exists():
        return
    scores_city.PEOPLE, scores_city.RECORDS = people, people * 116 // 100
    scores_city.fill([current().kinds[code] for code in compile_scheme(scheme, today()).kinds])


def _cores() -> float:
    """Seconds that cores worked for all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _timed(name: str, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds and the peak MiB of a step in a process of its own; the seconds of cores are also those of what it starts."""
    command = [sys.executable, __file__, "--step", name]
    began, used = time.monotonic(), _cores()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    taken = time.monotonic() - began
    *said, peak = done.stdout.strip().splitlines()
    cores = f"{_cores() - used:>9.1f} s of cores"
    print(f"  {name:<10}{taken:>9.1f} s{cores}{int(peak) / 1024:>10.0f} MiB   {said[-1] if said else ''}", flush=True)
    return taken, int(peak) / 1024


def main() -> int:
    """Fill, run each step for each size, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[200_000, 1_000_000])
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "bench" / "office")
    parser.add_argument("--only", nargs="+", choices=STEPS, default=STEPS)
    parser.add_argument("--step", choices=("fill", *STEPS), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        _fill(int(os.environ["BENCH_PEOPLE"])) if chosen.step == "fill" else _step(chosen.step)
        print(_peak())
        return 0
    peaks: dict[tuple[str, int], float] = {}
    for people in chosen.people:
        data = chosen.work / f"{people}"
        data.mkdir(parents=True, exist_ok=True)
        given = {"XINLIN_DATA": str(data), "DJANGO_SETTINGS_MODULE": "xinlin.settings", "BENCH_PEOPLE": str(people)}
        print(f"{people:,} people", flush=True)
        for name in ("fill", *chosen.only):
            peaks[name, people] = _timed(name, {**os.environ, **given})[1]
    first, last = chosen.people[0], chosen.people[-1]
    for name in chosen.only if last != first else ():
        growth = (peaks[name, last] - peaks[name, first]) * (1 << 20) / (last - first)
        print(f"{name}: {growth:.0f} bytes of memory more for each person more")
    return 0


if __name__ == "__main__":
    sys.exit(main())
