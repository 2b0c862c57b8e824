"""Counts the records now and then, the less often the longer it takes (记录统计)."""

from __future__ import annotations

import time
from datetime import timedelta

from xinlin.office.models.publicity import PublicMark
from xinlin.office.queries.record_figures import RECORDS, counted
from xinlin.office.scopes import now

EVERY = timedelta(seconds=10)
SHARE = 200
"""At most one part in so many of the time is spent on counting: ten seconds apart in a town, minutes in a province."""


def count() -> None:
    """Count anew and keep the figures, with how many seconds it took."""
    begun, moment = time.perf_counter(), now()
    figures = counted()
    figures["seconds"] = time.perf_counter() - begun
    PublicMark.objects.update_or_create(name=RECORDS, defaults={"figures": figures, "at": moment})


def count_when_due() -> bool:
    """Count where the figures are too old for what counting costs; whether it did."""
    held = PublicMark.objects.filter(name=RECORDS).first()
    if held is not None and held.at is not None:
        rest = max(EVERY, timedelta(seconds=SHARE * held.figures.get("seconds", 0)))
        if now() - held.at < rest:
            return False
    count()
    return True
