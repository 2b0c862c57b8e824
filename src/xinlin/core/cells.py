"""Reading the cells of one field of a kind: what a cell says, or why it cannot be taken (信息项读取).

Departments repeat themselves: dates, places, offices and code values come a thousand times in a file, so each field
remembers what it made of a cell. All that is said of a cell follows from its text alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from xinlin.core import industries, people
from xinlin.core.columns import ColumnUse
from xinlin.core.dates import read_date
from xinlin.core.readings import (
    Fault,
    Money,
    damage,
    ditto,
    fault,
    folded,
    header_unit,
    read_boolean,
    read_integer,
    read_money,
    restored,
    stands_for_nothing,
    tidy,
)
from xinlin.core.regions import read_region
from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.core.sample_cases import RecordClass
from xinlin.core.values import Problem, Text

Note = tuple[str, str, str]
"""(code, field, value as it came): something worth knowing about an accepted row; the value is empty where personal."""

LENIENT = frozenset({"foreign_currency", "region_not_a_code", "region_unknown_code"})
"""Faults that leave an optional field absent, with a finding, instead of refusing the row."""
CLASSES: dict[str, RecordClass] = {"minor": "minor", "general": "general", "serious": "serious"}
CLASSES |= {"轻微": "minor", "一般": "general", "严重": "serious"}
COLUMN_LENGTHS = {"document": 128, "authority": 200, "article": 2_048, "remedy": 500, "subject_name": 300}
"""Room for roles that every record has, in characters."""
IN_BULK = frozenset({"text", "resident_id", "uscc", "identifier"})
"""Types of fields whose columns can be judged at once, and whose cells are often all different."""
REMEMBERED = 4_096
"""Different cells of a field whose outcome is kept."""
_SLOTS = {
    "subject": "identifier",
    "subject_name": "name",
    "class": "record_class",
    "representative": "representative",
    "key": "",
}
"""Where a role's value goes in a judged row, if not under the role's own name; empty: among the kind's own fields."""


def slot_of(spec: FieldSpec) -> str:
    """Where the field's value stands in a judged row; empty: among the kind's own fields."""
    return _SLOTS.get(spec.role, spec.role) if spec.role else ""


class Outcome(NamedTuple):
    """What a cell says: a value, nothing (``absent``), or a problem; perhaps with a note."""

    value: Any = None
    absent: bool = False
    content: str = ""
    """Field and normalised value, for comparing rows."""
    note: Note | None = None
    problem: Problem | None = None


Reader = Callable[[str], Any]


def _read_text(text: str) -> str:
    return text


def _read_industry(text: str) -> str | Fault:
    return industries.read_code(text) or fault(
        "industry_unknown",
        "国民经济行业分类里没有这个代码",
        "The classification of industries has no such code",
        "请填如 C1311 或 1311 的行业代码（GB/T 4754）",
        "Give an industry code such as C1311 or 1311 (GB/T 4754)",
    )


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


def _bounds(low: int | None, high: int | None) -> tuple[str, str]:
    """What is said of a number beyond its bounds, of which there is at least one."""
    if low is None:
        return f"数值不得大于 {high}", f"The value must not be more than {high}"
    if high is None:
        return f"数值不得小于 {low}", f"The value must not be less than {low}"
    return f"数值超出范围（{low} 至 {high}）", f"The value is out of range ({low} to {high})"


def _number_reader(spec: FieldSpec, unit: str | None) -> Reader:
    def read(text: str) -> int | Money | Fault:
        value = read_money(text, unit) if spec.type == "money" else read_integer(text, unit)
        if isinstance(value, Fault):
            return value
        number = value.fen if isinstance(value, Money) else value
        low = spec.minimum if spec.minimum is not None else (0 if spec.type == "money" else None)
        if (low is not None and number < low) or (spec.maximum is not None and number > spec.maximum):
            return fault("out_of_range", *_bounds(low, spec.maximum), "请核对数值和单位", "Check value and unit")
        return value

    return read


def _reader(spec: FieldSpec, unit: str | None) -> Reader:
    """How cells of this field are read."""
    if spec.role == "class":
        by_label = _code_reader(spec.codes or {c: Text(zh=zh, en=c) for zh, c in CLASSES.items() if zh != c})
        return lambda text: CLASSES.get(value, value) if isinstance(value := by_label(text), str) else value
    if spec.code_set == "industry":
        return _read_industry
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


