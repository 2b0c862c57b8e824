"""Counting the checks of closed days once, so that a year's figures need no year's answers (核查日计)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Q

from xinlin.office.leaves import write_leaf
from xinlin.office.models.checks import Check, CheckAnswer, CheckDay
from xinlin.office.scopes import Actor, today

DAYS_AT_ONCE = 31


@transaction.atomic
def tally(*, actor: Actor) -> int:
    """Count the days up to yesterday that are not counted yet, a month at most; returns how many days were counted.

    Answers are never changed, so a closed day counts the same for ever.
    """
    last = CheckDay.objects.order_by("-day").values_list("day", flat=True).first()
    first = Check.objects.order_by("as_of").values_list("as_of", flat=True).first()
    if first is None:
        return 0
    start = first if last is None else last + timedelta(days=1)
    end = min(today(), start + timedelta(days=DAYS_AT_ONCE))
    if start >= end:
        return 0
    grouped = (
        CheckAnswer.objects.filter(question__as_of__gte=start, question__as_of__lt=end)
        .values("question__as_of", "question__department", "question__item", "question__channel")
        .annotate(
            applicants=Count("pk"),
            yes=Count("pk", filter=Q(verdict=CheckAnswer.Verdict.YES)),
            unsure=Count("pk", filter=Q(verdict=CheckAnswer.Verdict.UNSURE)),
        )
        .order_by()
    )
    rows = [
        CheckDay(
            day=row["question__as_of"],
            department=row["question__department"],
            item=row["question__item"],
            channel=row["question__channel"],
            applicants=row["applicants"],
            yes=row["yes"],
            unsure=row["unsure"],
        )
        for row in grouped
    ]
    CheckDay.objects.bulk_create(rows, ignore_conflicts=True)
    counted = len({row.day for row in rows})
    if rows:
        facts = {"from": start, "before": end, "applicants": sum(row.applicants for row in rows)}
        write_leaf(actor=actor, action="checks.tally", table="check_day", key=start.isoformat(), facts=facts)
    return counted
