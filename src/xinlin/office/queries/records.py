"""Reads of records: the rows as rules see them, and as the person concerned sees them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext_lazy as _

from xinlin.core.records import Fact, Value, effective_end
from xinlin.core.rulebooks import FieldSpec, Kind, Rulebook
from xinlin.core.schemes import Indicator
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.cases import Case
from xinlin.office.models.people import Relation, Subject
from xinlin.office.models.records import Record
from xinlin.office.queries.histories import Past, People
from xinlin.office.queries.people import look_at_oneself, own_subject
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, today

YES, NO = _("是"), _("否")
OBJECTIONABLE = (Record.Status.ACTIVE, Record.Status.DISPUTED)
"""States in which a record can be objected to; in the others it has no effect any more."""


@dataclass(frozen=True)
class CaseView:
    """A case as its applicant sees it."""

    number: str
    kind: str
    state: str
    opened_at: datetime
    due_on: date
    provisional: bool
    """The deadline rests on a year whose holidays are not yet decided."""
    late: bool
    record_reference: str
    """Empty for a case about a look or an answer."""
    reason: str
    department_name: Text
    outcome: str
    closed_at: datetime | None


@dataclass(frozen=True)
class RecordView:
    """A record as the person concerned sees it: everything the platform holds of it."""

    reference: str
    kind: str
    kind_name: Text
    department_name: Text
    occurred_on: date
    entered_at: datetime
    status: str
    record_class: str
    ends_on: date | None
    document: str
    authority: str
    article: str
    notice_on: date | None
    remedy: str
    fields: list[tuple[Text, str]]
    sign: str
    can_object: bool
    case: CaseView | None
    about_organisation: str
    demonstration: bool
    notes: list[str] = field(default_factory=list)
    """What was added to it after an objection, and that one could not be settled (补充说明、异议记载)."""
    over: bool = False
    """Whether its end has been reached."""

    @property
    def said_status(self) -> str:
        """The status as people read it: what has reached its end has ended, though nobody wrote that down."""
        return "ended" if self.over and self.status == Record.Status.ACTIVE else self.status


def through_kinds(rulebook: Rulebook, day: date) -> set[str]:
    """The kinds whose records of an organisation may count for the person who represents it."""
    scheme = rulebook.scheme_at(day)
    if scheme is None:
        return set()
    return {i.kind for dimension in scheme.dimensions for i in dimension.indicators if i.through is not None}


def typed_fields(kind: Kind, record: Record) -> dict[str, Value]:
    """The kind's own fields with their types; days are dates again."""
    days = {spec.code for spec in kind.fields if spec.type == "date"}
    return {
        code: date.fromisoformat(value) if code in days else value
        for code, value in record.fields.items()
        if value is not None
    }


def as_fact(kind: Kind, record: Record, *, via: bool = False, represented: bool = False, named: bool = False) -> Fact:
    """A stored record as rules see it."""
    return Fact(
        record=record.reference,
        kind=record.kind,
        occurred_on=record.occurred_on,
        status=record.status,
        record_class=record.record_class or None,
        ends_on=record.ends_on,
        document=record.document,
        fields=typed_fields(kind, record),
        of="organisation" if via else "self",
        represented=represented,
        named=named,
    )


def represented(relations: Iterable[Relation], record: Record) -> bool:
    """Whether one of the relations to the record's organisation held on the day it happened."""
    return any(
        relation.organisation_id == record.subject_id
        and relation.from_on <= record.occurred_on
        and (relation.until_on is None or record.occurred_on < relation.until_on)
        for relation in relations
    )


def representing(subject: Subject) -> QuerySet[Relation]:
    """By which relations the person represents organisations today."""
    day = today()
    standing = Relation.objects.filter(person=subject, role="legal_representative", from_on__lte=day)
    return standing.filter(Q(until_on__isnull=True) | Q(until_on__gt=day))


def represented_now(subject: Subject) -> list[int]:
    """The keys of the organisations that the person represents today."""
    return list(representing(subject).values_list("organisation_id", flat=True))


def concerns_person(fact: Fact) -> bool:
    """Whether the person may object: to their own record, or to one of an organisation that names them."""
    return fact.of == "self" or fact.named


