"""Draws announced inspections once a head of the log covers the announcement, and counts firms by grade (抽查抽取, 等级统计)."""

from __future__ import annotations

from xinlin.office.actions import inspections
from xinlin.office.jobs import kept_counts
from xinlin.office.queries.inspections import GRADES, counted


def draw() -> int:
    """Draw what is announced; returns how many plans were drawn."""
    return inspections.draw_announced(actor=inspections.DRAW)


def count_when_due() -> bool:
    """Count the firms in each grade where the figures are too old for what counting costs; whether it did."""
    return kept_counts.count_when_due(GRADES, counted)
