"""Scores everybody in a snapshot: SQL chooses and measures records, dense integer vectors sum them (批量评分)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xinlin.core.plan import IndicatorPlan, Plan
from xinlin.core.schemes import ClassRule, Limits
from xinlin.core.terms import add_term
from xinlin.engine.snapshot import connect, enrolled
from xinlin.engine.statements import condition_sql, contributions_sql, indicator_sql, literal

Vector = npt.NDArray[np.int64]
NAME = f"duckdb {duckdb.__version__} + numpy {np.__version__}"
"""What ran, for the record of the run."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Scores of all enrolled people, in the order of ``subjects``; ``tiers`` are positions in the scheme."""

    subjects: npt.NDArray[np.int32]
    scores: Vector
    tiers: npt.NDArray[np.int64]
    dimensions: dict[str, Vector]


def _held(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The kinds of which the snapshot has records."""
    return {row[0] for row in connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()}


def _clamped(vector: Vector, limits: Limits) -> Vector:
    if limits.cap is not None:
        vector = np.minimum(vector, limits.cap)
    if limits.floor is not None:
        vector = np.maximum(vector, limits.floor)
    return vector


def _repeat_table(connection: duckdb.DuckDBPyConnection, plan: IndicatorPlan) -> None:
    """Resolve the repeat term of every day on which a record of the kind occurred; calendar terms are never SQL."""
    if plan.repeat is None:
        return
    days = [row[0] for row in connection.execute(f'SELECT DISTINCT occurred_on FROM "{plan.kind}"').fetchall()]
    ends = [add_term(day, plan.repeat.within) for day in days]
    table = pa.table({"day": pa.array(days, pa.date32()), "ends": pa.array(ends, pa.date32())})
    connection.register("repeat_ends", table)


def _rule_holders(connection: duckdb.DuckDBPyConnection, rule: ClassRule, as_of: date) -> npt.NDArray[np.int32]:
    rows = connection.execute(
        f"SELECT DISTINCT subject FROM \"{rule.kind}\" WHERE status = 'active' AND NOT via AND occurred_on <= {literal(as_of)} "
        f"AND (ends_on IS NULL OR ends_on > {literal(as_of)}) AND {condition_sql(rule.where)}"
    )
    holders: npt.NDArray[np.int32] = rows.fetchnumpy()["subject"].astype(np.int32)
    return holders


def _tiers(connection: duckdb.DuckDBPyConnection, plan: Plan, held: set[str], scores: Vector, size: int) -> Vector:
    """Positions of tiers by half-open thresholds, then the class rules: exact ones first, bounds last."""
    tiers = plan.scheme.tiers
    order = {tier.code: at for at, tier in enumerate(tiers)}
    thresholds = np.array([tier.at_least for tier in tiers], dtype=np.int64)
    positions = np.maximum(np.searchsorted(thresholds, scores, side="right") - 1, 0).astype(np.int64)
    exact, bound = np.full(size, len(tiers), dtype=np.int64), np.full(size, len(tiers), dtype=np.int64)
    for rule in plan.scheme.class_rules:
        if rule.kind not in held:
            continue
        who = _rule_holders(connection, rule, plan.as_of)
        target, code = (exact, rule.tier_exactly) if rule.tier_exactly is not None else (bound, rule.tier_at_most)
        target[who] = np.minimum(target[who], order[code or ""])
    positions = np.where(exact < len(tiers), exact, positions)
    return np.minimum(positions, bound)


def run(plan: Plan, folder: Path, progress: Callable[[int, int], None] | None = None) -> Figures:
    """Score all enrolled subjects of the snapshot in ``folder``. ``progress`` is told (indicators done, of how many)."""
    subjects = enrolled(folder)
    size = int(subjects[-1]) + 1 if len(subjects) else 0
    connection = connect(folder, plan.kinds)
    held = _held(connection)
    total, done = sum(len(dimension.indicators) for dimension in plan.dimensions), 0
    scores = np.full(size, plan.scheme.base, dtype=np.int64)
    dimensions: dict[str, Vector] = {}
    for dimension in plan.dimensions:
        points = np.zeros(size, dtype=np.int64)
        for indicator in dimension.indicators:
            if indicator.kind in held:
                _repeat_table(connection, indicator)
                given = connection.execute(indicator_sql(indicator, plan.as_of)).fetchnumpy()
                points[given["subject"]] += given["points"].astype(np.int64)
            done += 1
            if progress:
                progress(done, total)
        points = _clamped(points, dimension.limits)
        dimensions[dimension.code] = points[subjects]
        scores += points
    ends = Limits.model_construct(cap=plan.scheme.scale.maximum, floor=plan.scheme.scale.minimum)
    scores = _clamped(scores, ends)
    tiers = _tiers(connection, plan, held, scores, size)
    connection.close()
    return Figures(subjects, scores[subjects], tiers[subjects], dimensions)


def contributions(plan: Plan, folder: Path) -> Iterator[tuple[str, pa.Table]]:
    """What every record gives, indicator by indicator: (indicator, table of subject, record, points), no zeros.

    The points of a subject's lines sum to its dimensions before their limits, exactly as the evaluator's do.
    """
    connection = connect(folder, plan.kinds)
    held = _held(connection)
    for dimension in plan.dimensions:
        for indicator in dimension.indicators:
            if indicator.kind in held:
                _repeat_table(connection, indicator)
                yield indicator.code, connection.sql(contributions_sql(indicator, plan.as_of)).to_arrow_table()
    connection.close()
