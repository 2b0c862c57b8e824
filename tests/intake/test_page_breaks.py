"""Tables made for paper: the header again on each page, sections, numbered columns, examples, sheets that go on."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
import xlsxwriter

from xinlin import shelf
from xinlin.core.columns import propose_columns
from xinlin.office.layouts import FileRefused, Sheet
from xinlin.office.sheets import open_sheet

NATIONAL = shelf.read("national").kinds
PURCHASE, FIRM = NATIONAL["procurement_result"], NATIONAL["enterprise_registration"]
HEADER = ["序号", "通用名", "剂型", "规格", "生产企业", "投标企业", "中标价格（元）"]
ROWS = [
    [str(n), f"乙肝疫苗{n}型", "注射剂", "0.5ml", f"第{n}生物公司", f"第{n}医药公司", f"{n}.5"] for n in range(1, 9)
]
GROUPS = ["序号", "药品信息", "", "", "企业信息", "", "中标价格（元）"]
PARTS = ["", "通用名", "剂型", "规格", "生产企业", "投标企业", ""]
PERMUTED = [0, 4, 1, 2, 6, 5, 3]
TRUTH = [(row[1], row[4], row[6]) for row in ROWS]


def line(text: str, at: int = 0) -> list[str]:
    """A row of one cell."""
    return [text if column == at else "" for column in range(len(HEADER))]


def permuted(row: Sequence[str]) -> list[str]:
    """The row with its columns in another order."""
    return [row[at] for at in PERMUTED]


PAPER = {
    "the header on each page": [HEADER, *ROWS[:3], HEADER, *ROWS[3:6], HEADER, *ROWS[6:]],
    "with its title": [line("某省目录"), HEADER, *ROWS[:3], line("第2页 共2页"), line("某省目录"), HEADER, *ROWS[3:]],
    "one name changed": [HEADER, *ROWS[:3], [*HEADER[:6], "参考采购价参考（元）"], *ROWS[3:]],
    "set with spaces": [HEADER, *ROWS[:3], [f"{name[:1]} {name[1:]}" for name in HEADER], *ROWS[3:]],
    "columns in another order": [HEADER, *ROWS[:3], permuted(HEADER), *map(permuted, ROWS[3:6]), HEADER, *ROWS[6:]],
    "two rows of header": [GROUPS, PARTS, *ROWS],
    "two rows of header on each page": [GROUPS, PARTS, *ROWS[:3], GROUPS, PARTS, *ROWS[3:]],
    "numbered columns": [HEADER, ["1", "2", "3", "4", "5", "6", "7"], *ROWS],
    "lettered columns": [HEADER, ["甲", "乙", "1", "2", "3", "4", "5"], *ROWS],
    "names in two languages": [HEADER, ["no", "item", "form", "specification", "maker", "bidder", "price"], *ROWS],
    "what must be filled": [HEADER, ["必填", "必填", "选填", "选填", "必填", "选填", "选填"], *ROWS],
    "an example": [HEADER, ["示例", "某疫苗", "注射剂", "0.5ml", "某公司", "某公司", "1.00"], *ROWS],
    "sections": [HEADER, line("一、国产疫苗"), *ROWS[:3], line("（二）进口疫苗"), *ROWS[3:]],
    "totals of parts": [
        HEADER,
        *ROWS[:3],
        [*line("某市小计")[:6], "9.0"],
        *ROWS[3:],
        [*line("合计（元）")[:6], "36.0"],
    ],
    "rows left empty": [HEADER, *ROWS, line("9"), line("10")],
    "sentences below": [HEADER, *ROWS, line("本目录自2018年1月1日起执行。"), line("2018年5月3日", 5)],
}


def written(grid: Sequence[Sequence[str]], form: str) -> bytes:
    """The rows as CSV or as a workbook of one sheet."""
    return workbook({"表": grid}) if form == "xlsx" else csv_of(grid)


def csv_of(grid: Sequence[Sequence[str]]) -> bytes:
    """The rows as CSV in GB18030."""
    stream = io.StringIO()
    csv.writer(stream).writerows(grid)
    return stream.getvalue().encode("gb18030")


def workbook(sheets: dict[str, Sequence[Sequence[str]]]) -> bytes:
    """A workbook of these sheets."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held)
    for name, grid in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(grid):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell) if cell else None
    book.close()
    return held.getvalue()


def opened(tmp_path: Path, content: bytes) -> Sheet:
    """The file as a purchase office sends it."""
    path = tmp_path / "file"
    path.write_bytes(content)
    return open_sheet(path, PURCHASE)


def read(sheet: Sheet) -> list[tuple[str, ...]]:
    """Item, maker and price of each row, by the columns that are proposed."""
    columns = propose_columns(PURCHASE, sheet.layout.headers).columns
    places = [sheet.layout.headers.index(columns[code].column or "") for code in ("item", "maker", "price")]
    return [tuple(cells[place] for place in places) for _, cells in sheet.rows()]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("grid", PAPER.values(), ids=PAPER)
def test_only_rows_of_data_are_rows_and_the_others_are_told(tmp_path: Path, grid: list[list[str]], form: str) -> None:
    sheet = opened(tmp_path, written(grid, form))
    assert read(sheet) == TRUTH
    told = sum(
        finding.code in ("note_row", "header_again", "header_moved", "head_row") for finding in sheet.layout.findings
    )
    assert told == len(grid) - len(ROWS) - (sheet.layout.header_row - 1) - sheet.layout.header_rows
    assert sheet.layout.header_rows == (2 if grid[0] == GROUPS else 1)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_another_table_below_refuses_the_file_with_its_place(tmp_path: Path, form: str) -> None:
    other = ["供应商名称", "通用名", "中标价格（元）", "地址", "剂型", "规格", "投标企业"]
    with pytest.raises(FileRefused) as refused:
        read(opened(tmp_path, written([HEADER, *ROWS, other, ROWS[0]], form)))
    assert (refused.value.problem.code, refused.value.problem.where) == ("second_header", "row 10")


def test_sheets_with_the_same_header_are_one_table(tmp_path: Path) -> None:
    other = [["说明", "内容"], ["甲", "乙"]]
    content = workbook({"说明": other, "一": [line("目录"), HEADER, *ROWS[:3]], "二": [HEADER, *ROWS[3:]]})
    sheet = opened(tmp_path, content)
    assert read(sheet) == TRUTH
    assert [number for number, _ in sheet.rows()] == [3, 4, 5, 7, 8, 9, 10, 11]
    found = {finding.code: (finding.where, finding.sample) for finding in sheet.layout.findings}
    assert found["sheet_joined"] == ("二", "6–11")
    assert found["second_sheet"][0] == "说明"


def test_a_part_below_a_person_is_not_the_subjects() -> None:
    proposal = propose_columns(FIRM, ["企业信息 统一社会信用代码", "企业信息 企业名称", "联系人 名称", "成立日期"])
    assert {code: use.column for code, use in proposal.columns.items()} == {
        "uscc": "企业信息 统一社会信用代码",
        "name": "企业信息 企业名称",
        "registered_on": "成立日期",
    }
    assert propose_columns(FIRM, ["甲方 企业名称", "乙方 企业名称"]).columns == {}, "which of the two nobody knows"
