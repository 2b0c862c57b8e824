"""Entering the yearly arrangement of holidays (放假安排), so that deadlines of that year are no longer provisional."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction

from xinlin.core.values import Problem, Text
from xinlin.office.actions.recounts import recount
from xinlin.office.leaves import write_leaf
from xinlin.office.models.calendars import CalendarDay
from xinlin.office.scopes import Actor, NotAllowed, Refused, now


@transaction.atomic
def enter(*, actor: Actor, days: Mapping[date, tuple[bool, str]], document: str) -> int:
    """Enter days as worked (True) or free, each with its name; returns how many. The newest entry of a day holds.

    A year counts as decided once its whole arrangement is entered (see `Calendar.with_days`); open cases whose deadline was
    provisional are counted again. Raises `NotAllowed` unless an operator or the system acts, `Refused` without a document or days.
    """
    if actor.role not in ("operator", "system"):
        raise NotAllowed("工作日历由运维管理员录入。Operators enter the calendar.")
    if not document.strip() or not days:
        raise Refused(
            Problem(
                "calendar_incomplete",
                "document" if days else "days",
                Text(zh="缺少放假安排的文号或日期。", en="The arrangement's document or its days are missing."),
                Text(
                    zh="请写明文号，如“国办发明电〔2026〕7号”，并给出全部日期。",
                    en="Name the document and give all its days.",
                ),
            )
        )
    for day, (worked, name) in days.items():
        CalendarDay.objects.update_or_create(
            day=day,
            defaults={
                "worked": worked,
                "name": name,
                "document": document.strip(),
                "entered_at": now(),
                "entered_by": actor.handle,
            },
        )
    moved = recount(actor=actor)
    stated = {day.isoformat(): worked for day, (worked, _) in days.items()}
    facts = {"document": document.strip(), "days": stated, "cases": moved}
    write_leaf(actor=actor, action="calendars.enter", table="calendar_day", key=document.strip()[:64], facts=facts)
    return len(days)
