"""The same rows in every form in which a department may send them: each is read to the same cells."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import pytest
import xlsxwriter

from xinlin.office.layouts import FileRefused, Reading, Sheet
from xinlin.office.sheets import open_sheet

from .conftest import CATALOGUE, Send, resident

DEEDS = CATALOGUE.kinds["deeds"]
HEADER = ["公民身份号码", "姓名", "发生日期", "时长"]
ROWS = [[resident(n), f"第{'一二三四五'[n]}人", f"2024-05-0{n + 1}", str(n + 1)] for n in range(5)]
Table = Sequence[Sequence[str]]


def opened(folder: Path, content: bytes, reading: Reading | None = None) -> Sheet:
    """The content as a sheet."""
    path = folder / "file.xls"
    path.write_bytes(content)
    return open_sheet(path, DEEDS, reading=reading or Reading())


def cells_of(sheet: Sheet) -> list[list[str]]:
    """All rows without their numbers."""
    return [list(cells) for _, cells in sheet.rows()]


def csv_of(header: Sequence[str], rows: Table) -> str:
    return "\n".join(",".join(row) for row in [header, *rows]) + "\n"


def html_of(header: Sequence[str], rows: Table) -> str:
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    return f"<html><meta charset=gbk><body><table><tr><td>导航</td></tr></table><table><tr>{head}</tr>{body}</table>"


def xml_of(header: Sequence[str], rows: Table, declaration: str = '<?xml version="1.0"?>') -> str:
    body = "".join(
        "<row>" + "".join(f"<{n}>{escape(c)}</{n}>" for n, c in zip(header, row, strict=True)) + "</row>"
        for row in rows
    )
    return f"{declaration}<message><head><sender>某局</sender></head><rows>{body}</rows></message>"


def xml_workbook_of(header: Sequence[str], rows: Table) -> str:
    lines = "".join(
        "<Row>" + "".join(f'<Cell><Data ss:Type="String">{escape(c)}</Data></Cell>' for c in row) + "</Row>"
        for row in [header, *rows]
    )
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    return (
        f'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="{space}" xmlns:ss="{space}">'
        f'<Worksheet ss:Name="说明"><Table/></Worksheet><Worksheet ss:Name="数据"><Table>{lines}</Table></Worksheet></Workbook>'
    )


def objects(header: Sequence[str], rows: Table) -> list[dict[str, str]]:
    return [dict(zip(header, row, strict=True)) for row in rows]


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def as_json(value: object, encoding: str = "utf-8") -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(encoding)


OBJECTS = objects(HEADER, ROWS)
FORMS: dict[str, bytes] = {
    "json array": as_json(OBJECTS),
    "json array, GB18030": as_json(OBJECTS, "gb18030"),
    "json array, UTF-16": as_json(OBJECTS, "utf-16"),
    "json array with BOM": as_json(OBJECTS, "utf-8-sig"),
    "json inside": as_json({"code": 0, "data": {"total": 5, "list": OBJECTS, "page": {"size": 5}}}),
    "json lines": b"\n".join(map(as_json, OBJECTS)) + b"\n",
    "xml": xml_of(HEADER, ROWS).encode(),
    "xml in GBK": xml_of(HEADER, ROWS, '<?xml version="1.0" encoding="GBK"?>').encode("gbk"),
    "xml in UTF-16": xml_of(HEADER, ROWS, '<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16"),
    "html in GBK": html_of(HEADER, ROWS).encode("gbk"),
    "html in UTF-8 that says GBK": html_of(HEADER, ROWS).encode("utf-8"),
    "xml workbook": xml_workbook_of(HEADER, ROWS).encode(),
    "zip of csv": zipped({"数据.csv": csv_of(HEADER, ROWS).encode("gb18030")}),
    "zip of html": zipped({"a/数据.xls": html_of(HEADER, ROWS).encode("gbk"), "__MACOSX/a/._数据.xls": b"x"}),
    "zip of json": zipped({"数据.json": as_json(OBJECTS)}),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_rows_in_every_form(tmp_path: Path, form: str) -> None:
    sheet = opened(tmp_path, FORMS[form])
    assert sheet.layout.headers == HEADER
    assert cells_of(sheet) == ROWS
    assert cells_of(sheet) == ROWS, "rows can be read again"
    assert sheet.layout.rows_expected == 5
    assert len(list(sheet.chunks(2))) == 3


def test_numbers_in_json_keep_every_digit(tmp_path: Path) -> None:
    content = b'[{"a": 330322199003070013, "b": 1.10, "c": null, "d": true, "e": ["x", 2], "f": {"g": 1e3}}, {"h": ""}, {"a": 1}]'
    sheet = opened(tmp_path, content)
    assert sheet.layout.headers == ["a", "b", "c", "d", "e", "f.g", "h"]
    assert cells_of(sheet) == [
        ["330322199003070013", "1.10", "", "true", "x、2", "1000", ""],
        ["1", "", "", "", "", "", ""],
    ]


def test_of_several_arrays_the_fitting_one_is_read_and_another_can_be_named(tmp_path: Path) -> None:
    content = as_json({"codes": [{"code": n} for n in range(9)], "rows": OBJECTS})
    sheet = opened(tmp_path, content)
    assert (sheet.layout.sheet, cells_of(sheet)) == ("rows", ROWS)
    assert [finding.where for finding in sheet.layout.findings] == ["codes"]
    assert len(cells_of(opened(tmp_path, content, Reading(table="codes")))) == 9
    with pytest.raises(FileRefused) as caught:
        opened(tmp_path, content, Reading(table="nowhere"))
    assert caught.value.problem.code == "table_unknown"
    assert {choice["name"] for choice in caught.value.tables} == {"codes", "rows"}


def test_one_object_is_one_row(tmp_path: Path) -> None:
    assert cells_of(opened(tmp_path, as_json(OBJECTS[0]))) == [ROWS[0]]
    assert cells_of(opened(tmp_path, b'<?xml version="1.0"?>' + xml_of(HEADER, ROWS[:1], "").encode())) == [ROWS[0]]


def test_xml_with_namespaces_attributes_and_named_fields(tmp_path: Path) -> None:
    spaced = xml_of(HEADER, ROWS).replace("<rows>", '<rows xmlns="urn:x">')
    assert cells_of(opened(tmp_path, spaced.encode())) == ROWS
    by_attribute = "".join("<r " + " ".join(f'{k}="{v}"' for k, v in row.items()) + "/>" for row in OBJECTS)
    assert cells_of(opened(tmp_path, f"<list>{by_attribute}</list>".encode())) == ROWS
    named = "".join(
        "<r>" + "".join(f'<field name="{k}">{v}</field>' for k, v in row.items()) + "</r>" for row in OBJECTS
    )
    sheet = opened(tmp_path, f"<list>{named}</list>".encode(), Reading(table="/list/r"))
    assert (sheet.layout.headers, cells_of(sheet)) == (HEADER, ROWS)


def test_html_spans_are_filled_and_the_table_can_be_chosen(tmp_path: Path) -> None:
    page = (
        "<h2>志愿服务</h2><table><tr><td colspan=4>2024 年</td></tr>"
        f"<tr><th>{'</th><th>'.join(HEADER)}</th></tr>"
        f"<tr><td rowspan=2>{ROWS[0][0]}<td rowspan=2>甲&nbsp;某<td>2024-05-01<td>1</tr><tr><td>2024-05-02<td>2<br>小时</tr>"
        "<tr><td colspan=3>合计<td>3</tr></table>"
        "<table><caption>别的</caption><tr><th>x<th>y<tr><td>1<td>2</table>"
    )
    sheet = opened(tmp_path, page.encode())
    name = sheet.layout.tables[0]["name"]
    assert cells_of(sheet) == [[ROWS[0][0], "甲 某", "2024-05-01", "1"], [ROWS[0][0], "甲 某", "2024-05-02", "2 小时"]]
    assert (name, sheet.layout.titles) == ("1 志愿服务", ["2024 年"])
    assert ("note_row", "5") in [finding[:2] for finding in sheet.layout.findings]
    assert cells_of(opened(tmp_path, page.encode(), Reading(table="2 别的"))) == [["1", "2"]]


def test_members_of_one_shape_are_one_delivery_and_each_row_says_whence_it_came(send: Send) -> None:
    swapped = [[row[1], row[0], *row[2:]] for row in ROWS[2:]]
    content = zipped(
        {
            "甲.csv": csv_of(HEADER, ROWS[:2]).encode("gb18030"),
            "乙.json": as_json(objects([HEADER[1], HEADER[0], *HEADER[2:]], swapped)),
            "说明.txt": "请查收".encode(),
        }
    )
    batch = send("deeds", content, "三份.zip")
    assert (batch.state, batch.rows_read, batch.rows_accepted) == ("done", 5, 5), batch.findings
    findings = {(finding["code"], finding["where"]): finding["raw"] for finding in batch.findings}
    assert findings["member_rows", "甲.csv"] == "1–3"
    assert findings["member_rows", "乙.json"] == "4–6"
    assert ("member_not_read", "说明.txt") in findings
    assert batch.layout["preview"][0][-1] == "甲.csv"


def test_an_archive_of_several_shapes_waits_for_a_choice(
    send: Send, django_capture_on_commit_callbacks: object
) -> None:
    from xinlin.office.actions.waiting_files import set_reading
    from xinlin.office.models.batches import Batch

    from .conftest import CLERK

    content = zipped({"甲.csv": csv_of(HEADER, ROWS).encode(), "价目.csv": "品种,供应商,单价\n苗,某厂,3\n".encode()})
    batch = send("deeds", content, "两样.zip")
    assert (batch.state, batch.findings[0]["code"]) == ("failed", "archive_several_shapes")
    assert [table["name"] for table in batch.layout["tables"]] == ["甲.csv", "价目.csv"]
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # pytest-django's
        set_reading(actor=CLERK, number=batch.number, reading={"table": "甲.csv"})
    batch = Batch.objects.get(pk=batch.pk)
    assert (batch.state, batch.rows_accepted, batch.layout["reading"]) == ("done", 5, {"table": "甲.csv"})


def test_names_of_members_in_gbk_are_shown_as_they_were_written(tmp_path: Path) -> None:
    raw = zipped({"XXXX.csv": csv_of(HEADER, ROWS).encode(), "b.csv": csv_of(HEADER, ROWS).encode()})
    sheet = opened(tmp_path, raw.replace(b"XXXX", "名单".encode("gbk")))
    assert next(iter(sheet.rows()))[1][-1] == "名单.csv"


BOOK = Callable[[xlsxwriter.Workbook], None]


def book_of(write: BOOK, **options: object) -> bytes:
    """An XLSX file."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, **options}) as book:
        write(book)
    return stream.getvalue()


