"""A day's change: how long the people whom it touches take, beside everybody, in one process.

``python bench/scores_change.py RULEBOOK SNAPSHOT`` prints both as JSON. One person in two hundred is touched, other people each
day: a third of the records are new, a third changed their state, a third came again as they were. Shown are the days after
the first (``touched``), the first day after the files were opened (``first``), and a first day for which the machine had to fetch
the files from its disk (``cold``). Records sent again as they were must leave their people the figures of the whole run.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.compute as pc  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from bench.scores_rules import AS_OF, KINDS  # noqa: E402
from xinlin import shelf  # noqa: E402
from xinlin.core.plan import compile_scheme  # noqa: E402
from xinlin.engine.changes import MappedSnapshot  # noqa: E402
from xinlin.engine.figures import Figures  # noqa: E402
from xinlin.engine.mapped import Layout, map_columns, mapped_folder  # noqa: E402
from xinlin.engine.scores import run  # noqa: E402

ONE_IN, DAYS = 200, 5


def main(book: Path, snapshot: Path) -> None:
    """Score everybody, then the touched; compare; print seconds and cores' seconds."""
    scheme = shelf.read_folder(book).scheme_at(date.fromisoformat(AS_OF))
    assert scheme is not None
    plan = compile_scheme(scheme, date.fromisoformat(AS_OF))
    map_columns(plan, snapshot)
    everybody, whole = _timed(lambda: run(plan, snapshot))
    each = len(whole.subjects) // ONE_IN // len(KINDS)
    days = _drawn(snapshot, each, DAYS + 2)
    again = MappedSnapshot(plan, snapshot).rescore(days[0])
    at = np.searchsorted(whole.subjects, again.subjects)
    if (again.scores != whole.scores[at]).any() or (again.tiers != whole.tiers[at]).any():
        raise SystemExit("people whose records came again as they were have other figures")
    days = [{kind: _changed(rows) for kind, rows in day.items()} for day in days]
    mapped = MappedSnapshot(plan, snapshot)
    (first, some), *later = [_timed(partial(mapped.rescore, day)) for day in days[:-1]]
    said = {"everybody": everybody, "touched": sorted(took for took, _ in later)[DAYS // 2], "first": first}
    del mapped
    _forget(mapped_folder(snapshot, Layout.of(plan)))
    mapped = MappedSnapshot(plan, snapshot)
    said["cold"], _ = _timed(lambda: mapped.rescore(days[-1]))
    print(json.dumps({**said, "people": len(some.subjects)}))


def _timed(call: Callable[[], Figures]) -> tuple[tuple[float, float], Figures]:
    """Seconds and cores' seconds, and what came of it."""
    begun, used = time.monotonic(), time.process_time()
    found = call()
    return (time.monotonic() - begun, time.process_time() - used), found


def _forget(folder: Path) -> None:
    """Let the machine hold nothing of these files in memory."""
    for path in folder.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _drawn(snapshot: Path, rows: int, days: int) -> list[dict[str, pa.Table]]:
    """For each day so many records of each kind, others on each day."""
    found: list[dict[str, pa.Table]] = [{} for _ in range(days)]
    for kind in KINDS:
        table = pq.read_table(snapshot / "records" / f"{kind}.parquet")
        for day, drawn in enumerate(found):
            places = np.random.default_rng(day).choice(len(table), min(rows, len(table)), replace=False)
            drawn[kind] = table.take(pa.array(np.sort(places))).combine_chunks()
    return found


def _changed(rows: pa.Table) -> pa.Table:
    """Of three records one is new, one changed its state, one is as it was."""
    third = np.arange(len(rows)) % 3
    handle = pc.binary_join_element_wise(rows["record"], pa.array(np.where(third == 0, "n", "")), "")
    status = pc.if_else(pa.array(third == 1), "repaired", rows["status"])
    for name, column in (("record", handle), ("status", status)):
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
