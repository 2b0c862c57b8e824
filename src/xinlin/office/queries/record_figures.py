"""How many records there are, by office, kind and month: kept by a job, so that no page counts millions (记录统计)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum
from django.db.models.functions import TruncMonth

from xinlin.office.models.batches import Batch
from xinlin.office.models.people import Subject
from xinlin.office.models.publicity import PublicMark
from xinlin.office.models.records import Record
from xinlin.office.rulebook import current
from xinlin.office.scopes import today

RECORDS = "records"
MONTHS = 18


def months_until(day: date, how_many: int = MONTHS) -> list[date]:
    """The first days of the last months, that of ``day`` included, the oldest first."""
    last = day.year * 12 + day.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(last - how_many + 1, last + 1)]


def counted() -> dict[str, Any]:
    """Count now, as JSON: cells of (office, kind, records, newest entry), months of (office, kind, month, records), registers.

    Beside them what deliveries must add up to: ``deliveries`` and ``registrations``, of all and of the register of persons.
    Reads every record three times and every subject once. Months are those of the day on which something happened.
    """
    records, day = Record.objects.order_by(), today()
    cells = records.values_list("department", "kind").annotate(number=Count("pk"), newest=Max("entered_at"))
    lately = records.filter(occurred_on__gte=months_until(day)[0], occurred_on__lte=day)
    months = lately.annotate(month=TruncMonth("occurred_on")).values_list("department", "kind", "month")
    return {
        "cells": [[office, kind, number, newest.isoformat()] for office, kind, number, newest in cells],
        "months": [[*key, month.isoformat(), n] for *key, month, n in months.annotate(number=Count("pk"))],
        "registers": dict(Subject.objects.order_by().values_list("register").annotate(number=Count("pk"))),
        "deliveries": _deliveries(),
        "registrations": _registrations(),
    }


def _rows(done: QuerySet[Batch]) -> dict[str, int]:
    told = done.aggregate(
        read=Sum("rows_read"), accepted=Sum("rows_accepted"), repeated=Sum("rows_repeated"), refused=Sum("rows_refused")
    )
    return {name: number or 0 for name, number in told.items()}


def _deliveries() -> dict[str, int]:
    """What became of the rows of all deliveries that are done, and how many records stand of them."""
    done = Batch.objects.filter(state=Batch.State.DONE)
    return {**_rows(done), "records": Record.objects.filter(batch__in=done).count()}


def _registrations() -> dict[str, int]:
    """The same of the kinds that register persons: how many registrations of how many people."""
    codes = [k.code for k in current().kinds.values() if k.effect == "register" and "person" in k.subject_kinds]
    records = Record.objects.filter(kind__in=codes, subject__isnull=False)
    people = records.filter(subject__register=Subject.Register.PERSON).values("subject").distinct()
    done = Batch.objects.filter(state=Batch.State.DONE, kind__in=codes)
    return {**_rows(done), "records": records.count(), "people": people.count()}


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
    deliveries: dict[str, int]
    registrations: dict[str, int]

    def by_month(self, belongs: Callable[[str, str], bool]) -> dict[date, int]:
        """Records that happened in each of the last months, of those (office, kind) that belong."""
        found: Counter[date] = Counter()
        for office, kind, month, number in self.months:
            if belongs(office, kind):
                found[month] += number
        return {month: found[month] for month in months_until(today())}


def held() -> RecordFigures:
    """The figures that the worker counted last; where none has run since they are kept so, they are counted now."""
    mark = PublicMark.objects.filter(name=RECORDS, figures__has_key="deliveries").first()
    told = counted() if mark is None else mark.figures
    return RecordFigures(
        at=None if mark is None else mark.at,
        cells=[Cell(office, kind, n, datetime.fromisoformat(newest)) for office, kind, n, newest in told["cells"]],
        months=[(office, kind, date.fromisoformat(month), n) for office, kind, month, n in told["months"]],
        registers=told["registers"],
        deliveries=told["deliveries"],
        registrations=told["registrations"],
    )
