"""Identifiers of subjects (主体标识): the resident identity number and the unified social credit code.

Sources: GB 11643-1999 (公民身份号码), GB 32100-2015 (统一社会信用代码). An identifier alone links a record to a subject; a
name never does.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache
from operator import mul

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from xinlin.core.rulebooks import SubjectKind
from xinlin.core.terms import add_term
from xinlin.core.values import Problem, Text

_SEPARATORS = re.compile(r"^=(?=[\"'])|[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff\-‐‑–—'‘’`\"“”]+")
_RESIDENT_ID = re.compile(r"[1-9]\d{16}[\dX]")
_USCC = re.compile(r"[1-9A-HJ-NPQRTUWXY][0-9A-HJ-NPQRTUWXY]\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUES = {character: value for value, character in enumerate(_USCC_ALPHABET)}
_LOOKALIKES = {"O": "0", "I": "1", "S": "5", "Z": "2"}
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
SHORTEST_IDENTIFIER = 15
"""Characters of the shortest number by which anybody was ever registered: resident numbers had 15 until 1999."""
_EXCEL_NUMBER = re.compile(r"\d(?:\.\d+)?E\+?\d{1,2}")
ADULT_AGE = 18
"""民法典 17: a natural person of 18 years or more is an adult."""
ADULT_FROM = f"P{ADULT_AGE}Y"
"""The same as a calendar term from the day of birth."""

_INSTITUTIONS = frozenset({"12", "32", "A1"})
_GOVERNMENT = frozenset({"11"})
_ENTERPRISE_OFFICES = frozenset("9NY")


def normalise_identifier(raw: str) -> str:
    """An identifier as it is compared: half-width, upper case, without spaces, hyphens, quotes or Excel's ``="…"``."""
    if raw.isalnum() and raw.isascii():
        return raw.upper()
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", raw)).upper()


def _problem(code: str, raw: str, what: tuple[str, str], cure: tuple[str, str]) -> Problem:
    return Problem(code, "", Text(zh=what[0], en=what[1]), Text(zh=cure[0], en=cure[1]), raw)


_ASK_SOURCE = ("请对照原始证件更正后重报", "Compare with the original document, correct it and send the row again")


def _damaged(value: str, length: str) -> Problem | None:
    """What any identifier may suffer on its way: names in its column, Excel's number format."""
    if _EXCEL_NUMBER.fullmatch(value):
        return _problem(
            "excel_number",
            value,
            (
                "号码被 Excel 当作数字改写，末尾几位已丢失",
                "Excel rewrote the number as a figure; its last digits are lost",
            ),
            (
                "在来源表中把该列设为“文本”后重新导出；丢失的数字无法恢复",
                "Format the column as text in the source and export again; the lost digits cannot be restored",
            ),
        )
    if any("\u3400" <= character <= "\u9fff" for character in value):
        return _problem(
            "name_in_identifier",
            value,
            ("号码栏里是文字，可能填成了名称", "The identifier column holds words, perhaps a name"),
            ("请把名称与号码放回各自的列", "Put name and identifier into their own columns"),
        )
    if len(value) != 18:
        return _problem(
            "identifier_length",
            value,
            (f"{length}应为 18 位，此处为 {len(value)} 位", f"18 characters are expected, {len(value)} were given"),
            _ASK_SOURCE,
        )
    return None


def resident_id_problem(value: str) -> Problem | None:
    """What is wrong with a normalised resident identity number, or None.

    Refuses form, impossible birth date and check digit. A region that no table knows is no problem here: see
    `resident_id_region_known`.
    """
    if not _RESIDENT_ID.fullmatch(value):
        return _damaged(value, "公民身份号码") or _problem(
            "resident_id_form",
            value,
            ("公民身份号码应为 17 位数字加一位数字或 X", "A resident number is 17 digits and a digit or X"),
            _ASK_SOURCE,
        )
    try:
        born_on(value)
    except ValueError:
        return _problem(
            "resident_id_birth_date",
            value,
            ("第 7 至 14 位不是存在的日期", "Characters 7 to 14 are no existing date"),
            _ASK_SOURCE,
        )
    if ric.calc_check_digit(value) != value[17]:
        rounded = value.endswith("000")
        return _problem(
            "check_digit",
            value,
            (
                "公民身份号码校验位不符" + ("；末三位为 000,可能被 Excel 截断" if rounded else ""),
                "The check digit does not fit" + ("; it ends in 000, as numbers cut by Excel do" if rounded else ""),
            ),
            _ASK_SOURCE,
        )
    return None


@lru_cache(maxsize=65536)
def _region_known(region: str, year: str) -> bool:
    """Whether the county code stood in the year of birth (GB/T 2260, with validity years)."""
    body = f"{region}{year}0101001"
    try:
        ric.get_birth_place(body + ric.calc_check_digit(body + "0"))
    except ValidationError:
        return False
    return True


def resident_id_region_known(value: str) -> bool:
    """Whether the region in a well-formed number stood in the year of birth. False is a finding, never a refusal."""
    return _region_known(value[:6], value[6:10])


