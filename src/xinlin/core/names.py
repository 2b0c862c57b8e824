"""Names of organisations compared (组织名称比对): for a question to a clerk, never a hit.

By law an organisation is known by its unified social credit code alone (深圳经济特区社会信用条例 24, 河南 16). Where a row has a
name and no code, this says which registered organisations a clerk might ask the source about, with what was alike and what
was not. Nothing is attached by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from opencc_purepy import OpenCC
from stdnum import numdb

from xinlin.core.people import comparable_name
from xinlin.core.surnames import READINGS

VERSION = "1"
"""Of this way of comparing; each has its scorecard."""
ASK = 700
"""From this likeness (0 to 1000) on a clerk is shown the name."""

Alike = Literal["same", "same_sound", "abbreviation", "one_character", "brand_only", "part"]
"""How the names are alike, the strongest first."""

_FORMS = {
    "股份有限责任公司": "shares", "股份有限公司": "shares", "有限责任公司": "limited", "有限公司": "limited", "股份公司": "shares",
    "集团公司": "limited", "总公司": "limited", "分公司": "branch", "子公司": "limited", "公司": "limited", "合伙企业": "partnership",
    "专业合作社联合社": "cooperative", "农民专业合作社": "cooperative", "专业合作社": "cooperative", "合作社": "cooperative",
    "个人独资企业": "sole", "事务所": "office", "研究院": "institute", "研究所": "institute", "分厂": "branch", "分店": "branch",
    "经营部": "shop", "服务部": "shop", "门市部": "shop", "商行": "shop", "工作室": "studio", "协会": "association",
    "基金会": "foundation", "医院": "hospital", "学校": "school", "幼儿园": "kindergarten", "工厂": "factory", "厂": "factory", "店": "shop",
}  # fmt: skip
_BY_LENGTH = sorted(_FORMS, key=len, reverse=True)
_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
_PARTNERSHIP = re.compile(r"\((?:有限合伙|普通合伙|特殊普通合伙)\)$")
_TRADE_WORDS = (
    "建设工程 建筑工程 建筑安装 建设 建筑 市政工程 园林绿化 园林 "
    "装饰装修 装饰工程 装饰 装潢 安装工程 工程 水利水电 水利 水电 "
    "电力 能源 新能源 房地产开发 房地产 置业 物业管理 物业服务 物业 "
    "信息技术 信息科技 网络科技 软件 科技发展 科技 技术 电子商务 电子 "
    "电器 电气 机电 机械制造 机械 设备 制造 汽车销售 汽车服务 汽车 "
    "配件 交通运输 运输 物流 货运 客运 航运 船舶 港务 国际贸易 "
    "进出口 贸易 商贸 商务 百货 超市 食品加工 食品 餐饮管理 餐饮 "
    "酒店管理 酒店 宾馆 旅游开发 旅游 旅行社 农业开发 农业 水产养殖 "
    "水产品 水产 渔业 海洋 养殖 种植 畜牧 林业 粮油 茶叶 药业 医药 "
    "医疗器械 医疗 生物科技 生物 化工 材料 建材 新材料 塑料 橡胶 "
    "金属 钢铁 五金 不锈钢 铝业 纺织 服装 服饰 鞋业 皮革 纸业 印刷 "
    "包装 广告传媒 广告 文化传播 文化传媒 文化 传媒 教育科技 教育 "
    "培训 咨询管理 企业管理 管理咨询 管理 咨询 投资管理 投资 控股 "
    "资产管理 资产 融资担保 担保 租赁 劳务派遣 劳务 人力资源 保安服务 "
    "保安 保洁 环保科技 环保 环境 清洁 家政服务 家政 家具 家居 照明 "
    "光电 仪表 实业 发展 开发 产业 集团 服务 "
)
_TRADES = tuple(_TRADE_WORDS.split())
_ANY_TRADE = frozenset({"工程", "管理", "服务", "发展", "科技", "技术", "开发", "制造", "销售"})
"""Pairs that stand in unlike trades and so make none alike."""
_TRADES_BY_LENGTH = sorted(_TRADES, key=len, reverse=True)
_EMPTY_PAIRS = frozenset(
    pair
    for form in ("股份有限责任公司", "股份有限公司", "有限责任公司", "有限公司", "分公司", "合伙企业")
    for pair in (form[n : n + 2] for n in range(len(form) - 1))
)
"""Pairs of characters that stand in nearly every name, and so find nothing."""


class _Simplified(dict[int, str]):
    """Traditional to simplified, character by character (OpenCC's table), filled as characters are met."""

    def __init__(self) -> None:
        super().__init__()
        self._opencc = OpenCC("t2s")

    def __missing__(self, key: int) -> str:
        self[key] = self._opencc.convert(chr(key)) if key > 0x3400 else chr(key)
        return self[key]


@lru_cache(maxsize=1)
def _simplified() -> _Simplified:
    return _Simplified()


@lru_cache(maxsize=1)
def _places() -> frozenset[str]:
    """Names of provinces, cities and counties (GB/T 2260, all years), with and without 省, 市, 区, 县."""
    found: set[str] = set()
    for _, _, _, province, counties in numdb.get("cn/loc").prefixes:
        texts = [str(province.get("province", ""))]
        texts += [str(county.get("county", "")) for _, _, _, county, _ in counties]
        for text in texts:
            for name in re.sub(r"\[[^\]]*\]", "", text).split(","):
                short = re.sub(r"(?:特别行政区|[一-鿿]{0,4}族?自治[区州县旗]|省|市|地区|区|县|旗|盟)$", "", name)
                found |= {part for part in (name, short) if len(part) >= 2 and part not in ("市辖", "郊区", "市辖区")}
    return frozenset(found)


@lru_cache(maxsize=65536)
def fold(name: str) -> str:
    """A name as it is compared: simplified, half-width, brackets alike, without spaces and dots, upper case."""
    return comparable_name(name.translate(_simplified()))


@dataclass(frozen=True, slots=True)
class Parts:
    """A name in its parts (行政区划 + 字号 + 行业 + 组织形式), as registration rules order them."""

    place: str
    brand: str
    trade: str
    form: str
    whole: str
    """Brand and trade with everything between, place and form aside."""


def _without_place(text: str) -> tuple[str, str]:
    place = ""
    for _ in range(3):
        found = next((text[:n] for n in range(min(len(text) - 2, 9), 1, -1) if text[:n] in _places()), "")
        if not found:
            break
        place, text = place + found, text[len(found) :]
        if found[-1] in "区县旗":
            break
    return place, text


def _place_behind_brand(text: str) -> tuple[str, str]:
    """A place that stands behind a brand of two or three characters, as in 澜汐洞头贸易."""
    for start in (2, 3):
        for length in (3, 2):
            found = text[start : start + length]
            if len(found) == length and found in _places() and len(text) > start + length:
                return found, text[:start] + text[start + length :]
    return "", text


@lru_cache(maxsize=65536)
def parts(name: str) -> Parts:
    """The parts of a name. Every part may be empty but the whole."""
    text, places = fold(name), []
    form = "partnership" if _PARTNERSHIP.search(text) else ""
    for inside in _IN_BRACKETS.findall(text):
        if inside in _places():
            places.append(inside)
    text = _IN_BRACKETS.sub("", text)
    for suffix in _BY_LENGTH:
        if text.endswith(suffix) and len(text) > len(suffix) + 1:
            text, form = text[: -len(suffix)], form or _FORMS[suffix]
            break
    place, core = _without_place(text)
    if not place and not places:
        place, core = _place_behind_brand(core)
    at = min((core.find(trade, 2) for trade in _TRADES_BY_LENGTH if core.find(trade, 2) > 0), default=len(core))
    return Parts(place or "".join(places), core[:at], core[at:], form, core)


@lru_cache(maxsize=65536)
def sounds(text: str) -> frozenset[str]:
    """How a text may be read, toneless: as it stands, and with its first characters as a surname."""
    from pypinyin import lazy_pinyin  # its dictionaries take a fifth of a second to load, and few commands need them

    found = {" ".join(lazy_pinyin(text))}
    for length in (2, 1):
        if text[:length] in READINGS:
            found.add(" ".join([READINGS[text[:length]], *lazy_pinyin(text[length:])]).strip())
    return frozenset(found)


def _pairs(text: str) -> list[str]:
    return [text[n : n + 2] for n in range(len(text) - 1)]


def search_pairs(name: str) -> list[str]:
    """The pairs of characters that a name is found by; those that stand in nearly every name aside."""
    return [pair for pair in dict.fromkeys(_pairs(re.sub(r"[^\w]", "", fold(name)))) if pair not in _EMPTY_PAIRS]


def sound_pairs(name: str) -> list[str]:
    """The sounds of a name's brand, two syllables together, as they stand in the index (``~hengji``)."""
    found: dict[str, None] = {}
    for reading in sorted(sounds(parts(name).brand)):
        syllables = reading.split()
        found |= dict.fromkeys("~" + "".join(syllables[n : n + 2]) for n in range(len(syllables) - 1))
    return list(found)


def index_text(name: str) -> str:
    """What the index holds of a name: its pairs of characters and of sounds, between spaces."""
    return " ".join([*search_pairs(name), *sound_pairs(name)])


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two names are (0 to 1000), in which way, and what speaks against it."""

    score: int
    alike: Alike
    other_form: bool
    other_place: bool

    @property
    def worth_asking(self) -> bool:
        """Whether a clerk is shown it."""
        return self.score >= ASK


def _one_apart(short: str, long: str) -> bool:
    """Whether the longer text is the shorter with one character more."""
    return len(long) == len(short) + 1 and any(long[:n] + long[n + 1 :] == short for n in range(len(long)))


def _brand(one: str, other: str) -> tuple[int, Alike]:
    if one == other:
        return 1000, "same"
    if len(one) >= 2 and len(one) == len(other) and sounds(one) & sounds(other):
        return 930, "same_sound"
    short, long = sorted((one, other), key=len)
    if len(short) >= 3 and _one_apart(short, long):
        return 760, "one_character"
    return 0, "part"


def _trade(one: str, other: str) -> int:
    if one == other:
        return 1000
    if not one or not other:
        return 700
    short, long = sorted((one, other), key=len)
    if short in long or (set(_pairs(short)) & set(_pairs(long))) - _ANY_TRADE:
        return 850
    return 0


def _is_abbreviation(short: Parts, long: Parts) -> bool:
    """Whether a short name takes its characters from a long one in order, beginning with the first.

    Two characters are enough only behind the same place (洞头城投), otherwise three.
    """
    placed = bool(short.place) and short.place in long.place
    if not (2 if placed else 3) <= len(short.whole) <= 5 or len(long.whole) < len(short.whole) + 2:
        return False
    if short.form or short.whole[0] != long.whole[0]:
        return False
    at = 0
    for character in short.whole:
        at = long.whole.find(character, at) + 1
        if not at:
            return False
    return True


def likeness(asked: str, held: str) -> Likeness:
    """How alike a name asked about is to a registered one."""
    one, other = parts(asked), parts(held)
    score, alike = _brand(one.brand, other.brand)
    if one.whole == other.whole:
        score, alike = 1000, "same"
    elif score:
        trade = _trade(one.trade, other.trade)
        score = (7 * score + 3 * trade) // 10 if trade else 650
        if alike == "same" and trade < 850:
            alike = "brand_only"
    elif len(one.whole) == len(other.whole) >= 2 and sounds(one.whole) & sounds(other.whole):
        score, alike = 930, "same_sound"
    elif _is_abbreviation(one, other) or _is_abbreviation(other, one):
        score, alike = 780, "abbreviation"
    elif (one.place and one.place + one.whole == other.whole) or (
        other.place and other.place + other.whole == one.whole
    ):
        score, alike = 980, "same"
    else:
        first, second = set(_pairs(one.whole)), set(_pairs(other.whole))
        score = min(600, 2000 * len(first & second) // max(len(first) + len(second), 1))
    other_form = bool(one.form and other.form and one.form != other.form)
    other_place = bool(one.place and other.place) and not (one.place in other.place or other.place in one.place)
    if other_form:
        score -= 60 if {one.form, other.form} == {"limited", "shares"} else 200
    if other_place:
        score -= 350
    return Likeness(max(score, 0), alike, other_form, other_place)
