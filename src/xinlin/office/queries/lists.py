"""Reads of statutory lists by exact identifier (名单).

These functions read people's data for an action that writes the looks itself, once it knows what came of the question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from django.db.models import FilteredRelation, Q

from xinlin.core.checks import Known
from xinlin.core.lists import Entry
from xinlin.office import vault
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.people import Subject

_ENTRY = (
    "entry__record__reference",
    "entry__list",
    "entry__entered_on",
    "entry__ends_on",
    "entry__document",
    "entry__authority",
    "entry__article",
    "entry__notice_on",
    "entry__remedy",
    "entry__record__status",
    "entry__removed_at",
)


@dataclass(frozen=True, slots=True)
class Found:
    """A registered subject: its primary key for the look, and what is known of it for the judgement."""

    subject_id: int
    known: Known


def known(identifiers: Iterable[str], lists: Collection[str]) -> dict[str, Found]:
    """Registered subjects by their exact normalised identifiers, with their entries on ``lists``: one query for all."""
    keys = {vault.identifier_key(identifier): identifier for identifier in set(identifiers)}
    if not keys:
        return {}
    on_lists = FilteredRelation("list_entries", condition=Q(list_entries__list__in=sorted(lists) or [""]))
    rows = (
        Subject.objects.filter(identifier_key__in=list(keys))
        .annotate(entry=on_lists)
        .values_list("identifier_key", "pk", "name_sealed", "public_name", *_ENTRY)
    )
    found: dict[str, Found] = {}
    for key, subject_id, name_sealed, public_name, *entry in rows:
        identifier = keys[key]
        if identifier not in found:
            name = public_name or (vault.unseal(name_sealed, "subject.name") if name_sealed else "")
            found[identifier] = Found(subject_id, Known(name))
        if entry[0] is not None:
            held = found[identifier]
            *parts, removed_at = entry
            listed = replace(Entry(*parts), removed=removed_at is not None)
            found[identifier] = replace(held, known=replace(held.known, entries=(*held.known.entries, listed)))
    return found


def entry_of(reference: str, subject_id: int) -> tuple[int, Entry] | None:
    """The entry with this public handle as it stands now, with its primary key; None where the subject has none such."""
    row = ListEntry.objects.filter(record__reference=reference, subject_id=subject_id).select_related("record").first()
    if row is None:
        return None
    return row.pk, Entry(
        reference=row.record.reference,
        list_code=row.list,
        entered_on=row.entered_on,
        ends_on=row.ends_on,
        document=row.document,
        authority=row.authority,
        article=row.article,
        notice_on=row.notice_on,
        remedy=row.remedy,
        status=row.record.status,
        removed=row.removed_at is not None,
    )
