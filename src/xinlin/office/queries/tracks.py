"""The track of a person's records through time: what began, ended and was changed, and how it stands on any day (信用轨迹)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.utils.translation import gettext_noop

from xinlin.core.records import Fact
from xinlin.core.scores import evaluate
from xinlin.core.terms import moved
from xinlin.core.values import Text
from xinlin.office.models.records import RecordEvent
from xinlin.office.queries.people import live_consents, look_at_oneself, own_subject, write_look
from xinlin.office.queries.records import RecordView, views
from xinlin.office.queries.reports import about_firm, firm_of
from xinlin.office.queries.scores import trend
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, today

PAST_MONTHS, FUTURE_MONTHS = 60, 60
"""How far the track reaches at most."""
AROUND = 12
"""Things told around a day at most."""


@dataclass(frozen=True)
class Turn:
    """Something of a record on a day: it ``begins``, it ``ends`` by itself, or it was ``changed`` for the reason named."""

    day: date
    what: Literal["begins", "ends", "changed"]
    reason: str
    record: RecordView


@dataclass(frozen=True)
class Figure:
    """The score on the day, worked out from the records as they are known today."""

    score: int
    tier: Text
    unit: Text


@dataclass(frozen=True)
class Track:
    """The whole line, and how things stand on ``as_of``."""

    as_of: date
    today: date
    months: tuple[int, int]
    """From how many months back to how many ahead there is anything to tell."""
    month: int
    """Where ``as_of`` lies, in months from today."""
    records: list[RecordView]
    turns: list[Turn]
    in_force: list[RecordView]
    figure: Figure | None
    """None without a live consent, where nobody is scored, or before there was a scheme."""
    published: tuple[date, int] | None
    """The newest frozen figure of that day or before, for days that are over."""

    @property
    def promised(self) -> bool:
        """Whether the day is still to come: what is told of it holds if nothing else happens."""
        return self.as_of > self.today


def _months_between(first: date, second: date) -> int:
    return (second.year - first.year) * 12 + second.month - first.month


def _turns(records: list[RecordView], day: date) -> list[Turn]:
    by_reference = {record.reference: record for record in records}
    turns = [Turn(record.occurred_on, "begins", "", record) for record in records]
    alive = [r for r in records if r.ends_on is not None and (r.ends_on <= day or r.status in ("active", "disputed"))]
    turns += [Turn(record.ends_on, "ends", "", record) for record in alive if record.ends_on is not None]
    for event in RecordEvent.objects.filter(record__reference__in=list(by_reference)).select_related("record"):
        turns.append(Turn(event.happened_on, "changed", event.reason, by_reference[event.record.reference]))
    return sorted(turns, key=lambda turn: (turn.day, turn.record.reference), reverse=True)


def _stands(record: RecordView, day: date) -> bool:
    over = record.ends_on is not None and record.ends_on <= day
    return record.status in ("active", "disputed") and record.occurred_on <= day and not over


def _figure(subject_id: int, facts: list[Fact], day: date) -> Figure | None:
    scheme = current().scheme_at(day)
    if scheme is None or ("score", "") not in live_consents(subject_id):
        return None
    result = evaluate(scheme, facts, day)
    tier = next(tier.name for tier in scheme.tiers if tier.code == result.tier)
    return Figure(result.score, tier, scheme.unit)


def _published(subject_id: int, day: date) -> tuple[date, int] | None:
    scheme = current().scheme_at(today())
    if scheme is None or day >= today() or ("score", "") not in live_consents(subject_id):
        return None
    return next((figure for figure in reversed(trend(subject_id, scheme.code)) if figure[0] <= day), None)


def _about(actor: Actor, firm: str) -> tuple[int, list[tuple[RecordView, Fact]]]:
    """Whose track it is, and their records; the look is written."""
    if not firm:
        subject = own_subject(actor, "see")
        found = views(subject.pk, current(), today())
        look_at_oneself(actor, (fact.kind for _, fact in found), gettext_noop("查看信用轨迹"))
        return subject.pk, found
    organisation = firm_of(actor, firm, "see")
    found = about_firm(organisation, current())
    write_look(
        actor=actor,
        subjects=[organisation.pk],
        purpose=gettext_noop("单位查询本单位"),
        clause=gettext_noop("征信业管理条例 第十七条"),
        kinds=[fact.kind for _, fact in found],
        result=gettext_noop("查看信用轨迹"),
    )
    return organisation.pk, found


def mine(*, actor: Actor, month: int = 0, day: date | None = None, firm: str = "") -> Track:
    """The resident's track as of a day, or of today moved by so many months; with ``firm`` that of an organisation which they
    represent today, without a score. A look at oneself. Raises `NotFound` for another's organisation.

    Past days are worked out from the records as they are known today, so that what was repaired or found wrong is gone from
    them too; what was published at the time stands beside. Days to come are a promise: nothing else happens until then.
    """
    now_on = today()
    whose, found = _about(actor, firm)
    records, facts = [record for record, _fact in found], [fact for _record, fact in found]
    ends = [record.ends_on for record in records if record.ends_on is not None and record.ends_on > now_on]
    back = min([0, *(_months_between(now_on, record.occurred_on) for record in records)])
    ahead = max([0, *(_months_between(now_on, end) + 1 for end in ends)])
    months = (max(back, -PAST_MONTHS), min(ahead, FUTURE_MONTHS))
    if day is None:
        month = min(max(month, months[0]), months[1])
        day = moved(now_on, month)
    return Track(
        as_of=day,
        today=now_on,
        months=months,
        month=min(max(_months_between(now_on, day), months[0]), months[1]),
        records=records,
        turns=_turns(records, now_on),
        in_force=[record for record in records if _stands(record, day)],
        figure=None if firm else _figure(whose, facts, day),
        published=None if firm else _published(whose, day),
    )


def around(track: Track) -> list[Turn]:
    """The turns nearest to the day that is looked at, newest first."""
    nearest = sorted(track.turns, key=lambda turn: abs(turn.day - track.as_of))[:AROUND]
    return sorted(nearest, key=lambda turn: turn.day, reverse=True)
