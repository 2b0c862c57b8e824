"""Small words for templates: two-language texts, signed points, Chinese dates, names of states."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from xinlin.core.regions import named
from xinlin.core.values import Text
from xinlin.faces.kit import labels

register = template.Library()
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MINUS = "\u2212"


def _language() -> str:
    return get_language() or "zh-hans"


@register.simple_tag(name="text")
def text_tag(value: Text | Mapping[str, str] | str | None) -> str:
    """``{% text offer.name %}``: the Chinese or English of a `Text`; a plain string passes through; None is empty."""
    return text_filter(value)


@register.filter
def division(code: str) -> str:
    """``{{ row.district|division }}``: a county's code as its name; what is no code passes through."""
    return text_filter(named(code)) if code.isdigit() else code


def _mark(chinese: str, english: str) -> str:
    return chinese if _language().startswith("zh") else english


@register.simple_tag
def colon() -> str:
    """A colon as the page's language writes it."""
    return _mark("：", ": ")


@register.simple_tag
def comma() -> str:
    """What stands between things in a list."""
    return _mark("、", ", ")


@register.simple_tag
def semicolon() -> str:
    """A semicolon as the page's language writes it."""
    return _mark("；", "; ")


@register.filter(name="text")
def text_filter(value: Text | Mapping[str, str] | str | None) -> str:
    """``{{ offer.name|text }}``: as the tag, for use inside other tags. A stored text is a mapping of ``zh`` and ``en``."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        value = Text(zh=value.get("zh", ""), en=value.get("en", ""))
    return value.in_language(_language()) if isinstance(value, Text) else str(value)


@register.simple_tag
def term_text(value: Any) -> str:
    """One term of a consent as people read it: a text, what leaves, a span, or kinds; none is a dash."""
    if not value:
        return "—"
    if isinstance(value, list):
        return "、".join(str(kind) for kind in value)
    if isinstance(value, str):
        return str(labels.LEAVES.get(value) or term(value) or value)
    return text_filter(value)


@register.filter
def points(value: int | str) -> str:
    """Points with their sign: ``+12``, ``−3`` (a true minus), ``0``; components pass their values as text."""
    value = int(value)
    return f"+{value}" if value > 0 else f"{MINUS}{-value}" if value < 0 else "0"


@register.filter
def tenths(value: int) -> str:
    """Tenths of a percent as a share: ``123`` is ``12.3 %``."""
    return f"{value // 10}.{value % 10} %"


@register.filter
def points_class(value: int | str) -> str:
    """The CSS class that goes with `points`."""
    value = int(value)
    return "points-up" if value > 0 else "points-down" if value < 0 else "points-none"


@register.filter
def day(value: date | datetime | None) -> str:
    """A date in words: ``2026年11月22日`` or ``22 Nov 2026``; a moment is first taken to Asia/Shanghai; None is empty."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    if _language().startswith("zh"):
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


@register.filter
def moment(value: datetime | str | None) -> str:
    """A date with hours and minutes in Asia/Shanghai, also from its ISO form; None is empty."""
    if value is None:
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{day(local)}\u00a0{local:%H:%M}"


@register.filter
def term(value: str) -> str:
    """A calendar term in words: ``P1Y`` is ``1 年``, ``P3M`` ``3 个月``, ``P30D`` ``30 天``; parts are joined."""
    parts = {"Y": gettext("%s 年"), "M": gettext("%s 个月"), "W": gettext("%s 周"), "D": gettext("%s 天")}
    return " ".join(parts[unit] % number for number, unit in re.findall(r"(\d+)([YMWD])", value))


@register.filter
def mille(value: int) -> str:
    """Thousandths as per cent with one place: ``987`` is ``98.7%``."""
    return f"{value // 10}.{value % 10}%"


@register.filter
def words(text: str) -> list[str]:
    """The words of a text, to go through in a template."""
    return text.split()


@register.filter
def iso(value: date | datetime | None) -> str:
    """The machine-readable form for ``<time datetime>``; None is empty."""
    return "" if value is None else value.isoformat()


@register.filter
def grouped(value: int | str) -> str:
    """``4,377,000`` for a count; what is no number, such as a hidden cell, stays as it is."""
    return f"{value:,}" if isinstance(value, int) else str(value)


@register.filter
def yuan(value: int) -> str:
    """An amount kept in 分 as yuan: ``¥1,234.56``."""
    sign = MINUS if value < 0 else ""
    return f"{sign}¥{abs(value) // 100:,}.{abs(value) % 100:02d}"


@register.filter
def label(code: str, family: str) -> str:
    """The name of a coded state: ``{{ record.status|label:"status" }}``; an unknown code shows itself.

    A code may carry words: ``exit: …``; a place in a file is ``line 7``, ``row 7`` or the number alone.
    """
    known = labels.FAMILIES[family]
    sort, _space, number = code.partition(" ")
    if family == "place" and (code.isdecimal() or (sort in ("line", "row") and number.isdecimal())):
        return gettext("第 %(number)s 行") % {"number": number or code}
    head, said, words = code.partition(": ")
    if said and code not in known and head in known:
        return f"{known[head]}{colon()}{labels.FAMILIES['outcome'].get(words, words)}"
    return str(known.get(code, code))


@register.simple_tag
def stamp(mark: str) -> SafeString:
    """The city's emblem: its one or two characters as a seal."""
    return format_html('<span class="seal" aria-hidden="true">{}</span>', mark)


@register.simple_tag
def icon_path(name: str) -> str:
    """Path of an icon's drawing, for ``{% include %}``."""
    return f"kit/icons/{name}.svg"


@register.filter
def get(mapping: Mapping[Any, Any] | str | None, key: Any) -> Any:
    """The entry of a mapping under a key that is itself a variable; None where there is none, or no mapping."""
    return mapping.get(key) if isinstance(mapping, Mapping) else None


@register.filter
def get_at(items: Sequence[Any], place: int) -> Any:
    """The item of a list at a place that is itself a variable."""
    return items[place]


@register.filter
def total(numbers: Iterable[int]) -> int:
    """The sum of some counts."""
    return sum(numbers)


@register.simple_tag
def same(first: object, second: object) -> str:
    """``page`` where both are equal, else empty: for ``aria-current``."""
    return "page" if first == second else ""


@register.filter
def hidden_middle(value: str) -> str:
    """A masked value read aloud: a pause and a word for what is hidden, lest 刘*敏 sound like another person's whole name."""
    if "*" not in value:
        return value
    return gettext("%(value)s（部分隐藏）") % {"value": re.sub(r"\*+", "…", value)}
