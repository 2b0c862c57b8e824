"""What stands in a credit report, and whether one is genuine (信用报告; 公共信用信息报告标准 2022)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext_noop

from xinlin.core.people import mask_identifier
from xinlin.core.records import Fact
from xinlin.core.reports import code_from
from xinlin.core.rulebooks import Rulebook
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record, RecordEvent
from xinlin.office.models.reports import Report
from xinlin.office.queries.honours import hidden_of
from xinlin.office.queries.people import LookView, look_at_oneself, looks_at, own_looks_at, own_subject, write_look
from xinlin.office.queries.records import RecordView, as_fact, represented_now, view, views
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, today

STANDING = ("active", "disputed")
"""What a report to be handed over holds: nothing repaired, ended, withdrawn or replaced (信用修复管理办法)."""
MOST_LOOKS = 2000


@dataclass(frozen=True)
class Firm:
    """An organisation that the person represents today."""

    reference: str
    """Its pseudonym, used in addresses."""
    name: str


@dataclass(frozen=True)
class Change:
    """Something that changed about a record after it was entered: when, why, by whom, from what to what."""

    record: str
    kind_name: Text
    entered_at: datetime
    happened_on: date
    reason: str
    source: Text
    before: str
    after: str
    """The status before and after, empty where something else changed."""


@dataclass(frozen=True)
class Counted:
    """One line of the summary: records of a kind that stand."""

    kind_name: Text
    sign: str
    standing: int
    ended: int
    department_name: Text


@dataclass(frozen=True)
class Content:
    """Everything that a report shows."""

    organisation: bool
    full: bool
    name: str
    identifier: str
    """Masked for a person; an organisation's code is public."""
    represented_by: str
    """For an organisation: the name of the person who asks, masked by whoever prints it if need be."""
    counted: list[Counted]
    records: list[RecordView]
    changes: list[Change]
    looks: list[LookView]
    own_looks: int


@dataclass(frozen=True)
class Genuine:
    """What anybody learns of a code: that a report was issued under it, and when."""

    number: str
    issued_at: datetime
    sha256: str


def firm_of(actor: Actor, reference: str, power: str) -> Subject:
    """The organisation under this handle, if the resident represents it today. Raises `NotFound`, `NotAllowed`."""
    keys = represented_now(own_subject(actor, power))
    found = Subject.objects.filter(pk__in=keys, pseudonym=reference).first()
    if found is None:
        raise NotFound(
            "没有这家单位，或您现在不是它的法定代表人。There is no such organisation, or you do not lead it now."
        )
    return found


def firms(*, actor: Actor, power: str = "report") -> list[Firm]:
    """The organisations that the resident represents today, and may have a report of."""
    found = Subject.objects.filter(pk__in=represented_now(own_subject(actor, power))).order_by("number")
    return [Firm(firm.pseudonym, firm.public_name) for firm in found]


def about_firm(firm: Subject, rulebook: Rulebook) -> list[tuple[RecordView, Fact]]:
    """Every record of an organisation, newest first, for callers that know whose it is and write the look."""
    found = []
    for record in Record.objects.filter(subject=firm).select_related("subject").order_by("-occurred_on", "-pk"):
        kind = rulebook.kinds.get(record.kind)
        if kind is not None:
            fact = as_fact(kind, record, via=True, represented=True)
            found.append((view(record, fact, rulebook, [], None), fact))
    return found


def _stands(record: RecordView, day: date) -> bool:
    return record.status in STANDING and (record.ends_on is None or day < record.ends_on)


def _changes(records: Sequence[RecordView], rulebook: Rulebook) -> list[Change]:
    kinds = {record.reference: record for record in records}
    events = RecordEvent.objects.filter(record__reference__in=list(kinds)).select_related("record", "case")
    made = []
    for event in events.order_by("-entered_at", "-pk"):
        record = kinds[event.record.reference]
        office = rulebook.departments.get(event.case.department if event.case else event.record.department)
        made.append(
            Change(
                record=record.reference,
                kind_name=record.kind_name,
                entered_at=event.entered_at,
                happened_on=event.happened_on,
                reason=event.reason,
                source=office.name if office else record.department_name,
                before=str(event.before.get("status", "")),
                after=str(event.after.get("status", "")),
            )
        )
    return made


def _counted(records: Sequence[RecordView], day: date) -> list[Counted]:
    standing, ended, first = Counter[str](), Counter[str](), dict[str, RecordView]()
    for record in records:
        first.setdefault(record.kind, record)
        (standing if _stands(record, day) else ended)[record.kind] += 1
    return [
        Counted(record.kind_name, record.sign, standing[kind], ended[kind], record.department_name)
        for kind, record in sorted(first.items())
    ]


def content(*, actor: Actor, firm: str = "", full: bool = True) -> Content:
    """What stands in a report about the resident, or about an organisation that they represent today.

    ``full`` is for oneself: every record ever held, each change with its source and reason, each look. Otherwise it is to be
    handed over, and holds what stands today and what the person does not hide. A look itself. Raises `NotFound`.
    """
    person, rulebook, day = own_subject(actor, "report"), current(), today()
    subject = firm_of(actor, firm, "report") if firm else person
    found = [r for r, _ in (about_firm(subject, rulebook) if firm else views(person.pk, rulebook, day))]
    hidden = set() if full or firm else hidden_of(person.pk)
    standing = [record for record in found if _stands(record, day) and record.reference not in hidden]
    shown = found if full else standing
    kinds = [record.kind for record in shown]
    if firm:
        write_look(
            actor=actor,
            subjects=[subject.pk],
            purpose=gettext_noop("单位查询本单位"),
            clause=gettext_noop("征信业管理条例 第十七条"),
            kinds=kinds,
            result=gettext_noop("出具信用报告"),
        )
    else:
        look_at_oneself(actor, kinds, gettext_noop("出具信用报告"))
    own = vault.unseal(person.name_sealed, "subject.name") if person.name_sealed else ""
    identifier = vault.unseal(subject.identifier_sealed, "subject.identifier")
    return Content(
        organisation=bool(firm),
        full=full,
        name=subject.public_name if firm else own,
        identifier=identifier if firm else mask_identifier(identifier),
        represented_by=own if firm else "",
        counted=_counted(shown, day),
        records=shown,
        changes=_changes(shown, rulebook) if full else [],
        looks=looks_at(subject.pk, limit=MOST_LOOKS, own=False) if full else [],
        own_looks=own_looks_at(subject.pk) if full else 0,
    )


def issued(*, actor: Actor) -> list[tuple[str, datetime, str]]:
    """Reports that the resident was given: number, when, about whom (empty: themselves), newest first."""
    given = Report.objects.filter(asked_by=own_subject(actor, "report")).select_related("subject")
    return [(one.number, one.issued_at, one.subject.public_name) for one in given.order_by("-issued_at")[:50]]


def genuine(code: str) -> Genuine | None:
    """The report issued under a code, as anybody may learn of it: that it is, and when. None where there is none."""
    found = Report.objects.filter(code_key=vault.keyed_hash("report", code_from(code))).first()
    return Genuine(found.number, found.issued_at, found.sha256) if found else None
