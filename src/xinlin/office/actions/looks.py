"""Watching over looks: raising alarms by the rulebook's thresholds, and settling them (异常查询预警)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from xinlin.core.looks import Seen, nearby, unusual
from xinlin.core.notices import Fact
from xinlin.core.values import Problem, Text
from xinlin.office.actions.notices import notify
from xinlin.office.leaves import write_leaf
from xinlin.office.models.looks import LookAlarmRaised
from xinlin.office.models.people import Look, Subject
from xinlin.office.models.staff import Account, Role
from xinlin.office.queries.look_alarms import watchers_only
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now

BACK = timedelta(days=2)
"""How far back a watch reads: longer than any window that an alarm may have in practice."""
WATCHED = tuple(role for role in Role.values if role != Role.RESIDENT)
WATCH = Actor(handle="system:looks", name="查询监督 Watch over looks", role="system")
NO_WORDS = Problem(
    code="words_missing",
    where="words",
    what=Text(zh="没有写明核实情况。", en="What was found is missing."),
    cure=Text(zh="请写明核实了什么、结论是什么。", en="Write what was checked and what came of it."),
)


def _homes() -> dict[str, str]:
    """Handle -> division code where that member of staff lives."""
    known = Account.objects.exclude(home_region="").exclude(role=Role.RESIDENT)
    return {f"account:{key}": region for key, region in known.values_list("pk", "home_region")}


@transaction.atomic
def watch(*, actor: Actor) -> int:
    """Read the looks of staff of the last days and raise what is unusual; returns how many alarms are new.

    Doing it again raises nothing twice; an open alarm grows with what is added to it. Raises `NotAllowed`.
    """
    if actor.role != "system":
        raise NotAllowed("只有系统执行。Only the system does this.")
    homes, since = _homes(), now() - max(BACK, _longest())
    rows = list(Look.objects.filter(at__gte=since, role__in=WATCHED).select_related("subject"))
    seen = [
        Seen(
            key=look.pk,
            actor=look.actor,
            role=look.role,
            subject=look.subject_id,
            at=timezone.localtime(look.at),
            nearby=nearby(homes.get(look.actor, ""), look.subject.region),
            refused=look.refused,
        )
        for look in rows
    ]
    who = {look.actor: look for look in rows}
    new = 0
    for found in unusual(current().look_alarms, seen):
        day = found.last_at.date()
        known = LookAlarmRaised.objects.filter(alarm=found.alarm, actor=found.actor, day=day)
        if known.filter(settled_at__isnull=False, last_at__gte=found.last_at).exists():
            continue
        raised = known.filter(settled_at__isnull=True).first()
        if raised is not None:
            raised.looks = sorted({*raised.looks, *found.looks})
            raised.count, raised.last_at = max(raised.count, found.count), max(raised.last_at, found.last_at)
            raised.save(update_fields=["looks", "count", "last_at"])
            continue
        look = who[found.actor]
        raised = LookAlarmRaised.objects.create(
            alarm=found.alarm,
            actor=found.actor,
            actor_name=look.actor_name,
            role=look.role,
            department=look.department,
            day=day,
            count=found.count,
            first_at=found.first_at,
            last_at=found.last_at,
            looks=list(found.looks),
            raised_at=now(),
        )
        facts = {"alarm": found.alarm, "actor": found.actor, "count": found.count}
        write_leaf(actor=actor, action="looks.alarm", table="look_alarm", key=str(raised.pk), facts=facts)
        new += 1
    return new


def _longest() -> timedelta:
    minutes = max((alarm.within_minutes for alarm in current().look_alarms.values()), default=0)
    return timedelta(minutes=2 * minutes)


@transaction.atomic
def settle(*, actor: Actor, number: int, improper: bool, words: str) -> None:
    """Write down what came of an alarm. Where the looking was improper, everybody looked at is told.

    Raises `NotFound`, `NotAllowed` for who does not watch or for the one whom it is about, `Refused` without words.
    """
    watchers_only(actor)
    raised = LookAlarmRaised.objects.select_for_update().filter(pk=number, settled_at__isnull=True).first()
    if raised is None:
        raise NotFound("没有这条待核实的预警。There is no such open alarm.")
    if raised.actor == actor.handle:
        raise NotAllowed("涉及本人的预警由他人核实。An alarm about oneself is settled by another.")
    if not words.strip():
        raise Refused(NO_WORDS)
    raised.settled_at, raised.settled_by, raised.improper = now(), actor.name, improper
    raised.words = words.strip()[:2000]
    raised.save()
    if improper:
        keys = Look.objects.filter(pk__in=raised.looks).values("subject_id")
        for subject in Subject.objects.filter(pk__in=keys, register=Subject.Register.PERSON):
            facts: dict[str, Fact] = {"day": raised.day, "words": raised.words}
            notify(actor=actor, subject=subject, template="look_improper", facts=facts)
    facts_kept = {"improper": improper, "words": raised.words}
    write_leaf(actor=actor, action="looks.settle", table="look_alarm", key=str(raised.pk), facts=facts_kept)
