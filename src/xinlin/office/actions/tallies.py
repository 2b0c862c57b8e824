"""Counting the checks of closed days once, so that a year's figures need no year's answers (核查日计)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from django.db import transaction

from xinlin.office.leaves import write_leaf
from xinlin.office.models.checks import Check, CheckDay
from xinlin.office.queries.tallies import last_counted, live
from xinlin.office.scopes import Actor, today

DAYS_AT_ONCE = 31


@transaction.atomic
def tally(*, actor: Actor) -> int:
    """Count the days up to yesterday that are not counted yet, a month at most; returns how many days were counted.

    Answers are never changed, so a closed day counts the same for ever.
    """
    last = last_counted()
    first = Check.objects.order_by("as_of").values_list("as_of", flat=True).first()
    if first is None:
        return 0
    start = first if last is None else last + timedelta(days=1)
    until = min(today() - timedelta(days=1), start + timedelta(days=DAYS_AT_ONCE - 1))
    if start > until:
        return 0
    rows = [
        CheckDay(day=day, **asdict(place), **asdict(counted)) for (day, place), counted in live(start, until).items()
    ]
    CheckDay.objects.bulk_create(rows, ignore_conflicts=True)
    counted_days = len({row.day for row in rows})
    if rows:
        facts = {
            "from": start,
            "before": until + timedelta(days=1),
            "applicants": sum(row.applicants for row in rows),
        }
        write_leaf(actor=actor, action="checks.tally", table="check_day", key=start.isoformat(), facts=facts)
    return counted_days
