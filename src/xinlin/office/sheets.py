"""From bytes to rows: spreadsheets (文件读取). Text files are `xinlin.office.text_files`'s part.

What a file is, is found from its content, never from its name: encoding, delimiter, sheet, header row, merged cells. What
was found stands in the `Layout`; what cannot be read refuses the file with a sample, and nothing is ever guessed silently.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetVisibleEnum,
    XmlError,
    ZipError,
)

from xinlin.core.columns import (
    HEADER_WITHIN,
    NUMBERLIKE,
    find_header,
    header_cells,
    header_sha256,
    known_labels,
    label_key,
    unique_headers,
)
from xinlin.core.rulebooks import Kind
from xinlin.office.layouts import MOST_COLUMNS, Finding, Layout, Row, Sheet, must_be_header, refuse, without_numbers
from xinlin.office.text_files import open_text
from xinlin.office.workbooks import guard_workbook

MOST_MERGED = 2_000_000
"""Cells that take the value of a merged one above; more is a mistake or an attack."""
Cell = int | float | str | bool | time | date | datetime | timedelta


def open_sheet(path: Path, kind: Kind, extra_labels: AbstractSet[str] = frozenset()) -> Sheet:
    """Open a delivered file as rows. ``extra_labels``: column names of the department's mappings, which help to find the
    header. Raises `FileRefused` with the reason and a sample.
    """
    known = known_labels(kind) | {label_key(label) for label in extra_labels}
    with path.open("rb") as stream:
        head = stream.read(8)
    if not head:
        raise refuse("file_empty", "文件是空的", "The file is empty", "请重新导出后再报", "Export it again and send it")
    if head.startswith(b"PK\x03\x04"):
        guard_workbook(path)
        return _open_workbook(path, known, "xlsx")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _open_workbook(path, known, "xls")
    return open_text(path, known)


def _open_workbook(path: Path, known: AbstractSet[str], form: str) -> Sheet:
    try:
        book = CalamineWorkbook.from_path(path)
        candidates = []
        for meta in book.sheets_metadata:
            if "WorkSheet" not in str(meta.typ):
                continue
            sheet = book.get_sheet_by_name(meta.name)
            if sheet.height and sheet.width:
                candidates.append((meta.name, meta.visible == SheetVisibleEnum.Visible, sheet))
        chosen = _choose(candidates, known)
    except PasswordError as error:
        raise refuse(
            "workbook_locked",
            "电子表格有密码",
            "The workbook is locked",
            "请取消密码后重报",
            "Remove the password and send it again",
        ) from error
    except (CalamineError, XmlError, ZipError, ValueError) as error:
        raise refuse(
            "workbook_broken",
            "电子表格文件已损坏",
            f"The workbook is broken ({error})",
            "请重新保存后再报",
            "Save it again and send it",
        ) from error
    if chosen is None:
        raise refuse("file_empty", "电子表格里没有数据", "The workbook holds no data", "请检查文件", "Check the file")
    name, _, sheet = chosen
    others = [(n, visible, s) for n, visible, s in candidates if n != name]
    return _WorkbookSheet.read(form, name, sheet, others, known)


def _choose(
    candidates: list[tuple[str, bool, CalamineSheet]], known: AbstractSet[str]
) -> tuple[str, bool, CalamineSheet] | None:
    """The sheet whose first rows hold most known labels; among equals the first visible one."""
    best, best_mark = None, (-1, False)
    for candidate in candidates:
        top = candidate[2].to_python(skip_empty_area=False, nrows=HEADER_WITHIN)
        hits = max((sum(1 for cell in row if label_key(str(cell)) in known) for row in top), default=0)
        if (hits, candidate[1]) > best_mark and (candidate[1] or hits):
            best, best_mark = candidate, (hits, candidate[1])
    return best or (candidates[0] if candidates else None)


def cell_text(value: Cell) -> str:
    """A cell as text. Figures of 16 digits or more have lost digits in Excel and are shown as Excel shows them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if abs(value) >= 1e15:
            return f"{value:.14E}"
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)


