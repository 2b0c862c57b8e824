"""The plain evaluator over a snapshot: slow, and the judge of every other engine (逐人评分)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xinlin.core.plan import Plan
from xinlin.core.records import Fact
from xinlin.core.scores import Evaluation, evaluate
from xinlin.engine.figures import Figures, Lines, Part, Progress, joined
from xinlin.engine.freezing import FOREVER
from xinlin.engine.runs import refuse_beyond
from xinlin.engine.snapshot import column, enrolled

NAME = "plain python"
PREFIX = column("")
REPORT_EVERY = 1000
"""After how many people progress is reported."""
BLOCK = 1 << 16
"""How many numbers are scored before they are handed on: smaller than the bulk engine's blocks, since this is slow."""


def _fact(kind: str, row: dict[str, Any]) -> Fact:
    own = {
        name.removeprefix(PREFIX): value for name, value in row.items() if name.startswith(PREFIX) and value is not None
    }
    return Fact(
        record=row["record"],
        kind=kind,
        occurred_on=row["occurred_on"],
        status=row["status"],
        record_class=row["class"],
        ends_on=row["ends_on"] if row["ends_on"] != FOREVER else None,
        document=row["document"] or "",
        fields=own,
        of="organisation" if row["via"] else "self",
        represented=row["via"],
        named=row["via"],
    )


def facts(plan: Plan, folder: Path, numbers: Iterable[int]) -> dict[int, list[Fact]]:
    """The facts of the people with these numbers, in their order."""
    found: dict[int, list[Fact]] = {number: [] for number in numbers}
    if not found:
        return found
    filters = [("subject", ">=", min(found)), ("subject", "<=", max(found))]
    for kind in plan.kinds:
        path = folder / "records" / f"{kind}.parquet"
        if not path.exists():
            continue
        for batch in pq.read_table(path, filters=filters).to_batches():
            for row in batch.to_pylist():
                if row["subject"] in found:
                    found[row["subject"]].append(_fact(kind, row))
    return found


def parts(
    plan: Plan,
    folder: Path,
    *,
    lines: bool = False,
    threads: int | None = None,
    begin: int = 0,
    progress: Progress | None = None,
) -> Iterator[Part]:
    """Score everybody one by one, in the same order as the bulk engine; ``threads`` has no effect. Raises `TooManyPoints`."""
    subjects = enrolled(folder)
    order = {tier.code: at for at, tier in enumerate(plan.scheme.tiers)}
    size = int(subjects[-1]) + 1 if len(subjects) else 0
    for first in range(begin, size, BLOCK):
        last = min(first + BLOCK, size)
        mine = subjects[slice(*np.searchsorted(subjects, [first, last]))]
        results = []
        for number, history in facts(plan, folder, (int(number) for number in mine)).items():
            result = evaluate(plan.scheme, history, plan.as_of)
            _refuse_too_many(result)
            results.append((number, result))
            if progress and len(results) % REPORT_EVERY == 0:
                progress(first + len(results), len(subjects))
        figures = Figures(
            subjects=mine,
            scores=np.array([result.score for _, result in results], dtype=np.int64),
            tiers=np.array([order[result.tier] for _, result in results], dtype=np.int64),
            dimensions={
                dimension.code: np.array([result.dimensions[at].points for _, result in results], dtype=np.int64)
                for at, dimension in enumerate(plan.dimensions)
            },
        )
        yield Part(first, last, figures, _lines(plan, results) if lines else ())


def _refuse_too_many(result: Evaluation) -> None:
    """Refuse what the bulk engine refuses: points of an indicator that a column does not hold."""
    summed: Counter[str] = Counter()
    for line in result.contributions:
        summed[line.indicator] += line.points
    for indicator, points in summed.items():
        refuse_beyond(indicator, abs(points))


def _lines(plan: Plan, results: list[tuple[int, Evaluation]]) -> list[Lines]:
    """What every record gives, indicator by indicator."""
    given: dict[str, list[tuple[int, str, int]]] = {
        indicator.code: [] for dimension in plan.dimensions for indicator in dimension.indicators
    }
    for number, result in results:
        for line in result.contributions:
            if line.points:
                refuse_beyond(line.indicator, abs(line.points))
                given[line.indicator].append((number, line.record, line.points))
    return [
        Lines(
            code,
            np.array([number for number, _, _ in rows], dtype=np.int32),
            pa.array([record for _, record, _ in rows], pa.string()),
            np.array([points for _, _, points in rows], dtype=np.int64),
        )
        for code, rows in given.items()
    ]


def run(plan: Plan, folder: Path, progress: Progress | None = None) -> Figures:
    """Score everybody in the snapshot; the same shape as the bulk engine's answer."""
    return joined(plan, (part.figures for part in parts(plan, folder, progress=progress)))
