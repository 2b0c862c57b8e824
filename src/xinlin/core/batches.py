"""Judging what a department delivers: one row against its kind (报送批次的逐行校验).

A row becomes a `JudgedRow` or a list of problems, each with field, what is wrong and the cure; there is no third way.
Pure: the clock, the register of subjects and earlier deliveries are the office's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from xinlin.core import people
from xinlin.core.columns import ColumnUse
from xinlin.core.dates import read_date
from xinlin.core.readings import (
    Fault,
    Money,
    damage,
    fault,
    folded,
    header_unit,
    read_boolean,
    read_integer,
    read_money,
    read_region,
    stands_for_nothing,
    tidy,
)
from xinlin.core.rulebooks import FieldSpec, Kind, RecordClass
from xinlin.core.values import Problem, Text

Note = tuple[str, str, str]
"""(code, field, value as it came): something worth knowing about an accepted row; the value is empty where personal."""

LENIENT = frozenset({"foreign_currency", "region_not_a_code"})
"""Faults that leave an optional field absent, with a finding, instead of refusing the row."""
CLASSES: dict[str, RecordClass] = {"minor": "minor", "general": "general", "serious": "serious"}
CLASSES |= {"轻微": "minor", "一般": "general", "严重": "serious"}
COLUMN_LENGTHS = {"document": 128, "authority": 200, "article": 500, "remedy": 500, "subject_name": 300}
"""Room for roles that every record has, in characters."""
SEVEN_PARTS = {
    "document": Text(zh="决定文书", en="decision document"),
    "authority": Text(zh="决定机关", en="authority"),
    "article": Text(zh="依据条款", en="article"),
    "notice_on": Text(zh="告知日期", en="notice"),
    "remedy": Text(zh="异议与修复途径", en="objection and repair route"),
    "ends_on": Text(zh="截止日期", en="end"),
}
"""What a list entry must have besides its list (社会信用法治: 清单、文书、机关、依据、告知、救济、期限)."""


@dataclass(slots=True)
class JudgedRow:
    """An accepted row, typed. Identifiers are normalised; ``fields`` holds the kind's own values in plain form."""

    identifier: str = ""
    name: str = ""
    occurred_on: date | None = None
    ends_on: date | None = None
    notice_on: date | None = None
    document: str = ""
    authority: str = ""
    article: str = ""
    remedy: str = ""
    record_class: str = ""
    named_person: str = ""
    representative: str = ""
    representative_name: str = ""
    region: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    key_parts: list[str] = field(default_factory=list)
    content: str = ""
    """All values in the kind's order, normalised: equal for rows that say the same."""
    notes: list[Note] = field(default_factory=list)


Reader = Callable[[str], Any]


def _read_text(text: str) -> str:
    return text


def _code_reader(codes: Mapping[str, Text]) -> Reader:
    by_label = {folded(label): code for code, names in codes.items() for label in (names.en, names.zh, code)}
    shown = "、".join(f"{code} {names.zh}" for code, names in list(codes.items())[:12])

    def read(text: str) -> str | Fault:
        found = by_label.get(text) or by_label.get(folded(text))
        return found or fault(
            "unknown_code",
            "代码表里没有这个值",
            "The code list has no such value",
            f"可用的值：{shown}",
            f"Use one of: {', '.join(list(codes)[:12])}",
        )

    return read


def _identifier_reader(problem_of: Callable[[str], Problem | None]) -> Reader:
    def read(text: str) -> str | Fault:
        value = people.normalise_identifier(text)
        problem = problem_of(value)
        return value if problem is None else Fault(problem.code, problem.what, problem.cure)

    return read


def _number_reader(spec: FieldSpec, unit: str | None) -> Reader:
    def read(text: str) -> int | Money | Fault:
        value = read_money(text, unit) if spec.type == "money" else read_integer(text, unit)
        if isinstance(value, Fault):
            return value
        number = value.fen if isinstance(value, Money) else value
        low = spec.minimum if spec.minimum is not None else (0 if spec.type == "money" else None)
        if (low is not None and number < low) or (spec.maximum is not None and number > spec.maximum):
            return fault(
                "out_of_range",
                f"数值超出范围（{'' if low is None else low} 至 {'' if spec.maximum is None else spec.maximum}）",
                f"The value is out of range ({'' if low is None else low} to {'' if spec.maximum is None else spec.maximum})",
                "请核对数值和单位",
                "Check value and unit",
            )
        return value

    return read


def _reader(spec: FieldSpec, unit: str | None) -> Reader:
    """How cells of this field are read."""
    if spec.role == "class":
        return _code_reader(spec.codes or {c: Text(zh=zh, en=c) for zh, c in CLASSES.items() if zh != c})
    if spec.type == "code":
        return _code_reader(spec.codes or {})
    if spec.type in ("integer", "money"):
        return _number_reader(spec, unit)
    readers: dict[str, Reader] = {
        "text": _read_text,
        "date": read_date,
        "boolean": read_boolean,
        "region": read_region,
        "resident_id": _identifier_reader(people.resident_id_problem),
        "uscc": _identifier_reader(people.uscc_problem),
        "identifier": _identifier_reader(people.identifier_problem),
    }
    return readers[spec.type]


