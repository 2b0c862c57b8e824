"""One record as those who answer for it see it: what was sent, what joined it, its versions and what changed (记录页)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext_noop

from xinlin.core.rulebooks import FieldSpec
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.queries.linking import masked, registered_name
from xinlin.office.queries.people import write_look
from xinlin.office.queries.records import NO, YES, in_readers_language
from xinlin.office.queries.subjects import EXACT, MOVED, joining_field
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound

SEES_ALL = frozenset({"reviewer", "auditor"})


@dataclass(frozen=True)
class EventLine:
    """What changed about the record, on both clocks."""

    reason: str
    happened_on: date
    entered_at: datetime
    case: str


@dataclass(frozen=True)
class HeldRecord:
    """The whole page."""

    reference: str
    kind_name: Text
    department_name: Text
    source: str
    """``duty`` or ``public_web``."""
    status: str
    record_class: str
    occurred_on: date
    entered_at: datetime
    ends_on: date | None
    document: str
    authority: str
    article: str
    notice_on: date | None
    remedy: str
    fields: list[tuple[Text, str]]
    subject_name: str
    subject_masked: str
    subject_pseudonym: str
    """Empty for those who may not open the subject's page."""
    why: Text
    joined_by: Text
    batch: str
    row: int
    older: list[str]
    newer: str
    events: list[EventLine]
    on_list: bool
    """Whether it is an entry that stands on its list, suspended or not."""


def _look(actor: Actor, record: Record, subject: Subject, *, refused: bool = False) -> None:
    """Note the look at a person's record, or that it was refused; an organisation is shown none."""
    if subject.register != Subject.Register.PERSON:
        return
    write_look(
        actor=actor,
        subjects=[subject.pk],
        purpose=gettext_noop("核对一条记录"),
        clause="" if refused else gettext_noop("个人信息保护法 第八条"),
        kinds=[] if refused else [record.kind],
        result=gettext_noop("不由其办理，已拒绝，未看到任何内容") if refused else gettext_noop("查看记录"),
        refused=refused,
    )


def _may(actor: Actor, record: Record | None) -> Record:
    if record is not None and actor.role in SEES_ALL:
        return record
    if record is not None and actor.role == "clerk" and actor.department == record.department:
        return record
    if actor.role not in (*SEES_ALL, "clerk"):
        raise NotAllowed("您的角色不能查看记录。Your role may not see records.")
    if record is not None and record.subject is not None:
        _look(actor, record, record.subject, refused=True)
    raise NotFound("没有这条记录，或不由您查看。There is no such record, or it is not yours to see.")


def _shown(spec: FieldSpec, value: object) -> str:
    if spec.personal or value is None:
        return "****" if value is not None else ""
    if spec.type == "money" and isinstance(value, int):
        return f"¥{value // 100:,}.{value % 100:02}"
    if isinstance(value, bool):
        return str(YES if value else NO)
    text = (spec.codes or {}).get(str(value))
    return in_readers_language(text) if text else str(value)


def record(*, actor: Actor, reference: str) -> HeldRecord:
    """One record: a department's own, or any to the centre. Writes the look, also a refused one. Raises `NotFound`, `NotAllowed`."""
    wanted = Record.objects.select_related("subject", "batch", "superseded_by").filter(reference=reference).first()
    held = _may(actor, wanted)
    book, subject = current(), held.subject
    kind, office = book.kinds.get(held.kind), book.departments.get(held.department)
    if subject is not None:
        _look(actor, held, subject)
    events = list(held.events.select_related("case").order_by("pk"))
    moved = next((MOVED[event.reason] for event in reversed(events) if event.reason in MOVED), None)
    shown = [(s.heading, _shown(s, held.fields.get(s.code))) for s in (kind.fields if kind else []) if s.role is None]
    return HeldRecord(
        reference=held.reference,
        kind_name=kind.name if kind else Text(zh=held.kind, en=held.kind),
        department_name=office.name if office else Text(zh=held.department, en=held.department),
        source=kind.source if kind else "duty",
        status=held.status,
        record_class=held.record_class,
        occurred_on=held.occurred_on,
        entered_at=held.entered_at,
        ends_on=held.ends_on,
        document=held.document,
        authority=held.authority,
        article=held.article,
        notice_on=held.notice_on,
        remedy=held.remedy,
        fields=[(label, value) for label, value in shown if value],
        subject_name=registered_name(subject) if subject else _own_name(held),
        subject_masked=masked(subject) if subject else "",
        subject_pseudonym=subject.pseudonym if subject and actor.role in SEES_ALL else "",
        why=moved or EXACT,
        joined_by=joining_field(kind),
        batch=held.batch.number,
        row=held.row,
        older=list(held.supersedes.order_by("pk").values_list("reference", flat=True)),
        newer=held.superseded_by.reference if held.superseded_by else "",
        events=[EventLine(e.reason, e.happened_on, e.entered_at, e.case.number if e.case else "") for e in events],
        on_list=held.status in (Record.Status.ACTIVE, Record.Status.DISPUTED)
        and ListEntry.objects.filter(record=held, removed_at__isnull=True).exists(),
    )


def _own_name(held: Record) -> str:
    """The name in an unlinked record itself."""
    kind = current().kinds.get(held.kind)
    codes = [spec.code for spec in kind.fields if spec.role == "subject_name"] if kind else []
    value = str(next((held.fields[code] for code in codes if code in held.fields), ""))
    return vault.unseal(value, vault.RECORD_FIELDS) if value.startswith(f"{vault.VERSION}:") else value
