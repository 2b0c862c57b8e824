"""Whether a condition fits the fields of the kind that it tests: their types, codes and order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from xinlin.core.conditions import tests_in
from xinlin.core.findings import Finding, absent, found
from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.core.schemes import Condition, FieldTest
from xinlin.core.strict_yaml import Path

OWN_FIELDS = {"class": "code", "document": "text", "occurred_on": "date"}
"""Fields that every record has, whatever its kind, with their types."""


def condition_findings(kind: Kind, condition: Condition | None, path: Path) -> Iterator[Finding]:
    """Everything in a scheme's condition that does not fit the kind."""
    for at, test in tests_in(condition, path):
        yield from unscored_findings(kind, test.field, (*at, "field"))
        yield from test_findings(kind, test, at)


def unscored_findings(kind: Kind, name: str, path: Path) -> Iterator[Finding]:
    """That a rule of a scheme reads a field which scoring is never given."""
    field = field_of(kind, name)
    if field is None or field.role in (None, *OWN_FIELDS) or field.personal:  # a personal one is refused with its law
        return
    readable = [*(one.code for one in kind.fields if one.scored), *(own for own in OWN_FIELDS if field_type(kind, own))]
    yield found(
        "unscored_field",
        path,
        (f"{name} 有角色，不参与评分", f"{name} has a role; scoring is not given it"),
        (f"改用其一：{'、'.join(readable)}", f"use one of: {', '.join(readable)}"),
    )


def test_findings(kind: Kind, test: FieldTest, path: Path) -> Iterator[Finding]:
    """What does not fit in one test of a field."""
    type_of = field_type(kind, test.field)
    if type_of is None:
        yield absent((*path, "field"), test.field, f"kinds.{kind.code}.fields", field_codes(kind))
        return
    choices = choices_of(kind, test.field, type_of)
    equals = [] if test.equals is None else [test.equals]
    for value in (*equals, *(test.among or ())):
        if type(value) is not _PYTHON.get(type_of, str) or (choices and _written(value) not in choices):
            yield found(
                "condition_value",
                path,
                (f"{test.field} 不会等于 {_written(value)}", f"{test.field} is never {_written(value)}"),
                _cure(type_of, choices),
            )
    for value in (test.at_least, test.below):
        wanted = date if type_of == "date" else int if type_of in ("integer", "money") else None
        if value is not None and type(value) is not wanted:
            yield found(
                "condition_value",
                path,
                (
                    f"{test.field} 是 {type_of}，不能与 {value} 比大小",
                    f"{test.field} is {type_of}; it has no order with {value}",
                ),
                ("只比较整数、金额与日期", "compare integers, money and dates only"),
            )
    low, high = test.at_least, test.below
    if low is not None and high is not None and type(low) is type(high) and low >= high:  # type: ignore[operator]  # of one type
        yield found(
            "condition_empty",
            path,
            (f"没有值既不小于 {low} 又小于 {high}", f"no value is at least {low} and below {high}"),
            ("使 below 大于 at_least", "make below greater than at_least"),
        )


def _cure(type_of: str, choices: list[str]) -> tuple[str, str]:
    """What to compare a field of this type with."""
    if type_of == "date":
        return ("日期只用 at_least 与 below 比较", "compare days by at_least and below alone")
    listed = f": {', '.join(choices)}" if choices else ""
    return (f"写一个 {type_of} 值{listed.replace(': ', '：')}", f"give a value of type {type_of}{listed}")


def _written(value: object) -> str:
    """A value as a code list or a table writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


_PYTHON: dict[str, type] = {"integer": int, "money": int, "boolean": bool, "date": date}


def field_of(kind: Kind, name: str) -> FieldSpec | None:
    """The field of this code, or with the role of one that every record has."""
    for field in kind.fields:
        if field.code == name or (name in OWN_FIELDS and field.role == name):
            return field
    return None


def field_type(kind: Kind, name: str) -> str | None:
    """The type of a field of the kind, or of one that every record has; None where there is no such field."""
    field = field_of(kind, name)
    if field is not None:
        return field.type
    return OWN_FIELDS[name] if name in ("document", "occurred_on") else None


def field_codes(kind: Kind) -> Iterable[str]:
    """The codes of all fields of the kind."""
    return [field.code for field in kind.fields]


def choices_of(kind: Kind, name: str, type_of: str) -> list[str]:
    """The values that a code or boolean field may have, as a table writes them; empty for others."""
    field = field_of(kind, name)
    if type_of == "boolean":
        return ["true", "false"]
    return list(field.codes or ()) if field is not None else []
