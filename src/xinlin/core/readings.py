"""Reading one cell: text, whole numbers, money, yes or no, as departments write them (数据项读取). Dates: `core.dates`.

Every reader returns the value or a `Fault`. Nothing is guessed: what has two readings is refused with both shown.
Money is whole 分.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from xinlin.core.values import Text


class Fault(NamedTuple):
    """Why a text could not be read: a stable code, what is wrong, what to do."""

    code: str
    what: Text
    cure: Text


class Money(NamedTuple):
    """An amount in 分; ``note`` names what was set aside while reading (``per_unit``), or is empty."""

    fen: int
    note: str = ""


def fault(code: str, what_zh: str, what_en: str, cure_zh: str, cure_en: str) -> Fault:
    """Shorthand for a `Fault` in both languages."""
    return Fault(code, Text(zh=what_zh, en=what_en), Text(zh=cure_zh, en=cure_en))


_ODD = re.compile(r"[\u0000-\u001f\u007f-\u00a0\u00ad\u2000-\u200f\u2028-\u202e\u2060\u3000\ufeff]|  ")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
SPACES = re.compile(r"[\s\u0085\u00a0\u2000-\u200a\u2028\u2029\u3000]+")
_CONTROL = re.compile(r"[\u0000-\u0008\u000e-\u001f\u007f]")
_LATIN = "[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]"
_GARBLED = f"锟斤拷|锟届|烫烫烫|鏈夐檺|鍏徃|(?:[\u00a1-\u00bf]?{_LATIN}[\u00a1-\u00bf\u00f7]?){{3}}"
"""Chinese read in another encoding: as bytes replaced, 有限 and 公司 of UTF-8 as GBK, or accented letters side by side."""
_BROKEN = re.compile(f"[\ud800-\udfff\ufffd\u0080-\u0084\u0086-\u009f]|{_GARBLED}")
_LETTER = re.compile(_LATIN)
GARBLED_SIGNS = ("\ufffd", "锟", "烫烫", "鏈夐檺", "鍏徃")
"""A printable text holds one of these, or an accented letter of Latin-1, if it is garbled; asked before anything dearer."""


def tidy(raw: str) -> str:
    """A text without zero-width characters, with every run of spaces, tabs and line breaks as one space, and trimmed."""
    if _ODD.search(raw):
        raw = SPACES.sub(" ", _INVISIBLE.sub("", raw))
    return raw.strip()


FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula."""


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: such a one gets an apostrophe before it. `restored` takes it off."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell


def restored(cell: str) -> str:
    """A cell without the apostrophe that an export put before what looks like a formula; any other as it is."""
    return cell[1:] if cell[:1] == "'" and cell.lstrip("'").startswith(FORMULA) else cell


def damage(raw: str) -> Fault | None:
    """Whether a text was damaged before or while it was decoded: broken bytes, replacement or control characters."""
    if raw.isprintable() and (raw.isascii() or not (any(sign in raw for sign in GARBLED_SIGNS) or _LETTER.search(raw))):
        return None
    if _BROKEN.search(raw):
        return fault(
            "encoding_broken",
            "这一格有不能按本文件编码读出的字节（或已成乱码）",
            "This cell holds bytes that are not in the encoding of the file, or was garbled earlier",
            "请从来源系统以 UTF-8 重新导出这一行",
            "Export the row from its source again, in UTF-8",
        )
    if _CONTROL.search(raw):
        return fault(
            "control_character",
            "这一格有不可见的控制字符",
            "This cell holds invisible control characters",
            "请删除控制字符后重报",
            "Remove the control characters and send the row again",
        )
    return None


def printable(text: str) -> str:
    """A text without control characters, which no database keeps in JSON and nobody sees."""
    return text if text.isprintable() else _CONTROL.sub("", text)


def folded(text: str) -> str:
    """A text as labels and codes are compared: NFKC, without any space, case folded."""
    return SPACES.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))).casefold()


NOTHING = frozenset(
    r"- -- --- — —— ― － – / // \ \n n/a na #n/a n.a. null none nan nil 无 暂无 无数据 空 未知 不详 待补充".split()  # noqa: SIM905  # reads better than 30 quoted words
)
"""Words, folded, of at most `NOTHING_WITHIN` characters, by which departments say that there is no value."""
DITTO = frozenset(["同上", "同前", "同上行", "〃", "″", '"', "”", "“", "''", "ditto"])
"""Words by which a table says that a cell is as the one above."""
SAYS_NOTHING = NOTHING | DITTO
NOTHING_WITHIN = 6


def stands_for_nothing(text: str) -> bool:
    """Whether a tidy, non-empty text says only that there is no value (N/A, -, 无, 不详 …)."""
    return len(text) <= NOTHING_WITHIN and (text.casefold() in NOTHING or folded(text) in NOTHING)


def ditto(text: str) -> Fault | None:
    """The fault of a cell that points to the row above: rows are kept apart, and none is completed from another."""
    if len(text) > NOTHING_WITHIN or text.casefold() not in DITTO:
        return None
    return fault(
        "same_as_above",
        "这里写的是“同上”一类的字样，没有写内容",
        "The cell only says that it is as the one above",
        "每一行都要写完整内容；请填上一行的值",
        "Every row needs its own value; write the one from the row above",
    )


_EXCEL_NUMBER = re.compile(r"[-+]?\d(?:\.\d+)?[eE][-+]?\d{1,3}")


def excel_number(text: str) -> bool:
    """Whether a text is a figure in scientific notation, as Excel leaves long numbers."""
    return _EXCEL_NUMBER.fullmatch(text) is not None


