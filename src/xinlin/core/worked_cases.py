"""Worked cases as facts: the records of an example, so that any engine can be held to its expected result (算例)."""

from __future__ import annotations

from datetime import date

from xinlin.core.records import Fact, Value
from xinlin.core.rulebooks import Rulebook
from xinlin.core.sample_cases import CaseRecord, WorkedCase
from xinlin.core.schemes import Scheme
from xinlin.core.scores import Evaluation


def scheme_of(rulebook: Rulebook, case: WorkedCase) -> Scheme:
    """The version of the scheme that the case is about. The loader has seen to it that there is one."""
    return next(s for s in rulebook.schemes if (s.code, s.version) == (case.scheme, case.version))


def facts_of(rulebook: Rulebook, case: WorkedCase) -> list[Fact]:
    """The records of the case as the rules see them, numbered in the order in which they are written."""
    return [_fact(rulebook, case, record, f"{at:04d}") for at, record in enumerate(case.records, 1)]


def otherwise(case: WorkedCase, result: Evaluation) -> list[str]:
    """How the result differs from what the case expects; empty where it comes out as written."""
    points = {dimension.code: dimension.points for dimension in result.dimensions}
    pairs: list[tuple[str, object, object]] = [
        ("score", case.expect_score, result.score),
        ("tier", case.expect_tier, result.tier),
        *((code, wanted, points[code]) for code, wanted in case.expect_dimensions.items()),
    ]
    return [f"{name}: {wanted} expected, {got} worked out" for name, wanted, got in pairs if wanted != got]


def _fact(rulebook: Rulebook, case: WorkedCase, record: CaseRecord, handle: str) -> Fact:
    types = {field.code: field.type for field in rulebook.kinds[record.kind].fields}
    values: dict[str, Value] = {
        name: date.fromisoformat(str(value)) if types[name] == "date" else value
        for name, value in record.fields.items()
    }
    return Fact(
        record=handle,
        kind=record.kind,
        occurred_on=record.occurred_on,
        status=record.status,
        record_class=record.record_class,
        ends_on=record.ends_on,
        document=record.document or "",
        fields=values,
        of=record.of,
        represented=record.of == "organisation" and _represented(case, record.occurred_on),
        named=record.names_the_person,
    )


def _represented(case: WorkedCase, day: date) -> bool:
    """Whether the person held office on ``day``; ``represents_until`` is the first day on which it no longer did."""
    return (
        case.represents_from is not None
        and case.represents_from <= day
        and (case.represents_until is None or day < case.represents_until)
    )
