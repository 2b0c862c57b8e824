"""Files as they come: encodings, delimiters, titles, workbooks, damage."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from xinlin.office.layouts import FileRefused, Sheet
from xinlin.office.sheets import SpooledSheet, open_sheet

from .conftest import CATALOGUE, Send, resident, table

DEEDS = CATALOGUE.kinds["deeds"]
HEADER = "公民身份号码,姓名,发生日期,时长"


def opened(folder: Path, content: bytes, name: str = "file") -> Sheet:
    """The content as a sheet."""
    path = folder / name
    path.write_bytes(content)
    return open_sheet(path, DEEDS)


def workbook(rows: Sequence[Sequence[Any]], merges: Sequence[tuple[int, int, int, int, Any]] = ()) -> bytes:
    """An XLSX file with one sheet."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet("数据")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if value is not None:
                sheet.write(r, c, value)
    for merge in merges:
        sheet.merge_range(*merge)
    hidden = book.add_worksheet("隐藏")
    hidden.write(0, 0, "x")
    hidden.hide()
    book.close()
    return stream.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_encoding_and_delimiter_are_found(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [HEADER, f"{resident(1)},王小明,2024-05-01,3", f"{resident(2)},李华,2024-05-02,4"]
    sheet = opened(tmp_path, ("\r\n".join(lines) + "\r\n").replace(",", delimiter).encode(encoding))
    assert sheet.layout.delimiter == delimiter
    assert sheet.layout.headers == HEADER.split(",")
    assert [list(cells) for _, cells in sheet.rows()] == [line.split(",") for line in lines[1:]]


def test_gbk_bytes_in_a_utf8_file_refuse_their_rows_only(send: Send) -> None:
    good = f"{resident(1)},王小明,2024-05-01,3\n".encode()
    bad = f"{resident(2)},".encode() + "李华".encode("gbk") + b",2024-05-01,3\n"
    batch = send("deeds", (HEADER + "\n").encode() + good + bad + f"{resident(3)},赵云,2024-05-01,3\n".encode())
    assert (batch.state, batch.rows_read, batch.rows_accepted, batch.rows_refused) == ("done", 3, 2, 1)
    refused = batch.refused_rows.get()
    assert (refused.row, refused.problems[0]["code"]) == (3, "encoding_broken")
    assert "bytes_not_utf8" in {finding["code"] for finding in batch.findings}


def test_a_file_half_and_half_is_refused_with_line_and_sample(tmp_path: Path) -> None:
    lines = [HEADER.encode("gbk")] + [
        f"{resident(1)},王小明,2024-05-01,3".encode("gbk" if n % 2 else "utf-8") for n in range(9)
    ]
    with pytest.raises(FileRefused) as caught:
        opened(tmp_path, b"\n".join(lines))
    assert caught.value.problem.code == "encoding_mixed"
    assert caught.value.problem.where.startswith("line ")
    assert caught.value.problem.raw


@pytest.mark.parametrize("encoding", ["shift_jis", "big5"])
def test_another_encoding_is_no_mojibake(tmp_path: Path, encoding: str) -> None:
    words = {
        "shift_jis": "ひらがなと漢字とカタカナで書かれた会社の名前です",
        "big5": "臺灣資訊與經濟發展委員會",
        "euc_kr": "대한민국의회사이름과주소",
    }
    content = "\n".join(f"{n},{words[encoding]}" for n in range(40)).encode(encoding)
    with pytest.raises(FileRefused) as caught:
        opened(tmp_path, content)
    assert caught.value.problem.code in ("encoding_unknown", "encoding_mixed")


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(
        st.text('王李张刘陈杨黄赵吴周明华军伟强磊静丽,"; \t|', min_size=1, max_size=8), min_size=1, max_size=30
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
)
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, names: list[str], encoding: str) -> None:
    import csv

    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(HEADER.split(","))
    rows = [[resident(n + 1), name, "2024-05-01", "3"] for n, name in enumerate(names)]
    writer.writerows(rows)
    sheet = opened(tmp_path_factory.mktemp("csv"), stream.getvalue().encode(encoding))
    assert [list(cells) for _, cells in sheet.rows()] == rows