def test_a_header_over_two_rows_under_a_title_is_joined(tmp_path: Path) -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 4, "二〇二四年服务一览")
        for column in (0, 1, 4):
            sheet.merge_range(1, column, 2, column, {0: HEADER[0], 1: HEADER[1], 4: HEADER[2]}[column])
        sheet.merge_range(1, 2, 1, 3, "服务")
        sheet.write_row(2, 2, ["地点", "时长"])
        for number, row in enumerate(ROWS):
            sheet.write_row(3 + number, 0, [row[0], row[1], "公园", row[3], row[2]])
        sheet.write_row(8, 0, ["合计", "", "", 15])
        sheet.write_row(9, 0, ["填表人：某某", "", "", "审核人：某某"])

    sheet = opened(tmp_path, book_of(write))
    assert (sheet.layout.header_row, sheet.layout.header_rows) == (2, 2)
    assert sheet.layout.headers == [HEADER[0], HEADER[1], "服务 地点", "服务 时长", HEADER[2]]
    assert sheet.layout.titles == ["二〇二四年服务一览"]
    assert [cells[1] for _, cells in sheet.rows()] == [row[1] for row in ROWS]
    assert [finding.where for finding in sheet.layout.findings if finding.code == "note_row"] == ["9", "10"]


def test_a_header_over_two_rows_in_text(tmp_path: Path) -> None:
    lines = [
        "服务一览,,,,",
        "公民身份号码,姓名,服务,,发生日期",
        ",,地点,时长,",
        *(f"{r[0]},{r[1]},公园,{r[3]},{r[2]}" for r in ROWS),
    ]
    sheet = opened(tmp_path, "\n".join(lines).encode())
    assert sheet.layout.headers == ["公民身份号码", "姓名", "服务 地点", "服务 时长", "发生日期"]
    assert [number for number, _ in sheet.rows()] == [4, 5, 6, 7, 8]


