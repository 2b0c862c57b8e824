"""Grades of supervision (信用分级分类监管): how often firms of each class are drawn for an inspection, and nothing else.

A grade is of organisations alone. It refuses nothing, opens nothing and reaches no answer of a check: all that follows from
it is the share of its firms that an authority draws in a year (抽查比例).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from xinlin.core.sample_cases import RecordClass
from xinlin.core.schemes import Basis
from xinlin.core.values import Strict, Text


def share(per_mille: int) -> str:
    """A rate as pages show it, in per cent: 3 %, 0.5 %."""
    whole, rest = divmod(per_mille, 10)
    return f"{whole}.{rest} %" if rest else f"{whole} %"


class GradeRecords(Strict):
    """Records of one kind and of these classes, while they stand, put a firm into the grade."""

    kind: str
    classes: Annotated[list[RecordClass], Field(min_length=1)]


class SupervisionGrade(Strict):
    """A class of firms and how often its firms are drawn for an inspection (监管等级)."""

    code: str
    name: Text
    rank: Annotated[int, Field(ge=1, le=99)]
    """1 is the best; every grade has one of its own."""
    per_mille: Annotated[int, Field(ge=1, le=1000)]
    """Of a thousand firms of the grade so many are drawn in a year. Nobody is drawn never."""
    default: bool = False
    """Where a firm stands of which nothing else is known; exactly one grade."""
    lists: list[str] = []
    """An entry in force on one of these lists: red ones in grades better than the default, black ones in worse ones."""
    records: list[GradeRecords] = []
    """Negative records that stand; only in grades worse than the default."""
    meaning: Text
    """What it means for a firm, in one sentence."""
    basis: Basis
    rate_basis: Basis = "demonstration"
    """What states the number itself; a basis often says only more or less often."""

    @property
    def share(self) -> str:
        """The rate in per cent."""
        return share(self.per_mille)
