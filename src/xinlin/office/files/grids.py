"""Tables of cells, as workbooks and web pages hold them: which one, where its header is, what its merged cells mean (表格)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from xinlin.core.columns import (
    HEADER_WITHIN,
    NUMBERLIKE,
    header_cells,
    header_sha256,
    label_key,
    unique_headers,
)
from xinlin.core.headers import Again, header_block, moved
from xinlin.office.files.below import MOST_TOLD, Below, end_of_head
from xinlin.office.layouts import (
    LONGEST_CELL,
    MOST_COLUMNS,
    FileRefused,
    Finding,
    Layout,
    Reading,
    Row,
    Sheet,
    cell_too_long,
    header_at,
    looked_at,
    must_be_header,
    nothing_inside,
    refuse,
    too_many_columns,
    without_numbers,
)

MOST_MERGED = 2_000_000
"""Cells that take the value of a merged one above; more is a mistake or an attack."""
Thing = TypeVar("Thing")
Merge = tuple[tuple[int, int], tuple[int, int]]
"""First and last cell (row, column), counted from 0 at the corner of the sheet."""


@dataclass
class Grid:
    """One table of a file. ``source()`` yields its rows from ``top`` on, cells from ``left`` on."""

    form: str
    name: str
    height: int
    width: int
    source: Callable[[], Iterator[list[str]]]
    visible: bool = True
    top: int = 0
    left: int = 0
    merges: Sequence[Merge] = ()
    across: bool = False
    """Whether a cell merged from side to side means its value for each column below the header, as in web pages."""
    findings: list[Finding] = field(default_factory=list)

    def as_choice(self) -> dict[str, object]:
        """What a person sees who chooses a table."""
        return {"name": self.name, "rows": self.height, "columns": self.width, "visible": self.visible}


def open_grid(grids: Sequence[Grid], known: AbstractSet[str], reading: Reading, *, alike: bool = True) -> Sheet:
    """The table that is meant, opened. ``alike``: the others are worth telling, as sheets of a workbook are.

    Raises `FileRefused`; where a person named a table that is not there, with those that are.
    """
    if not grids:
        raise nothing_inside()
    chosen = _choose(grids, known, reading)
    if chosen.width > MOST_COLUMNS:
        raise too_many_columns(chosen.width)
    first = GridSheet(chosen, known, reading)
    pages = {} if reading.table or reading.header_row else _pages(grids, chosen, first, known, reading)
    sheet = _Pages([first, *pages.values()]) if pages else first
    sheet.layout.tables = [grid.as_choice() for grid in grids]
    sheet.layout.findings.extend(
        finding for grid in grids if grid is chosen or grid.name in pages for finding in grid.findings
    )
    if alike:
        for other in [grid for grid in grids if grid is not chosen and grid.name not in pages][:MOST_TOLD]:
            code = "second_sheet" if other.visible else "hidden_sheet"
            sheet.layout.findings.append(Finding(code, other.name, f"{other.height} × {other.width}"))
    return sheet


def _choose(grids: Sequence[Grid], known: AbstractSet[str], reading: Reading) -> Grid:
    """The table named by a person, else the visible one whose first rows hold most known labels; a hidden one where no other has any."""
    if reading.table:
        return pick(grids, [grid.name for grid in grids], reading.table, [grid.as_choice() for grid in grids])
    best, best_mark = None, (False, -1)
    for grid in grids:
        top = islice(grid.source(), HEADER_WITHIN)
        hits = max((sum(1 for cell in row if label_key(cell) in known) for row in top), default=0)
        mark = (grid.visible and hits > 0, hits)
        if mark > best_mark and (grid.visible or hits):
            best, best_mark = grid, mark
    return best or grids[0]


def pick(things: Sequence[Thing], names: Sequence[str], wanted: str, choices: Sequence[dict[str, object]]) -> Thing:
    """The thing of that name. Raises `FileRefused` with the names that are there."""
    if wanted in names:
        return things[names.index(wanted)]
    there = "、".join(names[:10])
    refusal = refuse(
        "table_unknown",
        f"文件里没有名为“{wanted}”的表，有：{there}",
        f"The file has no table named {wanted!r}; there are: {there}",
        "请从列出的表中选择",
        "Choose one of those listed",
        where="table",
        raw=wanted,
    )
    refusal.tables = choices
    raise refusal


class GridSheet(Sheet):
    """One table of cells, merged cells filled down."""

    def __init__(self, grid: Grid, known: AbstractSet[str], reading: Reading) -> None:
        """Find the header and what else is worth telling. Raises `FileRefused`."""
        rows = list(islice(grid.source(), looked_at(reading)))
        numbers = [grid.top + index + 1 for index in range(len(rows))]
        found = header_at(numbers, rows, known, reading)
        if found is None:
            raise nothing_inside()
        first, last, _ = header_block(rows, found, fixed=bool(reading.header_row))
        names = header_cells([*rows[:first], header_block(rows, first, fixed=True)[2], *rows[last + 1 :]], first)
        must_be_header(names, numbers[first])
        headers = unique_headers(names)
        titles = [" ".join(filter(None, map(str.strip, row))) for row in rows[:first] if any(map(str.strip, row))]
        super().__init__(
            Layout(
                format=grid.form,
                sheet=grid.name,
                header_row=numbers[first],
                header_rows=last - first + 1,
                headers=headers,
                header_sha256=header_sha256(headers),
                titles=[without_numbers(title)[:200] for title in titles],
                rows_expected=max(0, grid.height - last - 1),
                reading=reading.as_dict(),
            )
        )
        self._grid, self._last = grid, end_of_head(self.layout, numbers, rows, last, known)
        self._again = Again(rows[first : last + 1], headers, rows[:first], known)
        self._named = [column for column, cell in enumerate(names) if cell.strip()]

    def _merges(self) -> tuple[dict[int, list[tuple[int, int, int]]], set[int]]:
        """For each row the (column, row, column whose value it takes); and the rows with one cell over several columns."""
        fill: dict[int, list[tuple[int, int, int]]] = {}
        notes: set[int] = set()
        top, left, height = self._grid.top, self._grid.left, self._grid.height
        filled = 0
        for (row1, column1), (row2, column2) in self._grid.merges:
            end = min(row2 - top, height - 1)
            if column2 - column1 >= 2 and row1 - top > self._last:
                notes.add(row1 - top)
                if column2 - column1 + 1 >= len(self.layout.headers):
                    notes.update(range(row1 - top, end + 1))
                    continue
            for row in range(row1 - top, end + 1):
                for column in range(column1 - left, (column2 if self._grid.across else column1) - left + 1):
                    if (row, column) != (row1 - top, column1 - left):
                        fill.setdefault(row, []).append((column, row1 - top, column1 - left))
                        filled += 1
            if filled > MOST_MERGED:
                raise _merged_too_much()
        return fill, notes

    def rows(self) -> Iterator[Row]:
        """Rows below the header. A row without a value of its own is part of the merged row above it and is no row."""
        fill, notes = self._merges()
        top, below = self._grid.top, Below(self.layout, self._again)
        starts = {(row, column) for fills in fill.values() for _, row, column in fills}
        starting = {row for row, _ in starts}
        kept: dict[tuple[int, int], str] = {}
        for index, cells in enumerate(self._grid.source()):
            number = top + index + 1
            if max(map(len, cells), default=0) > LONGEST_CELL:
                raise cell_too_long(number)
            if index in starting:
                kept |= {(index, column): cell for column, cell in enumerate(cells) if (index, column) in starts}
            if index <= self._last:
                continue
            if not any(map(str.strip, cells)):
                below.empty(number)
                continue
            row: list[str] | None = cells
            if index in notes or not below.surely(cells):
                lone = index in notes and sum(1 for cell in cells if cell.strip()) == 1
                row = below.row(number, cells, note=lone)
            if row is None:
                continue
            if index in fill:
                self._fill(number, cells, fill[index], kept, index)
                row = cells if below.order is None else moved(cells, below.order)
            yield number, row

    def _fill(
        self,
        number: int,
        cells: list[str],
        fills: Sequence[tuple[int, int, int]],
        kept: dict[tuple[int, int], str],
        index: int,
    ) -> None:
        """Give a row what the merged cells that reach into it say; note where that is nearly all it has."""
        own = [column for column in self._named if column < len(cells) and cells[column].strip()]
        from_above = 0
        for column, row, source in fills:
            if 0 <= column < len(cells) and not cells[column]:
                cells[column] = kept.get((row, source), "")
                from_above += row < index and column in self._named and bool(cells[column].strip())
        if len(own) == 1 and from_above * 2 >= len(self._named) and not NUMBERLIKE.fullmatch(cells[own[0]].strip()):
            self.doubtful.add(number)


def _pages(
    grids: Sequence[Grid], chosen: Grid, first: GridSheet, known: AbstractSet[str], reading: Reading
) -> dict[str, GridSheet]:
    """The visible tables behind the chosen one that have its columns, in whatever order: the same table goes on in them."""
    pages: dict[str, GridSheet] = {}
    for grid in grids[grids.index(chosen) + 1 :]:
        if not grid.visible or grid.width > MOST_COLUMNS:
            continue
        try:
            page = GridSheet(grid, known, reading)
        except FileRefused:
            continue
        if sorted(page.layout.headers) == sorted(first.layout.headers):
            pages[grid.name] = page
    return pages


class _Pages(Sheet):
    """One table over several sheets. Rows are numbered on from sheet to sheet, and a finding says which numbers each has."""

    def __init__(self, pages: Sequence[GridSheet]) -> None:
        super().__init__(pages[0].layout)
        self.layout.rows_expected = sum(page.layout.rows_expected for page in pages)
        self._pages = pages
        for page in pages[1:]:
            self._tell(page, 0)

    def _tell(self, page: GridSheet, noted: int) -> None:
        found = page.layout.findings[noted:]
        self.layout.findings.extend(Finding(code, f"{page.layout.sheet}: {where}", said) for code, where, said in found)

    def _order(self, page: GridSheet) -> list[int]:
        """Where a page has the columns of the first one; empty where they stand as there."""
        here, wanted = page.layout.headers, self.layout.headers
        return [] if here == wanted else [here.index(name) for name in wanted]

    def rows(self) -> Iterator[Row]:
        before = 0
        for page in self._pages:
            noted, last = len(page.layout.findings), 0
            order = self._order(page)
            for number, cells in page.rows():
                last = number
                if order:
                    cells = [cells[at] if at < len(cells) else "" for at in order]
                if number in page.doubtful:
                    self.doubtful.add(before + number)
                yield before + number, cells
            if page.layout is not self.layout:
                self._tell(page, noted)
                self.layout.findings.append(Finding("sheet_joined", page.layout.sheet, f"{before + 1}–{before + last}"))
            before += last


def _merged_too_much() -> FileRefused:
    return refuse(
        "merged_too_much",
        f"合并单元格覆盖超过 {MOST_MERGED} 格",
        f"Merged cells cover more than {MOST_MERGED} cells",
        "请取消合并后重报",
        "Undo the merging and send it again",
    )