@dataclass(frozen=True, slots=True)
class _Plan:
    """One field, ready to be read from a row."""

    spec: FieldSpec
    index: int
    """Position in the row; -1 for a constant or a field without a column."""
    constant: str
    read: Reader
    longest: int | None
    column: str
    keyed: bool
    """Whether the cell, as written, is part of a full list entry's key."""


class Judge:
    """A kind and a column mapping, compiled for one header; call it with the cells of a row."""

    def __init__(self, kind: Kind, columns: Mapping[str, ColumnUse], headers: Sequence[str]) -> None:
        """``columns`` maps field codes; fields without one are absent. Unknown columns raise ValueError."""
        self.kind = kind
        positions = {name: index for index, name in enumerate(headers)}
        self._plans: list[_Plan] = []
        for spec in kind.fields:
            use = columns.get(spec.code, ColumnUse(constant=""))
            if use.column is not None and use.column not in positions:
                raise ValueError(f"the file has no column {use.column!r} for {spec.code}")
            unit = use.unit or (header_unit(use.column) if use.column and spec.type == "money" else None) or spec.unit
            limits = [n for n in (spec.max_length, COLUMN_LENGTHS.get(spec.role or "")) if n is not None]
            keyed = spec.role == "key" or (spec.role == "subject_name" and kind.linking == "optional")
            index = -1 if use.column is None else positions[use.column]
            self._plans.append(
                _Plan(
                    spec,
                    index,
                    use.constant or "",
                    _reader(spec, unit),
                    min(limits, default=None),
                    use.column or "",
                    keyed,
                )
            )
        self._headers = len(headers)
        self._has_key = any(spec.role == "key" for spec in kind.fields)

    def __call__(self, cells: Sequence[str]) -> JudgedRow | list[Problem]:
        """Judge one row; ``cells`` may be shorter than the header."""
        row = JudgedRow()
        problems: list[Problem] = []
        content: list[str] = []
        width = len(cells)
        if width > self._headers and any(map(str.strip, cells[self._headers :])):
            return [Problem("too_many_cells", "", _TOO_MANY, _CHECK_DELIMITERS, " ".join(cells[self._headers :])[:80])]
        for plan in self._plans:
            raw = plan.constant if plan.index < 0 else (cells[plan.index] if plan.index < width else "")
            text = tidy(raw) if raw else ""
            if not text or stands_for_nothing(text):
                if plan.spec.required:
                    problems.append(_missing(plan, text))
                elif text:
                    row.notes.append(("absent", plan.spec.code, text))
                continue
            value = damage(raw) or plan.read(text)
            if isinstance(value, Fault):
                if value.code in LENIENT and not plan.spec.required:
                    row.notes.append((value.code, plan.spec.code, "" if plan.spec.personal else text))
                else:
                    problems.append(_refusal(plan, value, text))
                continue
            if plan.longest is not None and isinstance(value, str) and len(value) > plan.longest:
                problems.append(_refusal(plan, _too_long(plan.longest, len(value)), text))
                continue
            if isinstance(value, Money):
                if value.note:
                    row.notes.append((value.note, plan.spec.code, text))
                value = value.fen
            wrong = self._place(row, plan.spec, value)
            if wrong:
                problems.append(_refusal(plan, wrong, text))
            content.append(f"{plan.spec.code}={value}")
            if plan.keyed:
                row.key_parts.append(f"{plan.spec.code}={raw}")
        row.content = "\x1f".join(content)
        problems.extend(self._whole_row(row, problems))
        return problems or row

    def _place(self, row: JudgedRow, spec: FieldSpec, value: Any) -> Fault | None:
        """Put a read value where it belongs; a fault where it cannot be what it is said to be."""
        role = spec.role
        if role is None or role == "key":
            row.fields[spec.code] = value.isoformat() if isinstance(value, date) else value
            if spec.type == "region" and not row.region:
                row.region = value
            return None
        if role == "subject":
            row.identifier = value
            return self._note_identifier(row, spec, value)
        if role in ("subject_name", "representative_name") and _holds_identifier(value):
            return fault(
                "identifier_in_name",
                "名称栏里是号码",
                "The name column holds an identifier",
                "请把名称与号码放回各自的列",
                "Put name and identifier into their own columns",
            )
        if role == "class":
            row.record_class = CLASSES.get(value, value)
        elif role == "subject_name":
            row.name = value
        else:
            setattr(row, role, value)
        return None

    def _note_identifier(self, row: JudgedRow, spec: FieldSpec, value: str) -> Fault | None:
        kind = people.identifier_kind(value)
        if kind not in self.kind.subject_kinds:
            allowed = "、".join(self.kind.subject_kinds)
            return fault(
                "subject_kind_not_allowed",
                "这个目录项不收这类主体",
                f"This kind takes no subject that is a {kind}",
                f"本目录项的主体类别：{allowed}",
                f"This kind is about: {', '.join(self.kind.subject_kinds)}",
            )
        if kind == "person" and not people.resident_id_region_known(value):
            row.notes.append(("region_unknown", spec.code, ""))
        return None

    def _whole_row(self, row: JudgedRow, problems: list[Problem]) -> list[Problem]:
        """What only the row as a whole can show; may merge two problems that are one."""
        found = {problem.code for problem in problems}
        if {"name_in_identifier", "identifier_in_name"} <= found:
            first = next(p for p in problems if p.code == "name_in_identifier")
            problems[:] = [p for p in problems if p.code not in ("name_in_identifier", "identifier_in_name")]
            return [replace(first, code="columns_swapped", what=_SWAPPED)]
        more = []
        if row.ends_on and row.occurred_on and row.ends_on <= row.occurred_on:
            more.append(
                Problem("end_not_after_start", self._code_of("ends_on"), _END_FIRST, _CHECK_DATES, str(row.ends_on))
            )
        if self.kind.linking == "exact" and not row.identifier and not problems:
            more.append(Problem("missing", self._code_of("subject"), _NO_IDENTIFIER, _GIVE_IDENTIFIER))
        if self.kind.effect == "list_entry" and not problems:
            for part, name in SEVEN_PARTS.items():
                if not getattr(row, part):
                    what = Text(zh=f"名单条目缺少“{name.zh}”", en=f"The list entry lacks its {name.en}")
                    more.append(Problem("list_part_missing", self._code_of(part), what, _SEVEN_CURE))
        if self._has_key or self.kind.delivery == "full_list":
            self._complete_key(row)
        return more

    def _complete_key(self, row: JudgedRow) -> None:
        """Key of a full list's entry: its key fields (or else its document), whose it is, and its day.

        Key fields, and names where no identifier is asked for, are compared as written, to the last space: another
        spelling is another entry, as it may be another firm.
        """
        if not self._has_key:
            row.key_parts.append(row.document)
        if self.kind.linking == "exact":
            row.key_parts.append(row.identifier)
        row.key_parts.append("" if row.occurred_on is None else row.occurred_on.isoformat())

    def _code_of(self, role: str) -> str:
        return next((spec.code for spec in self.kind.fields if spec.role == role), role)

    def column_of(self, role: str) -> int:
        """Position of the column that feeds the field with this role, or -1."""
        return next((plan.index for plan in self._plans if plan.spec.role == role), -1)


