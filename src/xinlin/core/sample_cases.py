"""A worked case as a rulebook writes it (算例): records, a day, and the result worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from xinlin.core.values import Strict, Text

RecordClass = Literal["minor", "general", "serious"]
"""轻微, 一般, 严重 (发改委令第36号)."""


class CaseRecord(Strict):
    """A record in a worked case; ``fields`` are the kind's own."""

    kind: str
    occurred_on: date
    status: Literal["active", "disputed", "repaired", "withdrawn"] = "active"
    record_class: RecordClass | None = None
    ends_on: date | None = None
    document: str | None = None
    fields: dict[str, str | int | bool] = {}
    of: Literal["self", "organisation"] = "self"
    """``organisation``: a record of the firm whose legal representative the person is."""
    names_the_person: bool = False


class WorkedCase(Strict):
    """A named example with its expected result (算例)."""

    name: Text
    scheme: str
    version: str
    as_of: date
    records: list[CaseRecord] = []
    represents_from: date | None = None
    represents_until: date | None = None
    expect_score: int
    expect_tier: str
    expect_dimensions: dict[str, int] = {}
    told: bool = False
    """A published source tells of this resident; the synthetic city has somebody who lives that life."""


class CaseFile(Strict):
    """A file of worked cases, all about one version of a scheme."""

    scheme: str
    version: str
    cases: list[Any]
    """Each a `WorkedCase` without scheme and version."""
