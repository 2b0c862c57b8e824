"""Captured pages become readable: readings in brackets, traditional characters and page tails go; other brackets stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from xinlin.core.web_text import clean, without_readings


@pytest.mark.parametrize(
    ("raw", "text", "taken"),
    [
        ("大數(shù)據(jù)+大誠信", "大數據+大誠信", 2),
        ("白云區(qū)醫(yī)院", "白云區醫院", 2),
        ("下載誠信(app)和微信(wechat)", "下載誠信(app)和微信(wechat)", 0),
        ("积分(分)、A(a)", "积分(分)、A(a)", 0),
        ("女(nü)兒", "女兒", 1),
    ],
)
def test_a_reading_goes_and_what_is_none_stays(raw: str, text: str, taken: int) -> None:
    assert without_readings(raw) == (text, taken)


def test_the_tail_of_a_page_is_kept_apart() -> None:
    cleaned = clean("標題\n正文一。\n\n責任編輯:馬某\n-\n另一篇 | 標題\n2020-11-03標籤 -")
    assert cleaned.text == "标题\n正文一。"
    assert cleaned.tail.startswith("責任編輯")


def test_the_real_pages_are_clean(shared: Path) -> None:
    for path in sorted((shared / "sources").glob("*.txt")):
        raw = path.read_text(encoding="utf-8")
        cleaned = clean(raw)
        assert clean(cleaned.text).readings == 0, path.name
        assert "責任編輯" not in cleaned.text
        assert "數" not in cleaned.text
        assert len(cleaned.text) > 300, f"{path.name}: the article is still there"
    baiyun = clean(next((shared / "sources").glob("000*.txt")).read_text(encoding="utf-8"))
    assert "系统已采集个人基础数据187736条" in baiyun.text
    assert baiyun.readings > 50
    assert "重力支撑" not in baiyun.text
