"""Workbooks of Excel, new (.xlsx) and old (.xls): first whether one may be opened at all, then its sheets (电子表格).

The reader keeps a sheet as one dense table, so two cells far apart in a file of one kilobyte would ask for more memory
than any machine has. What can be measured on the bytes is therefore measured first; the limit of the process does the rest.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from defusedxml import ElementTree as SafeTree
from defusedxml.common import DefusedXmlException
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetVisibleEnum,
    XmlError,
    ZipError,
)

from xinlin.office.files.archives import guard_archive
from xinlin.office.files.grids import Grid
from xinlin.office.files.sheet_pieces import CUT_OVER, NotCut, Pieces
from xinlin.office.layouts import FileRefused, Finding, refuse

MOST_CELLS = 30_000_000
"""Cells between the first and the last of all sheets together, empty ones too: about one gigabyte of memory."""
Cell = int | float | str | bool | time | date | datetime | timedelta
_CHUNK = 4 << 20
_LONGEST_REFERENCE = 64
"""Bytes carried over between two chunks, so that no reference is cut in two."""
_LETTERS = re.compile(rb"""r\s*=\s*["']([A-Za-z]{0,7})[0-9]{1,10}["']""")
_NUMBERS = re.compile(rb"""r\s*=\s*["'][A-Za-z]{0,7}([0-9]{1,10})["']""")
"""References of cells and rows, and what other attributes may say in their form: never less than there are, and quickly."""
_EXACT = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,7})([0-9]{1,10})["']""")
_HIDDEN_ROW = re.compile(rb"<row\b[^>]{0,300}\bhidden\s*=\s*[\"'](?:1|true)[\"']")
_HIDDEN_COLUMN = re.compile(rb"<col\b[^>]{0,300}\bhidden\s*=\s*[\"'](?:1|true)[\"'][^>]{0,300}>")
_OTHER_FORMS = ("content.xml", "mimetype", "xl/workbook.bin")
"""Parts that make another kind of workbook of it, whose cells are not measured here."""
_ERROR = b' t="e"'
"""A cell in which Excel shows an error; it is read as an empty one."""
_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class _Spread:
    """What one part of a workbook showed while it was unpacked and thrown away."""

    def __init__(self, stream: IO[bytes], exact: bool) -> None:
        """Reads the part to its end, so that a size or checksum that lies raises BadZipFile."""
        letters: set[bytes] = set()
        numbers: set[bytes] = {b"0"}
        rest, self.hidden_rows, self.hidden_columns, self.errors, start = b"", 0, 0, 0, True
        self.large = False
        while chunk := stream.read(_CHUNK):
            if start and b"<!DOCTYPE" in chunk[:4096].replace(b"\0", b"").upper():
                raise declares_entities()
            start = False
            whole = rest + chunk
            if exact:
                found = _EXACT.findall(whole)
                letters |= {letter for letter, _ in found}
                numbers |= {number for _, number in found}
            else:
                letters |= set(_LETTERS.findall(whole))
                numbers |= set(_NUMBERS.findall(whole))
            numbers = {b"%d" % max(map(int, numbers))}
            if b"hidden" in chunk:
                self.hidden_rows += len(_HIDDEN_ROW.findall(chunk))
                self.hidden_columns += len(_HIDDEN_COLUMN.findall(chunk))
            self.errors += chunk.count(_ERROR)
            rest = chunk[-_LONGEST_REFERENCE:]
        self.columns = max(map(_column_number, letters), default=0)
        self.cells = int(*numbers) * self.columns
        """Of the smallest table from the first cell on that holds every cell named in the part."""


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


class Noted(NamedTuple):
    """What is worth telling of a sheet, and, of one that is too large to be held at once, where it lies and how wide it is."""

    findings: list[Finding]
    part: str = ""
    columns: int = 0


