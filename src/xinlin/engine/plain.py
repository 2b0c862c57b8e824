"""The plain evaluator over a snapshot: slow, and the judge of every other engine (逐人评分)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xinlin.core.plan import Plan
from xinlin.core.records import Fact
from xinlin.core.scores import Evaluation, evaluate
from xinlin.engine.scores import Figures
from xinlin.engine.snapshot import column, enrolled

NAME = "plain python"
PREFIX = column("")


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
        ends_on=row["ends_on"],
        document=row["document"] or "",
        fields=own,
        of="organisation" if row["via"] else "self",
        represented=row["via"],
        named=row["via"],
    )


def facts(plan: Plan, folder: Path, only: int | None = None) -> dict[int, list[Fact]]:
    """The facts of everybody in the snapshot, or of the one with the number ``only``."""
    numbers = [int(number) for number in enrolled(folder)] if only is None else [only]
    found: dict[int, list[Fact]] = {number: [] for number in numbers}
    for kind in plan.kinds:
        path = folder / "records" / f"{kind}.parquet"
        if not path.exists():
            continue
        filters = [("subject", "=", only)] if only is not None else None
        for batch in pq.read_table(path, filters=filters).to_batches():
            for row in batch.to_pylist():
                found[row["subject"]].append(_fact(kind, row))
    return found


def evaluations(plan: Plan, folder: Path) -> Iterator[tuple[int, Evaluation]]:
    """Everybody's evaluation in the order of numbers."""
    for number, history in facts(plan, folder).items():
        yield number, evaluate(plan.scheme, history, plan.as_of)


def run(plan: Plan, folder: Path) -> Figures:
    """Score everybody one by one; the same shape as the bulk engine's answer."""
    order = {tier.code: at for at, tier in enumerate(plan.scheme.tiers)}
    results = [result for _number, result in evaluations(plan, folder)]
    return Figures(
        subjects=enrolled(folder),
        scores=np.array([result.score for result in results], dtype=np.int64),
        tiers=np.array([order[result.tier] for result in results], dtype=np.int64),
        dimensions={
            dimension.code: np.array([result.dimensions[at].points for result in results], dtype=np.int64)
            for at, dimension in enumerate(plan.dimensions)
        },
    )


def contributions(plan: Plan, folder: Path) -> Iterator[tuple[str, pa.Table]]:
    """What every record gives, indicator by indicator, as the bulk engine reports it."""
    given: dict[str, dict[str, list[Any]]] = {
        indicator.code: {"subject": [], "record": [], "points": []}
        for dimension in plan.dimensions
        for indicator in dimension.indicators
    }
    for number, result in evaluations(plan, folder):
        for line in result.contributions:
            if line.points:
                columns = given[line.indicator]
                columns["subject"].append(number)
                columns["record"].append(line.record)
                columns["points"].append(line.points)
    for code, columns in given.items():
        yield code, pa.table(columns)
