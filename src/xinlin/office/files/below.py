"""The lines below a header, told apart: rows of data, and what a table says in between (表头以下的行)."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from xinlin.core.headers import ASIDE_BEGINS, Again, head_end, is_aside, moved
from xinlin.office.layouts import FileRefused, Finding, Layout, refuse, without_numbers

MOST_TOLD = 200
"""Findings about single lines that a file may bring; the rest only repeats them."""
SPACES = frozenset(" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u3000\u2000\u2001\u2002\u2003\u2009\ufeff")


def told(cells: Sequence[str]) -> str:
    """A line as a finding shows it."""
    return without_numbers(" ".join(filter(None, map(str.strip, cells))))[:120]


class Below:
    """Tells rows of data from other lines; one for each pass over a file."""

    def __init__(self, layout: Layout, again: Again) -> None:
        """Findings go to the layout."""
        self._layout, self._again, self._width, self._told = layout, again, len(layout.headers), 0
        self._aside = 0
        """The last line that was a note, and no row of data, or stood empty below one."""
        self.order: list[int] | None = None
        """Where the columns stand since the head came again in another order."""
        self.perhaps = again.begins | SPACES | frozenset(ASIDE_BEGINS)
        """A line that fills most of its cells and begins with none of these is a row of data."""

    def surely(self, cells: Sequence[str]) -> bool:
        """Whether a line is a row of data at first sight, in the order of the header."""
        first = cells[0]
        return bool(first) and first[0] not in self.perhaps and self.order is None and cells.count("") * 2 < self._width

    def empty(self, number: int) -> None:
        """A line without anything: what follows a note still follows it."""
        if self._aside == number - 1:
            self._aside = number

    def row(self, number: int, cells: list[str], *, note: bool = False) -> list[str] | None:
        """The row in the order of the header; None for a line that is no row of data, of which a finding tells.

        ``note``: the sheet itself shows it to be one line. Raises `FileRefused` where a table of other columns begins.
        """
        code = self._again(cells)
        if code == "header_other":
            raise _other_table(number, cells)
        if code == "header_moved":
            self.order = self._again.order(cells)
        elif code == "header_again":
            self.order = None
        if code or note or is_aside(cells, self._width, after=self._aside == number - 1):
            self._aside = number
            self.tell("note_row" if code in ("", "title_again") else code, number, cells)
            return None
        return cells if self.order is None else moved(cells, self.order)

    def tell(self, code: str, number: int, cells: Sequence[str]) -> None:
        """Keep a finding about a line."""
        self._told += 1
        if self._told <= MOST_TOLD:
            self._layout.findings.append(Finding(code, str(number), told(cells)))


def end_of_head(
    layout: Layout, numbers: Sequence[int], rows: Sequence[Sequence[str]], last: int, known: AbstractSet[str]
) -> int:
    """The last row of the head, with the lines below the names that belong to it; findings tell of them."""
    end = head_end(rows, last, layout.headers, known)
    for index in range(last + 1, end + 1):
        layout.findings.append(Finding("head_row", str(numbers[index]), told(rows[index])))
    return end


def _other_table(number: int, cells: Sequence[str]) -> FileRefused:
    return refuse(
        "second_header",
        f"第 {number} 行起是另一张表，列与前面不同",
        f"Another table with other columns begins in row {number}",
        "请把两张表分开报送",
        "Send the two tables by themselves",
        where=f"row {number}",
        raw=told(cells),
    )
