"""Counts that pages read instead of counting: made anew now and then, the less often the longer it takes (定期统计)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from xinlin.office.models.publicity import PublicMark
from xinlin.office.scopes import now

EVERY = timedelta(seconds=10)
SHARE = 200
"""At most one part in so many of the time is spent on counting: ten seconds apart in a town, minutes in a province."""


def count(name: str, counted: Callable[[], dict[str, Any]]) -> None:
    """Count anew and keep the figures under their name, with how many seconds it took."""
    begun, moment = time.perf_counter(), now()
    figures = counted()
    figures["seconds"] = time.perf_counter() - begun
    PublicMark.objects.update_or_create(name=name, defaults={"figures": figures, "at": moment})


def count_when_due(name: str, counted: Callable[[], dict[str, Any]]) -> bool:
    """Count where the figures are too old for what counting costs; whether it did."""
    held = PublicMark.objects.filter(name=name).first()
    if held is not None and held.at is not None:
        rest = max(EVERY, timedelta(seconds=SHARE * held.figures.get("seconds", 0)))
        if now() - held.at < rest:
            return False
    count(name, counted)
    return True
