"""Reading a date in any of the forms that departments write, eras included (日期读取)."""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache

from xinlin.core.readings import SPACES, Fault, fault

_ERAS: dict[str, tuple[date, date]] = {
    "明治": (date(1868, 1, 25), date(1912, 7, 29)),
    "大正": (date(1912, 7, 30), date(1926, 12, 24)),
    "昭和": (date(1926, 12, 25), date(1989, 1, 7)),
    "平成": (date(1989, 1, 8), date(2019, 4, 30)),
    "令和": (date(2019, 5, 1), date.max),
    "民国": (date(1912, 1, 1), date.max),
}
"""Calendar eras with their first and last day (元号; 中华民国纪年)."""
_ERA_LETTERS = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_HAN_DIGITS = {c: str(i) for i, c in enumerate("〇一二三四五六七八九")} | {"零": "0", "○": "0", "元": "1"}
_CLOCK = re.compile(r"[T ]?\d{1,2}[:时]\d{2}(?:[:分]\d{2}(?:\.\d+)?秒?)?(?:Z|[+-]\d{2}:?\d{2})?$")
_YEAR_FIRST = re.compile(r"(\d{4})([-/.年])(\d{1,2})([-/.月])(\d{1,2})日?")
_COMPACT = re.compile(r"\d{8}")
_ERA = re.compile(
    r"(明治|大正|昭和|平成|令和|中?华?民国|[MTSHR])(\d{1,3}|元)(?:年|[-/.])(\d{1,2})(?:月|[-/.])(\d{1,2})日?",
    re.IGNORECASE,
)
_NO_DAY = re.compile(r"\d{4}[-/.年]\d{1,2}月?|\d{4}年?|\d{6}")
_AMBIGUOUS = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{1,4}|\d{2}年\d{1,2}月\d{1,2}日?")
_EXCEL_DAY_ZERO = date(1899, 12, 30)
_FIRST_YEAR, _LAST_YEAR = 1850, 2200
_DATE_CURE = ("请写成 2021-02-28 的形式", "Write the date as in 2021-02-28")


def _han_number(text: str) -> str:
    """十二 → 12, 二十八 → 28, 二〇二一 → 2021; anything else comes back as it was."""
    if "十" not in text:
        return "".join(_HAN_DIGITS.get(c, c) for c in text)
    tens, _, ones = text.partition("十")
    return (_HAN_DIGITS.get(tens, tens) if tens else "1") + (_HAN_DIGITS.get(ones, ones) if ones else "0")


_HAN_PART = re.compile(r"[〇零○一二三四五六七八九十]+(?=[年月日号])")


def _no_such_day(year: int, month: int, day: int) -> Fault:
    if not 1 <= month <= 12:
        why_zh, why_en = f"没有 {month} 月", f"there is no month {month}"
    elif not _FIRST_YEAR <= year <= _LAST_YEAR:
        why_zh, why_en = (
            f"年份 {year} 超出 {_FIRST_YEAR}–{_LAST_YEAR}",
            f"the year {year} is outside {_FIRST_YEAR}–{_LAST_YEAR}",
        )
    else:
        last = calendar.monthrange(year, month)[1]
        why_zh, why_en = f"{year} 年 {month} 月只有 {last} 天", f"{year}-{month:02d} has only {last} days"
    return fault(
        "date_does_not_exist",
        f"这一天不存在：{why_zh}",
        f"There is no such day: {why_en}",
        "请对照原始文书更正日期",
        "Correct the date after the original document",
    )


def _day(year: int, month: int, day: int) -> date | Fault:
    if not _FIRST_YEAR <= year <= _LAST_YEAR or not 1 <= month <= 12:
        return _no_such_day(year, month, day)
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return _no_such_day(year, month, day)
    return date(year, month, day)


def _era_day(match: re.Match[str]) -> date | Fault:
    name = match[1].upper()
    era = "民国" if name.endswith("民国") else _ERA_LETTERS.get(name, name)
    first, last = _ERAS[era]
    number = 1 if match[2] == "元" else int(match[2])
    found = _day(first.year + number - 1, int(match[3]), int(match[4])) if number else None
    if isinstance(found, Fault):
        return found
    if found is None or not first <= found <= last:
        return fault(
            "date_outside_era",
            f"{era}纪年没有这一天（{first.isoformat()} 至 {last.isoformat() if last != date.max else '今'}）",
            f"The era {era} has no such day (it runs from {first.isoformat()} to "
            f"{last.isoformat() if last != date.max else 'today'})",
            *_DATE_CURE,
        )
    return found


def _unreadable_date(text: str) -> Fault:
    if re.fullmatch(r"\d{5}", text):
        proposal = (_EXCEL_DAY_ZERO + timedelta(days=int(text))).isoformat()
        return fault(
            "date_is_serial",
            f"这是 Excel 的日期序号，可能是 {proposal}",
            f"This is an Excel day number, perhaps {proposal}",
            "在 Excel 中把该列设为日期格式后重新导出",
            "Format the column as dates in Excel and export again",
        )
    if _AMBIGUOUS.fullmatch(text):
        return fault(
            "date_ambiguous",
            "日期有两种读法（两位年份或日月次序不明）",
            "The date can be read in two ways",
            *_DATE_CURE,
        )
    if _NO_DAY.fullmatch(text):
        return fault(
            "date_without_day", "日期不完整，缺少日或月", "The date is incomplete: day or month is missing", *_DATE_CURE
        )
    return fault("date_unreadable", "读不出日期", "This is no readable date", *_DATE_CURE)


@lru_cache(maxsize=65536)
def read_date(text: str) -> date | Fault:
    """A day: 2021-02-28, 2021/2/28, 2021.2.28, 20210228, 2021年2月28日, 二〇二一年二月二十八日, H28.10.4, 平成29年５月15日.

    A time of day behind it is dropped. Two-digit years, day-first order and Excel day numbers are refused.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        return (
            date.fromisoformat(plain)
            if len(plain) == 10 and _FIRST_YEAR <= int(plain[:4]) <= _LAST_YEAR
            else _other(plain)
        )
    except ValueError:
        return _other(plain)


def _other(plain: str) -> date | Fault:
    plain = _CLOCK.sub("", plain).replace("号", "日")
    plain = SPACES.sub("", _HAN_PART.sub(lambda m: _han_number(m[0]), plain))
    match = _YEAR_FIRST.fullmatch(plain)
    if match and (match[2] == match[4] or match[2] == "年"):
        return _day(int(match[1]), int(match[3]), int(match[5]))
    if _COMPACT.fullmatch(plain):
        return _day(int(plain[:4]), int(plain[4:6]), int(plain[6:]))
    match = _ERA.fullmatch(plain)
    return _era_day(match) if match else _unreadable_date(plain)
