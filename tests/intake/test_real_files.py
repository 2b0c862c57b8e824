"""The real files: every code passes, every firm loads, month on month the lists agree with their counts."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from xinlin.core.people import normalise_identifier, resident_id_problem, resident_id_region_known, uscc_problem
from xinlin.office.sheets import open_sheet

from .conftest import CLERK, KINDS, Send

LIST_CHANGES = [
    *[(33, 16), (46, 23), (27, 19), (44, 23), (70, 23), (72, 51), (65, 81)],
    *[(33, 74), (71, 53), (54, 48), (112, 99), (25, 40), (22, 39)],
]
MAKERS = {
    "吉林省.xls": (113, {"item": "疫苗通用名称", "maker": "生产企业"}),
    "山东省2016.xlsx": (125, {"item": "通用名", "maker": "生产企业"}),
    "安徽省.xlsx": (123, {"item": "通用名", "maker": "企业名称"}),
    "河南省.xlsx": (123, {"item": "疫苗种类（名称）", "maker": "投标人名称"}),
    "陕西省.xlsx": (123, {"item": "名称", "maker": "入围单位"}),
    "江西省2018.xlsx": (153, {"item": "商品名称", "maker": "生产企业"}),
    "山西省.xls": (115, {"item": "疫苗通用名称", "maker": "生产企业"}),
    "海南省.xls": (141, {"item": "产品通用名", "maker": "生产企业"}),
    "辽宁省2017.xlsx": (120, {"item": "通用名", "maker": "生产企业"}),
    "青海省.txt": (86, {"item": "药品名称", "maker": "生产企业"}),
}
CLEANED = {
    **{"吉林省": 112, "安徽省": 123, "山东省": 125, "山西省": 115, "江西省": 156},
    **{"河南省": 123, "海南省": 49, "辽宁省": 119, "陕西省": 123, "青海省": 87},
}


def test_every_published_vector_gets_its_verdict(shared: Path) -> None:
    vectors = json.loads((shared / "data/id_vectors/python_stdnum_2.2_cn.json").read_text())
    assert [v for v in vectors["uscc"]["valid_found_online"] if uscc_problem(v)] == []
    for case in vectors["uscc"]["cases"]:
        assert (uscc_problem(normalise_identifier(case["in"])) is None) == (case["verdict"] == "valid"), case
    for case in vectors["ric"]["cases"]:
        value = normalise_identifier(case["in"])
        problem = resident_id_problem(value)
        fine = case.get("verdict", "valid") == "valid"
        assert (problem is None and resident_id_region_known(value)) == fine, case


@pytest.mark.django_db
def test_every_firm_of_the_register_loads(shared: Path, send: Send) -> None:
    from xinlin.office.models.people import Subject

    counts = []
    for name in ("heilongjiang_2019.csv", "heilongjiang_1990.csv"):
        batch = send("firms", (shared / "data/cn_enterprise_register_dev" / name).read_bytes(), name)
        assert batch.state == "done", batch.findings
        counts.append((batch.rows_read, batch.rows_accepted, batch.rows_refused))
    assert counts == [(5541, 5541, 0), (18, 18, 0)]
    numbers = sorted(Subject.objects.values_list("number", flat=True))
    assert numbers == list(range(1, 5560)), "numbered densely"


@pytest.mark.django_db
def test_lists_add_and_end_month_by_month(shared: Path, send: Send) -> None:
    changes = []
    for month in range(14):
        content = (shared / f"data/jp_labour_list_dev/{month + 1:03d}.tsv").read_bytes()
        day = date(2017 + (month + 4) // 12, (month + 4) % 12 + 1, 28)
        batch = send("published", content, f"{month + 1:03d}.tsv", valid_on=day)
        assert batch.state == "done", batch.findings
        assert batch.rows_refused == 0, [r.problems for r in batch.refused_rows.all()]
        changes.append((batch.entries_added, batch.entries_ended))
    assert changes[1:] == LIST_CHANGES


@pytest.mark.django_db
@pytest.mark.parametrize("name", MAKERS)
def test_procurement_sheets(shared: Path, send: Send, name: str, django_capture_on_commit_callbacks: Any) -> None:
    from xinlin.office.actions.waiting_files import set_mapping
    from xinlin.office.models.batches import Batch

    expected, columns = MAKERS[name]
    content = (shared / "data/cn_procurement_dev/raw" / name).read_bytes()
    batch = send("purchases", content, name)
    assert batch.state == "needs_mapping"
    uses = {code: {"column": column} for code, column in columns.items()} | {"published_on": {"constant": "2018-06-01"}}
    with django_capture_on_commit_callbacks(execute=True):
        set_mapping(actor=CLERK, number=batch.number, columns=uses, name="省采购")
    batch = Batch.objects.get(pk=batch.pk)
    assert (batch.state, batch.rows_accepted) == ("done", expected), batch.findings
    again = send("purchases", content + b" ", "next" + name)
    assert again.state == "done"


@pytest.mark.django_db
def test_the_second_sheet_can_be_chosen(shared: Path, send: Send) -> None:
    content = (shared / "data/cn_procurement_dev/raw/江西省2018.xlsx").read_bytes()
    batch = send("purchases", content, "江西.xlsx", reading={"table": "Sheet2"})
    assert (batch.layout["sheet"], batch.layout["rows_expected"]) == ("Sheet2", 35)


@pytest.mark.django_db
def test_another_sheet_of_a_file_is_another_delivery(shared: Path, send: Send) -> None:
    """The header that the first sheet repeats in row 123 is told, and is no row."""
    content = (shared / "data/cn_procurement_dev/raw/江西省2018.xlsx").read_bytes()
    first = send("purchases", content, "江西.xlsx")
    assert (first.layout["sheet"], first.layout["rows_expected"]) == ("Sheet1", 153)
    second = send("purchases", content, "江西.xlsx", reading={"table": "Sheet2"})
    assert (second.layout["sheet"], second.layout["rows_expected"]) == ("Sheet2", 35)
    for reading, batch in (({}, first), ({"table": "Sheet1"}, first), ({"table": "Sheet2"}, second)):
        assert send("purchases", content, "江西.xlsx", reading=reading).number == batch.number


@pytest.mark.parametrize("name", CLEANED)
def test_cleaned_tables_keep_every_row(shared: Path, name: str) -> None:
    path = shared / "data/cn_procurement_dev/hand_cleaned" / f"{name}.csv"
    sheet = open_sheet(path, next(kind for kind in KINDS if kind.code == "purchases"))
    assert sheet.layout.headers[0] == "name"
    assert len(list(sheet.rows())) == CLEANED[name]


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_set_of_firms_with_broken_codes(shared: Path, send: Send, encoding: str) -> None:
    """Each way in which codes break on their way through spreadsheets is named; whole ones load beside them."""
    lines = (
        (shared / "data/cn_enterprise_register_dev/heilongjiang_2019.csv").read_text(encoding="utf-8-sig").splitlines()
    )
    rows = [line.split(",") for line in lines[1:400] if line.count(",") == 8 and line.isprintable()]
    broken = {
        "excel_number": lambda code: f"9.{code[2:4]}E+17",
        "identifier_length": lambda code: code[:-1],
        "check_digit": lambda code: code[:-1] + ("0" if code[-1] != "0" else "1"),
        "uscc_form": lambda code: code[:10] + "O" + code[11:],
        "missing": lambda code: "",
    }
    wanted = {}
    for number, (problem, breaks) in enumerate(broken.items()):
        for row in rows[number::50]:
            wanted[row[0]] = problem
            row[1] = breaks(row[1])
    for row in rows[7::50]:
        row[1] = f" {row[1][:8]} {row[1][8:].lower()}\u3000"
    text_ = "\r\n".join([lines[0], *(",".join(row) for row in rows)])
    try:
        content = text_.encode(encoding)
    except UnicodeEncodeError:
        content = text_.encode("gb18030")
    batch = send("firms", content, f"{encoding}.csv")
    assert batch.state == "done", batch.findings
    assert (batch.rows_read, batch.rows_refused) == (len(rows), len(wanted))
    found = {row.row: row.problems[0]["code"] for row in batch.refused_rows.all()}
    by_row = {number + 2: wanted[row[0]] for number, row in enumerate(rows) if row[0] in wanted}
    assert found == by_row