class _WorkbookSheet(Sheet):
    """One sheet of a workbook, merged cells filled down."""

    @classmethod
    def read(
        cls,
        form: str,
        name: str,
        sheet: CalamineSheet,
        others: list[tuple[str, bool, CalamineSheet]],
        known: AbstractSet[str],
    ) -> _WorkbookSheet:
        """Find the header and what else is worth telling."""
        if sheet.width > MOST_COLUMNS:
            raise refuse(
                "too_many_columns",
                f"表格有 {sheet.width} 列，超过 {MOST_COLUMNS} 列",
                f"The sheet has {sheet.width} columns, more than {MOST_COLUMNS}",
                "请删除无关的列",
                "Delete the columns that do not belong",
            )
        first_row, first_column = sheet.start or (0, 0)
        top = sheet.to_python(skip_empty_area=True, nrows=HEADER_WITHIN)
        rows = [[cell_text(cell) for cell in row] for row in top]
        header = find_header(rows, known)
        if header is None:
            raise refuse(
                "file_empty", "电子表格里没有数据", "The workbook holds no data", "请检查文件", "Check the file"
            )
        must_be_header(rows[header], first_row + header + 1)
        headers = unique_headers(header_cells(rows, header))
        layout = Layout(
            format=form,
            sheet=name,
            header_row=first_row + header + 1,
            headers=headers,
            header_sha256=header_sha256(headers),
            titles=[without_numbers(" ".join(filter(None, map(str.strip, row)))) for row in rows[:header] if any(row)],
            rows_expected=max(0, sheet.height - header - 1),
        )
        for other, visible, content in others:
            code = "second_sheet" if visible else "hidden_sheet"
            layout.findings.append(Finding(code, other, f"{content.height} × {content.width}"))
        opened = cls(layout)
        opened.sheet, opened.header = sheet, header
        opened.origin = (first_row, first_column)
        opened.named = [column for column, cell in enumerate(rows[header]) if cell.strip()]
        return opened

    sheet: CalamineSheet
    header: int
    origin: tuple[int, int]
    named: list[int]
    """Columns that the header names."""

    def _merges(self) -> tuple[dict[int, list[tuple[int, int]]], set[int]]:
        """For each row the (column, row whose value it takes); and the rows that are one cell from side to side."""
        fill: dict[int, list[tuple[int, int]]] = {}
        notes: set[int] = set()
        top, left = self.origin
        width, filled = len(self.layout.headers), 0
        for (row1, column1), (row2, column2) in self.sheet.merged_cell_ranges or []:
            if column2 - column1 + 1 >= max(3, width) and row1 - top > self.header:
                notes.update(range(row1 - top, min(row2 - top, self.sheet.height - 1) + 1))
                continue
            for row in range(row1 - top + 1, min(row2 - top, self.sheet.height - 1) + 1):
                fill.setdefault(row, []).append((column1 - left, row1 - top))
                filled += 1
            if filled > MOST_MERGED:
                raise refuse(
                    "merged_too_much",
                    f"合并单元格覆盖超过 {MOST_MERGED} 格",
                    f"Merged cells cover more than {MOST_MERGED} cells",
                    "请取消合并后重报",
                    "Undo the merging and send it again",
                )
        return fill, notes

    def rows(self) -> Iterator[Row]:
        """Rows below the header. A row without a value of its own is part of the merged row above it and is no row."""
        fill, notes = self._merges()
        top = self.origin[0]
        kept: dict[tuple[int, int], str] = {}
        starts = {(start, column) for fills in fill.values() for column, start in fills}
        for absolute, raw in enumerate(self.sheet.iter_rows()):
            index = absolute - top
            cells = [cell_text(cell) for cell in raw]
            for column, cell in enumerate(cells):
                if (index, column) in starts:
                    kept[index, column] = cell
            if index <= self.header:
                continue
            if index in notes:
                self.layout.findings.append(
                    Finding("note_row", str(top + index + 1), without_numbers(" ".join(filter(None, cells)))[:120])
                )
                continue
            if not any(cell.strip() for cell in cells):
                continue
            own = [column for column in self.named if column < len(cells) and cells[column].strip()]
            for column, start in fill.get(index, ()):
                if 0 <= column < len(cells) and not cells[column]:
                    cells[column] = kept.get((start, column), "")
            filled = sum(1 for column in self.named if column < len(cells) and cells[column].strip()) - len(own)
            if len(own) == 1 and filled * 2 >= len(self.named) and not NUMBERLIKE.fullmatch(cells[own[0]].strip()):
                self.doubtful.add(top + index + 1)
            yield top + index + 1, cells
