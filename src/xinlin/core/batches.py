"""Judging what a department delivers: one row against its kind (报送批次的逐行校验).

A row becomes a `JudgedRow` or a list of problems, each with field, what is wrong and the cure; there is no third way.
Pure: the clock, the register of subjects and earlier deliveries are the office's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from xinlin.core.cells import FieldReader, Note
from xinlin.core.columns import ColumnUse
from xinlin.core.row_rules import RowRules
from xinlin.core.rulebooks import Kind
from xinlin.core.values import Problem, Text

CONTENT_BREAK = "\x1f"
"""Between the values in a row's content."""
SEVEN_PARTS = {
    "document": Text(zh="决定文书", en="decision document"),
    "authority": Text(zh="决定机关", en="authority"),
    "article": Text(zh="依据条款", en="article"),
    "notice_on": Text(zh="告知日期", en="notice"),
    "remedy": Text(zh="异议与修复途径", en="objection and repair route"),
    "ends_on": Text(zh="截止日期", en="end"),
}
"""What a list entry must have besides its list (社会信用法治: 清单、文书、机关、依据、告知、救济、期限)."""


class JudgedRow(NamedTuple):
    """An accepted row, typed. Identifiers are normalised; ``fields`` holds the kind's own values in plain form.

    A tuple, since a million of them are made, kept for a while, and read again.
    """

    fields: dict[str, Any]
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
    key_parts: Sequence[str] = ()
    content: str = ""
    """All values in the kind's order, normalised: equal for rows that say the same."""
    notes: Sequence[Note] = ()


class Judge:
    """A kind and a column mapping, compiled for one header; call it with the cells of a row."""

    def __init__(self, kind: Kind, columns: Mapping[str, ColumnUse], headers: Sequence[str]) -> None:
        """``columns`` maps field codes; fields without one are absent. Unknown columns raise ValueError."""
        self.kind = kind
        positions = {name: index for index, name in enumerate(headers)}
        self.readers: list[FieldReader] = []
        """One for each field that the file can fill or must."""
        for spec in kind.fields:
            use = columns.get(spec.code, ColumnUse(constant=""))
            if use.column is not None and use.column not in positions:
                raise ValueError(f"the file has no column {use.column!r} for {spec.code}")
            if use.column is not None or use.constant or spec.required:
                index = -1 if use.column is None else positions[use.column]
                self.readers.append(FieldReader(kind, spec, use, index))
        self.width = len(headers)
        self._has_key = any(spec.role == "key" for spec in kind.fields)
        self.listed = self._has_key or kind.delivery == "full_list"
        """Whether rows have a key, by which the next list finds them again."""
        self.rules = RowRules(kind)
        self._slots = {reader.spec.code: reader.slot for reader in self.readers if reader.slot}
        self.region = next((spec.code for spec in kind.fields if spec.type == "region" and spec.role is None), "")

    def __call__(self, cells: Sequence[str]) -> JudgedRow | list[Problem]:
        """Judge one row; ``cells`` may be shorter than the header."""
        said: dict[str, Any] = {}
        fields: dict[str, Any] = {}
        problems: list[Problem] = []
        content: list[str] = []
        key_parts: list[str] = []
        notes: list[Note] = []
        width = len(cells)
        if width > self.width and any(map(str.strip, cells[self.width :])):
            return [Problem("too_many_cells", "", _TOO_MANY, _CHECK_DELIMITERS, " ".join(cells[self.width :])[:80])]
        for reader in self.readers:
            index = reader.index
            raw = reader.constant if index < 0 else (cells[index] if index < width else "")
            if not raw:
                if reader.missing is not None:
                    problems.append(reader.missing)
                continue
            outcome = reader.seen.get(raw) or reader(raw)
            if outcome.note is not None:
                notes.append(outcome.note)
            if outcome.problem is not None:
                problems.append(outcome.problem)
            elif not outcome.absent:
                if reader.slot:
                    said[reader.slot] = outcome.value
                else:
                    fields[reader.spec.code] = outcome.value
                content.append(outcome.content)
                if reader.keyed:
                    key_parts.append(f"{reader.spec.code}={raw}")
        if self.region:
            said["region"] = fields.get(self.region, "")
        row = JudgedRow(fields, **said, key_parts=key_parts, content=CONTENT_BREAK.join(content), notes=notes)
        self._whole_row(row, problems, key_parts)
        if not problems and self.rules:
            found, noted = self._by_rules(row)
            problems.extend(found)
            notes.extend(noted)
        return problems or row

    def _by_rules(self, row: JudgedRow) -> tuple[list[Problem], list[Note]]:
        """What the kind's rules say of a row that is right cell by cell."""

        def raw(code: str) -> object:
            slot = self._slots.get(code)
            return getattr(row, slot) if slot else row.fields.get(code)

        found, notes = self.rules(raw)
        columns = {reader.spec.code: reader.column for reader in self.readers}
        return [replace(one, detail={**one.detail, "column": columns.get(one.where, "")}) for one in found], notes

    def _whole_row(self, row: JudgedRow, problems: list[Problem], key_parts: list[str]) -> None:
        """Add what only the row as a whole can show; merge two problems that are one."""
        if problems:
            found = {problem.code for problem in problems}
            if {"name_in_identifier", "identifier_in_name"} <= found:
                first = next(p for p in problems if p.code == "name_in_identifier")
                problems[:] = [p for p in problems if p.code not in ("name_in_identifier", "identifier_in_name")]
                problems.append(replace(first, code="columns_swapped", what=_SWAPPED))
        if row.ends_on and row.occurred_on and row.ends_on <= row.occurred_on:
            ends_on = self._code_of("ends_on")
            problems.append(Problem("end_not_after_start", ends_on, _END_FIRST, _CHECK_DATES, str(row.ends_on)))
        if problems:
            return
        if self.kind.linking == "exact" and not row.identifier:
            problems.append(Problem("missing", self._code_of("subject"), _NO_IDENTIFIER, _GIVE_IDENTIFIER))
        if self.kind.effect == "list_entry":
            for part, name in SEVEN_PARTS.items():
                if not getattr(row, part):
                    what = Text(zh=f"名单条目缺少“{name.zh}”", en=f"The list entry lacks its {name.en}")
                    problems.append(Problem("list_part_missing", self._code_of(part), what, _SEVEN_CURE))
        if self.listed:
            self._complete_key(row, key_parts)

    def _complete_key(self, row: JudgedRow, parts: list[str]) -> None:
        """Key of a full list's entry: its key fields (or else its document), whose it is, and its day.

        Key fields, and names where no identifier is asked for, are compared as written, to the last space: another
        spelling is another entry, as it may be another firm.
        """
        if not self._has_key:
            parts.append(row.document)
        if self.kind.linking == "exact":
            parts.append(row.identifier)
        parts.append("" if row.occurred_on is None else row.occurred_on.isoformat())

    def _code_of(self, role: str) -> str:
        return next((spec.code for spec in self.kind.fields if spec.role == role), role)

    def column_of(self, role: str) -> int:
        """Position of the column that feeds the field with this role, or -1."""
        return next((reader.index for reader in self.readers if reader.spec.role == role), -1)


def judge_row(kind: Kind, columns: Mapping[str, ColumnUse], raw: Mapping[str, str]) -> JudgedRow | list[Problem]:
    """Judge one row given as {column: text}. For many rows of one header compile a `Judge` once."""
    return Judge(kind, columns, list(raw))(list(raw.values()))


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
