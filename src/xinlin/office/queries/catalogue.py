"""The catalogue as files, and its themes with counts and freshness (目录导出, 主题库)."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xlsxwriter

from xinlin import shelf
from xinlin.core import catalogue_words as words
from xinlin.core.catalogue_file import exported
from xinlin.core.rulebooks import FieldSpec, Kind, Rulebook
from xinlin.core.small_cells import hide_small
from xinlin.core.values import Text
from xinlin.office.models.records import Record
from xinlin.office.queries.record_figures import held
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today

ROWS = (
    "数据代码 Code", "数据名称 Name", "Name (en)", "提供单位 Providers", "主体类型 Subjects", "信息性质 Nature", "共享属性与披露方式 Openness",
    "覆盖范围 Level", "更新周期 Interval", "有效期限 Retention", "报送方式 Delivery", "目录版本 Edition", "起 From", "止 To", "用途 Purpose",
    "依据 Basis", "来源 Source", "标识字段 Identity",
)  # fmt: skip
FIELDS = (
    "数据代码 Code", "信息项 Field", "名称 Label", "Label (en)", "数据格式 Format", "必填 Required", "含义 Role", "代码表 Codes",
    "最长 Length", "下限 Minimum", "上限 Maximum", "个人信息 Personal", "数据标准 Standard", "别名 Aliases",
)  # fmt: skip
CODES = ("列 Column", "代码 Code", "含义 Meaning", "Meaning (en)")
_EXPLAINED = {
    "主体类型 Subjects": words.SUBJECTS,
    "信息性质 Nature": words.NATURE,
    "共享属性与披露方式 Openness": words.OPENNESS,
    "覆盖范围 Level": words.LEVEL,
    "报送方式 Delivery": words.DELIVERY,
    "来源 Source": words.SOURCE,
}
"""Columns that say in words what the catalogue keeps as a code."""
STANDARDS = {
    "resident_id": "GB 11643-1999",
    "uscc": "GB 32100-2015",
    "identifier": "GB 11643-1999 / GB 32100-2015",
    "region": "GB/T 2260",
    "date": "GB/T 7408",
    "money": "分 fen (0.01 CNY)",
}
"""The standard by which a field of the type is written."""


def as_json() -> dict[str, Any]:
    """The rows in force today, as `xinlin rulebook accept` takes them."""
    return exported(current(), today())


def rulebook_above() -> Rulebook | None:
    """The rulebook that this city's extends; None where it stands alone."""
    above = current().extends
    return shelf.read(above) if above else None


def _basis(kind: Kind, book: Rulebook) -> str:
    if isinstance(kind.basis, str):
        return "演示 demonstration"
    return "；".join(
        f"《{book.sources[c.source].title.zh}》{c.article}" for c in kind.basis if c.source in book.sources
    )


def _row(kind: Kind, book: Rulebook) -> list[str]:
    edition = book.editions.get(kind.edition or "")
    names = [book.departments[code].name.zh if code in book.departments else code for code in kind.providers]
    return [
        kind.code, kind.name.zh, kind.name.en, "、".join(names), "、".join(words.SUBJECTS[code].zh for code in kind.subject_kinds),
        words.NATURE[kind.sign].zh, words.OPENNESS[kind.openness].zh, words.LEVEL[book.kind_levels.get(kind.code, book.level)].zh,
        words.span(kind.update_interval), words.span(kind.retention), words.DELIVERY[kind.delivery].zh,
        edition.name.zh if edition else "", str(kind.effective_from or ""), str(kind.effective_to or ""), kind.purpose.zh,
        _basis(kind, book), words.SOURCE[kind.source].zh, ", ".join(kind.identity_fields() or []),
    ]  # fmt: skip


def _field(kind: Kind, spec: FieldSpec) -> list[str]:
    standard = "GB/T 4754" if spec.code_set == "industry" else STANDARDS.get(spec.type, "")
    codes = "；".join(f"{code}={name.zh}" for code, name in (spec.codes or {}).items())
    return [
        kind.code, spec.code, spec.label.zh, spec.label.en, spec.type, "是" if spec.required else "否", spec.role or "", codes,
        *(str(bound) if bound is not None else "" for bound in (spec.max_length, spec.minimum, spec.maximum)),
        "是" if spec.personal else "否", standard, "；".join(spec.aliases),
    ]  # fmt: skip


