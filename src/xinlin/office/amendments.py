"""The one way in which a stored record's state changes: on both clocks, with what held before (记录变动)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from xinlin.office.bulk import as_json, insert, moment, paired, pairing
from xinlin.office.farewells import note
from xinlin.office.models.cases import Case
from xinlin.office.models.records import Record, RecordEvent
from xinlin.office.scopes import Actor, now

CHANGEABLE = frozenset(
    {
        "status",
        "subject_id",
        "ends_on",
        "record_class",
        "named_person_id",
        "superseded_by_id",
        "notice_on",
        "disclosed_until",
    }
)
"""Columns that may change after a record was entered; its facts never do."""
AT_ONCE = 5_000
_CLOSING = ("status", "superseded_by_id")
_OF_EVENT = ("record", "entered_at", "happened_on", "reason", "before", "after", "actor", "case")
_SUPERSEDE = """
UPDATE record SET status = %s, status_changed_at = %s, superseded_by_id = pair.new FROM {} WHERE record.id = pair.old
"""
_OVER = frozenset({Record.Status.REPAIRED, Record.Status.WITHDRAWN, Record.Status.ENDED, Record.Status.SUPERSEDED})


class NoTransaction(RuntimeError):
    """A record was to be amended outside a transaction, where its event could outlive or miss the change."""


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def amend(
    *,
    actor: Actor,
    records: Iterable[int],
    change: Mapping[str, Any],
    reason: str,
    happened_on: date,
    case: Case | None = None,
) -> int:
    """Set the columns of ``change`` (of `CHANGEABLE`) on the records with these keys; returns how many changed.

    A record that already stands so is left alone. Each changed one gets a `RecordEvent` with the columns before and
    after. Runs in the caller's transaction, which also writes the leaf of the action. Raises `NoTransaction` outside one,
    ValueError for a column that never changes.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NoTransaction(f"{reason}: amend records inside the transaction of the action (transaction.atomic)")
    unknown = set(change) - CHANGEABLE
    if unknown or not change:
        raise ValueError(f"{reason}: cannot change {sorted(unknown)}; a record's facts stay as they came")
    keys, columns, moment, changed = list(records), sorted(change), now(), 0
    for start in range(0, len(keys), AT_ONCE):
        part = keys[start : start + AT_ONCE]
        events = []
        for pk, *held in Record.objects.select_for_update().filter(pk__in=part).values_list("pk", *columns):
            differing = [name for name, value in zip(columns, held, strict=True) if value != change[name]]
            if not differing:
                continue
            before = {name: _plain(held[columns.index(name)]) for name in differing}
            after = {name: _plain(change[name]) for name in differing}
            events.append(
                RecordEvent(
                    record_id=pk,
                    entered_at=moment,
                    happened_on=happened_on,
                    reason=reason,
                    before=before,
                    after=after,
                    actor=actor.handle,
                    case=case,
                )
            )
        touched = [event.record_id for event in events]
        values = {**change, "status_changed_at": moment} if "status" in change else change
        Record.objects.filter(pk__in=touched).update(**values)
        RecordEvent.objects.bulk_create(events, batch_size=1_000)
        changed += len(touched)
        if change.get("status") in _OVER and (case is not None or change["status"] == Record.Status.ENDED):
            _note_over(touched, str(change["status"]), moment)
    return changed


def supersede(*, actor: Actor, versions: Mapping[int, int], reason: str, happened_on: date) -> int:
    """Close the records that are the keys, each by the newer version that is its value; returns how many changed.

    What `amend` does, for many records that each get a value of their own: a fixed number of statements for each
    `AT_ONCE` of them. Raises `NoTransaction` outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NoTransaction(f"{reason}: amend records inside the transaction of the action (transaction.atomic)")
    keys, at, closed, changed = list(versions), now(), Record.Status.SUPERSEDED.value, 0
    for start in range(0, len(keys), AT_ONCE):
        held = Record.objects.select_for_update().filter(pk__in=keys[start : start + AT_ONCE])
        stood = list(held.values_list("pk", "status", "superseded_by_id"))
        events: list[list[Any]] = []
        for pk, *before in stood:
            after = [closed, versions[pk]]
            told = [
                as_json({name: one for name, one, other in zip(_CLOSING, *pair, strict=True) if one != other})
                for pair in ((before, after), (after, before))
            ]
            if before != after:
                events.append([pk, at, happened_on, reason, *told, actor.handle, None])
        _close([(event[0], versions[event[0]]) for event in events], closed, at)
        insert(RecordEvent, _OF_EVENT, events)
        changed += len(events)
    return changed


def _close(pairs: Sequence[tuple[int, int]], status: str, at: datetime) -> None:
    if not pairs:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SUPERSEDE.format(paired()), [status, moment(at), *pairing(pairs)])


def _note_over(records: list[int], status: str, moment: datetime) -> None:
    """Note outside the database what a person was given right in, or what left its list, so that no restore revives it."""
    found = Record.objects.filter(pk__in=records).values_list("reference", flat=True)
    note({"what": "over", "record": one, "status": status, "at": moment.isoformat()} for one in found)
