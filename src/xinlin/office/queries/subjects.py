"""One subject of the register as the credit centre sees it: what was joined to it, by what, and what a person changed (主体).

Of an organisation the page lists every record. Of a person it is no portrait: it lists what is in question (a record that one
comes from, one that somebody joined or moved, one with an open case) and counts the rest, which a row's exact number joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.people import mask_name, normalise_identifier
from xinlin.core.rulebooks import Kind
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.cases import Case
from xinlin.office.models.linking import SubjectChange
from xinlin.office.models.people import Relation, Subject
from xinlin.office.models.records import Record, RecordEvent
from xinlin.office.queries.linking import masked, registered_name
from xinlin.office.queries.people import write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound

SEES = frozenset({"reviewer", "auditor"})
SHOWN = 200
"""Records on one page; a subject with more is looked through by its deliveries."""
_MOVES = ("merged", "split", "linked", "taken_back")
REASON = "subject_change.reason"
EXACT = Text(zh="号码完全一致", en="the same identifier, exactly")
MOVED = {
    "merged": Text(zh="两个主体合并时移来", en="moved here when two subjects were merged"),
    "split": Text(zh="经人核实移来", en="moved here by a person"),
    "linked": Text(zh="经人核实关联", en="attached by a person"),
    "taken_back": Text(zh="撤回变更时移回", en="moved back when a change was taken back"),
}


@dataclass(frozen=True)
class JoinedRecord:
    """A record and why it is this subject's."""

    reference: str
    kind_name: Text
    department_name: Text
    occurred_on: date
    status: str
    document: str
    batch: str
    row: int
    why: Text
    field: Text
    """The field by which it was joined."""
    joined_at: datetime


@dataclass(frozen=True)
class RelationLine:
    """Who represented whom, from when until when."""

    name: str
    pseudonym: str
    holds: bool
    """True where the other one is the organisation."""
    from_on: date
    until_on: date | None
    batch: str


@dataclass(frozen=True)
class ChangeLine:
    """What a person did, and whether it stands."""

    number: str
    sort: str
    reason: str
    actor_name: str
    at: datetime
    other: str
    records: int
    before: str
    after: str
    undone_at: datetime | None
    undone_reason: str


@dataclass(frozen=True)
class SubjectView:
    """The whole page."""

    pseudonym: str
    register: str
    kind: str
    name: str
    masked_identifier: str
    entered_at: datetime
    names: list[str]
    """Other names accepted for it."""
    merged_into: str
    merged_name: str
    records: list[JoinedRecord]
    more: bool
    unlisted: int
    """A person's records that are not in question here."""
    relations: list[RelationLine]
    changes: list[ChangeLine]


def _may(actor: Actor) -> None:
    if actor.role not in SEES:
        raise NotAllowed("只有信用中心可以查看主体。Only the credit centre sees subjects.")


def _look(actor: Actor, subject: Subject, kinds: set[str]) -> None:
    if subject.register == Subject.Register.PERSON:
        write_look(
            actor=actor,
            subjects=[subject.pk],
            purpose=gettext_noop("核实记录属于谁"),
            clause=gettext_noop("个人信息保护法 第八条"),
            kinds=kinds,
            result=gettext_noop("查看主体及其记录"),
        )


def find(*, actor: Actor, identifier: str) -> str:
    """The handle of the subject with this exact identifier. Raises `NotFound`, `NotAllowed`."""
    _may(actor)
    key = vault.identifier_key(normalise_identifier(identifier))
    subject = Subject.objects.filter(identifier_key=key).first()
    if subject is None:
        raise NotFound("在册主体里没有这个号码。No subject has this identifier.")
    return subject.pseudonym


def _in_question(found: Subject, record: str) -> QuerySet[Record]:
    """The records that the page is about: all of an organisation's; of a person's those in question."""
    records = Record.objects.filter(subject=found)
    if found.register != Subject.Register.PERSON:
        return records
    moved = RecordEvent.objects.filter(reason__in=_MOVES).values("record_id")
    contested = Case.objects.exclude(state=Case.State.CLOSED).filter(record__subject=found).values("record_id")
    return records.filter(Q(reference=record) | Q(pk__in=moved) | Q(pk__in=contested))


