"""Whether what a kind says beyond its columns fits it: its edition, theme, identity, rules, dated codes and assertions."""

from __future__ import annotations

from collections.abc import Iterator

from xinlin.core.condition_references import test_findings
from xinlin.core.conditions import tests_in
from xinlin.core.findings import Finding, absent, found
from xinlin.core.row_rules import SUBJECT_KIND
from xinlin.core.rulebooks import FieldSpec, Kind, Rulebook
from xinlin.core.strict_yaml import Path


def catalogue_findings(rulebook: Rulebook, kind: Kind) -> Iterator[Finding]:
    """Everything in these parts of one kind that points nowhere or at something unfit."""
    path: Path = ("kinds", kind.code)
    if kind.edition is not None and kind.edition not in rulebook.editions:
        yield absent((*path, "edition"), kind.edition, "editions", rulebook.editions)
    if kind.effective_from is not None and kind.effective_to is not None and kind.effective_from >= kind.effective_to:
        yield found(
            "effective_dates",
            (*path, "effective_to"),
            ("有效期为空", "the row is never in force"),
            ("使 effective_to 晚于 effective_from", "let effective_to lie after effective_from"),
        )
    codes = {field.code for field in kind.fields}
    yield from _identity(kind, codes, path)
    for position, rule in enumerate(kind.rules):
        here: Path = (*path, "rules", position)
        for name in (*(rule.in_order or ()), *(rule.required or ())):
            if name not in codes:
                yield absent(here, name, f"kinds.{kind.code}.fields", codes)
        yield from _one_sort(kind, rule.in_order or [], here)
        for condition in (rule.when, rule.refused):
            for at, test in tests_in(condition, here):
                if test.field != SUBJECT_KIND:
                    yield from test_findings(kind, test, at)
    for position, assertion in enumerate(kind.assertions):
        if assertion.field is not None and assertion.field not in codes:
            yield absent((*path, "assertions", position, "field"), assertion.field, f"kinds.{kind.code}.fields", codes)
    for position, field in enumerate(kind.fields):
        yield from _codes(field, (*path, "fields", position))


def _one_sort(kind: Kind, codes: list[str], path: Path) -> Iterator[Finding]:
    """Fields that are put in order are all days, or all numbers."""
    types = {"number" if f.type in ("integer", "money") else f.type for f in kind.fields if f.code in codes}
    if codes and types not in ({"date"}, {"number"}):
        yield found(
            "in_order",
            (*path, "in_order"),
            ("in_order 的字段须同为日期或同为数值", "fields in order are all days or all numbers"),
            ("只写可以相比的字段", "name fields that can be compared"),
        )


def _identity(kind: Kind, codes: set[str], path: Path) -> Iterator[Finding]:
    if kind.identity is None:
        return
    for name in kind.identity:
        if name not in codes:
            yield absent((*path, "identity"), name, f"kinds.{kind.code}.fields", codes)
    if kind.delivery == "full_list" or kind.linking != "exact":
        yield found(
            "identity",
            (*path, "identity"),
            ("identity 只用于按号码关联、按增量报送的目录项", "identity goes with exact linking and additions"),
            (
                "删去 identity；全量名单用 role: key",
                "remove identity; a full list knows its entries by role: key",
            ),
        )


def _codes(field: FieldSpec, path: Path) -> Iterator[Finding]:
    for code, validity in field.validity.items():
        for name in (code, validity.successor):
            if name is not None and name not in (field.codes or {}):
                yield absent((*path, "validity", code), name, "codes", field.codes or {})
    if field.code_set is not None and (field.type != "text" or field.role is not None):
        yield found(
            "code_set",
            (*path, "code_set"),
            ("code_set 只用于没有角色的文本", "code_set goes with text that has no role"),
            ("改正或删去", "correct or remove it"),
        )
