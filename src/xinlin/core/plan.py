"""Compiles a scheme for one day into what an engine runs: dates resolved, limits plain, canonical and hashable (执行计划).

A term is a calendar's matter and differs from record to record; seen from one day it is a first day, the same for all records
of a class. That is all that compiling resolves, so that no engine ever adds months to a date to tell what counts.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date

from xinlin.core.schemes import Award, Condition, Indicator, Limits, Measure, Repeat, Scheme
from xinlin.core.terms import first_day_within


@dataclass(frozen=True, slots=True)
class Window:
    """Records of ``record_class`` (None: any class) count if they occurred on or after ``first_day`` (None: always)."""

    record_class: str | None
    first_day: date | None


@dataclass(frozen=True, slots=True)
class IndicatorPlan:
    """One indicator, ready to run: which kind, which records, which measure, which points."""

    code: str
    kind: str
    where: Condition | None
    measure: Measure
    points: Award
    windows: tuple[Window, ...]
    highest_only: bool
    repeat: Repeat | None
    per_year: Limits
    overall: Limits
    through: bool

    @property
    def by_year(self) -> bool:
        """Whether the rule tells calendar years apart."""
        return self.measure.over == "calendar_year" or self.per_year != Limits()


@dataclass(frozen=True, slots=True)
class DimensionPlan:
    """A dimension's indicators and its limits."""

    code: str
    limits: Limits
    indicators: tuple[IndicatorPlan, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole scheme, compiled for one day. ``sha256`` is over its canonical text."""

    scheme: Scheme
    as_of: date
    dimensions: tuple[DimensionPlan, ...]
    scheme_sha256: str
    sha256: str

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of record that the plan reads, each once, in order of first use."""
        of_indicators = [indicator.kind for dimension in self.dimensions for indicator in dimension.indicators]
        return tuple(dict.fromkeys([*of_indicators, *(rule.kind for rule in self.scheme.class_rules)]))


def scheme_sha256(scheme: Scheme) -> str:
    """The identity of a scheme: SHA-256 of its canonical JSON, independent of how its file is laid out."""
    text = json.dumps(
        scheme.model_dump(mode="json", by_alias=True), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _windows(indicator: Indicator, as_of: date) -> tuple[Window, ...]:
    """From which day on a record counts: by class where terms differ by class, otherwise for every class alike."""
    if indicator.terms is not None:
        by_class = sorted(indicator.terms.items())
        return tuple(Window(name, first_day_within(as_of, term)) for name, term in by_class)
    return (Window(None, first_day_within(as_of, indicator.term) if indicator.term is not None else None),)


def _window_text(dimensions: tuple[DimensionPlan, ...]) -> list[list[str]]:
    """What compiling adds to the scheme, as text to be hashed."""
    return [
        [indicator.code, *(f"{window.record_class}>={window.first_day}" for window in indicator.windows)]
        for dimension in dimensions
        for indicator in dimension.indicators
    ]


def compile_scheme(scheme: Scheme, as_of: date) -> Plan:
    """The plan of ``scheme`` for ``as_of``; equal inputs give an equal hash."""
    dimensions = tuple(
        DimensionPlan(
            dimension.code,
            dimension.limits,
            tuple(
                IndicatorPlan(
                    code=indicator.code,
                    kind=indicator.kind,
                    where=indicator.where,
                    measure=indicator.measure,
                    points=indicator.points,
                    windows=_windows(indicator, as_of),
                    highest_only=indicator.highest_only,
                    repeat=indicator.repeat,
                    per_year=indicator.per_year,
                    overall=indicator.overall,
                    through=indicator.through is not None,
                )
                for indicator in dimension.indicators
            ),
        )
        for dimension in scheme.dimensions
    )
    identity = scheme_sha256(scheme)
    canonical = json.dumps([identity, as_of.isoformat(), _window_text(dimensions)], separators=(",", ":"))
    return Plan(scheme, as_of, dimensions, identity, hashlib.sha256(canonical.encode()).hexdigest())
