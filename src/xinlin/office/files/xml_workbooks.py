"""Workbooks that Excel or a report tool saved as XML (SpreadsheetML 2003), often under the name .xls: tables of cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from xinlin.office.files.grids import Grid, Merge
from xinlin.office.layouts import MOST_COLUMNS, too_many_columns

SPREADSHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MOST_BLANKS = 1_000_000
"""Rows that a workbook may skip by saying a number."""
Events = Callable[[], Iterator[tuple[str, Element]]]
"""Starts and ends of elements, from the beginning at each call."""


def workbook_grids(events: Events) -> list[Grid]:
    """The sheets of a workbook saved as XML, measured in one pass."""
    grids: list[Grid] = []
    name, rows, width = "", 0, 0
    merges: list[Merge] = []
    for event, element in events():
        if event == "start":
            if element.tag == f"{SPREADSHEET}Worksheet":
                name, rows, width, merges = element.get(f"{SPREADSHEET}Name") or str(len(grids) + 1), 0, 0, []
            continue
        if element.tag == f"{SPREADSHEET}Row":
            rows = _row_index(element, rows)
            cells, merged = _row_cells(element, rows - 1)
            width = max(width, len(cells))
            merges.extend(merged)
        elif element.tag == f"{SPREADSHEET}Worksheet" and rows:
            grids.append(Grid("xml workbook", name, rows, width, _rows_of(events, len(grids)), merges=merges))
        if element.tag in (f"{SPREADSHEET}Row", f"{SPREADSHEET}Worksheet"):
            element.clear()
    return grids


def _row_index(element: Element, before: int) -> int:
    row = int(element.get(f"{SPREADSHEET}Index") or before + 1)
    if not before < row <= before + _MOST_BLANKS:
        raise ValueError(f"row {row} after row {before}")
    return row


def _row_cells(element: Element, row: int) -> tuple[list[str], list[Merge]]:
    cells: list[str] = []
    merges: list[Merge] = []
    for cell in element.iter(f"{SPREADSHEET}Cell"):
        column = int(cell.get(f"{SPREADSHEET}Index") or len(cells) + 1) - 1
        across, down = int(cell.get(f"{SPREADSHEET}MergeAcross") or 0), int(cell.get(f"{SPREADSHEET}MergeDown") or 0)
        if not len(cells) <= column or column + across > MOST_COLUMNS:
            raise too_many_columns(column + across)
        data = cell.find(f"{SPREADSHEET}Data")
        value = "".join(data.itertext()) if data is not None else ""
        if data is not None and data.get(f"{SPREADSHEET}Type") == "DateTime":
            value = value.removesuffix("T00:00:00.000").replace("T", " ")
        cells.extend([""] * (column - len(cells)))
        cells.extend([value, *[""] * across])
        if across or down:
            merges.append(((row, column), (row + down, column + across)))
    return cells, merges


def _rows_of(events: Events, wanted: int) -> Callable[[], Iterator[list[str]]]:
    """Rows of the sheet with this place among those that hold anything."""

    def source() -> Iterator[list[str]]:
        seen, row = 0, 0
        for event, element in events():
            if event == "end" and element.tag == f"{SPREADSHEET}Row":
                following = _row_index(element, row)
                if seen == wanted:
                    yield from ([] for _ in range(following - row - 1))
                    yield _row_cells(element, following - 1)[0]
                row = following
                element.clear()
            elif event == "end" and element.tag == f"{SPREADSHEET}Worksheet":
                seen, row = seen + bool(row), 0
                element.clear()

    return source
