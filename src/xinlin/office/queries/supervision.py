"""The loop as its supervisors see it: the funnel, each office, each case in six stages (监督: 推送·比对·拦截·奖惩·监督·反馈)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from xinlin.core.holds import Funnel
from xinlin.core.values import Text
from xinlin.office.models.cases import Telling
from xinlin.office.models.checks import CheckAnswer, CheckDay, CheckFeedback, FeedbackCorrection, Hold
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, now, today

AUTOMATIC = ("machine", "file", "panel")
"""Ways of asking in which no person typed the question."""
SEES_ALL = frozenset({"reviewer", "auditor", "operator", "analyst"})


def _department_of(actor: Actor) -> str | None:
    if actor.role in SEES_ALL:
        return None
    if actor.role == "officer" and actor.department:
        return actor.department
    raise NotAllowed("只有审批人员和信用中心可以查看监督数据。Only officers and the credit centre see these counts.")


def counted(department: str | None, since: date, until: date) -> dict[tuple[str, str], list[int]]:
    """(department, channel) -> [applicants, yes, unsure] from ``since`` to ``until``: closed days from their count, the rest live."""
    mine = Q() if department is None else Q(department=department)
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    closed = CheckDay.objects.filter(mine, day__gte=since, day__lte=until).values_list("department", "channel")
    for office, channel, applicants, yes, unsure in closed.annotate(
        a=Sum("applicants"), y=Sum("yes"), u=Sum("unsure")
    ).order_by():
        for at, number in enumerate((applicants, yes, unsure)):
            sums[office, channel][at] += number
    last = CheckDay.objects.order_by("-day").values_list("day", flat=True).first()
    live_from = since if last is None else max(since, last + timedelta(days=1))
    answers = CheckAnswer.objects.filter(question__as_of__gte=live_from, question__as_of__lte=until)
    if department is not None:
        answers = answers.filter(question__department=department)
    live = answers.values_list("question__department", "question__channel").annotate(
        a=Count("pk"), y=Count("pk", filter=Q(verdict="yes")), u=Count("pk", filter=Q(verdict="unsure"))
    )
    for office, channel, applicants, yes, unsure in live.order_by():
        for at, number in enumerate((applicants, yes, unsure)):
            sums[office, channel][at] += number
    return sums


def _funnel(sums: Mapping[tuple[str, str], Sequence[int]], given: Mapping[str, Mapping[str, int]]) -> Funnel:
    return Funnel(
        checks=sum(row[0] for row in sums.values()),
        automatic=sum(row[0] for (_, channel), row in sums.items() if channel in AUTOMATIC),
        hits=sum(row[1] for row in sums.values()),
        automatic_hits=sum(row[1] for (_, channel), row in sums.items() if channel in AUTOMATIC),
        measures=sum(one.get("measure_applied", 0) for one in given.values()),
        not_the_person=sum(one.get("not_the_person", 0) for one in given.values()),
    )


def _given(department: str | None, since: date, until: date) -> dict[str, dict[str, int]]:
    found = CheckFeedback.objects.annotate(day=TruncDate("at")).filter(day__gte=since, day__lte=until)
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
    department = _department_of(actor)
    sums, given = counted(department, since, until), _given(department, since, until)
    return LoopView(_funnel(sums, given), _offices(sums, given, since, until))


def _offices(
    sums: Mapping[tuple[str, str], Sequence[int]], given: Mapping[str, Mapping[str, int]], since: date, until: date
) -> list[OfficeView]:
    day = today()
    within = Q(question__as_of__gte=since, question__as_of__lte=until)
    owed = CheckAnswer.objects.filter(within, verdict="yes", feedback__isnull=True).values_list("question__department")
    dues = {
        office: (waiting, late)
        for office, waiting, late in owed.annotate(
            n=Count("pk"), late=Count("pk", filter=Q(feedback_due_on__lt=day))
        ).order_by()
    }
    lapses = _by_office(
        Hold.objects.filter(answer__question__as_of__gte=since, answer__question__as_of__lte=until).filter(
            Q(ended="lapsed") | Q(ended="", signed_at__isnull=True, lapses_at__lte=now())
        ),
        "answer__question__department",
    )
    late = _by_office(
        CheckFeedback.objects.annotate(day=TruncDate("at")).filter(
            day__gte=since, day__lte=until, day__gt=F("answer__feedback_due_on")
        ),
        "answer__question__department",
    )
    corrected = _by_office(
        FeedbackCorrection.objects.filter(at__gte=_start(since), at__lt=_start(until + timedelta(days=1))),
        "feedback__answer__question__department",
    )
    untold = _by_office(Telling.objects.filter(acknowledged_at__isnull=True, answer__isnull=False), "department")
    names = current().departments
    asked: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (office, _), row in sums.items():
        for at, number in enumerate(row):
            asked[office][at] += number
    views = [
        OfficeView(
            department=office,
            name=names[office].name if office in names else Text(zh=office, en=office),
            applicants=row[0],
            hits=row[1],
            unsure=row[2],
            measures=given.get(office, {}).get("measure_applied", 0),
            released=given.get(office, {}).get("released", 0),
            not_the_person=given.get(office, {}).get("not_the_person", 0),
            lapsed=lapses.get(office, 0),
            owed=dues.get(office, (0, 0))[0],
            overdue=dues.get(office, (0, 0))[1],
            late=late.get(office, 0),
            corrected=corrected.get(office, 0),
            untold=untold.get(office, 0),
        )
        for office, row in asked.items()
    ]
    return sorted(views, key=lambda one: (-one.overdue, -one.applicants, one.department))


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


def _by_office(found: object, name: str) -> dict[str, int]:
    rows = found.values_list(name).annotate(n=Count("pk")).order_by()  # type: ignore[attr-defined]  # querysets of five models
    return dict(rows)
