"""A department's own entries on its lists, found by exact identifier, for changing them (本部门名单条目)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext_noop

from xinlin.core.people import normalise_identifier
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.lists import ListEntry
from xinlin.office.queries.people import write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry of the department, standing or past."""

    reference: str
    list_name: Text
    document: str
    entered_on: date
    ends_on: date
    status: str
    removed_at: datetime | None
    removal_reason: str


def of_identifier(*, actor: Actor, identifier: str) -> list[EntryLine]:
    """Entries that the actor's department made about whom this exact identifier names, the newest first. Writes the look."""
    if actor.role != "clerk" or not actor.department:
        raise NotAllowed("只有列入部门可以查找自己的条目。Only the department that entered somebody finds its entries.")
    key = vault.identifier_key(normalise_identifier(identifier))
    found = ListEntry.objects.filter(subject__identifier_key=key, record__department=actor.department)
    rows = list(found.select_related("record").order_by("-pk")[:50])
    write_look(
        actor=actor,
        subjects=sorted({row.subject_id for row in rows}),
        purpose=gettext_noop("变更名单条目"),
        clause=gettext_noop("国办发〔2020〕49号"),
        kinds=sorted({row.record.kind for row in rows}),
        result=gettext_noop("查看名单条目"),
    )
    lists = current().lists
    return [
        EntryLine(
            reference=row.record.reference,
            list_name=lists[row.list].name if row.list in lists else Text(zh=row.list, en=row.list),
            document=row.document,
            entered_on=row.entered_on,
            ends_on=row.ends_on,
            status=row.record.status,
            removed_at=row.removed_at,
            removal_reason=row.removal_reason,
        )
        for row in rows
    ]
