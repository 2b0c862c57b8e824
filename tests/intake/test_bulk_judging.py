"""Judging whole columns at once says the same of every row as the core judge does row by row."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinlin.core.batches import Judge, JudgedRow
from xinlin.core.columns import ColumnUse
from xinlin.core.people import resident_id_problem, uscc_problem
from xinlin.engine.judging import BulkJudge

from .conftest import KINDS, firm, kind, resident, spec

BOTH = kind(
    "both",
    [
        spec("identifier", "号码", "identifier", required=True, role="subject"),
        spec("name", "名称", required=True, role="subject_name", max_length=20),
        spec("on", "日期", "date", role="occurred_on"),
        spec("until", "截止", "date", role="ends_on"),
        spec("class", "等级", role="class"),
        spec("named", "责任人", "resident_id", role="named_person"),
        spec("words", "说明", max_length=12),
        spec("fen", "金额", "money", unit="元"),
        spec("day", "登记日", "date"),
        spec("place", "区划", "region"),
    ],
    subject_kinds=["person", "enterprise"],
)
CELLS = [
    *(resident(n) for n in range(1, 9)),
    *(firm(n) for n in range(1, 6)),
    *("1" + firm(3)[1:], "53330000717854589L", "12330000470003281D", "11330000002482023A"),
    *(resident(1)[:-1] + "x", resident(2).lower(), resident(3)[:17] + "0", "33032219990229001X", "00032219900307001X"),
    *(resident(4) + " ", "'" + resident(5), "９" + firm(1)[1:], "4.40301E+17", resident(7, "20240229")),
    *(
        "",
        " ",
        "无",
        "N/A",
        "n/a",
        "－",
        "暂无",
        "null",
        "王小明",
        " 王小明",
        "王 小 明",
        "王  小明",
        "李\u200b四",
        "乙\u3000丙",
    ),
    *(
        "\ufffd坏",
        "锟斤拷",
        "ÏÃÃÅÊÐ²âÊÔ¹«Ë¾",
        "鍘﹂棬娴嬭瘯鏈夐檺鍏徃",
        "å\x8e¦é\x97¨å¸\x82",
        "Größe × 2 °C",
        "某某有限公司91330305MA2000001X",
        "A·B COMPANY LIMITED 2024 0001 0002",
        "㍿㍿㍿㍿㍿",
        "a\x00b",
        "\ud800",
    ),
    *(
        "2024-01-05",
        "2024-01-06",
        "2024年1月5日",
        "20240105",
        "不是日期",
        "严重",
        "minor",
        "12.50",
        "12.5万元",
        "100美元",
        "1,000",
    ),
    *("330305", "温州", "字" * 13, "字" * 12, "字" * 21, "x" * 40, "ﬁ", "Ⅷ", "说明"),
]


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else (None if value == "" else value)


def _same(kind_: object, header: list[str], rows: list[list[str]], uses: dict[str, ColumnUse]) -> None:
    judge = Judge(kind_, uses, header)  # type: ignore[arg-type]  # a Kind
    alone = [Judge(kind_, uses, header)(cells) for cells in rows]  # type: ignore[arg-type]  # a Kind
    together = BulkJudge(judge)(rows)
    assert together.refused == {at: one for at, one in enumerate(alone) if isinstance(one, list)}
    fitting = [(at, one) for at, one in enumerate(alone) if isinstance(one, JudgedRow)]
    assert together.places == [at for at, _ in fitting]
    for place, (at, one) in enumerate(fitting):
        cells = rows[at]
        said = {code: values[place] for code, values in together.fields.items() if values[place] is not None}
        assert list(said.items()) == list(one.fields.items()), cells
        for slot in set(JudgedRow._fields) - {"fields", "key_parts", "content", "notes"}:
            values = together.slots.get(slot)
            assert (None if values is None else values[place]) == _plain(getattr(one, slot)), (slot, cells)
        assert together.contents[place] == one.content, cells
        assert list(together.notes.get(at, ())) == list(one.notes), cells
        if judge.listed:
            assert list(together.key_parts[place]) == list(one.key_parts), cells


@pytest.mark.parametrize("code", [k.code for k in [*KINDS, BOTH]])
@settings(max_examples=25)
@given(seed=st.integers(0, 1 << 30), spread=st.floats(0, 1))
def test_columns_say_what_rows_say(code: str, seed: int, spread: float) -> None:
    """Rows of mostly right cells with some of everything that ever went wrong."""
    chosen = next(k for k in [*KINDS, BOTH] if k.code == code)
    pick = random.Random(seed)
    right: dict[str, Callable[[], str]] = {
        "resident_id": lambda: resident(pick.randrange(1, 900)),
        "uscc": lambda: firm(pick.randrange(1, 900)),
        "identifier": lambda: pick.choice((resident, firm))(pick.randrange(1, 900)),
        "text": lambda: f"说明{pick.randrange(1_000_000)}",
        "date": lambda: f"2024-{pick.randrange(1, 13):02d}-{pick.randrange(1, 29):02d}",
        "money": lambda: f"{pick.randrange(100)}.5",
        "integer": lambda: str(pick.randrange(30)),
        "region": lambda: "330305",
        "code": lambda: "公园",
    }
    header = [f.label.zh for f in chosen.fields]
    share = spread * spread * 0.4
    rows = [
        [pick.choice(CELLS) if pick.random() < share else right[f.type]() for f in chosen.fields]
        for _ in range(pick.choice((1, 3, 60)))
    ]
    if pick.random() < 0.2:
        rows[pick.randrange(len(rows))].pop()
    uses = {f.code: ColumnUse(column=f.label.zh) for f in chosen.fields}
    optional = [f.code for f in chosen.fields if not f.required]
    if optional and pick.random() < 0.3:
        code_ = pick.choice(optional)
        uses[code_] = ColumnUse(constant=pick.choice(CELLS) or "无")
    _same(chosen, header, rows, uses)


@given(st.text("0123456789XABCHMYNO", min_size=18, max_size=18), st.integers(1, 999))
def test_check_digits_of_columns_are_those_of_cells(noise: str, number: int) -> None:
    import numpy as np

    from xinlin.engine import judging

    values = [noise, resident(number), firm(number), "A" + firm(number)[1:], resident(number, "20000229")]
    values += [value[:5] + noise[5] + value[6:] for value in values] + [value[:17] + noise[17] for value in values]
    characters = np.frombuffer("".join(values).encode(), np.uint8).reshape(-1, 18)
    assert judging._resident_ids(characters).tolist() == [resident_id_problem(value) is None for value in values]
    assert judging._credit_codes(characters).tolist() == [uscc_problem(value) is None for value in values]
