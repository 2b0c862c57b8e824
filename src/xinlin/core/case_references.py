"""Whether worked cases fit the scheme and the kinds that they speak of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from xinlin.core.findings import Finding, absent, found
from xinlin.core.rulebooks import ORGANISATIONS, Rulebook
from xinlin.core.sample_cases import CaseRecord, WorkedCase
from xinlin.core.strict_yaml import Path
from xinlin.core.trade_scores import whole_schemes


def case_findings(rulebook: Rulebook) -> Iterator[Finding]:
    """Everything in the worked cases that does not fit."""
    names: set[str] = set()
    for at, case in enumerate(rulebook.cases):
        path: Path = ("cases", at)
        if case.name.zh in names:
            yield found(
                "duplicate_case",
                (*path, "name"),
                (f"算例“{case.name.zh}”重复", f"the case {case.name.en!r} is given twice"),
                ("改名或删去", "rename or remove one"),
            )
        names.add(case.name.zh)
        yield from _expected(rulebook, case, path)
        for position, record in enumerate(case.records):
            yield from _record(rulebook, case, record, (*path, "records", position))


def _expected(rulebook: Rulebook, case: WorkedCase, path: Path) -> Iterator[Finding]:
    versions = {f"{scheme.code}-{scheme.version}": scheme for scheme in whole_schemes(rulebook.schemes)}
    scheme = versions.get(f"{case.scheme}-{case.version}")
    if scheme is None:
        yield absent((*path, "scheme"), f"{case.scheme}-{case.version}", "schemes", versions)
        return
    if case.expect_tier not in {tier.code for tier in scheme.tiers}:
        yield absent((*path, "expect_tier"), case.expect_tier, "tiers", (tier.code for tier in scheme.tiers))
    dimensions = {dimension.code for dimension in scheme.dimensions}
    for name in case.expect_dimensions:
        if name not in dimensions:
            yield absent((*path, "expect_dimensions", name), name, "dimensions", dimensions)


def _record(rulebook: Rulebook, case: WorkedCase, record: CaseRecord, path: Path) -> Iterator[Finding]:
    kind = rulebook.kinds.get(record.kind)
    if kind is None:
        yield absent((*path, "kind"), record.kind, "kinds", rulebook.kinds)
        return
    specs = {field.code: field for field in kind.fields}
    for name, value in record.fields.items():
        spec = specs.get(name)
        if spec is None:
            yield absent((*path, "fields", name), name, f"kinds.{kind.code}.fields", specs)
        elif spec.codes is not None and str(value) not in spec.codes:
            yield absent((*path, "fields", name), str(value), f"{name}.codes", spec.codes)
        elif (wrong := _misfit(spec.type, value)) is not None:
            expected, cure = wrong
            what = (f"{name} 应为{expected[0]}，写的是 {value}", f"{name} is {expected[1]}, not {value}")
            yield found("case_value", (*path, "fields", name), what, cure)
    if any(field.role == "class" for field in kind.fields) and record.record_class is None:
        yield found(
            "case_class",
            path,
            (f"{kind.code} 的记录都有失信程度", f"every record of {kind.code} has a class"),
            ("写 record_class", "give record_class"),
        )
    if record.of == "organisation" and (not ORGANISATIONS & set(kind.subject_kinds) or case.represents_from is None):
        yield found(
            "case_organisation",
            (*path, "of"),
            (
                "组织的记录需要组织类目录项和 represents_from",
                "a firm's record needs a kind with firms, and represents_from",
            ),
            ("补上 represents_from，或改为本人的记录", "add represents_from, or make it the person's own record"),
        )


def _misfit(sort: str, value: str | int | bool) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """What a field of this type holds and how it is written, where the value is none such."""
    match sort:
        case "integer" | "money" if type(value) is not int:
            return ("整数", "an integer"), ("写整数；金额以分计", "write an integer; money is in 分")
        case "boolean" if not isinstance(value, bool):
            return ("真假", "a truth value"), ("写 true 或 false", "write true or false")
        case "date" if not _is_date(value):
            return ("日期", "a date"), ('写加引号的日期，如 "2026-03-01"', 'write a quoted date such as "2026-03-01"')
        case "text" | "code" | "region" | "identifier" | "resident_id" | "uscc" if not isinstance(value, str):
            return ("文本", "a text"), (f'加引号，写作 "{value}"', f'write it in quotes: "{value}"')
    return None


def _is_date(value: str | int | bool) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
