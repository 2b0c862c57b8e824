"""Alarms on unusual looking, for those who watch over the watchers (异常查询预警)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from xinlin.core.values import Text
from xinlin.office.models.looks import LookAlarmRaised
from xinlin.office.models.people import Look
from xinlin.office.queries.office_clocks import name_of
from xinlin.office.queries.people import purpose_said
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed

MAY_WATCH = frozenset({"auditor", "reviewer"})
SHOWN = 200


@dataclass(frozen=True)
class LookedAt:
    """One of the looks behind an alarm; the person looked at stays a pseudonym."""

    at: datetime
    person: str
    purpose: str
    clause: str
    result: str
    refused: bool


@dataclass(frozen=True)
class AlarmView:
    """One alarm: who, when, how much, against which threshold, and what came of it."""

    number: int
    name: Text
    threshold: int
    within_minutes: int
    actor_name: str
    role: str
    department_name: Text
    day: date
    count: int
    first_at: datetime
    last_at: datetime
    settled_at: datetime | None
    settled_by: str
    improper: bool
    words: str
    own: bool
    """Whether it is about the reader, who then cannot settle it."""


def watchers_only(actor: Actor) -> None:
    """Raises `NotAllowed` for whoever does not watch over looks."""
    if actor.role not in MAY_WATCH:
        raise NotAllowed("只有审计员和信用中心审核员可以查看。Only auditors and the centre's reviewers may see this.")


def _view(raised: LookAlarmRaised, actor: Actor) -> AlarmView:
    alarm = current().look_alarms.get(raised.alarm)
    return AlarmView(
        number=raised.pk,
        name=alarm.name if alarm else Text(zh=raised.alarm, en=raised.alarm),
        threshold=alarm.at_least if alarm else 0,
        within_minutes=alarm.within_minutes if alarm else 0,
        actor_name=raised.actor_name,
        role=raised.role,
        department_name=name_of(raised.department),
        day=raised.day,
        count=raised.count,
        first_at=raised.first_at,
        last_at=raised.last_at,
        settled_at=raised.settled_at,
        settled_by=raised.settled_by,
        improper=raised.improper,
        words=raised.words,
        own=raised.actor == actor.handle,
    )


def waiting(*, actor: Actor) -> int:
    """How many alarms nobody has settled yet. Raises `NotAllowed`."""
    watchers_only(actor)
    return LookAlarmRaised.objects.filter(settled_at__isnull=True).count()


def alarms(*, actor: Actor) -> list[AlarmView]:
    """Every alarm, those that wait first, then the newest."""
    watchers_only(actor)
    rows = LookAlarmRaised.objects.order_by("-raised_at", "-pk")
    waiting, settled = rows.filter(settled_at__isnull=True), rows.filter(settled_at__isnull=False)
    return [_view(row, actor) for row in [*waiting[:SHOWN], *settled[:SHOWN]]]


def alarm(*, actor: Actor, number: int) -> tuple[AlarmView, list[LookedAt]] | None:
    """One alarm with the looks that it counts; None where there is none. Shows pseudonyms, so it is no look itself."""
    watchers_only(actor)
    raised = LookAlarmRaised.objects.filter(pk=number).first()
    if raised is None:
        return None
    looks = Look.objects.filter(pk__in=raised.looks[-SHOWN:]).select_related("subject").order_by("at", "pk")
    seen = [
        LookedAt(
            look.at,
            look.subject.pseudonym[:8],
            purpose_said(look.purpose, current()),
            look.clause,
            look.result,
            look.refused,
        )
        for look in looks
    ]
    return _view(raised, actor), seen
