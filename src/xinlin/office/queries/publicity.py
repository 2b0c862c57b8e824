"""What anybody may read: organisations by name or code, their published records, the feed, the figures (信用公示查询).

Nothing here is about natural persons and nothing is unsealed. What has ended is left out by comparing days and states now,
whatever the publishing job has or has not done yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from xinlin.core.names import fold, search_pairs
from xinlin.core.people import normalise_identifier, uscc_problem
from xinlin.core.publicity import SHOWN_STATUSES, PublicSection
from xinlin.core.publicity_references import TITLE_OF_LIST
from xinlin.core.rulebooks import FieldSpec, Rulebook
from xinlin.core.values import Text
from xinlin.office.models.bulletins import Takedown
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.publicity import Publication, PublicBody, PublicChange
from xinlin.office.names_index import holding
from xinlin.office.rulebook import current
from xinlin.office.scopes import NotFound, today

PER_PAGE = 20
MOST_WORDS = 100
MOST_OF_A_BODY = 500


@dataclass(frozen=True)
class BodyView:
    """An organisation as anybody may see it."""

    uscc: str
    name: str
    kind: str
    masked: bool


@dataclass(frozen=True)
class PublicRecord:
    """A published record. ``fields`` are (label, value) with persons in texts hidden; codes come as `Text`."""

    cursor: int
    reference: str
    section: PublicSection
    kind_name: Text
    body: BodyView
    title: Text
    department_name: Text
    document: str
    authority: str
    article: str
    record_class: str
    decided_on: date
    published_on: datetime
    in_time: bool | None
    """Whether it was published within its clock; None where there is none."""
    ends_on: date
    disputed: bool
    corrected: bool
    fields: list[tuple[Text, str | Text]]
    hidden: bool
    """Whether its texts are hidden while a request is looked into."""


def _in_force_now(day: date) -> QuerySet[Publication]:
    """What is shown on ``day``, in one statement with the body and ``record_status``."""
    shown = Publication.objects.filter(live=True, ends_on__gt=day, record__status__in=SHOWN_STATUSES)
    taken_off = ListEntry.objects.filter(record=OuterRef("record"), removed_at__isnull=False)
    held = shown.filter(~Exists(taken_off)).annotate(record_status=F("record__status"))
    return held.select_related("body").defer("body__folded", "body__grams")


def _value(spec: FieldSpec, value: Any) -> str | Text:
    if spec.codes and str(value) in spec.codes:
        return spec.codes[str(value)]
    if spec.type == "money" and isinstance(value, int):
        return f"¥{value // 100:,}.{value % 100:02}"
    return str(value)


def body_view(body: PublicBody) -> BodyView:
    """An organisation for a page."""
    return BodyView(body.uscc, body.name, body.kind, body.masked)


def _view(row: Any, book: Rulebook, hidden: bool = False) -> PublicRecord | None:
    section, kind = book.publicity.get(row.section), book.kinds.get(row.kind)
    if section is None or kind is None:
        return None
    specs = {spec.code: spec for spec in kind.fields}
    listed = book.lists.get(kind.statutory_list or "")
    title = Text(zh=row.title or kind.name.zh, en=row.title or kind.name.en)
    if section.title == TITLE_OF_LIST and listed is not None:
        title = listed.name
    elif section.title in specs and specs[section.title].codes:
        title = (specs[section.title].codes or {}).get(row.title, title)
    if hidden:
        title = kind.name
    office = book.departments.get(row.department)
    shown = [(specs[code], row.fields[code]) for code in section.fields if code in row.fields and code in specs]
    return PublicRecord(
        cursor=row.pk,
        reference=row.reference,
        section=section,
        kind_name=kind.name,
        body=body_view(row.body),
        title=title,
        department_name=office.name if office else Text(zh=row.department, en=row.department),
        document=row.document,
        authority=row.authority,
        article=row.article,
        record_class=row.record_class,
        decided_on=row.decided_on,
        published_on=row.published_at,
        in_time=row.in_time,
        ends_on=row.ends_on,
        disputed=row.record_status == "disputed",
        corrected=row.corrected,
        fields=[(spec.heading, _value(spec, value)) for spec, value in shown if not (hidden and spec.type == "text")],
        hidden=hidden,
    )


def _views(rows: Sequence[Publication], book: Rulebook) -> list[PublicRecord]:
    hiding = set(hidden_among(row.pk for row in rows))
    found = [_view(row, book, row.pk in hiding) for row in rows]
    return [view for view in found if view is not None]


def hidden_among(publications: Iterable[int]) -> list[int]:
    """Which of these have their texts hidden while a request is looked into."""
    keys = list(publications)
    if not keys:
        return []
    return list(Takedown.objects.filter(publication__in=keys, hides=True).values_list("publication_id", flat=True))


# --- finding ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Search:
    """What a search found. ``more``: there are others; ``too_short``: the words name nobody in particular."""

    bodies: list[BodyView]
    more: bool = False
    too_short: bool = False


def search(words: str, limit: int = PER_PAGE) -> Search:
    """Organisations by code, or by any part of their name of two characters or more; an exact name comes first."""
    words = "".join(sign for sign in words if sign.isprintable())[:MOST_WORDS]
    code = normalise_identifier(words)
    if len(code) == 18 and uscc_problem(code) is None:
        return Search([body_view(body) for body in PublicBody.objects.filter(uscc=code)])
    text, pairs = fold(words), search_pairs(words)
    if not pairs:
        return Search([], too_short=True)
    found = list(PublicBody.objects.filter(folded=text, masked=False)[:limit])
    rest = holding(every=pairs).filter(folded__contains=text).exclude(pk__in=[body.pk for body in found])
    found += list(rest.order_by("pk")[: limit + 1 - len(found)])
    return Search([body_view(body) for body in found[:limit]], more=len(found) > limit)


@dataclass(frozen=True)
class BodyPage:
    """An organisation with what is published of it, newest first, and how many records each section has."""

    body: BodyView
    records: list[PublicRecord]
    counts: list[tuple[PublicSection, int]]


def organisation(uscc: str) -> BodyPage:
    """One organisation. Raises `NotFound`."""
    body = PublicBody.objects.filter(uscc=normalise_identifier(uscc)).first()
    if body is None:
        raise NotFound("没有这家单位。There is no such organisation.")
    book = current()
    rows = list(_in_force_now(today()).filter(body=body).order_by("-decided_on", "-id")[:MOST_OF_A_BODY])
    views = _views(rows, book)
    counts = [(s, sum(1 for view in views if view.section.code == s.code)) for s in book.publicity.values()]
    return BodyPage(body_view(body), views, counts)


# --- records ---------------------------------------------------------------------------------------------------------


class Gone(LookupError):
    """The record was public and is no longer; ``reason`` as the feed says it, ``at`` since when."""

    def __init__(self, reason: str, at: datetime | None) -> None:
        super().__init__(reason)
        self.reason, self.at = reason, at


def one(reference: str) -> PublicRecord:
    """One published record. Raises `Gone` for one that is no longer shown, `NotFound` for one that never was."""
    row = _in_force_now(today()).filter(reference=reference).first()
    view = next(iter(_views([row], current())), None) if row is not None else None
    if view is not None:
        return view
    held = Publication.objects.filter(reference=reference).first()
    if held is None:
        raise NotFound("没有这条公示。There is no such publication.")
    last = held.changes.order_by("-pk").first()
    gone = last if last is not None and last.gone else None
    raise Gone(gone.reason if gone else "ended", gone.at if gone else None)


@dataclass(frozen=True)
class Page:
    """Some records and the cursor of the page after them; None where there is none."""

    records: list[PublicRecord]
    following: str | None


def _read_cursor(cursor: str) -> tuple[date, int] | None:
    day, _, key = cursor.partition("_")
    try:
        return date.fromisoformat(day), int(key)
    except ValueError:
        return None


def section(code: str, *, department: str = "", after: str = "", limit: int = PER_PAGE) -> Page:
    """The records of a section, newest decision first. Raises `NotFound` for a section that is none."""
    book = current()
    if code not in book.publicity:
        raise NotFound("没有这个公示栏目。There is no such section.")
    rows = _in_force_now(today()).filter(section=code)
    if department:
        rows = rows.filter(department=department)
    place = _read_cursor(after) if after else None
    if place is not None:
        day, key = place
        rows = rows.filter(Q(decided_on__lt=day) | Q(decided_on=day, pk__lt=key), decided_on__lte=day)
    found = list(rows.order_by("-decided_on", "-id")[: limit + 1])
    following = None
    if len(found) > limit:
        found.pop()
        following = f"{found[-1].decided_on.isoformat()}_{found[-1].pk}"
    return Page(_views(found, book), following)


def in_order(code: str, after: int, limit: int, *, last: int | None = None) -> Page:
    """The records of a section in the order of their keys up to ``last``, for downloads. Raises `NotFound`."""
    book = current()
    if code not in book.publicity:
        raise NotFound("没有这个公示栏目。There is no such section.")
    rows = _in_force_now(today()).filter(section=code, pk__gt=after)
    if last is not None:
        rows = rows.filter(pk__lte=last)
    found = list(rows.order_by("pk")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return Page(_views(found, book), str(found[-1].pk) if more else None)


def last_key(code: str, after: int, count: int) -> int | None:
    """The key with which a file of at most ``count`` records ends; None where it is the last file.

    The index alone is read: what was struck out since it was published is counted too, so that a file may be shorter.
    """
    rows = Publication.objects.filter(live=True, ends_on__gt=today(), section=code, pk__gt=after)
    found = list(rows.order_by("pk").values_list("pk", flat=True)[count - 1 : count + 1])
    return found[0] if len(found) == 2 else None


# --- the feed --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One word of the feed. ``record`` is None where it is gone: take it down."""

    cursor: int
    reference: str
    reason: str
    at: datetime
    record: PublicRecord | None


def newest_cursor() -> int:
    """The cursor after which nothing has changed yet."""
    return PublicChange.objects.aggregate(top=Max("pk"))["top"] or 0


def changes(after: int, limit: int = 500) -> list[Change]:
    """What changed after a cursor, in order. A record that is gone by now is told as gone, whatever was said of it then."""
    columns = ("pk", "publication", "publication__reference", "reason", "gone", "at")
    words = list(PublicChange.objects.filter(pk__gt=after).order_by("pk").values_list(*columns)[:limit])
    shown = _in_force_now(today()).filter(pk__in={word[1] for word in words})
    views = {view.cursor: view for view in _views(list(shown), current())}
    found = []
    for cursor, publication, reference, reason, gone, at in words:
        record = None if gone else views.get(publication)
        found.append(Change(cursor, reference, reason if gone or record is not None else "ended", at, record))
    return found