def test_two_readings_are_refused_with_both(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as caught:
        opened(tmp_path, b"id,name\n1," + "伟".encode("gbk") + b"\n")
    assert caught.value.problem.code == "encoding_two_readings"
    assert "伟" in caught.value.problem.what.zh


def test_header_under_titles_in_forty_columns(tmp_path: Path) -> None:
    others = [f"其他{n}" for n in range(36)]
    rows = [
        ["某市志愿服务统计表"] + [""] * 39,
        ["填报单位：某办", "2024 年"] + [""] * 38,
        [*HEADER.split(","), *others],
        [resident(1), "王小明", "2024-05-01", "3", *(["x"] * 36)],
    ]
    for content in ("\n".join(",".join(row) for row in rows).encode(), workbook(rows)):
        sheet = opened(tmp_path, content)
        assert sheet.layout.header_row == 3
        assert len(sheet.layout.headers) == 40
        assert len(sheet.layout.titles) == 2
        assert [number for number, _ in sheet.rows()] == [4]


def test_merged_cells_are_filled_down_and_notes_are_no_rows(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        HEADER.split(","),
        [resident(1), "王小明", "2024-05-01", 3],
        [None, None, "2024-05-02", 4],
        [None, None, None, None],
        [resident(2), "李华", "2024-05-03", 5],
    ]
    content = workbook(rows, [(1, 0, 2, 0, resident(1)), (1, 1, 2, 1, "王小明"), (5, 0, 5, 3, "注：本表由某办填报")])
    sheet = opened(tmp_path, content)
    assert [list(cells) for _, cells in sheet.rows()] == [
        [resident(1), "王小明", "2024-05-01", "3"],
        [resident(1), "王小明", "2024-05-02", "4"],
        [resident(2), "李华", "2024-05-03", "5"],
    ]
    assert {finding.code for finding in sheet.layout.findings} == {"hidden_sheet", "note_row"}


def test_numbers_that_excel_damaged_are_named(send: Send) -> None:
    rows: list[list[Any]] = [HEADER.split(","), [float(resident(1)[:17] + "0"), "王小明", "2024-05-01", 3]]
    batch = send("deeds", workbook(rows), "a.xlsx")
    assert batch.refused_rows.get().problems[0]["code"] == "excel_number"
    batch = send("deeds", table(HEADER, "4.4E+17,王小明,2024-05-01,3"))
    assert batch.refused_rows.get().problems[0]["code"] == "excel_number"


def test_a_stray_quote_swallows_no_row(tmp_path: Path) -> None:
    lines = [HEADER] + [f"{resident(n)},{chr(34) if n == 4 else ''}王小明,2024-05-01,3" for n in range(1, 30)]
    sheet = opened(tmp_path, "\n".join(lines).encode())
    assert len(list(sheet.rows())) == 29
    assert "stray_quotes" in {finding.code for finding in sheet.layout.findings}


def test_a_line_break_inside_quotes_is_one_row(tmp_path: Path) -> None:
    content = f'{HEADER}\n{resident(1)},"王\n小明",2024-05-01,3\n{resident(2)},李华,2024-05-01,3\n'
    assert [number for number, _ in opened(tmp_path, content.encode()).rows()] == [2, 4]


def _bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 60_000_000)
    return stream.getvalue()


