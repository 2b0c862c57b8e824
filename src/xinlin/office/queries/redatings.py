"""Reads of changes of law: what a shorter term would change, and what was proposed and put into force (规则变动)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from xinlin.core.terms import add_term
from xinlin.core.values import Text
from xinlin.office.models.records import Record
from xinlin.office.models.redatings import Redating
from xinlin.office.queries.office_clocks import FEWEST
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, today


@dataclass(frozen=True)
class Preview:
    """What a shorter term would change today; counts only. Small counts of people are not told exactly."""

    records: int
    """Whose end comes nearer."""
    people: int
    ending: int
    """Among them, those that end at once."""
    untouched: int
    """Records of the kind and class that end by then anyway."""
    few: bool
    """Fewer people than may be told exactly."""


@dataclass(frozen=True)
class RedatingView:
    """One change as it stands."""

    number: str
    kind_name: Text
    record_class: str
    term: str
    document: str
    state: str
    preview: Preview
    changed: int
    proposed_at: datetime
    signed_at: datetime | None
    may_sign: bool
    """Another person than the one who proposed it."""


def may_change(actor: Actor) -> None:
    """Raise `NotAllowed` for anybody but the centre's reviewers."""
    if actor.role != "reviewer":
        raise NotAllowed("期限变更由信用中心审核员办理。Reviewers of the centre handle changes of terms.")


def nearer_ends(kind: str, record_class: str, term: str) -> Iterator[tuple[Record, date]]:
    """Each record that the term would end earlier than it ends now, with its new end. Writes nothing."""
    standing = Record.objects.filter(
        kind=kind, status__in=[Record.Status.ACTIVE, Record.Status.DISPUTED], subject__isnull=False
    )
    chosen = standing.filter(record_class=record_class) if record_class else standing
    for record in chosen.iterator(chunk_size=2_000):
        end = add_term(record.occurred_on, term)
        if record.ends_on is None or end < record.ends_on:
            yield record, end


def preview(*, actor: Actor, kind: str, record_class: str, term: str) -> Preview:
    """What the change would do, worked out as it would be done. Raises `NotAllowed`."""
    may_change(actor)
    day, people, ending, records = today(), set[int](), 0, 0
    for record, end in nearer_ends(kind, record_class, term):
        records += 1
        people.add(record.subject_id or 0)
        ending += end <= day and (record.ends_on is None or record.ends_on > day)
    held = Counter(Record.objects.filter(kind=kind).values_list("record_class", flat=True))
    whole = held[record_class] if record_class else held.total()
    return Preview(records, len(people), ending, max(0, whole - records), 0 < len(people) < FEWEST)


def listed(*, actor: Actor, limit: int = 50) -> list[RedatingView]:
    """Changes, the newest first. Raises `NotAllowed`."""
    may_change(actor)
    kinds = current().kinds
    return [
        RedatingView(
            number=row.number,
            kind_name=kinds[row.kind].name if row.kind in kinds else Text(zh=row.kind, en=row.kind),
            record_class=row.record_class,
            term=row.term,
            document=row.document,
            state=row.state,
            preview=Preview(**row.preview),
            changed=row.changed,
            proposed_at=row.proposed_at,
            signed_at=row.signed_at,
            may_sign=row.state == Redating.State.PROPOSED and row.proposed_by != actor.handle,
        )
        for row in Redating.objects.order_by("-proposed_at")[:limit]
    ]