_INTEGER = re.compile(r"([-+]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(0+))?")
_DECIMAL = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"


def read_integer(text: str, unit: str | None = None) -> int | Fault:
    """A whole number, with thousands separators and its unit behind it allowed; fractions are refused."""
    if text.isdecimal() and text.isascii() and len(text) < 19:
        return int(text)
    plain = SPACES.sub("", unicodedata.normalize("NFKC", text))
    if unit and plain.endswith(unit):
        plain = plain[: -len(unit)]
    match = _INTEGER.fullmatch(plain)
    if match and len(match[2]) < 24:
        return int(match[1] + match[2].replace(",", ""))
    if re.fullmatch(_DECIMAL, plain):
        return fault(
            "not_whole",
            "应为整数，此处有小数",
            "A whole number is expected, not a fraction",
            "请填整数",
            "Give a whole number",
        )
    if excel_number(plain):
        return fault(
            "excel_number",
            "数字被 Excel 写成科学记数，末尾几位已丢失",
            "Excel rewrote the number in scientific notation; its last digits are lost",
            "在来源表中把该列设为“文本”或“数值”后重新导出",
            "Format the column as text or number in the source and export again",
        )
    return fault("not_a_number", "应为整数", "A whole number is expected", "请只填数字", "Give digits only")


_FEN = {
    "分": 1,
    "角": 10,
    "元": 100,
    "圆": 100,
    "百元": 10_000,
    "千元": 100_000,
    "万": 1_000_000,
    "万元": 1_000_000,
    "万圆": 1_000_000,
}
_FEN |= {"百万": 100_000_000, "百万元": 100_000_000, "亿": 10_000_000_000, "亿元": 10_000_000_000}
_YUAN_WORDS = r"(?:人民币|RMB|CNY|rmb|cny|¥|￥)"
_MONEY = re.compile(
    rf"({_YUAN_WORDS})?[:：]?({_DECIMAL})\(?(百万元|百万|万元|万圆|亿元|千元|百元|元|圆|角|分|万|亿)?整?{_YUAN_WORDS}?元?\)?{_YUAN_WORDS}?(/\S{{1,6}})?"
)
_FOREIGN = re.compile(
    r"美元|美金|欧元|英镑|日元|日圆|港元|港币|澳元|加元|韩元|卢布|法郎|新台币|台币|新加坡元|马克|USD|EUR|GBP|JPY|HKD|[$€£]",
    re.IGNORECASE,
)
_HEADER_UNIT = re.compile(r"[(/:：]?(百万元|万元|亿元|千元|元|分)(?:人民币)?(?:/[^)]*)?\)?$")
_HAN_MONEY = re.compile(r"[零〇一二三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟元圆角分整正]+")


def header_unit(header: str) -> str | None:
    """The unit of money that a column's header names: 价格(元） → 元, 注册资本（万元） → 万元."""
    plain = folded(header)
    match = _HEADER_UNIT.search(plain)
    return match[1] if match and "(" in plain else None


def _to_fen(digits: str, factor: int) -> int | None:
    """``digits`` (decimal text) times ``factor`` as a whole number of 分, or None where a remainder is left."""
    sign = -1 if digits.startswith("-") else 1
    whole, _, fraction = digits.lstrip("+-").replace(",", "").partition(".")
    scaled, rest = divmod(int(whole + fraction) * factor, 10 ** len(fraction))
    return None if rest else sign * scaled


def read_money(text: str, unit: str | None = None) -> Money | Fault:
    """An amount in 分. ``unit`` is the column's where the cell names none; without either, whole 分 are meant.

    Foreign currencies are a `Fault` with code ``foreign_currency``: they are never converted.
    """
    plain = SPACES.sub("", unicodedata.normalize("NFKC", text))
    if _FOREIGN.search(plain):
        return fault(
            "foreign_currency",
            "金额为外币，不作折算",
            "The amount is in a foreign currency and is not converted",
            "如需入库，请填人民币金额",
            "Give the amount in renminbi if it is to be kept",
        )
    match = _MONEY.fullmatch(plain)
    if match is None or len(match[2]) > 24:
        han = _HAN_MONEY.fullmatch(plain)
        return fault(
            "money_unreadable",
            "金额用汉字书写，不作推算" if han else "读不出金额",
            "The amount is written in words" if han else "This is no readable amount",
            "请写数字和单位，例如 100万元",
            "Write figures and unit, for example 100万元",
        )
    named = match[3] or unit or ("元" if match[1] else None)
    if named is None and "." in match[2]:
        return fault(
            "money_without_unit",
            "金额没有单位，看不出是元还是万元",
            "The amount has no unit: yuan or ten thousand yuan?",
            "请在单元格、表头或列映射中写明单位",
            "Name the unit in the cell, the header or the column mapping",
        )
    fen = _to_fen(match[2], _FEN[named or "分"])
    if fen is None:
        return fault(
            "money_below_fen",
            "金额不足一分的部分无法入账",
            "The amount has a part below one 分",
            "请核对金额",
            "Check the amount",
        )
    return Money(fen, "per_unit" if match[4] else "")


_TRUE = frozenset(["是", "有", "对", "真", "true", "yes", "y", "1", "√", "✓"])
_FALSE = frozenset(["否", "没有", "错", "假", "false", "no", "n", "0", "×", "✗"])


def read_boolean(text: str) -> bool | Fault:
    """是/否, true/false, 1/0, √/×."""
    plain = folded(text)
    if plain in _TRUE:
        return True
    if plain in _FALSE:
        return False
    return fault("not_yes_or_no", "应填“是”或“否”", "Yes or no is expected", "请填 是 或 否", "Write 是 or 否")
