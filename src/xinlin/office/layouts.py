"""What was found in a delivered file: its layout, findings, and the refusal of a whole file (文件版式)."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from xinlin.core.people import identifier_problem, looks_like_resident_id, normalise_identifier
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


_LONG_NUMBER = re.compile(r"[0-9]{11,17}[0-9Xx]?")


def without_numbers(text: str) -> str:
    """A title or note with its long numbers masked: beside the table, too, stand telephones and identifiers."""
    return _LONG_NUMBER.sub(lambda found: found[0][:3] + "*" * (len(found[0]) - 3), text)


def must_be_header(cells: Sequence[str], row: int) -> None:
    """Refuse a file whose first row is one of data: its values would be kept and shown as names of columns.

    Raises `FileRefused` where a cell is an identifier, which no name of a column is.
    """
    for cell in cells:
        value = normalise_identifier(cell)
        if looks_like_resident_id(value) or (value and identifier_problem(value) is None):
            raise refuse(
                "header_missing",
                f"第 {row} 行是数据，不是表头",
                f"Row {row} holds data, not the names of columns",
                "请在第一行写各列名称后重报",
                "Write the names of the columns in the first row and send it again",
                where=f"row {row}",
            )


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


class Sheet(ABC):
    """An opened file: its layout, and its rows below the header."""

    def __init__(self, layout: Layout) -> None:
        """Made by the readers."""
        self.layout = layout
        self.doubtful: set[int] = set()
        """Rows that may only continue a merged row above: one word of their own, all else from above."""

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """All rows that hold anything, in order. Each call starts anew. May raise `FileRefused`."""
