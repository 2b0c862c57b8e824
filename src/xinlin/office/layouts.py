"""What was found in a delivered file: its layout, findings, and the refusal of a whole file (文件版式)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from xinlin.core.values import Problem, Text

Row = tuple[int, Sequence[str]]
"""(row number as a person counts it, cells)."""
MOST_COLUMNS = 1_000
"""A sheet with more columns is a mistake or an attack."""


class FileRefused(Exception):
    """The whole file cannot be taken in; `problem` says why, where and what to do."""

    def __init__(self, problem: Problem) -> None:
        """Carries one problem."""
        super().__init__(problem.what.zh)
        self.problem = problem


def refuse(
    code: str, what_zh: str, what_en: str, cure_zh: str, cure_en: str, *, where: str = "file", raw: str = ""
) -> FileRefused:
    """The exception for a whole file."""
    return FileRefused(Problem(code, where, Text(zh=what_zh, en=what_en), Text(zh=cure_zh, en=cure_en), raw))


class Finding(NamedTuple):
    """Something about the file that its sender should know: a stable code, where, and a sample."""

    code: str
    where: str
    sample: str = ""


@dataclass
class Layout:
    """How a file is built. Row numbers count from 1, as a person sees them."""

    format: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_row: int = 1
    headers: list[str] = field(default_factory=list)
    header_sha256: str = ""
    titles: list[str] = field(default_factory=list)
    """Lines above the header."""
    rows_expected: int = 0
    findings: list[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; findings are stored with the batch's own."""
        return {name: value for name, value in vars(self).items() if name != "findings"}


class Sheet:
    """An opened file: its layout, and its rows below the header."""

    def __init__(self, layout: Layout) -> None:
        """Made by the readers."""
        self.layout = layout
        self.doubtful: set[int] = set()
        """Rows that may only continue a merged row above: one word of their own, all else from above."""

    def rows(self) -> Iterator[Row]:
        """All rows that hold anything, in order. Each call starts anew. May raise `FileRefused`."""
        raise NotImplementedError
