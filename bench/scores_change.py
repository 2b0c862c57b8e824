"""A day's change: how long the people whom it touches take, beside everybody, in one process.

``python bench/scores_change.py RULEBOOK SNAPSHOT`` prints both as JSON. One person in two hundred is touched: a record of theirs
changed its state; other people each day. Records sent again as they were must leave their people the figures of the whole run.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from bench.scores_rules import AS_OF, KINDS  # noqa: E402
from xinlin import shelf  # noqa: E402
from xinlin.core.plan import compile_scheme  # noqa: E402
from xinlin.engine.changes import MappedSnapshot  # noqa: E402
from xinlin.engine.mapped import map_columns  # noqa: E402
from xinlin.engine.scores import run  # noqa: E402

ONE_IN, DAYS = 200, 5


def main(book: Path, snapshot: Path) -> None:
    """Score everybody, then the touched; compare; print seconds and cores' seconds."""
    scheme = shelf.read_folder(book).scheme_at(date.fromisoformat(AS_OF))
    assert scheme is not None
    plan = compile_scheme(scheme, date.fromisoformat(AS_OF))
    map_columns(plan, snapshot)
    begun, used = time.monotonic(), time.process_time()
    whole = run(plan, snapshot)
    everybody = (time.monotonic() - begun, time.process_time() - used)
    mapped = MappedSnapshot(plan, snapshot)
    each = len(whole.subjects) // ONE_IN // len(KINDS)
    again = mapped.rescore(_some(snapshot, each, 0))
    at = np.searchsorted(whole.subjects, again.subjects)
    if (again.scores != whole.scores[at]).any() or (again.tiers != whole.tiers[at]).any():
        raise SystemExit("people whose records came again as they were have other figures")
    taken = []
    for day in range(1, DAYS + 1):
        changed = {kind: _repaired(rows) for kind, rows in _some(snapshot, each, day).items()}
        begun, used = time.monotonic(), time.process_time()
        some = mapped.rescore(changed)
        taken.append((time.monotonic() - begun, time.process_time() - used))
    print(json.dumps({"everybody": everybody, "touched": sorted(taken)[DAYS // 2], "people": len(some.subjects)}))


def _some(snapshot: Path, rows: int, day: int) -> dict[str, pa.Table]:
    """Of each kind so many records, others on each day."""
    chance, found = np.random.default_rng(day), {}
    for kind in KINDS:
        table = pq.read_table(snapshot / "records" / f"{kind}.parquet")
        places = chance.choice(len(table), min(rows, len(table)), replace=False)
        found[kind] = table.take(pa.array(np.sort(places))).combine_chunks()
    return found


def _repaired(rows: pa.Table) -> pa.Table:
    status = pa.array(["repaired"] * len(rows))
    return rows.set_column(rows.schema.get_field_index("status"), "status", status)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
