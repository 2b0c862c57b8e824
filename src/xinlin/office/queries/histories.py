"""Records as they were known at an earlier moment (双时态).

A moment of the platform's knowledge is a `Horizon`: the last record and the last change of a record that were there. Clocks
alone would not do: what a transaction notes at one moment others see only after its commit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet

from xinlin.office.models.people import Relation
from xinlin.office.models.records import Record, RecordEvent

DAYS = frozenset({"ends_on", "notice_on", "disclosed_until"})


@dataclass(frozen=True)
class Horizon:
    """What was known: records and changes up to these keys."""

    records: int
    events: int


def horizon() -> Horizon:
    """What is known now, exactly: no writer is half-way. Blocks writers of records while it looks; needs no privilege."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE record, record_event IN SHARE MODE")
        found = [model._default_manager.aggregate(last=Max("pk"))["last"] or 0 for model in (Record, RecordEvent)]
        return Horizon(*found)


def _before(events: QuerySet[RecordEvent]) -> dict[int, dict[str, Any]]:
    """Record -> its changed columns as they were before the first of these events, which come oldest first."""
    known: dict[int, dict[str, Any]] = {}
    for record, before in events.values_list("record_id", "before").iterator():
        held = known.setdefault(record, {})
        for name, value in before.items():
            if name not in held:
                held[name] = date.fromisoformat(value) if name in DAYS and value is not None else value
    return known


def changed_since(moment: datetime) -> dict[int, dict[str, Any]]:
    """For each record that was amended after ``moment``: the columns that differ now, as they were at that moment.

    A record entered after ``moment`` is not among what was known then at all: filter ``entered_at`` as well. System
    use (replaying a run): no look is written, since nothing is shown to anybody.
    """
    return _before(RecordEvent.objects.filter(entered_at__gt=moment).order_by("entered_at", "pk"))


@dataclass(frozen=True)
class People:
    """The subjects of a run: the query that finds their keys in the database, and the keys themselves."""

    keys: QuerySet[Any, Any]
    among: Collection[int]


@dataclass(frozen=True)
class Past:
    """The records and relations as they were known at a horizon. System use: nothing is shown to anybody."""

    horizon: Horizon
    changes: Mapping[int, Mapping[str, Any]]

    @classmethod
    def at(cls, known: Horizon) -> Past:
        """Read what changed after the horizon."""
        return cls(known, _before(RecordEvent.objects.filter(pk__gt=known.events).order_by("pk")))

    def records(self, kind: str, column: str, people: People, *, changed: bool = False) -> Iterator[Record]:
        """Records of a kind whose ``column`` (``subject_id`` or ``named_person_id``) pointed at one of the people then.

        With ``changed`` only those that changed since.
        """
        later = Q(pk__in=RecordEvent.objects.filter(pk__gt=self.horizon.events).values("record_id"))
        pointing = later if changed else Q(**{f"{column}__in": people.keys}) | later
        rows = Record.objects.filter(pointing, kind=kind, pk__lte=self.horizon.records)
        for record in rows.iterator(chunk_size=5000):
            for name, value in self.changes.get(record.pk, {}).items():
                setattr(record, name, value)
            if getattr(record, column) in people.among:
                yield record

    def relations(self, people: People) -> dict[int, list[Relation]]:
        """Who led which organisation, by person: one held office until the next one known took it over."""
        theirs = Relation.objects.filter(person_id__in=people.keys, role="legal_representative")
        known = Relation.objects.filter(
            organisation_id__in=theirs.values("organisation_id"),
            role="legal_representative",
            record_id__lte=self.horizon.records,
        )
        found: dict[int, list[Relation]] = {}
        after: Relation | None = None
        for relation in known.order_by("-organisation_id", "-from_on", "-pk"):
            same = after is not None and after.organisation_id == relation.organisation_id
            relation.until_on = after.from_on if same and after is not None else None
            after = relation
            if relation.person_id in people.among:
                found.setdefault(relation.person_id, []).append(relation)
        return found


def touched_after(known: Horizon) -> set[int]:
    """Keys of everybody to whom a record belongs, or belonged, that changed after the horizon."""
    events = RecordEvent.objects.filter(pk__gt=known.events)
    people: set[int | None] = set()
    for subject, named, before, after in events.values_list(
        "record__subject_id", "record__named_person_id", "before", "after"
    ).iterator():
        people |= {subject, named}
        people |= {side.get(name) for side in (before, after) for name in ("subject_id", "named_person_id")}
    return {key for key in people if key is not None}
