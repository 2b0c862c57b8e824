"""What each number of the loop counts, and the list behind it (核查漏斗): one condition gives both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.small_cells import hide_small
from xinlin.core.values import Text
from xinlin.office.models.checks import Check, CheckAnswer, FeedbackCorrection
from xinlin.office.queries.checks import CheckView, Why, listed
from xinlin.office.queries.items import found_all
from xinlin.office.queries.tallies import AUTOMATIC, Place, Tally, counted
from xinlin.office.scopes import Actor, NotAllowed, NotFound, now, start_of, today

PAGE = 50
ITEMS_SHOWN = 20
SEES_ALL = frozenset({"reviewer", "auditor", "operator", "analyst"})
"""Roles that see every office; an officer sees the own one."""
SEES_ROWS = frozenset({"officer", "reviewer", "auditor"})
"""Roles that see, with a look, of whom a number is made up; the others see counts by item, small ones hidden."""
SUPERVISING = Why(gettext_noop("监督核查与反馈"), gettext_noop("国办发〔2020〕49号"))
_YES = Q(verdict=CheckAnswer.Verdict.YES)


def department_of(actor: Actor) -> str | None:
    """The office whose numbers the actor sees; None for every office. Raises `NotAllowed`."""
    if actor.role in SEES_ALL:
        return None
    if actor.role == "officer" and actor.department:
        return actor.department
    raise NotAllowed("只有审批人员和信用中心可以查看监督数据。Only officers and the credit centre see these counts.")


def _asked(since: date, until: date) -> Q:
    return Q(question__as_of__gte=since, question__as_of__lte=until)


def _given(since: date, until: date, decision: str = "") -> Q:
    within = Q(feedback__at__gte=start_of(since), feedback__at__lt=start_of(until + timedelta(days=1)))
    return within & Q(feedback__decision=decision) if decision else within


def _owed(since: date, until: date) -> Q:
    return _asked(since, until) & _YES & Q(feedback__isnull=True)


def _lapsed(since: date, until: date) -> Q:
    over = Q(hold__ended="lapsed") | Q(hold__ended="", hold__signed_at__isnull=True, hold__lapses_at__lte=now())
    return _asked(since, until) & _YES & over


def _corrected(since: date, until: date) -> Q:
    made = FeedbackCorrection.objects.filter(at__gte=start_of(since), at__lt=start_of(until + timedelta(days=1)))
    return Q(feedback__in=made.values("feedback"))


NUMBERS: Mapping[str, Callable[[date, date], Q]] = {
    "checks": _asked,
    "automatic": lambda since, until: _asked(since, until) & Q(question__channel__in=AUTOMATIC),
    "hits": lambda since, until: _asked(since, until) & _YES,
    "measures": lambda since, until: _given(since, until, "measure_applied"),
    "released": lambda since, until: _given(since, until, "released"),
    "not_the_person": lambda since, until: _given(since, until, "not_the_person"),
    "lapsed": _lapsed,
    "owed": _owed,
    "overdue": lambda since, until: _owed(since, until) & Q(feedback_due_on__lt=today()),
    "late": lambda since, until: _given(since, until) & Q(feedback__at__date__gt=F("feedback_due_on")),
    "corrected": _corrected,
}
"""By the name of a number, the answers that it counts in a period. Checks and decisions count on the day of their own."""
_TALLIED: Mapping[str, Callable[[Place, Tally], int]] = {
    "checks": lambda place, tally: tally.applicants,
    "automatic": lambda place, tally: tally.applicants if place.channel in AUTOMATIC else 0,
    "hits": lambda place, tally: tally.yes,
}
"""Numbers that closed days stand counted for."""


def by_office(number: str, since: date, until: date) -> dict[str, int]:
    """How many answers a number counts, by office."""
    rows = CheckAnswer.objects.filter(NUMBERS[number](since, until)).values_list("question__department")
    return dict(rows.annotate(n=Count("pk")).order_by())


@dataclass(frozen=True, slots=True)
class Opened:
    """A number of the loop, opened: how many by item, and the checks that it is made up of."""

    total: int
    items: list[tuple[Text, int | None]]
    """Most first; None for a count that is hidden because it is small."""
    more_items: int
    """Items beyond those."""
    checks: list[CheckView] | None
    """Newest first, each with those answers of the number that need a person; None for roles that see counts alone."""
    before: int | None
    """Where the next page begins."""


def opened(
    *, actor: Actor, number: str, since: date, until: date, office: str = "", before: int | None = None
) -> Opened:
    """The list behind a number, of the actor's office or, for the centre, of all or of ``office``. Writes looks.

    Raises `NotFound` for a number that there is not, `NotAllowed`.
    """
    department = department_of(actor) or office or None
    if number not in NUMBERS:
        raise NotFound(f"没有“{number}”这个数字。There is no number {number}.")
    counts = _by_item(number, since, until, department)
    shows = actor.role in SEES_ROWS
    cells = counts if shows else hide_small(counts)
    first = sorted(counts, key=lambda code: (-counts[code], code))[:ITEMS_SHOWN]
    items = found_all(first)
    names = {code: items[code].name if code in items else Text(zh=code, en=code) for code in first}
    page = _checks(number, since, until, department, before) if shows else []
    answers = CheckAnswer.objects.filter(NUMBERS[number](since, until)).exclude(verdict=CheckAnswer.Verdict.NO)
    why = None if actor.role == "officer" else SUPERVISING
    return Opened(
        total=sum(counts.values()),
        items=[(names[code], cells[code]) for code in first],
        more_items=len(counts) - len(first),
        checks=listed(actor, answers, page[:PAGE], why) if shows else None,
        before=page[PAGE - 1].pk if len(page) > PAGE else None,
    )


def _by_item(number: str, since: date, until: date, department: str | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    if number in _TALLIED:
        for place, tally in counted(since, until, department).items():
            counts[place.item] = counts.get(place.item, 0) + _TALLIED[number](place, tally)
    else:
        rows = _answers(number, since, until, department).values_list("question__item")
        counts = dict(rows.annotate(n=Count("pk")).order_by())
    return {item: count for item, count in counts.items() if count}


def _answers(number: str, since: date, until: date, department: str | None) -> QuerySet[CheckAnswer]:
    found = CheckAnswer.objects.filter(NUMBERS[number](since, until))
    return found if department is None else found.filter(question__department=department)


def _checks(number: str, since: date, until: date, department: str | None, before: int | None) -> list[Check]:
    """One page of checks that hold answers of the number, newest first, and one more."""
    if number in ("checks", "automatic"):
        found = Check.objects.filter(as_of__gte=since, as_of__lte=until)
        found = found.filter(channel__in=AUTOMATIC) if number == "automatic" else found
        found = found if department is None else found.filter(department=department)
        found = found if before is None else found.filter(pk__lt=before)
        return list(found.order_by("-pk")[: PAGE + 1])
    answers = _answers(number, since, until, department).exclude(verdict=CheckAnswer.Verdict.NO)
    answers = answers if before is None else answers.filter(question_id__lt=before)
    keys = answers.order_by("-question_id").values_list("question_id", flat=True).distinct()[: PAGE + 1]
    return list(Check.objects.filter(pk__in=list(keys)).order_by("-pk"))