def _archive(content: bytes = b"x") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\n\n  \n", "file_empty"),
        (b"\xef\xbb\xbf", "file_empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not_a_table"),
        (b"PK\x03\x04rubbish", "workbook_broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rubbish", "workbook_broken"),
        (_bomb(), "unpacks_too_large"),
        (_archive(_archive()), "archive_nested"),
        (",".join(f"c{n}" for n in range(1_500)).encode(), "too_many_columns"),
        (f"{HEADER}\n{resident(1)},".encode() + b"x" * 1_200_000, "text_unreadable"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why_and_the_process_stays_up(send: Send, content: bytes, code: str) -> None:
    batch = send("deeds", content)
    assert (batch.state, batch.rows_read) == ("failed", 0)
    assert [finding["code"] for finding in batch.findings] == [code]
    assert batch.findings[0]["cure"]["zh"]
    assert batch.findings[0]["cure"]["en"]
    after = send("deeds", table(HEADER, f"{resident(1)},王小明,2024-05-01,3"), "good.csv")
    assert (after.state, after.rows_accepted) == ("done", 1)


def _far_apart(sheet: str, others: Sequence[tuple[str, str]] = ()) -> bytes:
    """A workbook of about one kilobyte whose one sheet has these rows."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts = [
        ("_rels/.rels", f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/officeDocument" '
         'Target="xl/workbook.xml"/></Relationships>'),
        ("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="S" sheetId="1" r:id="r1"/>'
         "</sheets></workbook>"),
        ("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/worksheet" '
         'Target="worksheets/sheet1.xml"/></Relationships>'),
        ("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}">{sheet}</worksheet>'),
        *others,
    ]  # fmt: skip
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts:
            archive.writestr(name, text)
    return stream.getvalue()


_FIRST = '<row r="1"><c r="A1"><v>1</v></c></row>'


@pytest.mark.parametrize(
    "last",
    [
        '<row r="1048576"><c r="ALK1048576"><v>1</v></c></row>',
        "<row r='1048576'><c  r = 'alk1048576'><v>1</v></c></row>",
        '<row r="1048576"><c><v>1</v></c></row><row r="3"><c r="ALK3"><v>1</v></c></row>',
    ],
)
def test_two_cells_far_apart_do_not_end_the_worker(tmp_path: Path, last: str) -> None:
    """The reader would ask for 34 gigabytes at once, which no handler survives; so it is never asked."""
    content = _far_apart(f"<sheetData>{_FIRST}{last}</sheetData>")
    assert len(content) < 2_000
    with pytest.raises(FileRefused) as refused:
        opened(tmp_path, content)
    assert refused.value.problem.code == "unpacks_too_large"


def test_a_size_that_lies_is_found_before_the_reader_unpacks_it(tmp_path: Path) -> None:
    content = _far_apart(f"<sheetData>{_FIRST}</sheetData>", [("xl/sharedStrings.xml", "x" * 3_000_000)])
    lying = content.replace((3_000_000).to_bytes(4, "little"), (30).to_bytes(4, "little"))
    assert lying != content
    with pytest.raises(FileRefused) as refused:
        opened(tmp_path, lying)
    assert refused.value.problem.code == "workbook_broken"


def test_another_form_dressed_as_a_workbook_is_refused(tmp_path: Path) -> None:
    content = _far_apart(f"<sheetData>{_FIRST}</sheetData>", [("content.xml", "<office:document-content/>")])
    with pytest.raises(FileRefused) as refused:
        opened(tmp_path, content)
    assert refused.value.problem.code == "not_a_workbook"


def test_merged_ranges_beyond_the_data_cost_nothing(tmp_path: Path) -> None:
    merges = "".join(f'<mergeCell ref="{chr(65 + n)}2:{chr(65 + n)}1048576"/>' for n in range(24))
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>姓名{n}</t></is></c></row>' for n in range(1, 4))
    sheet = opened(tmp_path, _far_apart(f"<sheetData>{rows}</sheetData><mergeCells>{merges}</mergeCells>"))
    assert len(list(sheet.rows())) <= 3
    assert isinstance(sheet, SpooledSheet)
    assert sheet.peak < 250_000, "kilobytes of the process that opened it"


def test_a_file_of_one_endless_line_is_not_held_in_memory(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        opened(tmp_path, HEADER.encode() + b"\n" + b"x" * (17 << 20))
    assert refused.value.problem.code == "line_too_long"


def test_a_first_row_of_data_is_no_header_and_is_kept_nowhere(send: Send) -> None:
    """Its number would stand in the clear among the column names, and its row would be lost."""
    rows = [f"{resident(n)},王小明,2024-05-0{n},3" for n in range(1, 4)]
    for content in (table(*rows), workbook([row.split(",") for row in rows])):
        batch = send("deeds", content)
        assert (batch.state, batch.findings[0]["code"]) == ("failed", "header_missing")
        assert resident(1) not in f"{batch.layout}{batch.findings}"


def test_numbers_beside_the_table_are_masked(send: Send) -> None:
    title = f"经办人 李四 {resident(9)} 13800001111"
    rows = [f"{resident(n)},王小明,2024-05-0{n},3" for n in range(1, 4)]
    batch = send("deeds", table(f"{title},,,", HEADER, *rows))
    assert batch.rows_accepted == 3
    assert batch.layout["titles"] == ["经办人 李四 330*************** 138********"]
    assert resident(9) not in f"{batch.layout}{batch.findings}"
