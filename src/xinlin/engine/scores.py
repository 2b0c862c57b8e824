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
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

import duckdb
import numpy as np
import pyarrow as pa

from xinlin.core.plan import IndicatorPlan, Plan
from xinlin.core.schemes import Award, Band, ClassRule, Limits
from xinlin.engine.figures import Figures, Lines, Numbers, Part, Progress, Vector, joined
from xinlin.engine.runs import Rows, awarded, clamped, indicator_points, record_points
from xinlin.engine.snapshot import connect, edges_of, enrolled, held_kinds
from xinlin.engine.statements import holders_sql, rows_sql

NAME = f"duckdb {duckdb.__version__} + numpy {np.__version__}"
"""What ran, for the record of the run."""


class Stopped(RuntimeError):
    """The run was told to stop between two indicators."""


def whole_score(plan: Plan, dimensions: Sequence[Vector]) -> Vector:
    """Base plus dimensions, within the ends of the scale."""
    ends = Limits.model_construct(cap=plan.scheme.scale.maximum, floor=plan.scheme.scale.minimum)
    summed = np.full_like(dimensions[0], plan.scheme.base)
    for points in dimensions:
        summed += points
    return clamped(summed, ends)


class Taken(Protocol):
    """The records of a block's subjects, who are numbered from 0 within it."""

    def add(self, indicator: IndicatorPlan, points: Vector) -> None:
        """Add what the indicator gives to each subject's points."""

    def holders(self, rule: ClassRule) -> Numbers:
        """The subjects of whom a record holds that the class rule names; once for each such record."""


class _Statements:
    """What DuckDB takes from its views of a snapshot's files, of the subjects from ``first`` to before ``last``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: Plan, edges: tuple[int, int]) -> None:
        self.connection, self.as_of, self.first = connection, plan.as_of, edges[0]
        self.within = f" AND subject >= {edges[0]} AND subject < {edges[1]}"

    def add(self, indicator: IndicatorPlan, points: Vector) -> None:
        subjects, given = indicator_points(indicator, Rows.of(self._taken(indicator)))
        np.add.at(points, subjects - self.first, given)

    def _taken(self, indicator: IndicatorPlan, more: str = "") -> pa.Table:
        statement = rows_sql(indicator, self.as_of, more) + self.within
        return self.connection.sql(statement).to_arrow_table().combine_chunks()

    def holders(self, rule: ClassRule) -> Numbers:
        found = self.connection.execute(holders_sql(rule, self.as_of) + self.within).fetchnumpy()
        subjects: Numbers = found["subject"] - np.int32(self.first)
        return subjects


class _StatementsWithLines(_Statements):
    """The same, noting what each record gives."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: Plan, edges: tuple[int, int]) -> None:
        super().__init__(connection, plan, edges)
        self.lines: list[Lines] = []

    def add(self, indicator: IndicatorPlan, points: Vector) -> None:
        found = self._taken(indicator, ", record")
        rows = Rows.of(found)
        kept, given = record_points(indicator, rows)
        subjects = rows.subject[kept]
        np.add.at(points, subjects - self.first, given)
        self.lines.append(Lines(indicator.code, subjects, found["record"].combine_chunks().take(pa.array(kept)), given))


def score_block(
    taken: Taken, plan: Plan, size: int, *, held: Container[str], step: Callable[[], None] = lambda: None
) -> Figures:
    """The figures of a block's ``size`` subjects from their records of the kinds ``held``, all indicators in turn."""
    dimensions = {}
    for dimension in plan.dimensions:
        points = np.zeros(size, dtype=np.int64)
        for indicator in dimension.indicators:
            step()
            if indicator.kind in held:
                taken.add(indicator, points)
        dimensions[dimension.code] = clamped(points, dimension.limits)
    scores = whole_score(plan, list(dimensions.values()))
    return Figures(np.arange(size, dtype=np.int32), scores, _tiers(taken, plan, scores, held), dimensions)


def _tiers(taken: Taken, plan: Plan, scores: Vector, held: Container[str]) -> Vector:
    """Positions of tiers by half-open thresholds, then the class rules: exact ones first, bounds last."""
    tiers = plan.scheme.tiers
    order = {tier.code: at for at, tier in enumerate(tiers)}
    bands = [Band.model_construct(at_least=tier.at_least, points=at) for at, tier in enumerate(tiers)]
    positions: Vector = awarded(Award.model_construct(bands=bands), scores)
    rules = [rule for rule in plan.scheme.class_rules if rule.kind in held]
    exact = [(order[rule.tier_exactly], rule) for rule in rules if rule.tier_exactly is not None]
    for position, rule in sorted(exact, key=itemgetter(0), reverse=True):  # where several hold, the lowest stands
        positions[taken.holders(rule)] = position
    for rule in rules:
        if rule.tier_at_most is not None:
            who = taken.holders(rule)
            positions[who] = np.minimum(positions[who], order[rule.tier_at_most])
    return positions


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
                taken = (_StatementsWithLines if lines else _Statements)(connection, plan, block)
                figures = score_block(taken, plan, block[1] - block[0], held=held, step=step)
                given = taken.lines if isinstance(taken, _StatementsWithLines) else ()
                return Part(*block, _of(figures, mine, block), given)
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


def _of(figures: Figures, subjects: Numbers, block: tuple[int, int]) -> Figures:
    """Of the figures of everybody in the block, those of the enrolled."""
    at = slice(None) if len(subjects) == block[1] - block[0] else subjects - block[0]
    within = {code: vector[at] for code, vector in figures.dimensions.items()}
    return Figures(subjects, figures.scores[at], figures.tiers[at], within)


def _size(subjects: Numbers) -> int:
    return int(subjects[-1]) + 1 if len(subjects) else 0


def run(plan: Plan, folder: Path, progress: Progress | None = None) -> Figures:
    """Score all enrolled subjects of the snapshot in ``folder``."""
    return joined(plan, (part.figures for part in parts(plan, folder, progress=progress)))