class FieldReader:
    """One field, ready to be read from the rows of one file."""

    __slots__ = (
        "_read",
        "column",
        "constant",
        "in_bulk",
        "index",
        "keyed",
        "longest",
        "missing",
        "seen",
        "slot",
        "spec",
        "subject_kinds",
    )

    def __init__(self, kind: Kind, spec: FieldSpec, use: ColumnUse, index: int) -> None:
        """``index``: position of the column in the row; -1 for a constant or a field without a column."""
        self.spec = spec
        self.index = index
        self.constant = use.constant or ""
        self.column = use.column or ""
        self.slot = slot_of(spec)
        self.keyed = spec.role == "key" or (spec.role == "subject_name" and kind.linking == "optional")
        """Whether the cell, as written, is part of a full list entry's key."""
        self.missing = self._missing("") if spec.required else None
        unit = use.unit or (header_unit(use.column) if use.column and spec.type == "money" else None) or spec.unit
        limits = [n for n in (spec.max_length, COLUMN_LENGTHS.get(spec.role or "")) if n is not None]
        self.longest = min(limits, default=None)
        plain = spec.role != "class" and spec.code_set is None
        self.in_bulk = spec.type if spec.type in IN_BULK and plain else ""
        """As what `xinlin.engine.judging` may judge a whole column at once; empty: each different cell is read here.

        It knows of length, damage, absence, check digits and role. A rule of another sort for one field clears this.
        """
        self._read = _reader(spec, unit)
        self.subject_kinds = kind.subject_kinds
        self.seen: dict[str, Outcome] = {}

    def __call__(self, raw: str) -> Outcome:
        """What the non-empty cell says; looked up in ``seen`` first by whoever is in a hurry."""
        found = self._judge(raw)
        if len(self.seen) < REMEMBERED:
            self.seen[raw] = found
        return found

    def _judge(self, raw: str) -> Outcome:
        spec, text = self.spec, tidy(restored(raw))
        if not text or stands_for_nothing(text):
            if spec.required:
                return Outcome(problem=self._missing(text))
            return Outcome(absent=True, note=("absent", spec.code, text) if text else None)
        value = damage(raw) or ditto(text) or self._read(text)
        if isinstance(value, Fault):
            if value.code in LENIENT and not spec.required:
                return Outcome(absent=True, note=(value.code, spec.code, "" if spec.personal else text))
            return Outcome(problem=self._refusal(value, text))
        if self.longest is not None and isinstance(value, str) and len(value) > self.longest:
            return Outcome(problem=self._refusal(_too_long(self.longest, len(value)), text))
        note: Note | None = None
        if isinstance(value, Money):
            note = (value.note, spec.code, text) if value.note else None
            value = value.fen
        wrong, more = self._as_role(value)
        if wrong:
            return Outcome(problem=self._refusal(wrong, text))
        if not self.slot and isinstance(value, date):
            value = value.isoformat()
        return Outcome(value, False, f"{spec.code}={value}", note or more)

    def _as_role(self, value: Any) -> tuple[Fault | None, Note | None]:
        """Whether a read value can be what its role says: a fault, or a note."""
        if self.spec.role in ("subject_name", "representative_name") and _holds_identifier(value):
            return _ID_IN_NAME, None
        if self.spec.role != "subject":
            return None, None
        kind = "person" if self.spec.type == "resident_id" else people.identifier_kind(value)
        if kind not in self.subject_kinds:
            return fault(
                "subject_kind_not_allowed",
                "这个目录项不收这类主体",
                f"This kind takes no subject that is a {kind}",
                f"本目录项的主体类别：{'、'.join(self.subject_kinds)}",
                f"This kind is about: {', '.join(self.subject_kinds)}",
            ), None
        if kind == "person" and not people.resident_id_region_known(value):
            return None, ("region_unknown", self.spec.code, "")
        return None, None

    def _missing(self, text: str) -> Problem:
        what = Text(zh=f"必填项“{self.spec.label.zh}”是空的", en=f"The required field {self.spec.label.en} is empty")
        cure = Text(zh="请补填后再提交", en="Fill it in and send it again")
        return Problem("missing", self.spec.code, what, cure, text, {"column": self.column})

    def _refusal(self, reason: Fault, raw: str) -> Problem:
        return Problem(reason.code, self.spec.code, reason.what, reason.cure, raw, {"column": self.column})


_ID_IN_NAME = fault(
    "identifier_in_name",
    "名称栏里是号码",
    "The name column holds an identifier",
    "请把名称与号码放回各自的列",
    "Put name and identifier into their own columns",
)


def _holds_identifier(text: str) -> bool:
    value = people.normalise_identifier(text)
    return len(value) >= people.SHORTEST_IDENTIFIER and value.isascii() and sum(c.isdigit() for c in value) >= 8


def _too_long(longest: int, length: int) -> Fault:
    return fault(
        "too_long",
        f"内容 {length} 字，超过 {longest} 字",
        f"The text has {length} characters, more than {longest}",
        "请缩短后重报",
        "Shorten it and send the row again",
    )
