"""Tables as offices send them: notes and totals under the rows, and hidden sheets."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import xlsxwriter

from xinlin.office.sheets import open_sheet

from .conftest import KINDS, resident

HEADER = ["公民身份号码", "姓名", "发生日期", "时长", "金额", "类别"]
DEEDS = next(kind for kind in KINDS if kind.code == "deeds")
ROWS = [[resident(number), f"张{number}", "2026-03-05", "2", "3.5", "公园"] for number in range(1, 6)]
BELOW = {
    "a total that counts in its own cell": ["合计：5条"],
    "a total beside numbers": ["总计", "", "", "10", "17.5"],
    "a total in other characters": ["合計", "", "", "10"],
    "a note of one cell": ["注：1.本表由各单位填报；2.数据截至三月底。"],
    "who filled it in": ["填表人：张三", "", "联系电话：0577-1234567"],
}


@pytest.mark.parametrize("below", BELOW.values(), ids=BELOW)
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_what_stands_under_a_table_is_told_and_is_no_row(tmp_path: Path, below: list[str], delimiter: str) -> None:
    path = tmp_path / "file.csv"
    path.write_text("\n".join(delimiter.join(row) for row in [HEADER, *ROWS, below]), encoding="gb18030")
    sheet = open_sheet(path, DEEDS)
    assert [cells for _, cells in sheet.rows()] == ROWS
    assert [(found.code, found.where) for found in sheet.layout.findings] == [("note_row", "7")]


def test_who_signed_below_a_note_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    below = [["注：数据截至三月底。"], ["", "", "", "", "某市总工会"], ["", "", "", "", "2026年3月5日"]]
    path.write_text("\n".join(",".join(row) for row in [HEADER, *ROWS, *below]), encoding="utf-8")
    sheet = open_sheet(path, DEEDS)
    assert [cells for _, cells in sheet.rows()] == ROWS
    assert [found.where for found in sheet.layout.findings] == ["7", "8", "9"]


def test_a_lone_cell_without_a_note_above_waits_for_its_row(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("\n".join(",".join(row) for row in [HEADER, *ROWS, ["", "某市总工会"]]), encoding="utf-8")
    assert len(list(open_sheet(path, DEEDS).rows())) == len(ROWS) + 1


def test_a_note_in_the_midst_says_nothing_of_later_rows(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    lines = [HEADER, ROWS[0], ["注：以下为补报。"], ROWS[1], ["", "某市总工会"]]
    path.write_text("\n".join(",".join(row) for row in lines), encoding="utf-8")
    assert len(list(open_sheet(path, DEEDS).rows())) == 3


def test_a_row_that_is_short_is_still_a_row(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("\n".join(",".join(row) for row in [HEADER, ROWS[0], ["总工会", "注册", "共5"]]), encoding="utf-8")
    assert len(list(open_sheet(path, DEEDS).rows())) == 2


def test_a_hidden_sheet_is_never_taken_before_a_visible_one(tmp_path: Path) -> None:
    """The hidden dictionary names every label in one row; the visible table has two of them under a group."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held)
    shown, hidden = book.add_worksheet("志愿服务"), book.add_worksheet("数据字典")
    hidden.hide()
    for number in range(9):
        hidden.write_row(number, 0, HEADER)
    shown.write_row(0, 0, ["公民身份号码", "姓名", "服务", "", "", ""])
    shown.write_row(1, 2, ["日期", "时长", "金额", "类别"])
    for number, row in enumerate(ROWS, 2):
        shown.write_row(number, 0, row)
    book.close()
    path = tmp_path / "file.xlsx"
    path.write_bytes(held.getvalue())
    sheet = open_sheet(path, DEEDS)
    assert (sheet.layout.sheet, len(list(sheet.rows()))) == ("志愿服务", 5)
    assert "hidden_sheet" in {found.code for found in sheet.layout.findings}