def _uscc_check(value: str) -> str:
    total = sum(map(mul, map(_USCC_VALUES.__getitem__, value[:17]), _USCC_WEIGHTS))
    return _USCC_ALPHABET[(31 - total % 31) % 31]


def uscc_problem(value: str) -> Problem | None:
    """What is wrong with a normalised unified social credit code, or None.

    Codes whose first character is a letter (A, N, Y) stand in GB 32100-2015 but python-stdnum refuses them, so the
    check character is computed here.
    """
    if not _USCC.fullmatch(value):
        damaged = _damaged(value, "统一社会信用代码")
        if damaged:
            return damaged
        bad = "".join(sorted({c for c in value if c not in _USCC_ALPHABET}))
        pairs = "、".join(f"{c}→{_LOOKALIKES[c]}" for c in bad if c in _LOOKALIKES)
        hint = f"（{bad} 不会出现在代码中{f'，是否应为 {pairs}？' if pairs else ''}）" if bad else ""
        english = f" ({bad} never occurs in a code{f'; perhaps {pairs}?' if pairs else ''})" if bad else ""
        return _problem(
            "uscc_form",
            value,
            (f"统一社会信用代码格式不符{hint}", f"This is not the form of a unified social credit code{english}"),
            _ASK_SOURCE,
        )
    if _uscc_check(value) != value[17]:
        return _problem(
            "check_digit",
            value,
            ("统一社会信用代码校验位不符", "The check character of the unified social credit code does not fit"),
            _ASK_SOURCE,
        )
    return None


def looks_like_resident_id(value: str) -> bool:
    """Whether a normalised value has the form of a resident number rather than of a code of an organisation."""
    return len(value) == 18 and value[:17].isdigit() and value[6:8] in ("18", "19", "20") and value[0] in "12345678"


def identifier_problem(value: str) -> Problem | None:
    """For fields that take either identifier: the problem under the reading that fits better, or None."""
    person = looks_like_resident_id(value)
    likely, other = (resident_id_problem, uscc_problem) if person else (uscc_problem, resident_id_problem)
    found = likely(value)
    return None if found is None or other(value) is None else found


def identifier_kind(value: str) -> SubjectKind:
    """Whose a valid normalised identifier is."""
    person = _RESIDENT_ID.fullmatch(value) and resident_id_problem(value) is None
    return "person" if person else subject_kind_of_uscc(value)


def born_on(resident_id: str) -> date:
    """The birth date in a resident number. Raises ValueError where it is no date."""
    return date(int(resident_id[6:10]), int(resident_id[10:12]), int(resident_id[12:14]))


def is_adult(born: date, as_of: date) -> bool:
    """Whether someone born on ``born`` is 18 on ``as_of``; the birthday itself counts (民法典 17, 200–201)."""
    return add_term(born, ADULT_FROM) <= as_of


def last_birthday(day: date, age: int) -> date:
    """The latest day of birth of anybody who is so many years old on the day."""
    born = date(max(day.year - age, 1), day.month, 1) + timedelta(days=31)
    while born > date.min and add_term(born, f"P{age}Y") > day:
        born -= timedelta(days=1)
    return born


def last_adult_birthday(day: date) -> date:
    """The latest day of birth of anybody who is of age on the day."""
    return last_birthday(day, ADULT_AGE)


def subject_kind_of_uscc(value: str) -> SubjectKind:
    """The kind of organisation that the first two characters of a code name (GB 32100-2015 table 1).

    11 is government; 12, 32 and A1 are institutions; 9, N and Y are market subjects and village economic organisations;
    all others (50s civil affairs, 80s trade unions, 30s law firms, religious sites) are social organisations.
    """
    head = value[:2]
    if head in _GOVERNMENT:
        return "government_body"
    if head in _INSTITUTIONS:
        return "institution"
    return "enterprise" if head[:1] in _ENTERPRISE_OFFICES else "social_organisation"


def mask_identifier(value: str) -> str:
    """An identifier with all but its first three and last four characters hidden; short values are hidden whole."""
    if len(value) < 12:
        return "*" * len(value)
    return value[:3] + "*" * (len(value) - 7) + value[-4:]


def mask_name(value: str) -> str:
    """A person's name with its middle hidden: 王*明, 王*; other scripts keep their first letter."""
    name = value.strip()
    if len(name) <= 1:
        return "*" * len(name)
    if name.isascii():
        return name[0] + "***"
    return name[0] + "*" if len(name) == 2 else name[0] + "*" * (len(name) - 2) + name[-1]


_BRACKETS = str.maketrans("【】[]〔〕{}「」《》<>", "()()()()()()()")
_NAME_NOISE = re.compile(r"[\s·•・\.．‧]+")


@lru_cache(maxsize=16384)
def comparable_name(name: str) -> str:
    """A name as it is compared: NFKC, brackets folded, spaces and middle dots dropped, upper case."""
    return _NAME_NOISE.sub("", unicodedata.normalize("NFKC", name).translate(_BRACKETS)).upper()