def subject(*, actor: Actor, pseudonym: str, record: str = "") -> SubjectView:
    """One subject with its records and what joined them, ``record`` among them. Writes the look.

    An auditor, who compares no names, sees a person's masked. Raises `NotFound`, `NotAllowed`.
    """
    _may(actor)
    found = Subject.objects.select_related("merged_into").filter(pseudonym=pseudonym).first()
    if found is None:
        raise NotFound("没有这个主体。There is no such subject.")
    wanted = _in_question(found, record)
    records = list(wanted.select_related("batch").order_by("-occurred_on", "-pk")[: SHOWN + 1])
    person = found.register == Subject.Register.PERSON
    others = Record.objects.filter(subject=found).count() - wanted.count() if person else 0
    masks = person and actor.role == "auditor"
    _look(actor, found, {record.kind for record in records})
    names = [vault.unseal(one.name_sealed, "subject.name") for one in found.names.order_by("pk")]
    into = found.merged_into
    return SubjectView(
        pseudonym=found.pseudonym,
        register=found.register,
        kind=found.kind,
        name=mask_name(registered_name(found)) if masks else registered_name(found),
        masked_identifier=masked(found),
        entered_at=found.entered_at,
        names=[mask_name(name) for name in names] if masks else names,
        merged_into=into.pseudonym if into else "",
        merged_name=registered_name(into) if into else "",
        records=_joined(records[:SHOWN]),
        more=len(records) > SHOWN,
        unlisted=others,
        relations=_relations(found),
        changes=_changes(found),
    )


def _joined(records: list[Record]) -> list[JoinedRecord]:
    moves: dict[int, RecordEvent] = {}
    for event in RecordEvent.objects.filter(record__in=records, reason__in=_MOVES).order_by("pk"):
        moves[event.record_id] = event
    book = current()
    lines = []
    for record in records:
        kind, office, moved = book.kinds.get(record.kind), book.departments.get(record.department), moves.get(record.pk)
        lines.append(
            JoinedRecord(
                reference=record.reference,
                kind_name=kind.name if kind else Text(zh=record.kind, en=record.kind),
                department_name=office.name if office else Text(zh=record.department, en=record.department),
                occurred_on=record.occurred_on,
                status=record.status,
                document=record.document,
                batch=record.batch.number,
                row=record.row,
                why=MOVED[moved.reason] if moved else EXACT,
                field=joining_field(kind),
                joined_at=moved.entered_at if moved else record.entered_at,
            )
        )
    return lines


def joining_field(kind: Kind | None) -> Text:
    """The field of a kind by which its rows find their subject."""
    nothing = Text(zh="证件号码", en="identifier")
    return next((spec.label for spec in kind.fields if spec.role == "subject"), nothing) if kind else nothing


def _relations(found: Subject) -> list[RelationLine]:
    held = Relation.objects.filter(Q(organisation=found) | Q(person=found)).select_related(
        "organisation", "person", "record__batch"
    )
    lines = []
    for relation in held.order_by("-from_on", "-pk")[:SHOWN]:
        other = relation.organisation if relation.person_id == found.pk else relation.person
        lines.append(
            RelationLine(
                name=registered_name(other),
                pseudonym=other.pseudonym,
                holds=relation.person_id == found.pk,
                from_on=relation.from_on,
                until_on=relation.until_on,
                batch=relation.record.batch.number,
            )
        )
    return lines


def _opened(value: str, place: str) -> str:
    return vault.unseal(value, place) if value else ""


def _changes(found: Subject) -> list[ChangeLine]:
    about = Q(subject=found) | Q(other=found)
    return [
        ChangeLine(
            number=change.number,
            sort=change.sort,
            reason=_opened(change.reason_sealed, REASON),
            actor_name=change.actor_name,
            at=change.at,
            other=_other(change, found),
            records=len(change.moved.get("record", [])),
            before=_opened(change.moved.get("before", ""), "subject.name"),
            after=_opened(change.moved.get("after", ""), "subject.name"),
            undone_at=change.undone_at,
            undone_reason=_opened(change.undone_reason_sealed, REASON),
        )
        for change in SubjectChange.objects.filter(about).select_related("subject", "other").order_by("-pk")[:50]
    ]


def _other(change: SubjectChange, found: Subject) -> str:
    other = change.other if change.subject_id == found.pk else change.subject
    return f"{registered_name(other)} {masked(other)}" if other is not None else ""
