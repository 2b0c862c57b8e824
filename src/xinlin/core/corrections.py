"""Reading what a record is corrected to (更正): each field as a delivery would have to say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from xinlin.core.cells import FieldReader
from xinlin.core.columns import ColumnUse
from xinlin.core.rulebooks import FieldRole, FieldSpec, Kind
from xinlin.core.values import Problem, Text

ROLES: frozenset[FieldRole] = frozenset(
    {"occurred_on", "ends_on", "document", "authority", "article", "class", "notice_on", "remedy"}
)
"""What may be corrected beside the kind's own fields. Whose record it is is never corrected: it is deleted and sent anew."""
COLUMNS = {"class": "record_class"}
"""Where a role's value stands in a record, if not under the role's own name."""


@dataclass(frozen=True)
class Corrected:
    """What is to stand instead: columns of the record, and fields of its kind."""

    columns: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)


def correctable(kind: Kind) -> list[FieldSpec]:
    """The fields of a kind that an objection may have corrected."""
    return [spec for spec in kind.fields if spec.role is None or spec.role in ROLES]


def read(kind: Kind, changes: Mapping[str, str], stands: Mapping[str, Any]) -> Corrected | list[Problem]:
    """What ``changes`` (field -> text; empty leaves it) say, or everything that is wrong with them.

    ``stands`` gives the record's own days, so that an end is not set before its beginning.
    """
    known = {spec.code: spec for spec in correctable(kind)}
    found, problems = Corrected(), []
    for code, text in changes.items():
        if not text.strip():
            continue
        if code not in known:
            problems.append(_unknown(code))
            continue
        outcome = FieldReader(kind, known[code], ColumnUse(column=code), 0)(text.strip())
        role = known[code].role
        if outcome.problem is not None:
            problems.append(replace(outcome.problem, where=known[code].label.zh))
        elif role is None:
            found.fields[code] = outcome.value.isoformat() if isinstance(outcome.value, date) else outcome.value
        else:
            found.columns[COLUMNS.get(role, role)] = outcome.value
    days = {**stands, **found.columns}
    if not problems and days.get("ends_on") and days["ends_on"] <= days["occurred_on"]:
        problems.append(_END_FIRST)
    if not problems and not found.columns and not found.fields:
        problems.append(_NOTHING)
    return problems or found


def _unknown(code: str) -> Problem:
    return Problem(
        "not_correctable",
        code,
        Text(zh="这一栏不能更正。", en="This field cannot be corrected."),
        Text(
            zh="主体错误的，请选择删除；由提供部门按正确的号码重新报送。",
            en="Where it is another's record, delete it; the department sends it anew under the right number.",
        ),
    )


_END_FIRST = Problem(
    "end_not_after_start",
    "ends_on",
    Text(zh="截止日期不晚于发生日期。", en="The end is not after the day it happened."),
    Text(zh="请核对两个日期。", en="Check both dates."),
)
_NOTHING = Problem(
    "changes_missing",
    "changes",
    Text(zh="没有写明更正为哪些内容。", en="What it is corrected to is missing."),
    Text(zh="请填写要更正的栏目。", en="Fill in the fields to correct."),
)