def history(subject_id: int, rulebook: Rulebook, day: date) -> list[tuple[Record, Fact]]:
    """All records that a person's explanation lists: their own, and an organisation's from the days they represented it.

    What an organisation did before or after is not the person's to see, unless the document names them.
    """
    relations = list(Relation.objects.filter(person_id=subject_id, role="legal_representative"))
    through = Q(subject_id__in={r.organisation_id for r in relations}, kind__in=through_kinds(rulebook, day))
    rows = Record.objects.filter(Q(subject_id=subject_id) | through).select_related("subject").order_by("occurred_on")
    found = []
    for record in rows:
        kind = rulebook.kinds.get(record.kind)
        if kind is None:
            continue
        via = record.subject_id != subject_id
        held, named = via and represented(relations, record), via and record.named_person_id == subject_id
        if via and not (held or named):
            continue
        found.append((record, as_fact(kind, record, via=via, represented=held, named=named)))
    return found


def facts_of_kind(
    kind: Kind, through: bool, people: People, past: Past, *, changed: bool = False
) -> Iterator[tuple[int, Fact]]:
    """All facts of one kind by the person they may count for, as they were known then; or those ``changed`` since.

    Yields (subject key, fact). With ``through``, also records of organisations that name the person who represented
    them on that day; others cannot count and are left where they are.
    """
    for record in past.records(kind.code, "subject_id", people, changed=changed):
        yield record.subject_id or 0, as_fact(kind, record)
    if not through:
        return
    relations = past.relations(people)
    for record in past.records(kind.code, "named_person_id", people, changed=changed):
        person = record.named_person_id or 0
        if represented(relations.get(person, []), record):
            yield person, as_fact(kind, record, via=True, represented=True, named=True)


def in_readers_language(text: Text) -> str:
    """A two-language text in the language of whoever reads now; Chinese where none is chosen."""
    return text.in_language(get_language() or "zh-hans")


def shown_value(spec: FieldSpec, value: Value | None) -> str:
    """A field's value for the eyes of the person concerned."""
    if value is None:
        return ""
    if spec.personal and isinstance(value, str) and value.startswith(f"{vault.VERSION}:"):
        return vault.unseal(value, vault.RECORD_FIELDS)
    if isinstance(value, bool):
        return str(YES if value else NO)
    if spec.type == "money" and isinstance(value, int):
        return f"¥{value // 100:,}.{value % 100:02}"
    if spec.codes and str(value) in spec.codes:
        return in_readers_language(spec.codes[str(value)])
    return f"{value}"


def indicators_of(rulebook: Rulebook, day: date) -> dict[str, list[Indicator]]:
    """The indicators of the schemes in force on ``day`` by the kind that each takes."""
    own = rulebook.scheme_at(day)
    found: dict[str, list[Indicator]] = {}
    for scheme in [*([own] if own is not None else []), *rulebook.trade_schemes_at(day)]:
        for dimension in scheme.dimensions:
            for indicator in dimension.indicators:
                found.setdefault(indicator.kind, []).append(indicator)
    return found


def _end(fact: Fact, indicators: list[Indicator]) -> date | None:
    """The day on which the record last stops counting under any indicator, or its own end."""
    ends: list[date] = [fact.ends_on] if fact.ends_on else []
    for indicator in indicators:
        try:
            end = effective_end(fact, indicator.term, indicator.terms)
        except KeyError:
            continue
        if end is not None:
            ends.append(end)
    if fact.ends_on is not None:
        return min(ends)
    return max(ends, default=None)


def case_view(case: Case, rulebook: Rulebook) -> CaseView:
    """A case with the name of the office that answers it."""
    office = rulebook.departments.get(case.department)
    return CaseView(
        number=case.number,
        kind=case.kind,
        state=case.state,
        opened_at=case.opened_at,
        due_on=case.due_on,
        provisional=case.due_provisional,
        late=case.state != Case.State.CLOSED and case.due_on < today(),
        record_reference=case.record.reference if case.record else "",
        reason=case.reason,
        department_name=office.name if office else Text(zh=case.department, en=case.department),
        outcome=case.outcome if case.state == Case.State.CLOSED else "",
        closed_at=case.closed_at,
    )


