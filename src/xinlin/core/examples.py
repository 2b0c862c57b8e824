"""Synthetic residents (示例居民): made-up histories of a scheme's kinds, the same each time, so that a change can be shown on somebody.

Nobody real is behind one. What they have is drawn from a hash of the scheme's code and a counter, so there is no chance in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from xinlin.core.records import Fact, Value
from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.core.schemes import Scheme

MOST_RECORDS = 6
DAYS_BACK = 900
USUAL_MOST = 40
"""A number without a maximum, or with a larger one, is drawn below this."""


@dataclass(frozen=True, slots=True)
class Example:
    """One made-up resident."""

    number: int
    facts: tuple[Fact, ...]


def _draw(below: int, *seed: object) -> int:
    """A whole number from 0 to before ``below``, always the same for the same seed."""
    digest = hashlib.sha256("\x1f".join(map(str, seed)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % below


def _value(spec: FieldSpec, *seed: object) -> Value | None:
    if spec.type in ("integer", "money"):
        unit = 10_000 if spec.type == "money" else 1
        low = max(spec.minimum or 0, 1)
        high = max(low, min(spec.maximum or USUAL_MOST * unit, USUAL_MOST * unit))
        return low + _draw(high - low + 1, *seed, spec.code)
    if spec.codes:
        return sorted(spec.codes)[_draw(len(spec.codes), *seed, spec.code)]
    return bool(_draw(2, *seed, spec.code)) if spec.type == "boolean" else None


def _fact(kind: Kind, as_of: date, number: int, at: int) -> Fact:
    seed = (kind.code, number, at)
    grade = next((spec for spec in kind.fields if spec.role == "class"), None)
    own = {spec.code: _value(spec, *seed) for spec in kind.fields if spec.role is None and not spec.personal}
    return Fact(
        record=f"{number:02}-{at}",
        kind=kind.code,
        occurred_on=as_of - timedelta(days=_draw(DAYS_BACK, *seed, "day")),
        record_class=str(_value(grade, *seed)) if grade is not None else None,
        document="示例",
        fields={code: value for code, value in own.items() if value is not None},
    )


def example_residents(scheme: Scheme, kinds: Mapping[str, Kind], as_of: date, count: int = 20) -> list[Example]:
    """So many made-up residents with none to a few records each; every kind of the scheme comes up in turn."""
    read = sorted({i.kind for d in scheme.dimensions for i in d.indicators if i.kind in kinds})
    found = []
    for number in range(1, count + 1):
        records = _draw(MOST_RECORDS + 1, scheme.code, number, "records")
        chosen = [
            read[(number + at * (1 + _draw(len(read), scheme.code, number))) % len(read)] for at in range(records)
        ]
        facts = tuple(_fact(kinds[code], as_of, number, at) for at, code in enumerate(chosen))
        found.append(Example(number, facts))
    return found
