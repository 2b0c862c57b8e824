"""The loop as its supervisors see it: the funnel, each office, each case in six stages (监督: 推送·比对·拦截·奖惩·监督·反馈)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count

from xinlin.core.holds import Funnel
from xinlin.core.values import Text
from xinlin.office.models.cases import Telling
from xinlin.office.models.checks import CheckFeedback
from xinlin.office.queries.funnel import by_office, department_of
from xinlin.office.queries.tallies import AUTOMATIC, Place, Tally, counted
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, start_of


def _funnel(sums: Mapping[Place, Tally], given: Mapping[str, Mapping[str, int]]) -> Funnel:
    by_system = [tally for place, tally in sums.items() if place.channel in AUTOMATIC]
    return Funnel(
        checks=sum(tally.applicants for tally in sums.values()),
        automatic=sum(tally.applicants for tally in by_system),
        hits=sum(tally.yes for tally in sums.values()),
        automatic_hits=sum(tally.yes for tally in by_system),
        measures=sum(one.get("measure_applied", 0) for one in given.values()),
        not_the_person=sum(one.get("not_the_person", 0) for one in given.values()),
    )


def _given(department: str | None, since: date, until: date) -> dict[str, dict[str, int]]:
    first, after = start_of(since), start_of(until + timedelta(days=1))
    found = CheckFeedback.objects.filter(at__gte=first, at__lt=after)
    if department is not None:
        found = found.filter(answer__question__department=department)
    given: dict[str, dict[str, int]] = defaultdict(dict)
    for office, decision, number in (
        found.values_list("answer__question__department", "decision").annotate(n=Count("pk")).order_by()
    ):
        given[office][decision] = number
    return given


@dataclass(frozen=True, slots=True)
class OfficeView:
    """How an office deals with its checks: asked, hit, held, decided, and when it says what it did."""

    department: str
    name: Text
    applicants: int
    hits: int
    unsure: int
    measures: int
    released: int
    not_the_person: int
    lapsed: int
    """Holds that lapsed open because nobody signed."""
    owed: int
    overdue: int
    late: int
    corrected: int
    untold: int
    """Tellings of ended entries that the office has not acknowledged."""


@dataclass(frozen=True, slots=True)
class LoopView:
    """What came of the checks of a period: in all, and by office."""

    funnel: Funnel
    offices: list[OfficeView]
    """Those with overdue feedback first."""


def loop(*, actor: Actor, since: date, until: date) -> LoopView:
    """Checks from ``since`` to ``until``, automatic ones among them, hits, measures; and every office that asked.

    A fixed number of queries; a day that is not closed yet is counted once for both.
    """
    department = department_of(actor)
    sums, given = counted(since, until, department), _given(department, since, until)
    return LoopView(_funnel(sums, given), _offices(sums, given, since, until))


def _offices(
    sums: Mapping[Place, Tally], given: Mapping[str, Mapping[str, int]], since: date, until: date
) -> list[OfficeView]:
    owed, overdue, lapses, late, corrected = (
        by_office(number, since, until) for number in ("owed", "overdue", "lapsed", "late", "corrected")
    )
    untold = dict(
        Telling.objects.filter(acknowledged_at__isnull=True, answer__isnull=False)
        .values_list("department")
        .annotate(n=Count("pk"))
        .order_by()
    )
    names = current().departments
    asked: dict[str, Tally] = defaultdict(Tally)
    for place, tally in sums.items():
        asked[place.department].add(tally)
    views = [
        OfficeView(
            department=office,
            name=names[office].name if office in names else Text(zh=office, en=office),
            applicants=row.applicants,
            hits=row.yes,
            unsure=row.unsure,
            measures=given.get(office, {}).get("measure_applied", 0),
            released=given.get(office, {}).get("released", 0),
            not_the_person=given.get(office, {}).get("not_the_person", 0),
            lapsed=lapses.get(office, 0),
            owed=owed.get(office, 0),
            overdue=overdue.get(office, 0),
            late=late.get(office, 0),
            corrected=corrected.get(office, 0),
            untold=untold.get(office, 0),
        )
        for office, row in asked.items()
    ]
    return sorted(views, key=lambda one: (-one.overdue, -one.applicants, one.department))
