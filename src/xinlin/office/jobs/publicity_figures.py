"""Counts what is published, now and then, so that no page has to (公示统计)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Min
from django.db.models.functions import TruncMonth
from django.utils.timezone import localdate

from xinlin.core.publicity import SHOWN_STATUSES
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.publicity import Publication, PublicBody, PublicMark
from xinlin.office.queries.publicity_figures import FIGURES
from xinlin.office.scopes import now, today

EVERY = timedelta(minutes=10)
MONTHS = 12


def count() -> dict[str, Any]:
    """Count anew and keep the figures: sections, months by section, entries by list, offices with what they published in time and late.

    What was to be published before anything was published here is nobody's lateness.
    """
    day = today()
    shown = Publication.objects.filter(live=True, ends_on__gt=day, record__status__in=SHOWN_STATUSES).order_by()
    first = day.replace(day=1, year=day.year - 1)
    months = shown.filter(decided_on__gte=first).annotate(month=TruncMonth("decided_on"))
    opened = Publication.objects.aggregate(first=Min("published_at"))["first"]
    year = day - timedelta(days=365)
    since = max(year, localdate(opened)) if opened else year
    offices = shown.filter(due_on__gte=since, decided_on__gte=year)
    entries = ListEntry.objects.filter(removed_at=None, ends_on__gt=day, record__status__in=SHOWN_STATUSES).order_by()
    figures = {
        "bodies": PublicBody.objects.count(),
        "sections": dict(shown.values_list("section").annotate(n=Count("pk"))),
        "lists": dict(entries.values_list("list").annotate(n=Count("pk"))),
        "since": since.isoformat() if since > year else None,
        "months": [
            [month.isoformat()[:7], section, number]
            for month, section, number in months.values_list("month", "section").annotate(n=Count("pk"))
        ],
        "offices": [
            [department, section, in_time, number]
            for department, section, in_time, number in offices.values_list(
                "department", "section", "in_time"
            ).annotate(n=Count("pk"))
        ],
    }
    PublicMark.objects.update_or_create(name=FIGURES, defaults={"figures": figures, "at": now()})
    return figures


def count_when_due() -> bool:
    """Count where the figures are older than `EVERY`; whether it did."""
    held = PublicMark.objects.filter(name=FIGURES).first()
    if held is not None and held.at is not None and now() - held.at < EVERY:
        return False
    count()
    return True
