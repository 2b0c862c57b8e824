"""How many were asked about, and what came of it, by day, office, item and way of asking (核查日计).

A closed day stands counted in `CheckDay`; the days after it are counted from the questions, each of which knows how many
it asked about, and from those few answers that are not "no".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q, Sum

from xinlin.office.models.checks import Check, CheckAnswer, CheckDay

AUTOMATIC = ("machine", "file", "panel")
"""Ways of asking in which no person typed the question."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a check was asked and how."""

    department: str
    item: str
    channel: str


@dataclass(slots=True)
class Tally:
    """Applicants asked about, and how many of them were answered with yes and with unsure."""

    applicants: int = 0
    yes: int = 0
    unsure: int = 0

    def add(self, other: Tally) -> None:
        """Count another's in."""
        self.applicants += other.applicants
        self.yes += other.yes
        self.unsure += other.unsure


def last_counted() -> date | None:
    """The last day that stands counted, or None."""
    return CheckDay.objects.order_by("-day").values_list("day", flat=True).first()


def live(since: date, until: date, department: str | None = None) -> Mapping[tuple[date, Place], Tally]:
    """The checks of the days from ``since`` to ``until``, counted now; with ``department`` its own alone."""
    tallies: dict[tuple[date, Place], Tally] = defaultdict(Tally)
    by = ("as_of", "department", "item", "channel")
    asked = Check.objects.filter(as_of__gte=since, as_of__lte=until)
    for_people = CheckAnswer.objects.exclude(verdict=CheckAnswer.Verdict.NO)
    for_people = for_people.filter(question__as_of__gte=since, question__as_of__lte=until)
    if department is not None:
        asked, for_people = asked.filter(department=department), for_people.filter(question__department=department)
    for day, *at, number in asked.values_list(*by).annotate(n=Sum("applicants")).order_by():
        tallies[day, Place(*at)].applicants = number
    rows = for_people.values_list(*(f"question__{name}" for name in by), "verdict").annotate(n=Count("pk")).order_by()
    for day, *at, verdict, number in rows:
        tally = tallies[day, Place(*at)]
        if verdict == CheckAnswer.Verdict.YES:
            tally.yes = number
        else:
            tally.unsure = number
    return tallies


def counted(since: date, until: date, department: str | None = None) -> Mapping[Place, Tally]:
    """The checks from ``since`` to ``until``: closed days from their count, the rest live."""
    sums: dict[Place, Tally] = defaultdict(Tally)
    mine = Q() if department is None else Q(department=department)
    closed = CheckDay.objects.filter(mine, day__gte=since, day__lte=until).values_list("department", "item", "channel")
    for *at, applicants, yes, unsure in closed.annotate(a=Sum("applicants"), y=Sum("yes"), u=Sum("unsure")).order_by():
        sums[Place(*at)].add(Tally(applicants, yes, unsure))
    last = last_counted()
    live_from = since if last is None else max(since, last + timedelta(days=1))
    for (_, place), tally in live(live_from, until, department).items():
        sums[place].add(tally)
    return sums
