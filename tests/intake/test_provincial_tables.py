"""Tables as bureaus publish them (双公示, 采购, 处罚): two-row heads, groups, units in names, 同上, every way to write a day, notes below."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
import xlsxwriter

from xinlin.office import vault
from xinlin.office.models.records import Record
from xinlin.office.scopes import Actor
from xinlin.shelf import read

from .conftest import Send, firm

CLERK = Actor(handle="account:1", name="报送员", role="clerk", department="market_regulation")
Cells = list[Any]
NAMES = [
    "行政相对人名称", "统一社会信用代码", "行政处罚决定书文号", "违法行为类型", "处罚依据", "处罚类别", "罚款金额（万元）",
    "处罚决定日期", "告知日期", "失信程度", "处罚机关",
]  # fmt: skip


def penalty(number: int, **other: Any) -> Cells:
    """One decision in the order of `NAMES`."""
    given = {
        "name": f"虹桥{number}号商贸有限公司", "uscc": firm(number), "document": f"浙温洞市监处罚〔2025〕{number}号", "act": "无照经营",
        "article": "《无证无照经营查处办法》第十三条", "penalty": "罚款", "fine": "0.5", "on": "2025-03-01", "notice": "2025-02-10",
        "class": "一般", "authority": "洞头区市场监督管理局",
    }  # fmt: skip
    return list((given | other).values())


@dataclass
class Table:
    """A workbook of one sheet, and what it means: code, day, fine in 分."""

    rows: list[Cells]
    wanted: list[tuple[str, date, int | None]]
    merges: list[tuple[int, int, int, int, str]] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)

    def content(self) -> bytes:
        held = io.BytesIO()
        book = xlsxwriter.Workbook(held, {"default_date_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("Sheet1")
        for at, row in enumerate(self.rows):
            sheet.write_row(at, 0, row)
        for first, left, last, right, words in self.merges:
            sheet.merge_range(first, left, last, right, words)
        book.close()
        return held.getvalue()


def plain() -> Table:
    on = [
        "2025.3.1",
        "2025年3月1日",
        "二〇二五年三月一日",
        "2025/3/1",
        "20250301",
        "２０２５－０３－０１",
        "2025.03.01 00:00:00",
    ]
    rows = [penalty(n, on=way) for n, way in enumerate(on)]
    return Table([NAMES, *rows], [(firm(n), date(2025, 3, 1), 500_000) for n in range(len(on))])


def unsure() -> Table:
    """A month is no day, and a bare number may be a day of Excel: told, never guessed."""
    rows = [penalty(1, on="二〇二五年三月"), penalty(2, on=45717), penalty(3), penalty(4, fine="伍仟元整")]
    return Table(
        [NAMES, *rows], [(firm(3), date(2025, 3, 1), 500_000)], refused={2: "occurred_on", 3: "occurred_on", 5: "fine"}
    )


def titled() -> Table:
    head = ["洞头区市场监督管理局行政处罚信息公示表（2025年第一季度）"]
    unit = ["填报单位（盖章）：洞头区市场监督管理局", *[""] * 8, "填报日期：2025年4月2日"]
    notes = [
        ["合计", "", "", "", "", "", 1.0],
        ["注：1.本表一式两份。2.罚款金额单位为万元。"],
        ["填表人：王某", "", "", "审核人：李某", "", "", "", "联系电话：0577-63480000"],
    ]
    rows = [["序号", *NAMES], *([n, *penalty(n)] for n in (1, 2))]
    return Table(
        [head, unit, [], *rows, *notes],
        [(firm(n), date(2025, 3, 1), 500_000) for n in (1, 2)],
        [(0, 0, 0, 11, head[0])],
    )


def two_rows() -> Table:
    top = ["序号", "行政相对人信息", "", "处罚决定", "", "", "", "", "", "", "", "处罚机关"]
    low = ["", *NAMES[:10], ""]
    merges = [
        (0, 0, 1, 0, "序号"),
        (0, 1, 0, 2, "行政相对人信息"),
        (0, 3, 0, 10, "处罚决定"),
        (0, 11, 1, 11, "处罚机关"),
    ]
    rows = [[n, *penalty(n)] for n in (1, 2, 3)]
    return Table([top, low, *rows], [(firm(n), date(2025, 3, 1), 500_000) for n in (1, 2, 3)], merges)


def blank_columns() -> Table:
    """A header over two rows with columns between in which nothing stands, as a printed form leaves them."""
    parts = two_rows()
    return Table(
        [[*row[:3], "", *row[3:7], "", *row[7:]] for row in parts.rows],
        parts.wanted,
        [
            (0, 0, 1, 0, "序号"),
            (0, 1, 0, 3, "行政相对人信息"),
            (0, 4, 0, 12, "处罚决定"),
            (0, 13, 1, 13, "处罚机关"),
        ],
    )


def how_in_brackets() -> Table:
    """Below the names stands how each is to be written, as templates have it."""
    how = ["（全称）", "（18位）", "", "（YYYY-MM-DD）"]
    return Table([NAMES, how, *(penalty(n) for n in (1, 2))], [(firm(n), date(2025, 3, 1), 500_000) for n in (1, 2)])


def numbered_columns() -> Table:
    order = ["甲", *range(1, 12)]
    rows = [["序号", *NAMES], order, *([n, *penalty(n)] for n in (1, 2))]
    return Table(rows, [(firm(n), date(2025, 3, 1), 500_000) for n in (1, 2)])


def merged_groups() -> Table:
    rows = [
        penalty(n, name="" if n == 2 else f"虹桥{n}号商贸有限公司", uscc="" if n == 2 else firm(n)) for n in (1, 2, 3)
    ]
    merges = [(1, 0, 2, 0, rows[0][0]), (1, 1, 2, 1, rows[0][1]), (1, 10, 3, 10, "洞头区市场监督管理局")]
    return Table([NAMES, *rows], [(firm(n), date(2025, 3, 1), 500_000) for n in (1, 1, 3)], merges)


def same_as_above() -> Table:
    rows = [penalty(1), penalty(2, article="同上", authority="〃"), penalty(3, article="″", authority="同上")]
    return Table([NAMES, *rows], [(firm(1), date(2025, 3, 1), 500_000)], refused={3: "article", 4: "article"})


def amounts() -> Table:
    said = {
        "5000元": 500_000,
        "0.5万元": 500_000,
        "1万": 1_000_000,
        "￥5,000.00元": 500_000,
        "0.5": 500_000,
        "/": None,
        "无": None,
        "—": None,
    }
    rows = [penalty(n, fine=way) for n, way in enumerate(said)]
    return Table([NAMES, *rows], [(firm(n), date(2025, 3, 1), fen) for n, fen in enumerate(said.values())])


def units_in_names() -> Table:
    names = [name.replace("罚款金额（万元）", "罚款金额\n(元)") for name in NAMES]
    return Table(
        [names, *(penalty(n, fine="5,000") for n in (1, 2))], [(firm(n), date(2025, 3, 1), 500_000) for n in (1, 2)]
    )


def marked_codes() -> Table:
    ways: list[Callable[[str], str]] = [
        lambda code: f"'{code}", lambda code: f"{code[:2]} {code[2:8]} {code[8:]}", lambda code: f"\u00a0{code}\u200b",
        lambda code: code.lower(), lambda code: f"`{code}", lambda code: f"\t{code}\n", lambda code: f"‘{code}",
    ]  # fmt: skip
    rows = [penalty(n, uscc=way(firm(n))) for n, way in enumerate(ways)]
    return Table([NAMES, *rows], [(firm(n), date(2025, 3, 1), 500_000) for n in range(len(ways))])


def starred() -> Table:
    names = [f"*{name}\n（必填）" if at % 2 else f"{name}：" for at, name in enumerate(NAMES)]
    return Table(
        [["附件1"], ["行政处罚信息归集模板"], names, *(penalty(n) for n in (1, 2))],
        [(firm(n), date(2025, 3, 1), 500_000) for n in (1, 2)],
    )


def repeated_heads() -> Table:
    section = ["一、食品安全类"]
    rows: list[Cells] = [
        NAMES,
        section,
        penalty(1),
        penalty(2),
        ["小计", "2家", "", "", "", "", 1.0],
        NAMES,
        ["二、计量类"],
        penalty(3),
    ]
    return Table(rows, [(firm(n), date(2025, 3, 1), 500_000) for n in (1, 2, 3)])


TABLES = [
    plain, unsure, titled, two_rows, blank_columns, how_in_brackets,
    numbered_columns, merged_groups, same_as_above, amounts, units_in_names, marked_codes,
    starred, repeated_heads,
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("make", TABLES, ids=[make.__name__ for make in TABLES])
def test_a_table_of_a_bureau_comes_out_as_it_is_meant(
    send: Send, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Table]
) -> None:
    national = read("national")
    monkeypatch.setattr("xinlin.shelf.read", lambda _code: national)
    table = make()
    batch = send("administrative_penalty", table.content(), f"{make.__name__}.xlsx", actor=CLERK)
    refused = {row.row: row.problems[0] for row in batch.refused_rows.all()}
    told = (batch.state, batch.layout, [finding["code"] for finding in batch.findings], refused)
    assert batch.state == "done", told
    assert {row: problem["where"] for row, problem in refused.items()} == table.refused, told
    held = Record.objects.filter(batch=batch).order_by("row").select_related("subject")
    found = [
        (
            vault.unseal(record.subject.identifier_sealed, "subject.identifier"),
            record.occurred_on,
            record.fields.get("fine"),
        )
        for record in held
    ]
    assert found == table.wanted, told
    assert batch.rows_read == len(table.wanted) + len(table.refused), told
