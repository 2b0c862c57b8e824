"""What stands in the office as a whole: counts only, never a person; cells under ten are hidden (态势).

Clerks and officers see their own department; the credit centre's reviewers, analysts, auditors and operators see all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q

from xinlin.core.small_cells import SMALLEST_CELL, hide_small
from xinlin.core.values import Text
from xinlin.office.consent_gate import in_force
from xinlin.office.models.batches import Batch, Job, RefusedRow
from xinlin.office.models.cases import Case
from xinlin.office.models.checks import CheckAnswer
from xinlin.office.models.people import Consent
from xinlin.office.models.scores import ScoreRun
from xinlin.office.queries import look_alarms
from xinlin.office.queries.office_clocks import NEXT_ON
from xinlin.office.queries.record_figures import held
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, now, today

WHOLE_CITY = frozenset({"reviewer", "analyst", "auditor", "operator"})
"""Roles that see every department's counts."""
OWN_DEPARTMENT = frozenset({"clerk", "officer"})
STALLED_AFTER = timedelta(seconds=60)


def _department_of(actor: Actor) -> str | None:
    """The one department whose counts the actor sees, None for all. Raises `NotAllowed` for anybody who is not staff."""
    if actor.role in WHOLE_CITY:
        return None
    if actor.role in OWN_DEPARTMENT and actor.department:
        return actor.department
    raise NotAllowed("只有工作人员可以查看统计。Only staff may see these counts.")


def _department_name(code: str) -> Text:
    department = current().departments.get(code)
    return department.name if department else Text(zh=code, en=code)


@dataclass(frozen=True)
class Alerts:
    """What waits for somebody, or is late (预警提醒)."""

    feedback_owed: int
    feedback_overdue: int
    batches_waiting: int
    """Files whose columns a person has to name."""
    batches_failed: int
    refused_rows_open: int
    objections_open: int
    objections_overdue: int
    jobs_stalled: int
    jobs_failed: int
    looks_waiting: int
    """Alarms on unusual looking that nobody has settled; 0 for whoever does not watch over looks."""

    @property
    def total(self) -> int:
        """How many things are late or broken; what merely waits within its time is not counted."""
        return (
            self.feedback_overdue
            + self.batches_waiting
            + self.batches_failed
            + self.objections_overdue
            + self.jobs_stalled
            + self.jobs_failed
            + self.looks_waiting
        )


def alerts(*, actor: Actor) -> Alerts:
    """What waits or is late within what the actor may see. At most six counting queries."""
    department = _department_of(actor)
    mine = Q() if department is None else Q(department=department)
    batches = Batch.objects.filter(mine).aggregate(
        waiting=Count("pk", filter=Q(state=Batch.State.NEEDS_MAPPING) | ~Q(awaits={})),
        failed=Count("pk", filter=Q(state=Batch.State.FAILED)),
    )
    rows = RefusedRow.objects.filter(state=RefusedRow.State.OPEN)
    owed = CheckAnswer.objects.filter(feedback__isnull=True, feedback_due_on__isnull=False)
    stuck = Job.objects.all()
    if department is not None:
        rows = rows.filter(batch__department=department)
        owed = owed.filter(question__department=department)
        stuck = stuck.filter(batch__department=department)
    late_since = now() - STALLED_AFTER
    jobs = stuck.aggregate(
        stalled=Count("pk", filter=Q(state=Job.State.RUNNING, heartbeat_at__lt=late_since)),
        failed=Count("pk", filter=Q(state=Job.State.FAILED)),
    )
    answers = owed.aggregate(all=Count("pk"), overdue=Count("pk", filter=Q(feedback_due_on__lt=today())))
    open_cases = Case.objects.filter(mine).exclude(state__in=[Case.State.CLOSED, Case.State.PAPERS])
    cases = open_cases.annotate(next_on=NEXT_ON).aggregate(
        all=Count("pk"), overdue=Count("pk", filter=Q(next_on__lt=today()))
    )
    return Alerts(
        feedback_owed=answers["all"],
        feedback_overdue=answers["overdue"],
        batches_waiting=batches["waiting"],
        batches_failed=batches["failed"],
        refused_rows_open=rows.count(),
        objections_open=cases["all"],
        objections_overdue=cases["overdue"],
        jobs_stalled=jobs["stalled"],
        jobs_failed=jobs["failed"],
        looks_waiting=look_alarms.waiting(actor=actor) if actor.role in look_alarms.MAY_WATCH else 0,
    )


@dataclass(frozen=True)
class KindCount:
    """Records of one kind from one department; ``count`` None where hidden."""

    kind: str
    name: Text
    sign: str
    department: str
    department_name: Text
    count: int | None


@dataclass(frozen=True)
class DepartmentCount:
    """What a department has delivered; ``records`` sums the shown cells only, so that it gives no hidden one away."""

    department: str
    name: Text
    records: int
    kinds: int
    hidden: int
    """Kinds whose cell is hidden."""


@dataclass(frozen=True)
class MonthCount:
    """Records that entered in one month (its first day); ``count`` None where hidden."""

    month: date
    count: int | None


