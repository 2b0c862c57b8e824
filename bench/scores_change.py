"""A day's change: how long the people whom it touches take, beside everybody, in one process.

``python bench/scores_change.py RULEBOOK SNAPSHOT`` prints both as JSON. One in two hundred is touched: each of them has a record
whose state changed, and the figures of those whom nothing else touches are those of the whole run.
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

from bench.scores_rules import AS_OF, KINDS  # noqa: E402
from xinlin import shelf  # noqa: E402
from xinlin.core.plan import compile_scheme  # noqa: E402
from xinlin.engine.changes import MappedSnapshot, map_columns  # noqa: E402
from xinlin.engine.scores import run  # noqa: E402

ONE_IN = 200


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
    touched = np.sort(
        np.random.default_rng(1).choice(len(whole.subjects), len(whole.subjects) // ONE_IN, replace=False)
    )
    table, subjects = mapped.kinds[KINDS[0]], mapped.subjects[KINDS[0]]
    places = np.unique(np.minimum(np.searchsorted(subjects, touched), len(subjects) - 1))
    rows = table.take(pa.array(places[np.isin(subjects[places], touched)]))
    status = rows.schema.get_field_index("status")
    rows = rows.set_column(status, "status", pa.array(["repaired"] * len(rows)).dictionary_encode())
    taken = []
    for _ in range(3):
        begun, used = time.monotonic(), time.process_time()
        some = mapped.rescore({KINDS[0]: rows}, touched)
        taken.append((time.monotonic() - begun, time.process_time() - used))
    changed = np.isin(touched, rows["subject"].to_numpy())
    if (some.scores[~changed] != whole.scores[touched][~changed]).any():
        raise SystemExit("people whom nothing touched have other figures")
    print(json.dumps({"everybody": everybody, "touched": sorted(taken)[1], "people": len(touched)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
