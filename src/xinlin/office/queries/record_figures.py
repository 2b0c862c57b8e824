"""How many records there are, by office, kind and month: kept by a job, so that no page counts millions (记录统计)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max
from django.db.models.functions import TruncMonth

from xinlin.office.models.people import Subject
from xinlin.office.models.publicity import PublicMark
from xinlin.office.models.records import Record
from xinlin.office.scopes import today

RECORDS = "records"
MONTHS = 18


def months_until(day: date, how_many: int = MONTHS) -> list[date]:
    """The first days of the last months, that of ``day`` included, the oldest first."""
    last = day.year * 12 + day.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(last - how_many + 1, last + 1)]


def counted() -> dict[str, Any]:
    """Count now, as JSON: cells of (office, kind, records, newest entry), months of (office, kind, month, records), registers.

    Reads every record twice and every subject once. Months are those of the day on which something happened.
    """
    records, day = Record.objects.order_by(), today()
    cells = records.values_list("department", "kind").annotate(number=Count("pk"), newest=Max("entered_at"))
    lately = records.filter(occurred_on__gte=months_until(day)[0], occurred_on__lte=day)
    months = lately.annotate(month=TruncMonth("occurred_on")).values_list("department", "kind", "month")
    return {
        "cells": [[office, kind, number, newest.isoformat()] for office, kind, number, newest in cells],
        "months": [[*key, month.isoformat(), n] for *key, month, n in months.annotate(number=Count("pk"))],
        "registers": dict(Subject.objects.order_by().values_list("register").annotate(number=Count("pk"))),
    }


@dataclass(frozen=True)
class Cell:
    """The records of one kind from one office: how many, and when the newest was entered."""

    department: str
    kind: str
    number: int
    newest: datetime


@dataclass(frozen=True)
class RecordFigures:
    """Counts as of ``at``; None where they were counted for this very page. No cell is hidden yet."""

    at: datetime | None
    cells: list[Cell]
    months: list[tuple[str, str, date, int]]
    registers: dict[str, int]

    def by_month(self, belongs: Callable[[str, str], bool]) -> dict[date, int]:
        """Records that happened in each of the last months, of those (office, kind) that belong."""
        found: Counter[date] = Counter()
        for office, kind, month, number in self.months:
            if belongs(office, kind):
                found[month] += number
        return {month: found[month] for month in months_until(today())}


def held() -> RecordFigures:
    """The figures that the worker counted last; where none has run, they are counted now."""
    mark = PublicMark.objects.filter(name=RECORDS).first()
    told = counted() if mark is None else mark.figures
    return RecordFigures(
        at=None if mark is None else mark.at,
        cells=[Cell(office, kind, n, datetime.fromisoformat(newest)) for office, kind, n, newest in told["cells"]],
        months=[(office, kind, date.fromisoformat(month), n) for office, kind, month, n in told["months"]],
        registers=told["registers"],
    )
