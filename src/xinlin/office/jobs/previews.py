"""The first rows of a delivery as a clerk sees them, with what is personal masked (前几行)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from xinlin.core.columns import ColumnUse, label_key
from xinlin.core.people import mask_identifier, mask_name, normalise_identifier
from xinlin.core.rulebooks import Kind
from xinlin.office.actions.staged_rows import readable
from xinlin.office.layouts import Sheet

PREVIEW = 10
_PERSONAL_WORDS = (
    "姓名",
    "名称",
    "法人",
    "代表",
    "负责人",
    "联系",
    "电话",
    "手机",
    "身份",
    "证件",
    "住址",
    "地址",
    "name",
    "phone",
    "idcard",
)


def preview(sheet: Sheet, kind: Kind, columns: Mapping[str, ColumnUse]) -> list[list[str]]:
    """The first rows for the eye: [row number, cells…], with identifiers and what may be a person's name masked."""
    by_column = {use.column: code for code, use in columns.items() if use.column}
    specs = {spec.code: spec for spec in kind.fields}
    about_people = "person" in kind.subject_kinds
    masks: list[bool] = []
    for header in sheet.layout.headers:
        spec = specs.get(by_column.get(header, ""))
        if spec is None:
            masks.append(about_people and any(word in label_key(header) for word in _PERSONAL_WORDS))
        else:
            named = about_people and spec.role == "subject_name"
            masks.append(spec.personal or named or spec.type == "resident_id" or spec.role == "named_person")
    shown, noted = [], len(sheet.layout.findings)
    for number, cells in islice(sheet.rows(), PREVIEW):
        row = [_shown(readable(c)[:200], masks[i] if i < len(masks) else about_people) for i, c in enumerate(cells)]
        shown.append([str(number), *row])
    del sheet.layout.findings[noted:]
    return shown


def _shown(cell: str, masked: bool) -> str:
    value = normalise_identifier(cell)
    digits = sum(character.isdigit() for character in value)
    if len(value) == 18 and value[:17].isdigit() and value[6:8] in ("19", "20"):
        return mask_identifier(value)
    if not masked:
        return cell
    return mask_identifier(value) if digits >= 6 and value.isascii() else mask_name(cell)
