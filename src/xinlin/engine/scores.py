"""Scores everybody in a snapshot: DuckDB chooses records, integer arrays sum them, block of subjects by block (批量评分).

A block is a range of subject numbers. One thread scores a block from its first record to its tiers, all indicators in
turn, so that memory is bounded by the block, nothing is shared between threads, and what is finished can be written while
the next block runs. The edges of blocks depend on how many subjects there are and on nothing else, and integers sum alike
in any order: the same snapshot gives the same figures with any number of threads.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

import duckdb
import numpy as np
import pyarrow as pa

from xinlin.core.plan import IndicatorPlan, Plan
from xinlin.core.schemes import Limits
from xinlin.engine.figures import Figures, Lines, Numbers, Part, Progress, Vector, joined
from xinlin.engine.runs import Rows, indicator_points, record_points
from xinlin.engine.snapshot import connect, edges_of, enrolled, held_kinds
from xinlin.engine.statements import holders_sql, rows_sql

NAME = f"duckdb {duckdb.__version__} + numpy {np.__version__}"
"""What ran, for the record of the run."""


class Stopped(RuntimeError):
    """The run was told to stop between two indicators."""


def clamped(vector: Vector, limits: Limits) -> Vector:
    """The vector within the limits."""
    if limits.cap is not None:
        vector = np.minimum(vector, limits.cap)
    if limits.floor is not None:
        vector = np.maximum(vector, limits.floor)
    return vector


def whole_score(plan: Plan, dimensions: Sequence[Vector]) -> Vector:
    """Base plus dimensions, within the ends of the scale."""
    ends = Limits.model_construct(cap=plan.scheme.scale.maximum, floor=plan.scheme.scale.minimum)
    summed = np.full_like(dimensions[0], plan.scheme.base)
    for points in dimensions:
        summed += points
    return clamped(summed, ends)


class _Block:
    """Scores the subjects from ``first`` to before ``last`` on one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: Plan, first: int, last: int) -> None:
        self.connection, self.plan, self.first, self.last = connection, plan, first, last
        self.within = f" AND subject >= {first} AND subject < {last}"

    def points(self, indicator: IndicatorPlan, points: Vector) -> None:
        """Add the indicator's points to the vector of its dimension."""
        found = self.connection.execute(rows_sql(indicator, self.plan.as_of) + self.within).fetchnumpy()
        subjects, given = indicator_points(indicator, Rows.of(found))
        points[subjects - self.first] += given

    def lines(self, indicator: IndicatorPlan, points: Vector) -> Lines:
        """As `points`, and what each record gives."""
        statement = rows_sql(indicator, self.plan.as_of, ", record") + self.within
        found = self.connection.sql(statement).to_arrow_table().combine_chunks()
        columns = {name: _numpy(found[name]) for name in found.column_names if name != "record"}
        rows = Rows.of(columns)
        kept, given = record_points(indicator, rows)
        subjects = rows.subject[kept]
        np.add.at(points, subjects - self.first, given)
        return Lines(indicator.code, subjects, found["record"].combine_chunks().take(pa.array(kept)), given)

    def tiers(self, held: set[str], scores: Vector) -> Vector:
        """Positions of tiers by half-open thresholds, then the class rules: exact ones first, bounds last."""
        tiers = self.plan.scheme.tiers
        order = {tier.code: at for at, tier in enumerate(tiers)}
        thresholds = np.array([tier.at_least for tier in tiers], dtype=np.int64)
        positions = np.maximum(np.searchsorted(thresholds, scores, side="right") - 1, 0).astype(np.int64)
        exact, bound = np.full_like(positions, len(tiers)), np.full_like(positions, len(tiers))
        for rule in self.plan.scheme.class_rules:
            if rule.kind not in held:
                continue
            found = self.connection.execute(holders_sql(rule, self.plan.as_of) + self.within).fetchnumpy()
            target, code = (exact, rule.tier_exactly) if rule.tier_exactly is not None else (bound, rule.tier_at_most)
            who = found["subject"] - self.first
            target[who] = np.minimum(target[who], order[code or ""])
        return np.minimum(np.where(exact < len(tiers), exact, positions), bound)


