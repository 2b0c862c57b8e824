"""Reads of statutory lists by exact identifier (名单).

These functions read people's data for an action that writes the looks itself, once it knows what came of the question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection

from xinlin.core.checks import Known
from xinlin.core.lists import Entry
from xinlin.office import vault
from xinlin.office.bulk import fetched, listing
from xinlin.office.models.lists import ListEntry


@dataclass(frozen=True, slots=True)
class Found:
    """A registered subject: its primary key for the look, and what is known of it for the judgement."""

    subject_id: int
    known: Known


_KNOWN = """SELECT i.identifier_key, s.id, s.name_sealed, s.public_name, r.reference, e.list, e.entered_on, e.ends_on,
    e.document, e.authority, e.article, e.notice_on, e.remedy, r.status
FROM subject i
JOIN subject s ON s.id = COALESCE(i.merged_into_id, i.id)
LEFT JOIN (list_entry e JOIN record r ON r.id = e.record_id)
    ON e.subject_id = s.id AND e.removed_at IS NULL AND e.list {among}
WHERE i.identifier_key {these}"""
"""What concerns a subject that was found to be another stands under that one."""
_AMONG = {"postgresql": "= ANY(%s)", "sqlite": "IN (SELECT value FROM json_each(%s))"}
_ONE = "= %s"
"""One key is no array: PostgreSQL takes an unknown array for ten keys, and would rather plan anew each time."""


def _day(value: date | str | None) -> date | None:
    """A day as the database's driver gives it: SQLite keeps text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def known(identifiers: Iterable[str], lists: Collection[str]) -> dict[str, Found]:
    """Registered subjects by their exact normalised identifiers, with their entries on ``lists``: one query for all.

    Written out, since every check runs it: for one applicant the statement costs more to build than to answer. A name is
    opened only beside an entry: nothing else is compared with it, and a subject without one takes no longer than nobody.
    """
    keys = {vault.identifier_key(identifier): identifier for identifier in set(identifiers)}
    if not keys:
        return {}
    among, single = _AMONG[connection.vendor], len(keys) == 1
    statement = _KNOWN.format(among=among, these=_ONE if single else among)
    found: dict[str, Found] = {}
    for row in fetched(statement, [listing(lists), next(iter(keys)) if single else listing(keys)]):
        key, subject_id, name_sealed, public_name, reference, *entry = row
        identifier = keys[key]
        if reference is None:
            found[identifier] = Found(subject_id, NOBODY)
            continue
        held = found.get(identifier)
        if held is None:
            name = public_name or (vault.unseal(name_sealed, "subject.name") if name_sealed else "")
            held = Found(subject_id, Known(name))
        listed = _entry(reference, *entry)
        found[identifier] = Found(subject_id, Known(held.known.name, (*held.known.entries, listed)))
    return found


NOBODY = Known("")
"""What is known of a subject without an entry on the lists: nothing."""


def _entry(
    reference: str,
    list_code: str,
    entered_on: date | str,
    ends_on: date | str,
    document: str,
    authority: str,
    article: str,
    notice_on: date | str,
    remedy: str,
    status: str,
) -> Entry:
    entered = _day(entered_on)
    if entered is None:
        raise ValueError("an entry without its day of entry")
    told, end = _day(notice_on), _day(ends_on)
    return Entry(reference, list_code, entered, end, document, authority, article, told, remedy, status)


def entry_from(row: ListEntry) -> Entry:
    """What an entry, read with its record, says as it stands now."""
    return Entry(
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


def entry_of(reference: str, subject_id: int) -> tuple[int, Entry] | None:
    """The entry with this public handle as it stands now, with its primary key; None where the subject has none such."""
    row = ListEntry.objects.filter(record__reference=reference, subject_id=subject_id).select_related("record").first()
    return None if row is None else (row.pk, entry_from(row))
