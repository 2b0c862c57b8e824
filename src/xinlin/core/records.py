"""What it means that a record is in force, and which records may count for whom (信用记录)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from xinlin.core.terms import add_term

Value = str | int | bool | date


@dataclass(frozen=True, slots=True)
class Fact:
    """A record as rules see it: typed, without names. ``record`` is its unique handle and breaks ties of date."""

    record: str
    kind: str
    occurred_on: date
    status: str = "active"
    record_class: str | None = None
    ends_on: date | None = None
    document: str = ""
    fields: Mapping[str, Value] = field(default_factory=dict)
    of: Literal["self", "organisation"] = "self"
    """``organisation``: a record of an organisation in which the person held office."""
    represented: bool = False
    """The person was its legal representative on ``occurred_on``."""
    named: bool = False
    """The decision document names the person as responsible."""

    @property
    def order(self) -> tuple[date, str]:
        """Records are taken in the order of their day, then of their handle."""
        return (self.occurred_on, self.record)

    def value(self, name: str) -> Value | None:
        """A field of the kind, or one of the record's own: ``class``, ``document``, ``occurred_on``."""
        match name:
            case "class":
                return self.record_class
            case "document":
                return self.document or None
            case "occurred_on":
                return self.occurred_on
            case _:
                return self.fields.get(name)


Hindrance = Literal[
    "disputed", "repaired", "withdrawn", "ended", "unlinked", "superseded", "future", "expired", "no_class"
]


def effective_end(fact: Fact, term: str | None, terms: Mapping[str, str] | None) -> date | None:
    """First day on which the record no longer counts: its own end or that of its term, whichever comes first.

    None where neither is set. Raises KeyError where ``terms`` decide and the record's class has none.
    """
    length = terms[fact.record_class or ""] if terms is not None else term
    by_term = add_term(fact.occurred_on, length) if length is not None else None
    ends = [day for day in (fact.ends_on, by_term) if day is not None]
    return min(ends, default=None)


def hindrance(
    fact: Fact, as_of: date, term: str | None = None, terms: Mapping[str, str] | None = None
) -> Hindrance | None:
    """Why the record does not count on ``as_of``, or None where it is in force."""
    if fact.status != "active":
        return fact.status  # type: ignore[return-value]  # statuses other than active are hindrances by name
    if fact.occurred_on > as_of:
        return "future"
    try:
        end = effective_end(fact, term, terms)
    except KeyError:
        return "no_class"
    return "expired" if end is not None and as_of >= end else None
