"""The case bulletin as anybody reads it; requests to take something down, as those see them who asked and who decide (案例播报)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from xinlin.core.publicity import SHOWN_STATUSES
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.bulletins import Bulletin, Takedown
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today

WORDS = "takedown.words"
CONTACT = "takedown.contact"
SHOWN = 10


@dataclass(frozen=True)
class CaseStory:
    """A case of the bulletin. A lesson names nobody: ``body``, ``uscc`` and ``reference`` are empty."""

    number: str
    title: str
    text: str
    purpose: str
    duty: str
    proportion: str
    department_name: Text
    shown_from: date
    shown_until: date
    body: str
    uscc: str
    reference: str
    disputed: bool
    reply: str
    replied_on: datetime | None
    hidden: bool


def _in_force(day: date) -> QuerySet[Bulletin]:
    """Shown today: within its days, not taken down, and its record still public."""
    public = Q(publication__ends_on__gt=day, publication__live=True, publication__record__status__in=SHOWN_STATUSES)
    found = Bulletin.objects.filter(shown_from__lte=day, shown_until__gt=day, taken_down_at__isnull=True)
    return found.filter(Q(publication__isnull=True) | public).select_related(
        "publication__body", "publication__record", "reply"
    )


def _story(row: Bulletin, hidden: bool) -> CaseStory:
    book, held = current(), row.publication
    office = book.departments.get(row.department)
    reply = getattr(row, "reply", None)
    return CaseStory(
        number=row.number,
        title=row.title if not hidden else str(held.body.name if held else ""),
        text="" if hidden else row.text,
        purpose=row.purpose,
        duty=row.duty,
        proportion=row.proportion,
        department_name=office.name if office else Text(zh=row.department, en=row.department),
        shown_from=row.shown_from,
        shown_until=min(row.shown_until, held.ends_on) if held else row.shown_until,
        body=held.body.name if held else "",
        uscc=held.body.uscc if held else "",
        reference=held.reference if held else "",
        disputed=bool(held and held.record.status == "disputed"),
        reply=reply.text if reply else "",
        replied_on=reply.said_at if reply else None,
        hidden=hidden,
    )


def _stories(rows: list[Bulletin]) -> list[CaseStory]:
    hiding = Takedown.objects.filter(bulletin__in=[row.pk for row in rows], hides=True).values_list(
        "bulletin", flat=True
    )
    hidden = set(hiding) if rows else set()
    return [_story(row, row.pk in hidden) for row in rows]


def shown(limit: int = SHOWN) -> list[CaseStory]:
    """The cases that run now, newest first."""
    return _stories(list(_in_force(today()).order_by("-shown_from", "-pk")[:limit]))


def of_record(reference: str) -> list[CaseStory]:
    """The cases that run now about one published record."""
    return _stories(list(_in_force(today()).filter(publication__reference=reference)))


def one(number: str) -> CaseStory:
    """One case that runs now. Raises `NotFound`, also once it has ended."""
    rows = list(_in_force(today()).filter(number=number))
    if not rows:
        raise NotFound("没有这条案例，或它已到期撤下。There is no such case, or it has ended.")
    return _stories(rows)[0]


@dataclass(frozen=True)
class Request:
    """A request to take something down, as the reviewer sees it."""

    number: str
    about: str
    reference: str
    bulletin: str
    reason: str
    words: str
    contact: str
    asked_at: datetime
    due_on: date
    state: str
    hides: bool
    late: bool
    answer: str


def requests(*, actor: Actor, open_only: bool = True) -> list[Request]:
    """Requests for the reviewers of the centre, the next deadline first. Raises `NotAllowed`."""
    if actor.role != "reviewer":
        raise NotAllowed("只有信用中心审核员处理撤下申请。Only reviewers of the credit centre decide such requests.")
    rows = Takedown.objects.select_related("publication__body", "bulletin").order_by("due_on", "pk")
    found = []
    for row in rows.filter(state="open") if open_only else rows:
        about = row.bulletin.title if row.bulletin else row.publication.body.name if row.publication else ""
        found.append(
            Request(
                number=row.number,
                about=about,
                reference=row.publication.reference if row.publication else "",
                bulletin=row.bulletin.number if row.bulletin else "",
                reason=row.reason,
                words=vault.unseal(row.words_sealed, WORDS),
                contact=vault.unseal(row.contact_sealed, CONTACT) if row.contact_sealed else "",
                asked_at=row.asked_at,
                due_on=row.due_on,
                state=row.state,
                hides=row.hides,
                late=row.state == "open" and row.due_on < today(),
                answer=row.answer,
            )
        )
    return found


@dataclass(frozen=True)
class Progress:
    """Where a request stands, as whoever holds its number sees it; nothing of what it says."""

    number: str
    state: str
    asked_at: datetime
    due_on: date
    answer: str


def progress(number: str) -> Progress:
    """Raises `NotFound`."""
    row = Takedown.objects.filter(number=number.strip()).first()
    if row is None:
        raise NotFound("没有这个编号的申请。There is no request with this number.")
    return Progress(row.number, row.state, row.asked_at, row.due_on, row.answer)
