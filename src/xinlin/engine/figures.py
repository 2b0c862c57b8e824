"""What an engine answers with, whichever it is: figures of people, and what every record gave (评分数据)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xinlin.core.plan import Plan

Vector = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]

Progress = Callable[[int, int], None]
"""Told (steps done, of how many) in the caller's own thread. What it raises stops the run."""

Watch = Callable[[str, int, int], None]
"""Told (what is being done, steps done, of how many; 0 where that is not known). What it raises stops the run."""


def unwatched(_stage: str, _done: int, _total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Scores of enrolled people, in the order of ``subjects``; ``tiers`` are positions in the scheme."""

    subjects: Numbers
    scores: Vector
    tiers: Vector
    dimensions: dict[str, Vector]


@dataclass(frozen=True, slots=True)
class Lines:
    """What records give under one indicator, in the order of subject, day and record: no zeros."""

    indicator: str
    subject: Numbers
    record: pa.Array
    points: Vector


@dataclass(frozen=True, slots=True)
class Part:
    """A finished block: everybody with a number from ``first`` to before ``last``; lines in the order of the scheme."""

    first: int
    last: int
    figures: Figures
    lines: Sequence[Lines] = ()


def joined(plan: Plan, figures: Iterable[Figures]) -> Figures:
    """All these figures, one after the other."""
    found = list(figures)
    empty = np.empty(0, np.int64)
    return Figures(
        subjects=np.concatenate([np.empty(0, np.int32), *(part.subjects for part in found)]),
        scores=np.concatenate([empty, *(part.scores for part in found)]),
        tiers=np.concatenate([empty, *(part.tiers for part in found)]),
        dimensions={
            dimension.code: np.concatenate([empty, *(part.dimensions[dimension.code] for part in found)])
            for dimension in plan.dimensions
        },
    )
