"""The report of likely duplicates: pairs are found, nothing is changed, and innocent namesakes are not accused wholesale."""

from __future__ import annotations

import io

import pytest
from python_calamine import CalamineWorkbook

from tests.intake.conftest import Send, firm, resident, table
from xinlin.engine.duplicates import Firm, likely_duplicates
from xinlin.office.models.people import Subject
from xinlin.office.queries.duplicates import workbook
from xinlin.office.scopes import Actor, NotAllowed

from .conftest import REVIEWER

pytest.importorskip("splink")
WORDS = "海岛 渔港 霞客 东屏 北岙 大门 鹿西 灵昆 元觉 半屏".split()  # noqa: SIM905  # reads better
TRADES = "渔业 建设 贸易 物流 食品 科技 旅游 餐饮".split()  # noqa: SIM905  # reads better


def many() -> list[Firm]:
    """Eighty firms, no two alike."""
    names = [(word, trade) for word in WORDS for trade in TRADES]
    return [
        Firm(at, f"{word}{trade}有限公司", word + trade, "330305", f"{word}路{at}号", f"p{at}")
        for at, (word, trade) in enumerate(names, start=1)
    ]


def test_a_firm_registered_twice_is_found_and_no_other() -> None:
    firms = many()
    twice = Firm(900, "海岛渔业有限责任公司", "海岛渔业", "330305", "海岛路1号", "p1")
    found = likely_duplicates([*firms, twice])
    assert [(pair.first, pair.second) for pair in found] == [(1, 900)]
    assert found[0].per_mille >= 800
    assert likely_duplicates([*firms, twice]) == found, "the same input gives the same answer"


def test_of_few_nothing_can_be_learned() -> None:
    assert likely_duplicates(many()[:5]) == []


def test_the_report_lists_names_that_differ_and_changes_nothing(send: Send) -> None:
    head = "统一社会信用代码,企业名称,注册日期"
    send("firms", table(head, f"{firm(1)},甲公司,2019-01-01"))
    send("firms", table(head, f"{firm(1)},乙公司,2020-01-01"))
    send("deeds", table("公民身份号码,姓名,发生日期", f"{resident(1)},王小明,2024-05-01"))
    content, pairs, names = workbook(actor=REVIEWER)
    assert (pairs, names) == (0, 1)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("名称不符 Names").to_python()
    assert rows[1][3:] == [firm(1), "甲公司", "乙公司"]
    assert Subject.objects.filter(merged_into__isnull=False).count() == 0
    with pytest.raises(NotAllowed):
        workbook(actor=Actor(handle="account:1", name="报送员", role="clerk", department="office"))
