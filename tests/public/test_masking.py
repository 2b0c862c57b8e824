"""Persons in texts that become public: hidden wherever the words name one, and ordinary words left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinlin.core.masking import looks_like_person, mask_people, trader_name
from xinlin.core.people import mask_name
from xinlin.core.publicity import hide_small


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("负责人王小明指使他人销售", "王小明"),
        ("法定代表人：欧阳海参加约谈", "欧阳海"),
        ("驾驶员李强驾驶车辆", "李强"),
        ("张三、李四、王五等3人未签劳动合同", "李四"),
        ("赵敏（身份证号330305199005170015）投诉", "赵敏"),
        ("孙晓女士反映", "孙晓"),
        ("当事人于晓明未到场", "晓明"),
        ("联系电话13800001111或0577-63480000", "13800001111"),
        ("联系电话13800001111或0577-63480000", "63480000"),
        ("账户6222021001116245702", "6222021001116245702"),
        ("浙C12345号货车", "12345"),
        ("邮箱someone.name@example.cn", "someone"),
        ("护照E12345678", "12345678"),
        ("身份证33030519900517001X", "19900517001X"),
        ("旧号330305900517001", "900517001"),
    ],
)
def test_hidden(text: str, hidden: str) -> None:
    assert hidden not in mask_people(text)


@pytest.mark.parametrize(
    "text",
    [
        "负责人高度重视并立即整改",
        "当事人安全意识淡薄",
        "当事人未取得食品经营许可证从事经营活动",
        "由消费者举报后查实",
        "经查，当事人于检查当日存在上述行为，事实清楚",
        "当事人于当日改正",
        "依据《中华人民共和国食品安全法》第一百二十四条，处罚款50000元",
        "洞市监处罚〔2026〕118号",
        "经营范围：水产品批发、建筑材料销售",
    ],
)
def test_left_alone(text: str) -> None:
    assert mask_people(text) == text


@given(
    st.text(alphabet="王李张三四五明芳的在未，。0123456789X", max_size=60), st.sampled_from(["王五明", "李芳", "张三"])
)
def test_a_known_name_never_stays(text: str, name: str) -> None:
    assert name not in mask_people(text + name + text, [name])


@given(st.text(max_size=200))
def test_any_text_can_be_masked(text: str) -> None:
    mask_people(mask_people(text), ["王小明"])


@pytest.mark.parametrize("name", ["张三", "李小龙", "欧阳娜娜", "王大力（个体工商户）", "经营者：陈海"])
def test_a_trader_under_the_own_name_is_masked(name: str) -> None:
    assert looks_like_person(name)
    assert "（个体工商户）" in trader_name(name) and trader_name(name) != name


@pytest.mark.parametrize("name", ["洞头区海霞小吃店", "陈记", "周记水产", "王大力批发部", "李家小馆", "海上明月民宿"])
def test_a_business_name_stays(name: str) -> None:
    assert trader_name(name) == name


@given(st.lists(st.integers(0, 40), min_size=2, max_size=6))
def test_no_small_cell_is_shown_or_left_over(cells: list[int]) -> None:
    shown = hide_small(cells)
    assert all(value is None or value == 0 or value >= 10 for value in shown)
    others = [count for count in cells if count]
    assert shown.count(None) != 1 or len(others) == 1, "one hidden cell alone could be reckoned from the sum"


def test_mask_name_keeps_no_whole_name() -> None:
    assert mask_name("王明") == "王*" and mask_name("王小明") == "王*明"
