"""Watches over looks from the worker, so that unusual looking is on a desk within minutes (异常查询预警)."""

from __future__ import annotations

from xinlin.office.actions import looks


def watch() -> int:
    """Raise what is unusual; returns how many alarms are new."""
    return looks.watch(actor=looks.WATCH)
