"""How well departments deliver (数据质量): who sends what, when last, how much is refused and why; and what must add up.

Counts alone, no person. A clerk sees the own department, the credit centre all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.timezone import localtime

from xinlin.core.conformity import Item, Reconciliation, Standing, by_cause, per_mille, standing
from xinlin.core.rulebooks import Kind
from xinlin.core.values import Text
from xinlin.office.models.batches import Batch, RefusedRow
from xinlin.office.queries.record_figures import held
from xinlin.office.queries.refusals import Cause, causes
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, today

WHOLE_CITY = frozenset({"reviewer", "auditor", "operator", "analyst"})
MONTHS = 12
SAMPLED = 500


@dataclass(frozen=True)
class Coverage:
    """One department and one kind that it is to send."""

    department: str
    department_name: Text
    level: str
    kind: str
    kind_name: Text
    interval: str
    standing: Standing
    last_on: date | None
    due_on: date | None
    deliveries: int
    rows: int
    refused: int
    aside: int
    """Refused rows that a person said are not to come in, those among them that came corrected and were refused again."""
    files_waiting: int
    """Files that wait for somebody to name their columns."""
    files_aside: int
    """Files that a person said are not to come in."""
    causes: list[Cause]

    @property
    def conformity(self) -> int | None:
        """Rows taken, in thousandths of those read."""
        return per_mille(self.rows - self.refused, self.rows)


@dataclass(frozen=True)
class Month:
    """What came in one month."""

    month: date
    rows: int
    refused: int
    refused_per_mille: int | None


@dataclass(frozen=True)
class Quality:
    """The whole page."""

    lines: list[Coverage]
    months: list[Month]
    reporting: int
    """Pairs of department and kind that delivered within their interval."""
    silent: int
    whole_city: bool

    @property
    def reporting_per_cent(self) -> int:
        """How much of what is expected was delivered in time."""
        return self.reporting * 100 // len(self.lines) if self.lines else 0


def _seen(actor: Actor) -> tuple[QuerySet[Batch], str]:
    """The deliveries that the actor may count, and the department to which that is narrowed."""
    if actor.role in WHOLE_CITY:
        return Batch.objects.all(), ""
    if actor.role == "clerk" and actor.department:
        return Batch.objects.filter(department=actor.department), actor.department
    raise NotAllowed("您的角色不能查看数据质量。Your role may not see the quality of deliveries.")


def quality(*, actor: Actor) -> Quality:
    """Every pair of department and kind in the catalogue that is in force, and twelve months. Raises `NotAllowed`."""
    seen, only = _seen(actor)
    done, book, day = seen.filter(state=Batch.State.DONE, replays__isnull=True), current(), today()
    told = done.values("department", "kind").annotate(
        last=Max("received_at"), number=Count("pk"), rows=Sum("rows_read"), refused=Sum("rows_refused")
    )
    counted = {(one["department"], one["kind"]): one for one in told}
    wrong = _causes(done)
    laid = RefusedRow.objects.filter(batch__in=seen, state=RefusedRow.State.ASIDE)
    told_aside = laid.values_list("batch__department", "batch__kind").annotate(number=Count("pk")).order_by()
    aside = {(department, kind): number for department, kind, number in told_aside}
    files = _files_not_in(seen)
    lines = []
    for kind in book.kinds.values():
        if kind.effect == "count" or not book.in_force(kind, day):
            continue
        for code in kind.providers:
            if only in ("", code):
                pair = code, kind.code
                not_in = aside.get(pair, 0), files[pair]
                lines.append(_coverage(kind, code, counted.get(pair), not_in, wrong[pair], day))
    order: dict[Standing, int] = {"silent": 0, "due": 1, "kept": 2, "never": 3}
    lines.sort(key=lambda line: (order[line.standing], line.department, line.kind))
    return Quality(
        lines=lines,
        months=_months(done, day),
        reporting=sum(line.standing in ("kept", "due") for line in lines),
        silent=sum(line.standing == "silent" for line in lines),
        whole_city=not only,
    )


def _files_not_in(seen: QuerySet[Batch]) -> defaultdict[tuple[str, str], Counter[str]]:
    """Files that wait for their columns or were set aside, by department and kind; what was only tried is no delivery."""
    states = [Batch.State.NEEDS_MAPPING, Batch.State.ASIDE]
    told = seen.filter(state__in=states, only_tried=False).values_list("department", "kind", "state")
    found: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for department, kind, state, number in told.annotate(number=Count("pk")).order_by():
        found[department, kind][state] = number
    return found


def _coverage(
    kind: Kind,
    code: str,
    told: Mapping[str, Any] | None,
    not_in: tuple[int, Counter[str]],
    wrong: list[Cause],
    day: date,
) -> Coverage:
    office = current().departments.get(code)
    last = localtime(told["last"]).date() if told else None
    where, due = standing(last, kind.update_interval, day)
    rows, refused = (told["rows"] or 0, told["refused"] or 0) if told else (0, 0)
    return Coverage(
        department=code,
        department_name=office.name if office else Text(zh=code, en=code),
        level=office.authority_level if office else "city",
        kind=kind.code,
        kind_name=kind.name,
        interval=kind.update_interval,
        standing=where,
        last_on=last,
        due_on=due,
        deliveries=told["number"] if told else 0,
        rows=rows,
        refused=refused,
        aside=not_in[0],
        files_waiting=not_in[1][Batch.State.NEEDS_MAPPING],
        files_aside=not_in[1][Batch.State.ASIDE],
        causes=wrong,
    )


def _causes(done: QuerySet[Batch]) -> defaultdict[tuple[str, str], list[Cause]]:
    """What was wrong most often in the newest refused rows of each department and kind."""
    rows: defaultdict[tuple[str, str], list[list[dict[str, object]]]] = defaultdict(list)
    newest = RefusedRow.objects.filter(batch__in=done).order_by("-pk")
    for department, kind, problems in newest.values_list("batch__department", "batch__kind", "problems")[
        : SAMPLED * 20
    ]:
        if len(rows[department, kind]) < SAMPLED:
            rows[department, kind].append(problems)
    found: defaultdict[tuple[str, str], list[Cause]] = defaultdict(list)
    for pair, problems in rows.items():
        found[pair] = causes(problems)
    return found


def _months(done: QuerySet[Batch], day: date) -> list[Month]:
    first = (day.replace(day=1) - timedelta(days=31 * (MONTHS - 1))).replace(day=1)
    told = (
        done.filter(received_at__date__gte=first)
        .annotate(month=TruncMonth("received_at"))
        .values("month")
        .annotate(rows=Sum("rows_read"), refused=Sum("rows_refused"))
        .order_by("month")
    )
    return [
        Month(one["month"].date(), one["rows"], one["refused"], per_mille(one["refused"], one["rows"])) for one in told
    ]


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def reconciliations(*, actor: Actor) -> tuple[datetime | None, list[Reconciliation]]:
    """What the platform's own counts must add up to, with every remainder and its causes; and when they were counted.

    Raises `NotAllowed`. The moment is None where they were counted for this very answer.
    """
    if actor.role not in WHOLE_CITY and not actor.handle.startswith("system:"):
        raise NotAllowed("您的角色不能查看对账。Your role may not see reconciliations.")
    counts = held()
    return counts.at, [_rows_and_records(counts.deliveries), _registrations_and_people(counts.registrations)]


def _rows_and_records(told: Mapping[str, int]) -> Reconciliation:
    """Every row that was read against what became of it."""
    return by_cause(
        _text("读到的行与入库的记录", "Rows read, and records"),
        _text("读到的行", "Rows read"),
        told["read"],
        [Item(_text("入库的记录", "Records"), told["records"])],
        {
            _text("退回的行", "Rows refused"): told["refused"],
            _text("与已有记录相同，不重复入库", "The same record was held already"): told["repeated"],
            _text("本人要求删除的记录", "Deleted as the person asked"): told["accepted"]
            - told["repeated"]
            - told["records"],
        },
    )


def _registrations_and_people(told: Mapping[str, int]) -> Reconciliation:
    """Rows of the register of persons against the people in it: 建档 counts people, not rows."""
    return by_cause(
        _text("登记行与建档人数", "Rows of the register, and people"),
        _text("登记行", "Rows of the register"),
        told["read"],
        [Item(_text("建档人数", "People"), told["people"])],
        {
            _text("退回的行", "Rows refused"): told["refused"],
            _text("同一行重复报送", "The same row sent again"): told["repeated"],
            _text("同一人另有登记（变更、并入）", "Another registration of the same person"): told["records"]
            - told["people"],
        },
    )
