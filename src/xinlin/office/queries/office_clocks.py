"""How offices keep the clocks of their cases: counts by office, nobody named (办件守时情况)."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Case as Choice
from django.db.models import Count, DateField, F, Min, Q, Value, When
from django.db.models.functions import Coalesce

from xinlin.core.values import Text
from xinlin.office.models.cases import Case, CaseStep
from xinlin.office.rulebook import current
from xinlin.office.scopes import today

FEWEST = 10
"""Counts below this are not told exactly, so that nobody can be made out; what is late always is (统计最小单元)."""


@dataclass(frozen=True)
class OfficeClock:
    """How an office keeps the clocks of its cases; counts only, nobody named."""

    department: str
    department_name: Text
    open: int = 0
    late: int = 0
    longest: int = 0
    """Days by which the latest open case is overdue."""
    closed: int = 0
    """Cases closed, and answers given to the centre."""
    closed_late: int = 0

    @property
    def few_open(self) -> bool:
        """Whether the number of open cases is too small to be told exactly."""
        return 0 < self.open < FEWEST

    @property
    def few_closed(self) -> bool:
        """Whether the number of closed cases is too small to be told exactly."""
        return 0 < self.closed < FEWEST


NEXT_ON = Choice(
    When(state=Case.State.PAPERS, then=Value(date.max)),
    When(state=Case.State.FORWARDED, then=Coalesce("provider_due_on", "due_on")),
    default=F("due_on"),
    output_field=DateField(),
)
"""The day by which whoever acts now has to have acted; far off while the applicant's papers are awaited."""


def name_of(department: str) -> Text:
    """The name of an office of the rulebook; an unknown code names itself."""
    office = current().departments.get(department)
    return office.name if office else Text(zh=department, en=department)


def clocks() -> list[OfficeClock]:
    """Each office's open and closed cases, and how many of them were late; who acts is who is late."""
    day, tallies = today(), defaultdict[str, Counter[str]](Counter)
    closed = Q(state=Case.State.CLOSED)
    late = ~closed & Q(next_on__lt=day)
    rows = Case.objects.annotate(next_on=NEXT_ON).values("department")
    for row in rows.annotate(
        open=Count("pk", filter=~closed),
        late=Count("pk", filter=late),
        oldest=Min("next_on", filter=late),
        closed=Count("pk", filter=closed & ~Q(outcome="withdrawn")),
        closed_late=Count("pk", filter=closed & ~Q(outcome="withdrawn") & Q(closed_at__date__gt=F("due_on"))),
    ):
        counts = tallies[row["department"]]
        for name in ("open", "late", "closed", "closed_late"):
            counts[name] += row[name]
        counts["longest"] = (day - row["oldest"]).days if row["oldest"] else 0
    answers = CaseStep.objects.filter(step="answer").values("department")
    answered_late = Q(case__answered_on__gt=F("case__provider_due_on"))
    for given in answers.annotate(all=Count("pk"), late=Count("pk", filter=answered_late)):
        tallies[given["department"]]["closed"] += given["all"]
        tallies[given["department"]]["closed_late"] += given["late"]
    found = [OfficeClock(code, name_of(code), **tally) for code, tally in tallies.items()]
    return sorted(found, key=lambda clock: (-clock.late, -clock.closed_late, clock.department))