@dataclass(frozen=True)
class Situation:
    """Counts per kind, department and month (态势分析)."""

    kinds: list[KindCount]
    departments: list[DepartmentCount]
    months: list[MonthCount]
    people: int | None
    """Subjects in the register of persons; None where hidden or outside the actor's view."""
    organisations: int | None
    records: int
    """Sum of the shown cells."""
    whole_city: bool
    at: datetime | None
    """When it was counted; None where that is now."""


def situation(*, actor: Actor) -> Situation:
    """Counts per kind, department and month within what the actor may see. No person, no cell under ten."""
    department, rulebook = _department_of(actor), current()
    counted = held()
    seen = sorted((one for one in counted.cells if department in (None, one.department)), key=lambda one: one.kind)
    cells = hide_small({(one.department, one.kind): one.number for one in seen})
    kinds = [
        KindCount(
            kind=kind,
            name=rulebook.kinds[kind].name if kind in rulebook.kinds else Text(zh=kind, en=kind),
            sign=rulebook.kinds[kind].sign if kind in rulebook.kinds else "neutral",
            department=office,
            department_name=_department_name(office),
            count=count,
        )
        for (office, kind), count in cells.items()
    ]
    departments = [
        DepartmentCount(
            department=office,
            name=_department_name(office),
            records=sum(k.count or 0 for k in kinds if k.department == office),
            kinds=sum(1 for k in kinds if k.department == office),
            hidden=sum(1 for k in kinds if k.department == office and k.count is None),
        )
        for office in sorted({k.department for k in kinds})
    ]
    shown = {kind.kind for kind in kinds} - {kind.kind for kind in kinds if kind.count is None}
    months = hide_small(counted.by_month(lambda office, kind: department in (None, office) and kind in shown))
    registers: dict[str, int | None] = {}
    if department is None:
        registers = {name: None if 0 < n < SMALLEST_CELL else n for name, n in counted.registers.items()}
    return Situation(
        kinds=sorted(kinds, key=lambda k: (-(k.count or 0), k.kind)),
        departments=sorted(departments, key=lambda d: (-d.records, d.department)),
        months=[MonthCount(month, count) for month, count in months.items()],
        people=registers.get("person"),
        organisations=registers.get("organisation"),
        records=sum(kind.count or 0 for kind in kinds),
        whole_city=department is None,
        at=counted.at,
    )


def scene_consents(*, actor: Actor) -> dict[str, int | None]:
    """Live consents per scene of the rulebook, and under ``""`` those that open the score; cells under ten hidden."""
    if actor.role not in WHOLE_CITY | OWN_DEPARTMENT:
        raise NotAllowed("只有工作人员可以查看统计。Only staff may see these counts.")
    found = Consent.objects.filter(in_force()).values("scene").annotate(number=Count("pk")).order_by("scene")
    counted = dict.fromkeys(["", *current().scenes], 0) | {row["scene"]: row["number"] for row in found}
    return {scene: None if 0 < count < SMALLEST_CELL else count for scene, count in counted.items()}


@dataclass(frozen=True)
class JobLine:
    """A job as the operations page lists it."""

    number: str
    kind: str
    state: str
    done: int
    total: int
    message: str
    attempts: int
    created_at: datetime
    finished_at: datetime | None
    stalled: bool


@dataclass(frozen=True)
class RunLine:
    """One computation of the score: how many people, no figure of anybody."""

    number: str
    scheme: str
    version: str
    engine: str
    as_of: date
    state: str
    people: int | None
    checked: int
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Operations:
    """Jobs by state, the newest jobs and score runs (运维管理)."""

    jobs_by_state: dict[str, int]
    jobs: list[JobLine]
    runs: list[RunLine]


def operations(*, actor: Actor, newest: int = 20) -> Operations:
    """What the machine does. Clerks and officers see the jobs of their own department's files."""
    department = _department_of(actor)
    jobs = Job.objects.all() if department is None else Job.objects.filter(batch__department=department).distinct()
    states = jobs.values("state").annotate(number=Count("pk")).order_by("state")
    late_since = now() - STALLED_AFTER
    runs = ScoreRun.objects.order_by("-started_at", "-pk")[:newest] if department is None else []
    return Operations(
        jobs_by_state=dict.fromkeys(Job.State.values, 0) | {row["state"]: row["number"] for row in states},
        jobs=[
            JobLine(
                number=job.number,
                kind=job.kind,
                state=job.state,
                done=job.done,
                total=job.total,
                message=job.message,
                attempts=job.attempts,
                created_at=job.created_at,
                finished_at=job.finished_at,
                stalled=job.state == Job.State.RUNNING and (job.heartbeat_at or job.created_at) < late_since,
            )
            for job in jobs.order_by("-created_at", "-pk")[:newest]
        ],
        runs=[
            RunLine(
                number=run.number,
                scheme=run.scheme,
                version=run.version,
                engine=run.engine,
                as_of=run.as_of,
                state=run.state,
                people=None if 0 < run.people < SMALLEST_CELL else run.people,
                checked=run.checked,
                started_at=run.started_at,
                finished_at=run.finished_at,
            )
            for run in runs
        ],
    )