@pytest.mark.parametrize("date_1904", [False, True])
def test_dates_formulas_text_numbers_and_lost_digits(tmp_path: Path, date_1904: bool) -> None:
    from datetime import date

    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("数据")
        sheet.write_row(0, 0, HEADER)
        sheet.write_string(1, 0, ROWS[0][0])
        sheet.write_formula(1, 1, '="王"&"小明"', None, "王小明")
        sheet.write_datetime(1, 2, date(2024, 5, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_string(1, 3, "3")
        sheet.write_number(2, 0, 330322199003070013)
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(3, 3, None, None, {"hidden": True})

    sheet = opened(tmp_path, book_of(write, date_1904=date_1904))
    rows = cells_of(sheet)
    assert rows[0] == [ROWS[0][0], "王小明", "2024-05-01", "3"]
    assert rows[1][0] == "3.30322199003070E+17"
    told = {finding.code: finding for finding in sheet.layout.findings}
    assert (told["hidden_rows"].sample, told["hidden_columns"].sample) == ("1", "1")


def test_a_person_names_sheet_and_header_row(tmp_path: Path) -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("说明").write_row(0, 0, HEADER)
        sheet = book.add_worksheet("二月")
        sheet.write_row(0, 0, ["公民身份号码", "姓名", "发生日期", "旧"])
        sheet.write_row(4, 0, ["证", "名", "日", "数"])
        sheet.write_row(5, 0, ROWS[0])

    content = book_of(write)
    sheet = opened(tmp_path, content, Reading(table="二月", header_row=5))
    assert (sheet.layout.headers, list(sheet.rows())) == (["证", "名", "日", "数"], [(6, ROWS[0])])
    with pytest.raises(FileRefused) as caught:
        opened(tmp_path, content, Reading(table="二月", header_row=3))
    assert caught.value.problem.code == "header_row_empty"


def test_a_person_names_encoding_and_delimiter(tmp_path: Path) -> None:
    content = "品名#名,稱\n1#臺灣\n".replace("#", ";").encode("big5")
    with pytest.raises(FileRefused):
        opened(tmp_path, content)
    sheet = opened(tmp_path, content, Reading(encoding="big5", delimiter=";"))
    assert (sheet.layout.headers, cells_of(sheet)) == (["品名", "名,稱"], [["1", "臺灣"]])


@pytest.mark.parametrize(
    "said", [{"encoding": "rot13"}, {"delimiter": "x"}, {"header_row": -1}, {"header_row": 9_999}, {"sheet": "x"}]
)
def test_a_reading_that_nobody_can_mean_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"one of|number|can be given"):
        Reading.from_dict(said)
