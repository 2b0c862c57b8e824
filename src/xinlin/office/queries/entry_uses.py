"""What became of a department's own entries: which a delivery brought, and what other offices did on them (名单应用反馈)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext_noop

from xinlin.core.rulebooks import Department, ListMeasure
from xinlin.core.values import Text
from xinlin.office.models.exchange import DeliveryKey
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.measures import MeasureUse
from xinlin.office.queries.people import write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed

MOST = 1_000


@dataclass(frozen=True, slots=True)
class EntryState:
    """An entry of the department as it stands; ``message`` is the key under which it came."""

    entry: str
    message: str
    document: str
    state: str
    entered_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class UseOfEntry:
    """A measure that an office took on an entry of the department, and when it was lifted."""

    number: int
    entry: str
    message: str
    document: str
    measure: str
    measure_name: Text
    department: str
    department_name: Text
    item: str
    starts_on: date
    ends_on: date
    lifted_on: date | None
    lifted_because: str


def _department(actor: Actor) -> str:
    if actor.role != "machine" or not actor.department:
        raise NotAllowed("只有列入部门的系统可以查看。Only systems of the department that enters see this.")
    return actor.department


def of_message(*, actor: Actor, message: str) -> list[EntryState]:
    """The entries that came under this idempotency key, at most `MOST`. Writes the look. Empty for a key never used."""
    department = _department(actor)
    # the deliveries by their keys, and the order by row: otherwise PostgreSQL walks the whole list until it has enough
    batches = list(DeliveryKey.objects.filter(sender=actor.handle, key=message).values_list("batch", flat=True))
    found = ListEntry.objects.filter(record__batch__in=batches, record__department=department)
    rows = list(found.select_related("record").order_by("record__batch", "record__row")[:MOST])
    _look(actor, rows)
    return [
        EntryState(row.record.reference, message, row.document, row.record.status, row.entered_on, row.ends_on)
        for row in rows
    ]


def uses(*, actor: Actor, since: date) -> list[UseOfEntry]:
    """Measures on the department's entries that were taken or lifted on ``since`` or later, the oldest first; at most `MOST`.

    Asked again with the same day it tells the same and what is new: ``number`` knows each again. Writes the look.
    """
    department = _department(actor)
    fresh = Q(feedback__at__date__gte=since) | Q(lifted_on__gte=since)
    found = MeasureUse.objects.filter(fresh, entry__record__department=department)
    rows = list(
        found.select_related("entry__record__batch", "rule", "feedback__answer__question").order_by("pk")[:MOST]
    )
    _look(actor, [row.entry for row in rows])
    batches = {row.entry.record.batch_id for row in rows}
    keys = DeliveryKey.objects.filter(sender=actor.handle, batch__in=batches).order_by("pk")
    messages = dict(keys.values_list("batch", "key"))
    rulebook = current()
    return [
        UseOfEntry(
            number=row.pk,
            entry=row.entry.record.reference,
            message=messages.get(row.entry.record.batch_id, ""),
            document=row.document,
            measure=row.rule.code,
            measure_name=_name(rulebook.measures, row.rule.code),
            department=row.feedback.answer.question.department,
            department_name=_name(rulebook.departments, row.feedback.answer.question.department),
            item=row.feedback.answer.question.item,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            lifted_on=row.lifted_on,
            lifted_because=row.lifted_because,
        )
        for row in rows
    ]


def _name(named: Mapping[str, Department] | Mapping[str, ListMeasure], code: str) -> Text:
    """Its name in the rulebook of today; its code where that has it no more."""
    return named[code].name if code in named else Text(zh=code, en=code)


def _look(actor: Actor, rows: list[ListEntry]) -> None:
    write_look(
        actor=actor,
        subjects=sorted({row.subject_id for row in rows}),
        purpose=gettext_noop("名单应用反馈"),
        clause=gettext_noop("国办发〔2020〕49号"),
        kinds=sorted({row.record.kind for row in rows}),
        result=gettext_noop("查看名单应用情况"),
    )
