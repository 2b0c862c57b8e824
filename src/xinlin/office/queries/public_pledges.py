"""What organisations and offices promised, as anybody may read it; promises of persons are nobody's business (信用承诺公示)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from xinlin.core.masking import mask_people
from xinlin.core.values import Text
from xinlin.office.models.pledges import Pledge
from xinlin.office.rulebook import current
from xinlin.office.scopes import today

SHOWN = 50
STATES = ("open", "kept", "late", "excused", "broken")


@dataclass(frozen=True)
class PublicPledge:
    """One promise: by which organisation (its code, for a link) or office, what, until when, how it came out."""

    name: Text
    promisor: Text
    uscc: str
    duty: Text
    due_on: date
    state: str
    overdue: bool


@dataclass(frozen=True)
class PublicBoard:
    """The newest promises of organisations and of the government itself, each with their counts by outcome."""

    firms: list[PublicPledge]
    government: list[PublicPledge]
    firm_counts: list[tuple[str, int]]
    government_counts: list[tuple[str, int]]


_PUBLIC = Q(subject__isnull=True) | Q(subject__register="organisation", subject__public_body__isnull=False)


def _view(row: Pledge, day: date) -> PublicPledge:
    book = current()
    template, office = book.pledges.get(row.template), book.departments.get(row.promisor)
    body = row.subject.public_body if row.subject is not None else None
    promisor = Text(zh=body.name, en=body.name) if body else office.name if office else Text(zh="", en="")
    duty = template.duty if template and template.duty.zh == row.duty else None
    return PublicPledge(
        name=template.name if template else Text(zh=row.template, en=row.template),
        promisor=promisor,
        uscc=body.uscc if body else "",
        duty=duty or Text(zh=mask_people(row.duty), en=mask_people(row.duty)),
        due_on=row.due_on,
        state=row.state,
        overdue=row.state == Pledge.State.OPEN and row.due_on < day,
    )


def board() -> PublicBoard:
    """Everything but what was withdrawn, the newest first."""
    rows = Pledge.objects.filter(_PUBLIC).exclude(state=Pledge.State.WITHDRAWN)
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for promisor, state, number in rows.order_by().values_list("promisor", "state").annotate(n=Count("pk")):
        counts[bool(promisor)][state] += number
    newest = rows.select_related("subject__public_body").order_by("-signed_at", "-pk")
    day = today()
    shown = {
        government: [_view(row, day) for row in newest.filter(subject__isnull=government)[:SHOWN]]
        for government in (True, False)
    }
    listed = {government: [(state, counts[government][state]) for state in STATES] for government in (True, False)}
    return PublicBoard(shown[False], shown[True], listed[False], listed[True])