def guard_workbook(path: Path, *, exact: bool = False) -> dict[str, Noted]:
    """Refuse a packed workbook that memory could not hold, or that is none; what there is to know of its sheets, by name.

    ``exact``: count nothing but references of cells and rows; asked of the few workbooks that seem too large without.
    Raises `FileRefused`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = guard_archive(archive, path.stat().st_size)
            names = {entry.filename for entry in entries}
            if not any(name.startswith("xl/") for name in names) or not names.isdisjoint(_OTHER_FORMS):
                raise refuse(
                    "not_a_workbook",
                    "这是别的格式，不是 XLSX 电子表格",
                    "This is another form, not an XLSX workbook",
                    "请另存为 XLSX",
                    "Save it as XLSX",
                )
            cells, noted = 0, {}
            for entry in entries:
                with archive.open(entry) as stream:
                    spread = _Spread(stream, exact)
                large = entry.file_size >= CUT_OVER
                if spread.hidden_rows or spread.hidden_columns or spread.errors or large:
                    spread.large = large
                    noted[entry.filename] = spread
                cells += spread.cells
                if cells > MOST_CELLS and not exact:
                    return guard_workbook(path, exact=True)
                if cells > MOST_CELLS:
                    raise _too_large(cells)
            return _noted_by_sheet(archive, names, noted)
    except DefusedXmlException as error:
        raise declares_entities() from error
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, SyntaxError) as error:
        raise broken(error) from error


def _noted_by_sheet(archive: zipfile.ZipFile, names: set[str], noted: dict[str, _Spread]) -> dict[str, Noted]:
    if not noted or not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return {}
    links = SafeTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), forbid_dtd=True)
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    found: dict[str, Noted] = {}
    for sheet in SafeTree.fromstring(archive.read("xl/workbook.xml"), forbid_dtd=True).iter(f"{_SPACE}sheet"):
        target = targets.get(sheet.get(_LINK), "")
        part = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
        if spread := noted.get(part):
            counts = {
                "hidden_rows": spread.hidden_rows,
                "hidden_columns": spread.hidden_columns,
                "formula_errors": spread.errors,
            }
            name = sheet.get("name", "")
            told = [Finding(code, name, str(number)) for code, number in counts.items() if number]
            found[name] = Noted(told, part, spread.columns) if spread.large else Noted(told)
    return found


def workbook_grids(path: Path, form: str) -> list[Grid]:
    """The sheets that hold anything, hidden ones too. Raises `FileRefused`."""
    noted = guard_workbook(path) if form == "xlsx" else {}
    try:
        book = CalamineWorkbook.from_path(path)
        grids = []
        for meta in book.sheets_metadata:
            if "WorkSheet" not in str(meta.typ):
                continue
            visible, told = meta.visible == SheetVisibleEnum.Visible, noted.get(meta.name, Noted([]))
            if told.part and (large := _large_grid(path, meta.name, visible, told)):
                grids.append(large)
                continue
            sheet = book.get_sheet_by_name(meta.name)
            if sheet.height and sheet.width:
                grids.append(_grid(form, meta.name, sheet, visible, told))
    except PasswordError as error:
        raise refuse(
            "workbook_locked",
            "电子表格有密码",
            "The workbook is locked",
            "请取消密码后重报",
            "Remove the password and send it again",
        ) from error
    except (CalamineError, XmlError, ZipError, ValueError) as error:
        raise broken(error) from error
    return grids


def _large_grid(path: Path, name: str, visible: bool, told: Noted) -> Grid | None:
    """A sheet that is read in pieces; None where it cannot be cut."""
    try:
        pieces = Pieces(path, told.part, name, told.columns)
    except NotCut:
        return None
    rows = partial(pieces.rows, cell_text)
    return Grid(
        "xlsx", name, pieces.height, told.columns, rows, visible, merges=pieces.merges, findings=[*told.findings]
    )


def _grid(form: str, name: str, sheet: CalamineSheet, visible: bool, told: Noted) -> Grid:
    top, left = sheet.start or (0, 0)

    def source() -> Iterator[list[str]]:
        for absolute, raw in enumerate(sheet.iter_rows()):
            if absolute >= top:  # the rows above the first one that is filled come along, empty
                yield [cell if type(cell) is str else cell_text(cell) for cell in raw]

    merges = sheet.merged_cell_ranges or []
    return Grid(form, name, sheet.height, sheet.width, source, visible, top, left, merges, findings=[*told.findings])


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


def broken(error: BaseException) -> FileRefused:
    """The refusal of a workbook that does not open."""
    return refuse(
        "workbook_broken",
        "电子表格文件已损坏",
        f"The workbook is broken ({str(error)[:200]})",
        "请重新保存后再报",
        "Save it again and send it",
    )


def declares_entities() -> FileRefused:
    """The refusal of XML that says more than what is in it."""
    return refuse(
        "declares_entities",
        "文件内的 XML 声明了实体或外部定义（DOCTYPE），不予解析",
        "The XML inside declares entities or an outside definition (DOCTYPE) and is not read",
        "请由来源系统重新导出，不带 DOCTYPE",
        "Export it again from its source, without a DOCTYPE",
    )


def _too_large(cells: int) -> FileRefused:
    return refuse(
        "unpacks_too_large",
        f"表格首末单元格之间有 {cells} 格，超过上限",
        f"The workbook spans {cells} cells, more than is allowed",
        "请删除远处的空白单元格、拆成几个文件，或改用 CSV",
        "Delete cells far outside the table, split it, or send CSV",
    )
