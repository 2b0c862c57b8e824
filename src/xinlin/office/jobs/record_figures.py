"""Counts the records now and then (记录统计)."""

from __future__ import annotations

from xinlin.office.jobs import kept_counts
from xinlin.office.queries.record_figures import RECORDS, counted


def count() -> None:
    """Count anew and keep the figures."""
    kept_counts.count(RECORDS, counted)


def count_when_due() -> bool:
    """Count where the figures are too old for what counting costs; whether it did."""
    return kept_counts.count_when_due(RECORDS, counted)
