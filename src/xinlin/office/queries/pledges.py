"""Promises as their promisors and their watchers see them, the government's own on the same board (承诺看板)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import BooleanField, Case, Count, Q, QuerySet, Value, When
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext_noop

from xinlin.core.holds import percent
from xinlin.core.people import mask_name
from xinlin.core.pledges import REMINDER_DAYS, PledgeTemplate
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.pledges import Pledge
from xinlin.office.queries.people import own_subject, write_look
from xinlin.office.queries.record_figures import months_until
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, today


@dataclass(frozen=True, slots=True)
class PledgeView:
    """One promise: by whom (masked where a person), what, until when, and how it came out."""

    number: str
    template: str
    name: Text
    opens: str
    promisor: str
    government: bool
    item_name: Text | None
    duty: Text
    papers: list[str]
    signed_at: datetime
    due_on: date
    state: str
    overdue: bool
    soon: bool
    result_on: date | None
    result_words: str


@dataclass(frozen=True, slots=True)
class Board:
    """Counts of promises by how they came out."""

    open: int
    kept: int
    late: int
    excused: int
    broken: int

    @property
    def kept_percent(self) -> str:
        """Kept in time, in a hundred that came to an end other than by excuse; empty while none has."""
        ended = self.kept + self.late + self.broken
        return f"{percent(self.kept, ended)} %" if ended else ""


def _view(row: Pledge, day: date) -> PledgeView:
    rulebook = current()
    template, item = rulebook.pledges.get(row.template), rulebook.approval_items.get(row.item)
    office = rulebook.departments.get(row.promisor)
    duty = template.duty if template and template.duty.zh == row.duty else Text(zh=row.duty, en=row.duty)
    if row.subject is None:
        promisor = office.name.zh if office else row.promisor
    else:
        name = vault.unseal(row.subject.name_sealed, "subject.name") if row.subject.name_sealed else ""
        promisor = row.subject.public_name or mask_name(name)
    open_ = row.state == Pledge.State.OPEN
    return PledgeView(
        number=row.number,
        template=row.template,
        name=template.name if template else Text(zh=row.template, en=row.template),
        opens=template.opens if template else "",
        promisor=promisor,
        government=row.subject is None,
        item_name=item.name if item else None,
        duty=duty,
        papers=list(row.papers),
        signed_at=row.signed_at,
        due_on=row.due_on,
        state=row.state,
        overdue=open_ and row.due_on < day,
        soon=open_ and 0 <= (row.due_on - day).days <= REMINDER_DAYS,
        result_on=row.result_on,
        result_words=row.result_words,
    )


def mine(*, actor: Actor) -> list[PledgeView]:
    """The resident's own promises, those that are due first."""
    rows = (
        Pledge.objects.filter(subject=own_subject(actor, "see")).select_related("subject").order_by("-state", "due_on")
    )
    return [_view(row, today()) for row in rows[:200]]


def _watched(actor: Actor) -> QuerySet[Pledge]:
    if actor.role in ("reviewer", "auditor"):
        return Pledge.objects.all()
    if actor.role == "officer" and actor.department:
        return Pledge.objects.filter(Q(department=actor.department) | Q(promisor=actor.department))
    raise NotAllowed("只有审批人员和信用中心可以查看承诺看板。Only officers and the credit centre see the board.")


def watched(*, actor: Actor, limit: int = 100) -> list[PledgeView]:
    """Promises that the actor's office watches over or gave, the open ones by their day. Writes looks."""
    rows = list(_watched(actor).select_related("subject").order_by("-state", "due_on")[:limit])
    write_look(
        actor=actor,
        subjects=[row.subject_id for row in rows if row.subject_id is not None],
        purpose=gettext_noop("跟踪承诺履行"),
        clause=gettext_noop("深圳经济特区社会信用条例 第六十三条"),
        kinds=[],
        result=gettext_noop("查看承诺看板"),
    )
    return [_view(row, today()) for row in rows]


def board(*, actor: Actor) -> tuple[Board, Board]:
    """Counts of the applicants' promises, and of the government's own."""
    by_office = Case(When(subject__isnull=True, then=Value(True)), default=Value(False), output_field=BooleanField())
    marked = _watched(actor).annotate(own=by_office)
    counted = marked.values_list("own", "state").annotate(n=Count("pk")).order_by()
    sums = {(government, state): number for government, state, number in counted}
    both = [
        Board(**{s: sums.get((own, s), 0) for s in ("open", "kept", "late", "excused", "broken")})
        for own in (False, True)
    ]
    return both[0], both[1]


def kept_by_month(*, actor: Actor, months: int = 12) -> list[tuple[date, int]]:
    """First day of a month, and how many in a hundred of the promises due in it were kept in time (履约率), the oldest first.

    Those that are open or excused stand in neither; a month in which none ended is left out.
    """
    ended = _watched(actor).filter(
        due_on__gte=months_until(today(), months)[0],
        state__in=[Pledge.State.KEPT, Pledge.State.LATE, Pledge.State.BROKEN],
    )
    counted = ended.annotate(month=TruncMonth("due_on")).values_list("month").order_by("month")
    sums = counted.annotate(n=Count("pk"), kept=Count("pk", filter=Q(state=Pledge.State.KEPT)))
    return [(month, 100 * kept // number) for month, number, kept in sums]


def templates(*, government: bool = False) -> list[PledgeTemplate]:
    """The promises that may be given here: an applicant's, or an office's."""
    return [one for one in current().pledges.values() if (one.opens == "government") == government]