def judge_row(kind: Kind, columns: Mapping[str, ColumnUse], raw: Mapping[str, str]) -> JudgedRow | list[Problem]:
    """Judge one row given as {column: text}. For many rows of one header compile a `Judge` once."""
    return Judge(kind, columns, list(raw))(list(raw.values()))


def _holds_identifier(text: str) -> bool:
    value = people.normalise_identifier(text)
    return len(value) >= 15 and value.isascii() and sum(c.isdigit() for c in value) >= 8


def _missing(plan: _Plan, text: str) -> Problem:
    what = Text(zh=f"必填项“{plan.spec.label.zh}”是空的", en=f"The required field {plan.spec.label.en} is empty")
    cure = Text(zh="请补填后重报", en="Fill it in and send the row again")
    return Problem("missing", plan.spec.code, what, cure, text, {"column": plan.column})


def _refusal(plan: _Plan, reason: Fault, raw: str) -> Problem:
    return Problem(reason.code, plan.spec.code, reason.what, reason.cure, raw, {"column": plan.column})


def _too_long(longest: int, length: int) -> Fault:
    return fault(
        "too_long",
        f"内容 {length} 字，超过 {longest} 字",
        f"The text has {length} characters, more than {longest}",
        "请缩短后重报",
        "Shorten it and send the row again",
    )


CONTINUATION = Problem(
    "continues_above",
    "",
    Text(
        zh="这一行除一格外都来自上方合并单元格，可能是上一行的续行",
        en="All but one cell come from merged cells above; it may continue that row",
    ),
    Text(
        zh="如是续行请并入上一行；如是单独一行请把各格填全",
        en="Join it to the row above, or fill in its cells if it is a row of its own",
    ),
)
_TOO_MANY = Text(
    zh="这一行的格数比表头多，列可能错位", en="The row has more cells than the header; its columns may be shifted"
)
_CHECK_DELIMITERS = Text(zh="请检查内容里的分隔符是否缺引号", en="Check for delimiters inside a cell that lack quotes")
_SWAPPED = Text(zh="名称与号码填反了", en="Name and identifier stand in each other's column")
_END_FIRST = Text(zh="截止日期不晚于发生日期", en="The end is not after the day it happened")
_CHECK_DATES = Text(zh="请核对两个日期", en="Check both dates")
_NO_IDENTIFIER = Text(zh="没有标识号码，不能确定主体", en="Without an identifier it is not known whose record this is")
_GIVE_IDENTIFIER = Text(
    zh="请补填身份号码或统一社会信用代码", en="Give the resident number or the unified social credit code"
)
_SEVEN_CURE = Text(
    zh="名单条目必须有文书、机关、依据、告知、救济途径和截止日期，请补齐后重报",
    en="A list entry needs document, authority, article, notice, remedy and end; complete it and send it again",
)