def _legend() -> Iterable[list[str]]:
    for column, told in _EXPLAINED.items():
        for code, meaning in told.items():
            yield [column, code, meaning.zh, meaning.en]


def as_workbook() -> bytes:
    """The rows in force today as XLSX: a sheet of rows in words, one of fields, and the codes behind the words.

    Every cell is text and nothing is executed. Another installation accepts the JSON, not this.
    """
    book, day = current(), today()
    kinds = [kind for kind in book.kinds.values() if kind.effect != "count" and book.in_force(kind, day)]
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    workbook = xlsxwriter.Workbook(stream, options)
    title = workbook.add_format({"bold": True, "bg_color": "#E8EEF2", "text_wrap": True})
    _sheet(workbook, "目录 Catalogue", ROWS, (_row(kind, book) for kind in kinds), title)
    _sheet(workbook, "信息项 Fields", FIELDS, (_field(kind, spec) for kind in kinds for spec in kind.fields), title)
    _sheet(workbook, "代码 Codes", CODES, _legend(), title)
    workbook.close()
    return stream.getvalue()


def _sheet(workbook: Any, name: str, headers: Iterable[str], rows: Iterable[list[str]], title: Any) -> None:
    sheet = workbook.add_worksheet(name)
    for column, header in enumerate(headers):
        sheet.write_string(0, column, header, title)
    for at, cells in enumerate(rows, start=1):
        for column, cell in enumerate(cells):
            sheet.write_string(at, column, cell[:32_000])
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 20, 22)


@dataclass(frozen=True)
class ThemeView:
    """A theme with how many records it holds, whose it is, and when something last came in."""

    code: str
    name: Text
    owner_name: Text
    kinds: list[Text]
    records: int | None
    """None where fewer than ten."""
    newest: datetime | None
    demonstration: bool


def themes() -> list[ThemeView]:
    """Every theme of the rulebook; cells under ten are hidden. For anybody."""
    book = current()
    numbers: Counter[str] = Counter()
    newest: dict[str, datetime] = {}
    for cell in held().cells:
        numbers[cell.kind] += cell.number
        newest[cell.kind] = max(cell.newest, newest.get(cell.kind, cell.newest))
    counts = hide_small({code: sum(numbers[kind] for kind in theme.kinds) for code, theme in book.themes.items()})
    shown = []
    for code, theme in book.themes.items():
        moments = [newest[kind] for kind in theme.kinds if kind in newest]
        shown.append(
            ThemeView(
                code=code,
                name=theme.name,
                owner_name=book.departments[theme.owner].name,
                kinds=[book.kinds[kind].name for kind in theme.kinds],
                records=counts[code],
                newest=max(moments, default=None) if counts[code] is not None else None,
                demonstration=theme.basis == "demonstration",
            )
        )
    return shown


def theme_digest(*, actor: Actor, code: str) -> tuple[int, str]:
    """How many records a theme holds, and the SHA-256 of their fingerprints and states in order: a theme is a view, so that
    working it out again gives the same. Raises `NotFound`, `NotAllowed`.
    """
    if actor.role not in ("reviewer", "auditor", "operator"):
        raise NotAllowed("只有信用中心可以核验主题库。Only the credit centre may verify a theme.")
    theme = current().themes.get(code)
    if theme is None:
        raise NotFound(f"没有主题库 {code}。There is no theme {code}.")
    digest, count = hashlib.sha256(), 0
    held = Record.objects.filter(kind__in=theme.kinds).order_by("kind", "fingerprint")
    for row in held.values_list("kind", "fingerprint", "status").iterator(chunk_size=5_000):
        digest.update("\x1f".join(row).encode() + b"\n")
        count += 1
    return count, digest.hexdigest()
