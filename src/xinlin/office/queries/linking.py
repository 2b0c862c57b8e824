"""Reading what waits for a person to say whose it is (关联疑问的查询)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.people import comparable_name, mask_identifier
from xinlin.core.rulebooks import Kind
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.batches import Batch, RefusedRow
from xinlin.office.models.linking import LinkQuestion
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.queries.people import write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed

PAGE = 30
CANDIDATES = 5
SEES = frozenset({"reviewer", "auditor"})
_RAW = "refused_row.raw"


@dataclass(frozen=True)
class QuestionLine:
    """A row under a known identifier whose name differs: both names, and where it came from."""

    number: int
    department_name: Text
    kind_name: Text
    batch: str
    row: int
    about: str
    masked_identifier: str
    registered_name: str
    sent_name: str
    pseudonym: str
    received_at: datetime

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return f"q{self.number}"


@dataclass(frozen=True)
class Candidate:
    """A subject whose registered name is the same as the one sent: a hint for the eye, never a link."""

    masked_identifier: str
    name: str
    pseudonym: str


@dataclass(frozen=True)
class UnlinkedLine:
    """A record that came without an identifier."""

    reference: str
    department_name: Text
    kind_name: Text
    batch: str
    row: int
    name: str
    occurred_on: date
    document: str
    candidates: list[Candidate] = field(default_factory=list)


@dataclass(frozen=True)
class Queue:
    """A page of what waits, of each sort, with how many there are."""

    names: list[QuestionLine]
    names_total: int
    unlinked: list[UnlinkedLine]
    unlinked_total: int
    page: int
    pages: int


def _column(batch: Batch, role: str) -> str:
    kind: Kind | None = current().kinds.get(batch.kind)
    codes = [spec.code for spec in kind.fields if spec.role == role] if kind else []
    uses = batch.layout.get("columns", {})
    return next((uses[code]["column"] for code in codes if code in uses and "column" in uses[code]), "")


def subject_column(row: RefusedRow, about: str) -> str:
    """The column of the file that holds the identifier in question; empty where there is none."""
    return _column(row.batch, "subject" if about == "subject" else "representative")


def sent_name(row: RefusedRow, about: str) -> str:
    """The name in the row as it came."""
    cells: dict[str, str] = json.loads(vault.unseal(row.raw_sealed, _RAW))
    return cells.get(_column(row.batch, "subject_name" if about == "subject" else "representative_name"), "").strip()


def waiting() -> QuerySet[LinkQuestion]:
    """The questions about names that nobody answered and whose rows nobody corrected."""
    return LinkQuestion.objects.filter(state=LinkQuestion.State.OPEN, refused_row__state=RefusedRow.State.OPEN)


def question_lines(limit: int = 5_000) -> list[QuestionLine]:
    """The open questions about names as a report lists them: of organisations alone, whose names are public."""
    asked = waiting().filter(subject__register=Subject.Register.ORGANISATION)
    lines = [
        _question(question) for question in asked.select_related("refused_row__batch", "subject").order_by("pk")[:limit]
    ]
    return [line for line in lines if line is not None]


def unlinked() -> QuerySet[Record]:
    """The records without an identifier of which nobody said that they are nobody's here."""
    asks = Q(question__isnull=True) | ~Q(question__state=LinkQuestion.State.NONE)
    return Record.objects.filter(asks, status=Record.Status.UNLINKED)


def queue(*, actor: Actor, page: int = 1, department: str = "") -> Queue:
    """A page of both sorts, oldest first; the people among them see the look. Raises `NotAllowed`."""
    if actor.role not in SEES:
        raise NotAllowed("只有信用中心可以查看关联疑问。Only the credit centre sees these questions.")
    names = waiting().select_related("refused_row__batch", "subject").order_by("pk")
    loose = unlinked().select_related("batch").order_by("entered_at", "pk")
    if department:
        names = names.filter(refused_row__batch__department=department)
        loose = loose.filter(department=department)
    names_total, unlinked_total = names.count(), loose.count()
    start, end = (page - 1) * PAGE, page * PAGE
    asked = [line for question in names[start:end] if (line := _question(question)) is not None]
    people = [q.subject_id for q in names[start:end] if q.subject and q.subject.register == Subject.Register.PERSON]
    write_look(
        actor=actor,
        subjects=[pk for pk in people if pk is not None],
        purpose=gettext_noop("核实记录属于谁"),
        clause=gettext_noop("个人信息保护法 第八条"),
        kinds=[],
        result=gettext_noop("查看关联疑问"),
    )
    pages = max(1, -(-max(names_total, unlinked_total) // PAGE))
    return Queue(asked, names_total, _unlinked_lines(list(loose[start:end])), unlinked_total, page, pages)


def _department(code: str) -> Text:
    office = current().departments.get(code)
    return office.name if office else Text(zh=code, en=code)


def _kind_name(code: str) -> Text:
    kind = current().kinds.get(code)
    return kind.name if kind else Text(zh=code, en=code)


def registered_name(subject: Subject) -> str:
    """The name in the register."""
    if subject.register == Subject.Register.PERSON:
        return vault.unseal(subject.name_sealed, "subject.name") if subject.name_sealed else ""
    return subject.public_name


def masked(subject: Subject) -> str:
    """The identifier with its middle hidden; an organisation's code is public and shown whole."""
    value = vault.unseal(subject.identifier_sealed, "subject.identifier")
    return mask_identifier(value) if subject.register == Subject.Register.PERSON else value


def _question(question: LinkQuestion) -> QuestionLine | None:
    row, subject = question.refused_row, question.subject
    if row is None or subject is None:
        return None
    return QuestionLine(
        number=question.pk,
        department_name=_department(row.batch.department),
        kind_name=_kind_name(row.batch.kind),
        batch=row.batch.number,
        row=row.row,
        about=question.about,
        masked_identifier=masked(subject),
        registered_name=registered_name(subject),
        sent_name=sent_name(row, question.about),
        pseudonym=subject.pseudonym,
        received_at=row.batch.received_at,
    )


def _unlinked_lines(records: list[Record]) -> list[UnlinkedLine]:
    names = {record.pk: _name_in(record) for record in records}
    same: dict[str, list[Candidate]] = {}
    wanted = {name for name in names.values() if name}
    for subject in Subject.objects.filter(public_name__in=wanted, merged_into__isnull=True)[: PAGE * CANDIDATES]:
        line = Candidate(masked(subject), subject.public_name, subject.pseudonym)
        same.setdefault(comparable_name(subject.public_name), []).append(line)
    return [
        UnlinkedLine(
            reference=record.reference,
            department_name=_department(record.department),
            kind_name=_kind_name(record.kind),
            batch=record.batch.number,
            row=record.row,
            name=names[record.pk],
            occurred_on=record.occurred_on,
            document=record.document,
            candidates=same.get(comparable_name(names[record.pk]), [])[:CANDIDATES],
        )
        for record in records
    ]


def _name_in(record: Record) -> str:
    kind = current().kinds.get(record.kind)
    codes = [spec.code for spec in kind.fields if spec.role == "subject_name"] if kind else []
    value = str(next((record.fields[code] for code in codes if code in record.fields), ""))
    return vault.unseal(value, vault.RECORD_FIELDS) if value.startswith(f"{vault.VERSION}:") else value