def _numpy(column: pa.ChunkedArray) -> object:
    """A column as DuckDB's own arrays would be: masked where a value is absent."""
    if not column.null_count:
        return column.to_numpy()
    return np.ma.masked_array(column.fill_null(0).to_numpy(), column.is_null().to_numpy())


def score_block(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    subjects: Numbers,
    edges: tuple[int, int],
    *,
    held: set[str],
    lines: bool = False,
    step: Callable[[], None] = lambda: None,
) -> Part:
    """Score the ``subjects`` between the edges from the connection's views of the kinds ``held``, all indicators in turn."""
    block, given, dimensions = _Block(connection, plan, *edges), [], {}
    for dimension in plan.dimensions:
        points = np.zeros(block.last - block.first, dtype=np.int64)
        for indicator in dimension.indicators:
            step()
            if indicator.kind not in held:
                continue
            if lines:
                given.append(block.lines(indicator, points))
            else:
                block.points(indicator, points)
        dimensions[dimension.code] = clamped(points, dimension.limits)
    scores = whole_score(plan, list(dimensions.values()))
    tiers = block.tiers(held, scores)
    at = slice(None) if len(subjects) == block.last - block.first else subjects - block.first
    within = {code: vector[at] for code, vector in dimensions.items()}
    return Part(*edges, Figures(subjects, scores[at], tiers[at], within), given)


def parts(
    plan: Plan,
    folder: Path,
    *,
    lines: bool = False,
    threads: int | None = None,
    begin: int = 0,
    progress: Progress | None = None,
) -> Iterator[Part]:
    """Score the snapshot in ``folder`` block by block, in order; ``threads`` defaults to the cores that there are.

    Blocks before the number ``begin`` are left out. Whatever ``progress`` raises stops the run within one indicator, and
    so does closing the iterator.
    """
    subjects = enrolled(folder)
    edges = [edge for edge in edges_of(_size(subjects)) if edge[0] >= begin]
    cores = threads or len(os.sched_getaffinity(0))
    workers = max(1, min(cores, len(edges)))
    total, done = len(edges) * sum(len(dimension.indicators) for dimension in plan.dimensions), 0
    steps: SimpleQueue[int] = SimpleQueue()
    stop, held = threading.Event(), held_kinds(folder, plan.kinds)

    def step() -> None:
        if stop.is_set():
            raise Stopped
        steps.put(1)

    with ExitStack() as stack:
        connections: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
        for _ in range(workers):
            connections.put(stack.enter_context(connect(folder, plan.kinds, max(1, cores // workers))))
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        stack.callback(pool.shutdown, cancel_futures=True)
        stack.callback(stop.set)

        def score(block: tuple[int, int]) -> Part:
            connection = connections.get()
            try:
                mine = subjects[slice(*np.searchsorted(subjects, block))]
                return score_block(connection, plan, mine, block, held=held, lines=lines, step=step)
            finally:
                connections.put(connection)

        waiting, running = deque(edges), deque[Future[Part]]()
        while waiting or running:
            while waiting and len(running) < workers + 1:
                running.append(pool.submit(score, waiting.popleft()))
                running[-1].add_done_callback(lambda _: steps.put(0))
            while not running[0].done():
                done += steps.get()
                if progress:
                    progress(done, total)
            yield running.popleft().result()
    if progress and total:
        progress(total, total)


def _size(subjects: Numbers) -> int:
    return int(subjects[-1]) + 1 if len(subjects) else 0


def run(plan: Plan, folder: Path, progress: Progress | None = None) -> Figures:
    """Score all enrolled subjects of the snapshot in ``folder``."""
    return joined(plan, parts(plan, folder, progress=progress))
