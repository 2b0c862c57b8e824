"""Columns of a file and fields of a kind: finding the header, matching the two, and saying what is left (列映射)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xinlin.core.readings import folded, printable, tidy
from xinlin.core.values import Problem, Text

if TYPE_CHECKING:  # the process that opens files from outside starts often, and needs no rulebook
    from xinlin.core.rulebooks import FieldSpec, Kind

_BRACKETED = re.compile(r"\([^()]*\)$")
_OF_A_PERSON = re.compile(
    r"(?<!相对)(?<!当事)(?<!处罚)人|代表|股东|董事|监事|经理|配偶|家属|父|母|person|contact|representative"
)
"""Words of a group of columns whose parts (姓名, 证件号码) say nothing of whom the row is about."""
NUMBERLIKE = re.compile(r"[\d.,:/%¥$\-+ 年月日]+")
HEADER_WITHIN = 20
"""Title lines above a header: at most this many rows are searched for it."""


@dataclass(frozen=True)
class ColumnUse:
    """Where a field's value comes from: a column (with its unit where that is not the kind's), or a constant."""

    column: str | None = None
    unit: str | None = None
    constant: str | None = None

    def as_dict(self) -> dict[str, str]:
        """The form in which mappings are stored; only what is given."""
        given = {"column": self.column, "unit": self.unit, "constant": self.constant}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Proposal:
    """An automatic match: field code -> column, the columns that no field takes, the required fields without a column."""

    columns: dict[str, ColumnUse]
    leftovers: list[str]
    missing: list[FieldSpec]
    twice: list[str] = field(default_factory=list)
    """Columns that fit a field which an earlier column had taken already."""


def label_key(text: str) -> str:
    """A header or label as it is compared: NFKC, no spaces or line breaks, no leading asterisk or trailing colon."""
    return folded(text).strip("*:'\"")


def header_cells(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    """The cells of the header row, without empty ones at its end under which the first rows hold nothing either."""
    cells = list(rows[index])
    while cells and not any(row[len(cells) - 1].strip() for row in rows[index:] if len(row) >= len(cells)):
        cells.pop()
    return cells


def unique_headers(cells: Sequence[str]) -> list[str]:
    """The header row as names that each occur once: an empty one becomes 列 3, a second 价格 becomes 价格 (2)."""
    seen: dict[str, int] = {}
    names = []
    for position, cell in enumerate(cells, start=1):
        name = tidy(printable(cell)) or f"列 {position}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def is_unnamed(name: str, headers: Sequence[str]) -> bool:
    """Whether this is the name that a column without one was given."""
    return name == f"列 {headers.index(name) + 1}"


def header_sha256(headers: Sequence[str]) -> str:
    """By which a mapping is found again: equal for headers that differ in spaces and width only."""
    return hashlib.sha256("\x1f".join(label_key(name) for name in headers).encode()).hexdigest()


def _labels(spec: FieldSpec) -> list[str]:
    return [spec.code, spec.label.zh, spec.label.en, *spec.aliases]


def known_labels(kind: Kind) -> frozenset[str]:
    """Every header under which a field of the kind may come, as compared."""
    return frozenset(label_key(label) for spec in kind.fields for label in _labels(spec))


def find_header(rows: Sequence[Sequence[str]], known: AbstractSet[str]) -> int | None:
    """Which of the first rows is the header (index), or None where there is no row at all.

    The row with most known labels wins (at least two, or all of its cells); without any, the first row of words that is
    about as wide as the sheet.
    """
    window = [[label_key(cell) for cell in row] for row in rows[:HEADER_WITHIN]]
    filled = [sum(1 for cell in row if cell) for row in window]
    if not any(filled):
        return None
    hits = [sum(1 for cell in row if cell in known or _BRACKETED.sub("", cell) in known) for row in window]
    best = max(range(len(window)), key=lambda i: (hits[i], -i))
    if hits[best] >= 2 or (hits[best] == 1 and filled[best] == 1):
        return best
    widest = max(filled)
    for index, row in enumerate(window):
        words = sum(1 for cell in row if cell and not NUMBERLIKE.fullmatch(cell))
        if filled[index] * 10 >= widest * 7 and words == filled[index]:
            return index
    return next(i for i, n in enumerate(filled) if n * 10 >= widest * 7)


def propose_columns(kind: Kind, headers: Sequence[str]) -> Proposal:
    """Match headers to fields by code, label or alias; a unit in brackets behind either does not hinder.

    Where several columns fit a field, the one whose label comes first in the catalogue is taken. Last, and only where a
    single column says so, a column is known by its own part of a header over two rows.
    """
    ranks: dict[str, tuple[str, int]] = {}
    for shorten in (False, True):
        for spec in kind.fields:
            for rank, label in enumerate(_labels(spec)):
                key = _BRACKETED.sub("", label_key(label)) if shorten else label_key(label)
                ranks.setdefault(key, (spec.code, rank))
    columns: dict[str, ColumnUse] = {}
    for key_of in (label_key, _without_unit, _own_part):
        found: dict[str, list[tuple[int, str]]] = {}
        taken = {use.column for use in columns.values()}
        for header in headers:
            code, rank = ranks.get(key_of(header), ("", 0))
            if code and code not in columns and header not in taken:
                found.setdefault(code, []).append((rank, header))
        for code, fitting in found.items():
            if key_of is not _own_part or len(fitting) == 1:
                columns[code] = ColumnUse(column=min(fitting, key=lambda one: one[0])[1])
    taken = {use.column for use in columns.values()}
    left = [header for header in headers if header not in taken]
    twice = [header for header in left if label_key(header) in ranks or _without_unit(header) in ranks]
    leftovers = [header for header in left if header not in twice]
    missing = [spec for spec in kind.fields if spec.required and spec.code not in columns]
    return Proposal(columns, leftovers, missing, twice)


def _without_unit(header: str) -> str:
    return _BRACKETED.sub("", label_key(header))


def _own_part(header: str) -> str:
    """The part below a group of columns (企业信息 over 生产企业) or of an object inside (base.名称). A part below a person is that person's."""
    group, space, part = tidy(header).rpartition(" ")
    if not space:
        group, _, part = tidy(header).rpartition(".")
    if not group or (space and part.isascii()) or _OF_A_PERSON.search(folded(group)):
        return ""
    return _without_unit(part)


