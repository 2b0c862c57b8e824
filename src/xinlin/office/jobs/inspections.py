"""Draws announced inspections as soon as a head of the log covers the announcement (抽查抽取)."""

from __future__ import annotations

from xinlin.office.actions import inspections


def draw() -> int:
    """Draw what is announced; returns how many plans were drawn."""
    return inspections.draw_announced(actor=inspections.DRAW)
