"""A large sheet is read a piece at a time and says the same as read whole."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from xinlin.office.files import sheet_pieces, workbooks
from xinlin.office.files.grids import open_grid
from xinlin.office.layouts import Reading, Row

KNOWN = frozenset({"号码", "名称", "日期", "类别"})


def written(path: Path, *, constant_memory: bool) -> Path:
    """Rows from the third on, a gap, a merged group across pieces, numbers and days; cells in line or in the shared strings."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": constant_memory, "default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("数据")
    sheet.write_row(2, 0, ["号码", "名称", "日期", "类别"])
    for number in range(400):
        at = number + (3 if number < 150 else 9)
        sheet.write(at, 0, f"A{number}")
        sheet.write(at, 1, f"名称{number}" if number % 7 else number * 1.5)
        sheet.write_datetime(at, 2, date(2024, 1, 1 + number % 28))  # type: ignore[arg-type]  # a day will do
        if not 100 <= number < 140:
            sheet.write(at, 3, f"类{number % 3}")
    if not constant_memory:
        sheet.merge_range(103, 3, 142, 3, "类九")
    book.close()
    return path


def read(path: Path) -> tuple[list[str], list[Row]]:
    (grid,) = workbooks.workbook_grids(path, "xlsx")
    sheet = open_grid([grid], KNOWN, Reading())
    return sheet.layout.headers, [(number, list(cells)) for number, cells in sheet.rows()]


@pytest.mark.parametrize("constant_memory", [False, True], ids=["shared strings", "in line"])
def test_pieces_say_what_the_whole_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, constant_memory: bool) -> None:
    path = written(tmp_path / "a.xlsx", constant_memory=constant_memory)
    whole = read(path)
    assert len(whole[1]) == 400
    monkeypatch.setattr(workbooks, "CUT_OVER", 1)
    monkeypatch.setattr(sheet_pieces, "PIECE", 4_000)
    monkeypatch.setattr(sheet_pieces, "_CHUNK", 1_000)
    monkeypatch.setattr(sheet_pieces, "_ENDS_WITHIN", 2_000)
    cut: list[int] = []
    kept = sheet_pieces.Pieces._write
    monkeypatch.setattr(sheet_pieces.Pieces, "_write", lambda *given: (cut.append(1), kept(*given)))
    assert read(path) == whole
    assert len(cut) > 3


def test_a_sheet_whose_rows_have_no_numbers_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.xlsx", constant_memory=True)
    whole = read(path)
    monkeypatch.setattr(workbooks, "CUT_OVER", 1)

    def never(*_given: object) -> None:
        raise sheet_pieces.NotCut

    monkeypatch.setattr(sheet_pieces.Pieces, "_cut", never)
    assert read(path) == whole
