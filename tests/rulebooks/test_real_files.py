"""The national kinds on real files: their own headers find their fields, and every row that says enough is accepted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from xinlin import shelf
from xinlin.core.batches import Judge
from xinlin.core.columns import propose_columns
from xinlin.core.people import subject_kind_of_uscc
from xinlin.office.sheets import open_sheet

NATIONAL = shelf.read("national")
PURCHASES = {
    "吉林省.xls": (113, 1),
    "安徽省.xlsx": (123, 0),
    "山东省2016.xlsx": (125, 0),
    "山西省.xls": (115, 3),
    "江西省2018.xlsx": (153, 0),
    "河南省.xlsx": (123, 2),
    "海南省.xls": (141, 0),
    "辽宁省2017.xlsx": (120, 0),
    "陕西省.xlsx": (123, 1),
}
"""Rows with a maker as counted by hand (of 江西 without the header that comes again),
and those whose price is no price (议价失败, 元/瓶, two prices in one cell)."""


def judged(kind_code: str, path: Path) -> tuple[int, Counter[tuple[str, str]], list[str], int]:
    """Accepted rows, refusals by field and code, columns that no field takes, rows that may continue a merged one."""
    kind = NATIONAL.kinds[kind_code]
    sheet = open_sheet(path, kind)
    proposal = propose_columns(kind, sheet.layout.headers)
    assert proposal.missing == []
    judge = Judge(kind, proposal.columns, sheet.layout.headers)
    accepted, refused = 0, Counter[tuple[str, str]]()
    for _, cells in sheet.rows():
        result = judge(cells)
        if isinstance(result, list):
            refused.update((problem.where, problem.code) for problem in result)
        else:
            accepted += 1
    return accepted, refused, proposal.leftovers, len(sheet.doubtful)


@pytest.mark.parametrize(("name", "rows"), [("heilongjiang_2019.csv", 5541), ("heilongjiang_1990.csv", 18)])
def test_every_firm_of_a_real_register_is_accepted(shared: Path, name: str, rows: int) -> None:
    path = shared / "data/cn_enterprise_register_dev" / name
    assert judged("enterprise_registration", path) == (rows, Counter(), [], 0)
    kind = NATIONAL.kinds["enterprise_registration"]
    sheet = open_sheet(path, kind)
    column = list(sheet.layout.headers).index("统一社会信用代码")
    assert {subject_kind_of_uscc(cells[column]) for _, cells in sheet.rows()} <= set(kind.subject_kinds)


def test_every_row_of_real_monthly_lists_is_accepted(shared: Path) -> None:
    for path in sorted((shared / "data/jp_labour_list_dev").glob("*.tsv")):
        accepted, refused, leftovers, _ = judged("labour_law_violation", path)
        assert (refused, accepted >= 300) == (Counter(), True), path.name
        assert [name for name in leftovers if not name.startswith("列 ")] == []


@pytest.mark.parametrize("name", PURCHASES)
def test_real_purchases_find_their_fields(shared: Path, name: str) -> None:
    rows, priceless = PURCHASES[name]
    path = shared / "data/cn_procurement_dev/raw" / name
    accepted, refused, _, merged = judged("procurement_result", path)
    assert refused == Counter({("price", "money_unreadable"): priceless} if priceless else {})
    assert accepted + priceless == rows + merged