def forbidden_problem(kind: Kind, headers: Sequence[str]) -> Problem | None:
    """Why a file may not be taken for what its columns hold, or None (征信业管理条例 14; 个人信息保护法 28).

    Asked of the columns that no field takes: those of the kind itself were judged when its rulebook was loaded.
    """
    from xinlin.core.forbidden import forbidden_column

    if "person" not in kind.subject_kinds:
        return None
    found = forbidden_column((name for name in propose_columns(kind, headers).leftovers), kind.occupational)
    if found is None:
        return None
    header, matter = found
    return Problem(
        "forbidden_column",
        header,
        Text(
            zh=f"列“{header}”是{matter.name.zh}：{matter.reason.zh}",
            en=f"The column {header!r} holds {matter.name.en}: {matter.reason.en}",
        ),
        Text(
            zh="请删去这一列后重报；整份文件都没有入库",
            en="Remove the column and send the file again; none of it was kept",
        ),
        header,
    )


def read_columns(data: Mapping[str, Mapping[str, str]]) -> dict[str, ColumnUse]:
    """Stored mapping data as column uses. Raises ValueError for an unknown key or an empty use."""
    uses = {}
    for code, use in data.items():
        if set(use) - {"column", "unit", "constant"} or ("column" in use) == ("constant" in use):
            raise ValueError(f"{code}: give either column (with unit, if need be) or constant")
        uses[code] = ColumnUse(use.get("column"), use.get("unit"), use.get("constant"))
    return uses


def mapping_problems(kind: Kind, headers: Sequence[str], columns: Mapping[str, ColumnUse]) -> list[Problem]:
    """What is wrong with a mapping for this kind and header; empty where it may be used."""
    specs = {spec.code: spec for spec in kind.fields}
    problems = []
    for code, use in columns.items():
        if code not in specs:
            problems.append(
                _wrong("unknown_field", code, f"目录项没有信息项 {code}", f"The kind has no field {code}", code)
            )
        elif use.column is not None and use.column not in headers:
            problems.append(
                _wrong(
                    "unknown_column",
                    code,
                    f"文件中没有列“{use.column}”",
                    f"The file has no column {use.column!r}",
                    use.column,
                )
            )
    for spec in kind.fields:
        if spec.required and spec.code not in columns:
            problems.append(
                _wrong(
                    "field_without_column",
                    spec.code,
                    f"必填信息项“{spec.label.zh}”没有对应的列",
                    f"The required field {spec.label.en} has no column",
                )
            )
    return problems


def _wrong(code: str, where: str, zh: str, en: str, raw: str = "") -> Problem:
    cure = Text(zh="请在列映射中为它选择一列或填写常量", en="Choose a column or give a constant for it in the mapping")
    return Problem(code, where, Text(zh=zh, en=en), cure, raw)
