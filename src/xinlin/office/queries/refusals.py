"""Refused rows that wait, by department and kind, and those set aside (退回行队列): no cell of anybody."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, Min

from xinlin.core.values import Text
from xinlin.office.models.batches import Batch, RefusedRow
from xinlin.office.queries.batches import aside_reason, file_aside_reason, visible
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor

SAMPLED = 2_000
"""Rows of each group whose problems are counted; a wrong mapping refuses a million with one and the same."""
CAUSES = 4
SHOWN = 100
"""Rows set aside that the page lists."""


@dataclass(frozen=True)
class Cause:
    """What is wrong, and in how many rows."""

    code: str
    what: Text
    cure: Text
    rows: int


@dataclass(frozen=True)
class BatchRows:
    """A delivery with open rows."""

    number: str
    filename: str
    received_at: datetime
    rows: int


@dataclass(frozen=True)
class Waiting:
    """The open rows of one department and kind."""

    department: str
    department_name: Text
    kind_name: Text
    rows: int
    oldest: datetime
    sampled: bool
    causes: list[Cause] = field(default_factory=list)
    batches: list[BatchRows] = field(default_factory=list)


@dataclass(frozen=True)
class AsideRow:
    """A row that a person said is not to be taken in, and why."""

    department_name: Text
    kind_name: Text
    batch: str
    filename: str
    row: int
    reason: str
    at: datetime | None


@dataclass(frozen=True)
class Aside:
    """The rows set aside: how many, and the newest of them."""

    total: int
    rows: list[AsideRow]


def aside(*, actor: Actor) -> Aside:
    """What lies aside within what the actor may see, newest first. Raises `NotAllowed`."""
    rows = RefusedRow.objects.filter(state=RefusedRow.State.ASIDE, batch__in=visible(actor))
    newest = rows.select_related("batch").order_by(F("aside_at").desc(nulls_last=True), "-pk")[:SHOWN]
    shown = [
        AsideRow(
            department_name=_department_name(row.batch.department),
            kind_name=_kind_name(row.batch.kind),
            batch=row.batch.number,
            filename=row.batch.filename,
            row=row.row,
            reason=aside_reason(row),
            at=row.aside_at,
        )
        for row in newest
    ]
    return Aside(rows.count(), shown)


@dataclass(frozen=True)
class AsideFile:
    """A file that a person said is not to be taken in, and why."""

    department_name: Text
    kind_name: Text
    batch: str
    filename: str
    reason: str
    at: datetime | None


def files_aside(*, actor: Actor) -> list[AsideFile]:
    """The files set aside within what the actor may see, newest first. Raises `NotAllowed`."""
    newest = visible(actor).filter(state=Batch.State.ASIDE).order_by(F("aside_at").desc(nulls_last=True), "-pk")
    return [
        AsideFile(
            department_name=_department_name(batch.department),
            kind_name=_kind_name(batch.kind),
            batch=batch.number,
            filename=batch.filename,
            reason=file_aside_reason(batch),
            at=batch.aside_at,
        )
        for batch in newest[:SHOWN]
    ]


def _department_name(code: str) -> Text:
    office = current().departments.get(code)
    return office.name if office else Text(zh=code, en=code)


def _kind_name(code: str) -> Text:
    kind = current().kinds.get(code)
    return kind.name if kind else Text(zh=code, en=code)


def waiting(*, actor: Actor) -> list[Waiting]:
    """What waits within what the actor may see, most rows first. Raises `NotAllowed`."""
    rows = RefusedRow.objects.filter(state=RefusedRow.State.OPEN, batch__in=visible(actor))
    columns = ("batch__department", "batch__kind")
    groups = rows.values(*columns).annotate(number=Count("pk"), oldest=Min("batch__received_at")).order_by("-number")
    found = []
    for group in groups:
        department, kind = group["batch__department"], group["batch__kind"]
        own = rows.filter(batch__department=department, batch__kind=kind)
        found.append(
            Waiting(
                department=department,
                department_name=_department_name(department),
                kind_name=_kind_name(kind),
                rows=group["number"],
                oldest=group["oldest"],
                sampled=group["number"] > SAMPLED,
                causes=causes([problems for (problems,) in own.order_by("pk").values_list("problems")[:SAMPLED]]),
                batches=_batches(department, kind),
            )
        )
    return found


def _batches(department: str, kind: str) -> list[BatchRows]:
    own = Batch.objects.filter(department=department, kind=kind, refused_rows__state=RefusedRow.State.OPEN)
    told = own.annotate(open_rows=Count("refused_rows")).order_by("-received_at")
    return [BatchRows(*row) for row in told.values_list("number", "filename", "received_at", "open_rows")[:20]]


def causes(rows: list[list[dict[str, object]]]) -> list[Cause]:
    """What is wrong most often in these rows' problems."""
    count: Counter[str] = Counter()
    told: dict[str, tuple[Text, Text]] = {}
    for problems in rows:
        for problem in {str(p["code"]): p for p in problems}.values():
            code = str(problem["code"])
            count[code] += 1
            told.setdefault(code, (Text.model_validate(problem["what"]), Text.model_validate(problem["cure"])))
    return [Cause(code, *told[code], rows=number) for code, number in count.most_common(CAUSES)]
