"""Saying a record anew: the corrected version stands instead of the old one, which is kept (更正)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from xinlin.core.corrections import Corrected, read
from xinlin.core.rulebooks import Kind
from xinlin.office import vault
from xinlin.office.amendments import amend
from xinlin.office.leaves import write_leaf
from xinlin.office.models.cases import Case
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.records import Record
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, Refused, now, today

_CARRIED = (
    *("subject", "kind", "department", "batch", "row", "occurred_on", "record_class", "ends_on", "disclosed_until"),
    *("document", "authority", "article", "notice_on", "remedy", "named_person", "key"),
)
_OF_ENTRY = ("document", "authority", "article", "notice_on", "remedy", "ends_on")


def checked(record: Record, changes: Mapping[str, str]) -> tuple[Kind, Corrected]:
    """The changes as typed values. Raises `Refused` with the first thing that is wrong with them."""
    kind = current().kinds[record.kind]
    found = read(kind, changes, {"occurred_on": record.occurred_on, "ends_on": record.ends_on})
    if isinstance(found, list):
        raise Refused(found[0])
    return kind, found


def correct(*, actor: Actor, case: Case, record: Record, changes: Mapping[str, str]) -> Record:
    """Put the corrected version in the place of the record, in the caller's transaction; open cases follow it.

    A list entry moves with it, so that checks answer from what is right. Raises `Refused` for changes that a delivery
    could not say either.
    """
    kind, found = checked(record, changes)
    carried: dict[str, Any] = {name: getattr(record, name) for name in _CARRIED}
    marked = Case.objects.filter(record=record, kind__in=[Case.Kind.OBJECTION, Case.Kind.REVIEW])
    still = marked.exclude(pk=case.pk).exclude(state=Case.State.CLOSED).exists()
    anew = Record.objects.create(
        **{**carried, **found.columns},
        reference=secrets.token_hex(16),
        entered_at=now(),
        status=Record.Status.DISPUTED if still else Record.Status.ACTIVE,
        fields={**record.fields, **_sealed(kind, found)},
        fingerprint=vault.keyed_hash("correction", record.reference, case.number),
    )
    amend(
        actor=actor,
        records=[record.pk],
        change={"status": Record.Status.SUPERSEDED.value, "superseded_by_id": anew.pk},
        reason="corrected",
        happened_on=today(),
        case=case,
    )
    _move_entry(record, anew, found, case)
    Case.objects.filter(record=record).exclude(state=Case.State.CLOSED).update(record=anew)
    facts = {"from": record.reference, "case": case.number, "fields": sorted([*found.columns, *found.fields])}
    write_leaf(actor=actor, action="records.correct", table="record", key=anew.reference, facts=facts)
    return anew


def _sealed(kind: Kind, found: Corrected) -> dict[str, Any]:
    personal = {spec.code for spec in kind.fields if spec.personal}
    return {
        code: vault.seal(str(value), vault.RECORD_FIELDS) if code in personal else value
        for code, value in found.fields.items()
    }


def _move_entry(record: Record, anew: Record, found: Corrected, case: Case) -> None:
    entry = ListEntry.objects.filter(record=record, removed_at__isnull=True).first()
    if entry is None:
        return
    values: dict[str, Any] = {name: found.columns.get(name, getattr(entry, name)) for name in _OF_ENTRY}
    entered_on = found.columns.get("occurred_on", entry.entered_on)
    ListEntry.objects.create(record=anew, subject=entry.subject, list=entry.list, entered_on=entered_on, **values)
    entry.removed_at, entry.removal_reason = now(), f"已由更正版本代替（{case.number}）"
    entry.save(update_fields=["removed_at", "removal_reason"])