def view(record: Record, fact: Fact, rulebook: Rulebook, indicators: list[Indicator], case: Case | None) -> RecordView:
    """The record as the person concerned sees it. An organisation's record shows its name, never other persons."""
    kind = rulebook.kinds[record.kind]
    office = rulebook.departments.get(record.department)
    via = fact.of == "organisation"
    stored = {spec.code: record.fields.get(spec.code) for spec in kind.fields}
    shown = [
        (spec.heading, shown_value(spec, stored[spec.code]))
        for spec in kind.fields
        if spec.role is None and stored[spec.code] is not None and not (via and spec.personal)
    ]
    end = _end(fact, indicators)
    return RecordView(
        reference=record.reference,
        kind=record.kind,
        kind_name=kind.name,
        department_name=office.name if office else Text(zh=record.department, en=record.department),
        occurred_on=record.occurred_on,
        entered_at=record.entered_at,
        status=record.status,
        record_class=record.record_class,
        ends_on=end,
        document=record.document,
        authority=record.authority,
        article=record.article,
        notice_on=record.notice_on,
        remedy=record.remedy,
        fields=shown,
        sign=kind.sign,
        can_object=record.status in OBJECTIONABLE and case is None and concerns_person(fact),
        case=case_view(case, rulebook) if case else None,
        about_organisation=record.subject.public_name if via and record.subject else "",
        demonstration=kind.basis == "demonstration",
        over=end is not None and end <= today(),
    )


UNSETTLED = _("当事人对本条有异议，现有材料无法核实；异议和核查情况已记载。")


def notes_on(records: Iterable[int]) -> dict[int, list[str]]:
    """What stands beside the records with these keys: additions, and objections that could not be settled."""
    found: dict[int, list[str]] = {}
    settled = Case.objects.filter(
        record__in=list(records), state=Case.State.CLOSED, outcome__in=["supplement", "unresolved"]
    )
    for case in settled.order_by("closed_at"):
        added = json.loads(vault.unseal(case.changes_sealed, "case.changes")) if case.changes_sealed else {}
        note = added.get("note", "") if case.outcome == "supplement" else str(UNSETTLED)
        found.setdefault(case.record_id or 0, []).append(note)
    return found


def views(subject_id: int, rulebook: Rulebook, day: date) -> list[tuple[RecordView, Fact]]:
    """Every record of a person's explanation, newest first, with the fact that rules see. Writes no look: callers do."""
    found = history(subject_id, rulebook, day)
    filed = Case.objects.filter(filed_by_id=subject_id, record__isnull=False).exclude(state=Case.State.CLOSED)
    marking = filed.filter(kind__in=[Case.Kind.OBJECTION, Case.Kind.REVIEW])
    cases = {case.record_id: case for case in marking.select_related("record")}
    by_kind, notes = indicators_of(rulebook, day), notes_on(record.pk for record, _ in found)
    shown = [
        (
            replace(
                view(record, fact, rulebook, by_kind.get(record.kind, []), cases.get(record.pk)),
                notes=notes.get(record.pk, []),
            ),
            fact,
        )
        for record, fact in found
    ]
    return sorted(shown, key=lambda pair: pair[1].order, reverse=True)


def mine(*, actor: Actor) -> list[RecordView]:
    """Every record that the platform holds of the resident, newest first."""
    subject = own_subject(actor, "see")
    found = [record for record, _fact in views(subject.pk, current(), today())]
    look_at_oneself(actor, (record.kind for record in found), gettext_noop("查看记录"))
    return found


def one(*, actor: Actor, reference: str) -> RecordView:
    """One record of the resident, or of an organisation that they represent now. Raises `NotFound` for another's or none."""
    subject = own_subject(actor, "see")
    for record, _fact in views(subject.pk, current(), today()):
        if record.reference == reference:
            look_at_oneself(actor, [record.kind], gettext_noop("查看记录"))
            return record
    firms = represented_now(subject)
    row = Record.objects.select_related("subject").filter(reference=reference, subject__in=firms).first()
    kind = current().kinds.get(row.kind) if row is not None else None
    if row is None or kind is None:
        raise NotFound("没有这条记录，或它不属于您。There is no such record of yours.")
    filed = Case.objects.filter(filed_by=subject, record=row, kind__in=[Case.Kind.OBJECTION, Case.Kind.REVIEW])
    case = filed.exclude(state=Case.State.CLOSED).select_related("record").first()
    shown = view(row, as_fact(kind, row, via=True, represented=True), current(), [], case)
    look_at_oneself(actor, [row.kind], gettext_noop("查看记录"))
    return replace(
        shown,
        can_object=row.status in OBJECTIONABLE and case is None,
        notes=notes_on([row.pk]).get(row.pk, []),
    )
