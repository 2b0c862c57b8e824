"""Whether values meet a condition of the rulebook language: tests of fields joined by all, any and not (条件)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from xinlin.core.records import Value
from xinlin.core.schemes import AllOf, AnyOf, Condition, FieldTest, NotOf
from xinlin.core.strict_yaml import Path


def holds(condition: Condition | None, value_of: Callable[[str], Value | None]) -> bool:
    """Whether the condition holds. An absent field meets no comparison, only ``exists: false``."""
    match condition:
        case None:
            return True
        case AllOf():
            return all(holds(part, value_of) for part in condition.all)
        case AnyOf():
            return any(holds(part, value_of) for part in condition.any)
        case NotOf():
            return not holds(condition.not_, value_of)
        case FieldTest():
            return _meets(value_of(condition.field), condition)


def tests_in(condition: Condition | None, path: Path) -> Iterator[tuple[Path, FieldTest]]:
    """Every test of a field in the condition, with its path."""
    match condition:
        case FieldTest():
            yield path, condition
        case AllOf():
            for at, part in enumerate(condition.all):
                yield from tests_in(part, (*path, "all", at))
        case AnyOf():
            for at, part in enumerate(condition.any):
                yield from tests_in(part, (*path, "any", at))
        case NotOf():
            yield from tests_in(condition.not_, (*path, "not"))


def _meets(value: Value | None, test: FieldTest) -> bool:
    if test.exists is not None:
        return (value is not None) is test.exists
    if value is None:
        return False
    if test.equals is not None:
        return _same(value, test.equals)
    if test.among is not None:
        return any(_same(value, choice) for choice in test.among)
    return _within(value, test.at_least, test.below)


def _same(value: Value, wanted: Value) -> bool:
    """Equal and of one type: ``true`` is not 1."""
    return type(value) is type(wanted) and value == wanted


def _within(value: Value, at_least: int | date | None, below: int | date | None) -> bool:
    for bound in (at_least, below):
        if bound is not None and type(bound) is not type(value):
            return False
    lower = at_least is None or at_least <= value  # type: ignore[operator]  # same type by the test above
    return lower and (below is None or value < below)  # type: ignore[operator]  # same type by the test above
