"""Codes of divisions with the years in which they stood, and their successors (行政区划代码, GB/T 2260).

The table is python-stdnum's ``cn/loc``, which gives the years of every county code since 1980. A successor is named only
where one code alone can be meant: same province, begun as the other ended, same name but for its rank. A code that was
split has none here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from stdnum import numdb

from xinlin.core.readings import SPACES, Fault, fault
from xinlin.core.values import Text

_ENTRY = re.compile(r"(?:\[(\d*)-(\d*)\])?([^,\[]+)")
_RANK = re.compile(r"(?:(?:[\u4e00-\u9fff]{1,3}族)*自治[县州旗区]|地区|林区|特区|新区|[县市区旗盟])$")
COUNTY = 6
"""Digits of a county's code; longer codes (town, village) begin with it."""


class Standing(NamedTuple):
    """A name that a code had, from its first to its last year; None where the table sets no bound."""

    first: int | None
    last: int | None
    name: str

    def in_year(self, year: int) -> bool:
        """Whether it stood at any time in that year."""
        return (self.first is None or self.first <= year) and (self.last is None or year <= self.last)


_SINCE = {
    "330113": (Standing(2021, None, "临平区"),),
    "330114": (Standing(2021, None, "钱塘区"),),
    "653132": (Standing(2024, None, "岑岭县"),),
    "659013": (Standing(2025, None, "白杨市"),),
}
"""Codes younger than the table (民政部 县级以上行政区划变更情况)."""


@cache
def _table() -> dict[str, tuple[Standing, ...]]:
    table = {}
    for _length, province, _high, _about, counties in numdb.get("cn/loc").prefixes:
        for _digits, county, _highest, about, _children in counties:
            table[province + county] = tuple(
                Standing(int(first) if first else None, int(last) if last else None, name)
                for first, last, name in _ENTRY.findall(about["county"])
            )
    return {**_SINCE, **table}


@cache
def _begun() -> dict[str, dict[int, list[str]]]:
    """Province -> first year -> codes that began in it."""
    begun: dict[str, dict[int, list[str]]] = {}
    for code, standings in _table().items():
        for one in standings:
            if one.first is not None:
                begun.setdefault(code[:2], {}).setdefault(one.first, []).append(code)
    return begun


def standings(code: str) -> tuple[Standing, ...]:
    """Every name that the county code ever had; empty where no table knows it."""
    return _table().get(code[:COUNTY], ())


def prefecture_known(code: str) -> bool:
    """Whether any county of the prefecture (first four digits) ever stood."""
    return code[:4] in _prefectures()


@cache
def _prefectures() -> frozenset[str]:
    return frozenset(code[:4] for code in _table())


def _stem(name: str) -> str:
    stem = _RANK.sub("", name)
    return stem if len(stem) > 1 else name


def _sinks(before: str, after: str) -> bool:
    """Whether a city or prefecture would have become a county, which is its namesake beside it."""
    return before.endswith(("市", "地区")) and after.endswith("县")


def _next(code: str) -> str:
    """The code that alone can have followed an ended one directly; empty where several could, or none."""
    ended = max(standings(code), key=lambda one: one.last or 0)
    found = {
        other
        for year in (ended.last, (ended.last or 0) + 1)
        for other in _begun().get(code[:2], {}).get(year or 0, [])
        if other != code and not other.endswith("00")
        for one in standings(other)
        if one.first == year and _stem(one.name) == _stem(ended.name) and not _sinks(ended.name, one.name)
    }
    return found.pop() if len(found) == 1 else ""


@cache
def successor(code: str) -> str:
    """The code that stands today for an ended one; empty where it stands itself, was split, or more than one could be."""
    at, passed = code[:COUNTY], set[str]()
    while at and at not in passed and standings(at) and all(one.last is not None for one in standings(at)):
        passed.add(at)
        at = _next(at)
    return at if passed and at not in passed else ""


def shown(code: str) -> str:
    """A division as a person reads it: code and its last name."""
    known = standings(code)
    return f"{code[:COUNTY]} {known[-1].name}" if known else code


_RANKS_IN_ENGLISH = {
    "自治县": "Autonomous County", "自治旗": "Autonomous Banner", "林区": "Forestry District", "特区": "Special District",
    "新区": "New District", "地区": "Prefecture", "县": "County", "市": "City", "区": "District", "旗": "Banner", "盟": "League",
}  # fmt: skip
"""The longest ending first."""


@cache
def named(code: str) -> Text:
    """A county by its last name, in English by its sounds and its rank; the code where no table knows it."""
    known = standings(code)
    if not known:
        return Text(zh=code, en=code)
    name = known[-1].name
    rank = next((end for end in _RANKS_IN_ENGLISH if name.endswith(end) and len(name) > len(end) + 1), "")
    from pypinyin import lazy_pinyin  # its dictionaries take a fifth of a second to load, and few commands need them

    sounds = lazy_pinyin(name.removesuffix(rank))
    joined = "".join(f"'{one}" if at and one[0] in "aeo" else one for at, one in enumerate(sounds))
    return Text(zh=name, en=f"{joined.capitalize()} {_RANKS_IN_ENGLISH[rank]}" if rank else joined.capitalize())


_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()  # noqa: SIM905  # reads better than 30 quoted words
)


_WITHOUT_COUNTIES = frozenset(["71", "81", "82", "83"])
"""Provinces whose counties no table of the mainland gives."""


def read_region(text: str) -> str | Fault:
    """A division code of 2, 4, 6, 9 or 12 digits that stood in some year (GB/T 2260, GB/T 10114). Kept as written.

    Whether it stood on the day of the record is asked of the whole row: `xinlin.core.row_rules`.
    """
    plain = SPACES.sub("", unicodedata.normalize("NFKC", text))
    if plain.isdigit() and len(plain) in (2, 4, 6, 9, 12) and plain[:2] in _PROVINCES:
        if plain[:2] in _WITHOUT_COUNTIES or len(plain) == 2 or set(plain[2:6]) == {"0"}:
            return plain
        if standings(plain) or (prefecture_known(plain) and (len(plain) == 4 or plain[4:6] == "00")):
            return plain
        return fault(
            "region_unknown_code",
            f"行政区划代码 {plain[:6]} 从未有过",
            f"There never was a division {plain[:6]}",
            "请对照来源核对；确是新设的区划，请告知信用中心",
            "Compare with the source; tell the credit centre if the division is new",
        )
    return fault(
        "region_not_a_code",
        "应为行政区划代码（如 330305），不是地名或未知代码",
        "A division code such as 330305 is expected, not a place name or an unknown code",
        "请填六位行政区划代码",
        "Give the six-digit division code",
    )
