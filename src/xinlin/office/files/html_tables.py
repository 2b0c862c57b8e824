"""Tables of a web page, as many systems save them under the name .xls or .htm (HTML 表格)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from xinlin.office.files.encodings import decoded_encoding
from xinlin.office.files.grids import Grid, Merge, open_grid
from xinlin.office.layouts import (
    LONGEST_CELL,
    MOST_COLUMNS,
    Reading,
    Sheet,
    cell_too_long,
    nothing_inside,
    refuse,
    too_many_columns,
)

MOST_CELLS = 5_000_000
"""Cells of all tables of one page, which are held in memory."""
MOST_TABLES = 1_000
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]{2,20})", re.IGNORECASE)
_HEAD = 8192
_PIECE = 1 << 16
_SPACES = re.compile(r"\s+")
_SILENT = frozenset(["script", "style", "template", "noscript"])
_BREAKS = frozenset(["br", "p", "div", "li"])
_MOST_SPAN = 65_534


@dataclass
class _Table:
    rows: list[list[str]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    reserved: dict[int, int] = field(default_factory=dict)
    """Column -> first row that a cell from above no longer reaches."""
    caption: str = ""
    heading: str = ""
    open_row: bool = False
    cell: list[str] | None = None
    span: tuple[int, int] = (1, 1)


class _Page(HTMLParser):
    """Collects the tables of a page; text belongs to the innermost cell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.done: list[_Table] = []
        self._open: list[_Table] = []
        self._silent = 0
        self._cells = 0
        self._words: list[str] | None = None
        self._heading = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        table = self._open[-1] if self._open else None
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            if len(self.done) + len(self._open) >= MOST_TABLES:
                raise refuse(
                    "too_many_tables", f"网页里有超过 {MOST_TABLES} 个表格", f"The page has more than {MOST_TABLES} tables",
                    "请只保存需要报送的表格", "Save the table that is meant by itself",
                )  # fmt: skip
            self._open.append(_Table(heading=self._heading))
        elif table is None:
            if tag in ("h1", "h2", "h3", "h4", "caption", "title"):
                self._words = []
        elif tag == "tr":
            self._end_cell(table)
            table.rows.append([])
            table.open_row = True
        elif tag in ("td", "th"):
            self._end_cell(table)
            if not table.open_row:
                table.rows.append([])
                table.open_row = True
            given = dict(attrs)
            table.cell, table.span = [], (_span(given.get("rowspan")), _span(given.get("colspan")))
        elif tag == "caption":
            self._words = []
        elif tag in _BREAKS and table.cell is not None:
            table.cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        table = self._open[-1] if self._open else None
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif self._words is not None and tag in ("h1", "h2", "h3", "h4", "caption", "title"):
            words, self._words = _SPACES.sub(" ", "".join(self._words)).strip()[:100], None
            if table is not None:
                table.caption = words
            else:
                self._heading = words
        elif table is None:
            return
        elif tag in ("td", "th"):
            self._end_cell(table)
        elif tag == "tr":
            self._end_cell(table)
            table.open_row = False
        elif tag == "table":
            self._end_cell(table)
            self.done.append(self._open.pop())

    def handle_data(self, data: str) -> None:
        """Text, in pieces."""
        if self._silent:
            return
        if self._words is not None:
            self._words.append(data)
        elif self._open and self._open[-1].cell is not None:
            self._open[-1].cell.append(data)

    def close(self) -> None:
        """The page ends; what was left open is closed."""
        super().close()
        while self._open:
            self._end_cell(self._open[-1])
            self.done.append(self._open.pop())

    def _end_cell(self, table: _Table) -> None:
        if table.cell is None:
            return
        text, row = _SPACES.sub(" ", "".join(table.cell)).strip(), len(table.rows) - 1
        down, across = table.span
        table.cell = None
        if len(text) > LONGEST_CELL:
            raise cell_too_long(row + 1)
        cells = table.rows[row]
        while table.reserved.get(len(cells), 0) > row:
            cells.append("")
        column = len(cells)
        if column + across > MOST_COLUMNS:
            raise too_many_columns(column + across)
        cells.extend([text, *[""] * (across - 1)])
        if down > 1:
            table.reserved |= dict.fromkeys(range(column, column + across), row + down)
        if down > 1 or across > 1:
            table.merges.append(((row, column), (row + down - 1, column + across - 1)))
        self._cells += across
        if self._cells > MOST_CELLS:
            raise refuse(
                "page_too_large", f"网页表格超过 {MOST_CELLS} 格", f"The page holds more than {MOST_CELLS} cells",
                "请另存为 CSV 或 XLSX，或拆成几个文件", "Save it as CSV or XLSX, or split it",
            )  # fmt: skip


def _span(text: str | None) -> int:
    digits = (text or "").strip()
    return min(max(int(digits), 1), _MOST_SPAN) if digits.isdecimal() and len(digits) < 9 else 1


def open_html(path: Path, known: AbstractSet[str], reading: Reading) -> Sheet:
    """The table of a page that shows most known labels; others can be named. Raises `FileRefused`."""
    with path.open("rb") as stream:
        said = _CHARSET.search(stream.read(_HEAD))
    encoding = decoded_encoding(path, reading, said[1].decode("ascii") if said else "")
    page = _Page()
    with path.open(encoding=encoding, newline="") as text:
        while piece := text.read(_PIECE):
            page.feed(piece)
    page.close()
    grids = [grid for number, table in enumerate(page.done, start=1) if (grid := _grid(number, table)) is not None]
    if not grids:
        raise nothing_inside()
    lone = [grid for grid in grids if grid.height > 1 and grid.width > 1] or grids
    sheet = open_grid(lone, known, reading)
    sheet.layout.encoding = encoding
    return sheet


def _grid(number: int, table: _Table) -> Grid | None:
    rows = table.rows
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        return None
    width = max(map(len, rows))

    def source() -> Iterator[list[str]]:
        for row in rows:
            yield [*row, *[""] * (width - len(row))]

    words = table.caption or table.heading
    name = f"{number} {words}" if words else str(number)
    return Grid("html", name, len(rows), width, source, merges=table.merges, across=True)
