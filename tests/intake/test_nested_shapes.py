"""JSON and XML in the shapes in which web services, portals and scripts leave them: read to the rows they mean, or refused with the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from xinlin.core.columns import propose_columns
from xinlin.office.layouts import FileRefused, Reading

from .test_formats import DEEDS, HEADER, OBJECTS, ROWS, as_json, cells_of, opened

CODES = {"110000": "北京市", "120000": "天津市", "130000": "河北省"}
BY_CODE = [[code, name] for code, name in CODES.items()]
BARE = [dict(list(one.items())[1:]) for one in OBJECTS]
KEYED = {one[HEADER[0]]: bare for one, bare in zip(OBJECTS, BARE, strict=True)}

SHAPES: dict[str, tuple[object, str, list[str], list[list[str]]]] = {
    "rows beside what is said of them": ({"meta": {"total": 5, "of": {"page": 1}}, "rows": OBJECTS}, "rows", HEADER, ROWS),
    "pages of rows": ({"pages": [{"list": OBJECTS[:2]}, {"list": OBJECTS[2:]}]}, "pages[].list", HEADER, ROWS),
    "lists in a list": ([OBJECTS[:3], OBJECTS[3:]], "[]", HEADER, ROWS),
    "rows under their area": (
        [{"地区": "甲", "条目": OBJECTS[:2]}, {"地区": "乙", "条目": OBJECTS[2:]}],
        "[].条目",
        ["地区", *HEADER],
        [["甲" if at < 2 else "乙", *row] for at, row in enumerate(ROWS)],
    ),
    "rows by their key": (KEYED, "*", ["key", *HEADER[1:]], ROWS),
    "rows by their key, inside": ({"status": 200, "data": KEYED}, "data.*", ["key", *HEADER[1:]], ROWS),
    "names by their code": (CODES, "*", ["key", "value"], BY_CODE),
    "names by their code, inside": ({"code": 0, "data": CODES}, "data.*", ["key", "value"], BY_CODE),
    "codes by their name": ({name: code for code, name in CODES.items()}, "*", ["key", "value"], [row[::-1] for row in BY_CODE]),
    "names by their code by year": (
        {"2024": CODES, "2025": {"110000": "北京市"}},
        "*.*",
        ["key", "key (2)", "value"],
        [*(["2024", *row] for row in BY_CODE), ["2025", *BY_CODE[0]]],
    ),
    "lists by code": ({"110103": ["110101"], "110104": [], "130000": ["1", "2"]}, "*", ["key", "value"],
                      [["110103", "110101"], ["110104", ""], ["130000", "1、2"]]),
    "arrays under a header": ([HEADER, *ROWS], "$", HEADER, ROWS),
    "arrays beside their columns": ({"columns": HEADER, "data": ROWS}, "data", HEADER, ROWS),
    "arrays beside described columns": ({"fields": [{"id": name} for name in HEADER], "records": ROWS}, "records", HEADER, ROWS),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_json_is_read_to_the_rows_it_means(tmp_path: Path, shape: str) -> None:
    content, place, headers, rows = SHAPES[shape]
    sheet = opened(tmp_path, as_json(content))
    assert (sheet.layout.sheet, sheet.layout.headers) == (place, headers)
    assert cells_of(sheet) == rows
    assert cells_of(sheet) == rows, "rows can be read again"
    assert sheet.layout.rows_expected == len(rows)
    again = opened(tmp_path, as_json(content), Reading(table=place))
    assert cells_of(again) == rows, "the place can be named"


def test_an_object_of_codes_is_as_long_as_it_is(tmp_path: Path) -> None:
    many = {f"{number:06}": f"第{number}处" for number in range(5_000)}
    assert cells_of(opened(tmp_path, as_json(many))) == [[code, name] for code, name in many.items()]


def test_what_stands_around_the_rows_is_shown_as_titles_do(tmp_path: Path) -> None:
    sheet = opened(tmp_path, as_json({"报送单位": "某局", "联系电话": "13800138000", "rows": OBJECTS}))
    assert sheet.layout.titles == ["报送单位：某局", "联系电话：138********"]


def test_one_record_with_a_list_of_its_own_stays_a_record(tmp_path: Path) -> None:
    sheet = opened(tmp_path, as_json({**OBJECTS[0], "附件": [{"名": "a.pdf"}, {"名": "b.pdf"}]}))
    assert cells_of(sheet)[0][:4] == ROWS[0]
    assert [(found.code, found.where) for found in sheet.layout.findings] == [("second_table", "附件")]


def test_rows_within_rows_are_told(tmp_path: Path) -> None:
    tree = [{**OBJECTS[0], "下级": [OBJECTS[1]]}, OBJECTS[2]]
    sheet = opened(tmp_path, as_json(tree))
    assert [row[:4] for row in cells_of(sheet)] == [ROWS[0], ROWS[2]]
    assert [(found.code, found.where) for found in sheet.layout.findings] == [("second_table", "[].下级")]


REFUSED: dict[str, tuple[object, str]] = {
    "columns as arrays": ({name: [row[at] for row in ROWS] for at, name in enumerate(HEADER)}, "columns_apart"),
    "columns numbered": (
        {name: {str(n): row[at] for n, row in enumerate(ROWS)} for at, name in enumerate(HEADER)}, "columns_apart",
    ),
    "rows as one text": ({"code": 0, "data": as_json(OBJECTS).decode()}, "table_in_text"),
    "values without names": (["甲", "乙"], "row_no_object"),
    "no row": ({"code": 0, "rows": []}, "file_empty"),
}  # fmt: skip


@pytest.mark.parametrize("shape", REFUSED)
def test_json_that_is_no_table_is_refused_with_the_cure(tmp_path: Path, shape: str) -> None:
    content, code = REFUSED[shape]
    with pytest.raises(FileRefused) as caught:
        opened(tmp_path, as_json(content))
    assert caught.value.problem.code == code


def test_a_broken_file_is_quoted_as_text_and_without_numbers(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as caught:
        opened(tmp_path, as_json(OBJECTS[0]) + as_json(OBJECTS[1]))
    said = caught.value.problem.what.en
    assert caught.value.problem.code == "json_broken"
    assert "b'" not in said
    assert ROWS[1][0] not in said


def _leaves(row: list[str]) -> str:
    return "".join(f"<{name}>{cell}</{name}>" for name, cell in zip(HEADER, row, strict=True))


def test_xml_in_an_envelope(tmp_path: Path) -> None:
    body = "".join(f"<return>{_leaves(row)}</return>" for row in ROWS)
    content = (
        '<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header><t>1</t></soap:Header>'
        f'<soap:Body><n:answer xmlns:n="urn:y">{body}</n:answer></soap:Body></soap:Envelope>'
    )
    assert cells_of(opened(tmp_path, content.encode())) == ROWS


def test_xml_rows_in_two_parts_are_whole_and_map_by_their_own_names(tmp_path: Path) -> None:
    body = "".join(f"<item><base>{_leaves(row)}</base><more><备注>无</备注></more></item>" for row in ROWS)
    sheet = opened(tmp_path, f'<?xml version="1.0"?><t><head><n>5</n></head><items>{body}</items></t>'.encode())
    assert cells_of(sheet) == [[*row, "无"] for row in ROWS]
    used = propose_columns(DEEDS, sheet.layout.headers).columns
    assert {use.column for use in used.values()} >= {f"base.{HEADER[0]}", f"base.{HEADER[2]}"}


@pytest.mark.parametrize("tag", ["field", "column", "c"])
def test_xml_fields_named_by_an_attribute(tmp_path: Path, tag: str) -> None:
    body = "".join(
        "<row>" + "".join(f'<{tag} name="{name}">{cell}</{tag}>' for name, cell in zip(HEADER, row, strict=True)) + "</row>"
        for row in ROWS
    )  # fmt: skip
    sheet = opened(tmp_path, f'<?xml version="1.0"?><t>{body}</t>'.encode())
    assert (sheet.layout.headers, cells_of(sheet)) == (HEADER, ROWS)


def test_xml_items_of_attributes_are_rows(tmp_path: Path) -> None:
    body = "".join(f'<item code="{code}" name="{name}"/>' for code, name in CODES.items())
    sheet = opened(tmp_path, f'<?xml version="1.0"?><t version="1">{body}</t>'.encode())
    assert (sheet.layout.sheet, sheet.layout.headers, cells_of(sheet)) == ("/t/item", ["code", "name"], BY_CODE)


def test_xml_cells_under_a_row_of_names(tmp_path: Path) -> None:
    body = "".join("<row>" + "".join(f"<cell>{cell}</cell>" for cell in row) + "</row>" for row in [HEADER, *ROWS])
    sheet = opened(tmp_path, f'<?xml version="1.0"?><table>{body}</table>'.encode())
    assert (sheet.layout.headers, cells_of(sheet)) == (HEADER, ROWS)


def test_xml_that_leaves_rows_out_says_so(tmp_path: Path) -> None:
    content = f'<?xml version="1.0"?><t><firm>{_leaves(ROWS[0])}</firm><branch>{_leaves(ROWS[1])}</branch></t>'
    sheet = opened(tmp_path, content.encode())
    assert [(found.code, found.where) for found in sheet.layout.findings] == [("second_table", "/t/branch")]


def test_xml_with_a_table_as_text_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as caught:
        opened(
            tmp_path,
            f"<?xml version='1.0'?><S><r><![CDATA[<rows><row>{_leaves(ROWS[0])}</row></rows>]]></r></S>".encode(),
        )
    assert caught.value.problem.code == "table_in_text"
