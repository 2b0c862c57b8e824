"""The words for the codes of a catalogue's rows, as its workbook tells them to people (目录用语)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from xinlin.core.values import Text

_UNITS = {"Y": "年", "M": "个月", "W": "周", "D": "天"}


def _words(**told: tuple[str, str]) -> Mapping[str, Text]:
    return {code: Text(zh=zh, en=en) for code, (zh, en) in told.items()}


SUBJECTS = _words(
    person=("自然人", "natural persons"),
    enterprise=("企业", "enterprises"),
    institution=("事业单位", "public institutions"),
    social_organisation=("社会组织", "social organisations"),
    government_body=("政府机构", "government bodies"),
    district=("区县", "districts"),
)
NATURE = _words(positive=("守信", "honest"), negative=("失信", "dishonest"), neutral=("基础", "basic"))
OPENNESS = _words(
    subject_only=("仅本人可查", "for the person concerned alone"),
    government=("政务共享", "shared among government offices"),
    public=("依法公示（自然人除外）", "published by law, natural persons excepted"),
)
LEVEL = _words(national=("国家", "national"), province=("省级", "provincial"), city=("市级", "municipal"))
DELIVERY = _words(additions=("增量报送", "additions"), full_list=("全量名单", "the whole list each time"))
SOURCE = _words(
    duty=("部门依职责报送", "delivered by an office doing its duty"),
    public_web=("公开网页采集，两人核实", "captured from public pages, verified by two people"),
)


def span(term: str) -> str:
    """A calendar term in Chinese words: ``P1Y`` is ``1 年``, ``P1Y6M`` ``1 年 6 个月``."""
    return " ".join(f"{number} {_UNITS[unit]}" for number, unit in re.findall(r"(\d+)([YMWD])", term))
