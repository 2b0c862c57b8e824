"""Rows that bear their number in their names, cells told in pairs of name and value, cells in error: read whole or refused with a cure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xlsxwriter

from xinlin.office.layouts import FileRefused, Sheet
from xinlin.office.sheets import open_sheet

from .conftest import KINDS, Send, resident

FIRMS = next(kind for kind in KINDS if kind.code == "firms")
ROWS = [("甲公司", "91330305MA2000001A"), ("乙公司", "91330305MA2000002B"), ("丙公司", "91330305MA2000003C")]


def opened(tmp_path: Path, content: str, name: str = "file.xml") -> Sheet:
    """The content as a file of firms."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return open_sheet(path, FIRMS)


@pytest.mark.parametrize("tag", ["row", "record_", "ROW-", "第"])
def test_numbered_rows_are_the_rows_of_one_table(tmp_path: Path, tag: str) -> None:
    rows = (
        f"<{tag}{at}><企业名称>{name}</企业名称><统一社会信用代码>{code}</统一社会信用代码></{tag}{at}>"
        for at, (name, code) in enumerate(ROWS * 500, start=1)
    )
    sheet = opened(tmp_path, f"<data>{''.join(rows)}</data>")
    assert (sheet.layout.sheet, sheet.layout.headers) == (f"/data/{tag}*", ["企业名称", "统一社会信用代码"])
    assert [tuple(cells) for _, cells in sheet.rows()] == ROWS * 500
    assert not sheet.layout.findings


def test_numbered_rows_of_attributes_are_rows_too(tmp_path: Path) -> None:
    rows = (f'<r{at} 企业名称="{name}" 统一社会信用代码="{code}"/>' for at, (name, code) in enumerate(ROWS * 500))
    assert [tuple(cells) for _, cells in opened(tmp_path, f"<data>{''.join(rows)}</data>").rows()] == ROWS * 500


def test_two_tables_that_end_in_a_number_stay_apart(tmp_path: Path) -> None:
    one, two = (f"<企业名称>{name}</企业名称><统一社会信用代码>{code}</统一社会信用代码>" for name, code in ROWS[:2])
    sheet = opened(tmp_path, f"<set><Table1>{one}</Table1><Table1>{two}</Table1><Table2><备注>x</备注></Table2></set>")
    assert (sheet.layout.sheet, len(list(sheet.rows()))) == ("/set/Table1", 2)
    other = opened(tmp_path, f"<set><Table1>{one}</Table1><Table2><编号>1</编号><说明>x</说明></Table2></set>")
    assert (other.layout.sheet, len(list(other.rows()))) == ("/set/Table1", 1)
    assert [found.code for found in other.layout.findings] in ([], ["second_table"])


def test_parts_of_a_row_that_end_in_a_number_stay_its_columns(tmp_path: Path) -> None:
    row = "<row><企业名称>{}</企业名称><tel1><no>1</no></tel1><tel2><no>2</no></tel2><统一社会信用代码>{}</统一社会信用代码></row>"
    sheet = opened(tmp_path, f"<data>{''.join(row.format(*pair) for pair in ROWS)}</data>")
    assert sheet.layout.headers == ["企业名称", "tel1.no", "tel2.no", "统一社会信用代码"]
    assert len(list(sheet.rows())) == 3


def test_a_field_may_say_name_and_value_in_attributes(tmp_path: Path) -> None:
    rows = (
        f'<row><field name="企业名称" value="{name}"/><field name="统一社会信用代码" value="{code}"/></row>'
        for name, code in ROWS
    )
    sheet = opened(tmp_path, f"<data>{''.join(rows)}</data>")
    assert (sheet.layout.headers, [tuple(cells) for _, cells in sheet.rows()]) == (
        ["企业名称", "统一社会信用代码"],
        ROWS,
    )


PAIRS = {
    "pairs.xml": "".join(
        f"<row><field><name>企业名称</name><value>{name}</value></field>"
        f"<field><name>统一社会信用代码</name><value>{code}</value></field></row>"
        for name, code in ROWS
    ).join(["<data>", "</data>"]),
    "pairs.json": json.dumps(
        {"rows": [{"fields": [{"name": "企业名称", "value": n}, {"name": "代码", "value": c}]} for n, c in ROWS]}
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_cells_in_pairs_are_refused_with_the_shape_that_is_expected(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileRefused) as caught:
        opened(tmp_path, PAIRS[name], name)
    assert caught.value.problem.code == "pairs_apart"
    assert "<row>" in caught.value.problem.cure.zh


def test_a_cell_in_error_is_told_though_its_field_may_be_empty(send: Send, tmp_path: Path) -> None:
    path = tmp_path / "errors.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("表")
    sheet.write_row(0, 0, ["公民身份号码", "姓名", "发生日期", "金额"])
    sheet.write_row(1, 0, [resident(1), "王小明", "2024-05-01"])
    sheet.write_formula(1, 3, "=1/0", None, "#DIV/0!")
    book.close()
    batch = send("deeds", path.read_bytes(), "errors.xlsx")
    assert (batch.rows_read, batch.rows_accepted) == (1, 1)
    assert [(one["where"], one["raw"]) for one in batch.findings if one["code"] == "formula_errors"] == [("表", "1")]


def test_a_data_set_without_a_declaration_is_xml_though_its_rows_are_called_table(tmp_path: Path) -> None:
    rows = (f"<Table><企业名称>{n}</企业名称><统一社会信用代码>{c}</统一社会信用代码></Table>" for n, c in ROWS)
    sheet = opened(tmp_path, f"<NewDataSet>{''.join(rows)}</NewDataSet>")
    assert (sheet.layout.format, sheet.layout.sheet, len(list(sheet.rows()))) == ("xml", "/NewDataSet/Table", 3)
