"""Reading evidence files: which there are on a record or a case, and one of them (证据文件的查询)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.cases import Case
from xinlin.office.models.checks import Remedy
from xinlin.office.models.evidence import Evidence
from xinlin.office.models.records import Record
from xinlin.office.queries.people import own_subject, write_look
from xinlin.office.queries.records import concerns_person, history, represented_now
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today

PLACE = "evidence.filename"
"""The place under which file names are sealed; they often hold a person's name."""
NOT_THERE = "没有这份证据文件，或不由您查看。There is no such evidence file, or it is not yours to see."


@dataclass(frozen=True)
class EvidenceView:
    """One evidence file, without its bytes. ``code`` says why it was refused, if it was."""

    number: str
    filename: str
    sort: str
    media_type: str
    size: int
    pages: int | None
    width: int | None
    height: int | None
    active: bool
    scan: str
    sha256: str
    department: str
    department_name: Text
    attached_at: datetime
    state: str
    code: str


@dataclass(frozen=True)
class Download:
    """An evidence file to hand over: always as a download, under a name of ours where its own is unsafe."""

    filename: str
    media_type: str
    size: int
    pieces: Iterator[bytes]


def record_for(actor: Actor, reference: str) -> Record:
    """The record, if evidence on it is the actor's business. Raises `NotFound`, `NotAllowed`."""
    record = Record.objects.select_related("subject").filter(reference=reference).first()
    if record is not None:
        if actor.role in ("resident", "helper"):
            own = history(own_subject(actor, "see").pk, current(), today())
            if any(held.pk == record.pk and concerns_person(fact) for held, fact in own):
                return record
        elif actor.role == "reviewer" or (actor.role == "clerk" and actor.department == record.department):
            return record
    raise NotFound(NOT_THERE)


def case_for(actor: Actor, number: str) -> Case:
    """The case, if evidence in it is the actor's business. Raises `NotFound`, `NotAllowed`."""
    cases = Case.objects.select_related("record", "subject").filter(number=number)
    if actor.role in ("resident", "helper"):
        cases = cases.filter(filed_by=own_subject(actor, "see"))
    elif actor.role == "clerk" and actor.department:
        cases = cases.filter(Q(department=actor.department) | Q(provider=actor.department))
    elif actor.role not in ("reviewer", "auditor"):
        raise NotAllowed(NOT_THERE)
    case = cases.first()
    if case is None:
        raise NotFound(NOT_THERE)
    return case


def remedy_for(actor: Actor, number: str) -> Remedy:
    """The remedy, if its proof is the actor's business: who was held and who asked show it, who keeps the entry judges it.

    Raises `NotFound`, `NotAllowed`.
    """
    found = Remedy.objects.select_related("entry__record", "hold__answer__question").filter(number=number).first()
    if found is not None:
        answer, entered_by = found.hold.answer, found.entry.record.department
        if actor.role in ("resident", "helper"):
            subject = own_subject(actor, "see")
            may = answer.subject_id in (subject.pk, *represented_now(subject))
        else:
            asked_by = answer.question.department
            office = {"clerk": entered_by, "officer": asked_by, "machine": asked_by}.get(actor.role)
            within = not actor.items or answer.question.item in actor.items
            may = actor.role in ("reviewer", "auditor") or (office == actor.department != "" and within)
        if may:
            return found
    raise NotFound(NOT_THERE)


def record_in_batch(*, actor: Actor, number: str, document: str) -> str:
    """The reference of the record that a delivery brought under this document. Raises `NotFound`."""
    if actor.role == "clerk" and actor.department:
        found = Record.objects.filter(batch__number=number, department=actor.department, document=document.strip())
        references = list(found.values_list("reference", flat=True)[:2])
        if len(references) == 1:
            return references[0]
    raise NotFound(NOT_THERE)


def _view(row: Evidence) -> EvidenceView:
    office = current().departments.get(row.department)
    return EvidenceView(
        number=row.number,
        filename=vault.unseal(row.filename_sealed, PLACE),
        sort=row.sort,
        media_type=row.media_type,
        size=row.size,
        pages=row.pages,
        width=row.width,
        height=row.height,
        active=row.active,
        scan=row.scan,
        sha256=row.sha256,
        department=row.department,
        department_name=office.name if office else Text(zh=row.department, en=row.department),
        attached_at=row.attached_at,
        state=row.state,
        code=row.code,
    )


def _look(actor: Actor, rows: list[Evidence], result: str) -> None:
    """Note the look at whoever the files concern."""
    subjects, kinds = [], []
    for row in rows:
        record = row.record or (row.case.record if row.case else row.remedy.entry.record if row.remedy else None)
        subject = row.case.subject_id if row.case else (record.subject_id if record else None)
        if subject is not None:
            subjects.append(subject)
        if record is not None:
            kinds.append(record.kind)
    own = actor.role in ("resident", "helper")
    purpose = gettext_noop("本人查询") if own else gettext_noop("核查证据文件")
    clause = gettext_noop("查询本人信息") if own else gettext_noop("办理异议和核查记录")
    write_look(actor=actor, subjects=subjects, purpose=purpose, clause=clause, kinds=kinds, result=result)


def _rows() -> QuerySet[Evidence]:
    found = Evidence.objects.select_related("record", "case__record", "remedy__entry__record")
    return found.order_by("attached_at", "pk")


def of_record(*, actor: Actor, reference: str) -> list[EvidenceView]:
    """The evidence kept on a record, oldest first. Writes the look. Raises `NotFound`, `NotAllowed`."""
    return _listed(actor, _rows().filter(record=record_for(actor, reference), state=Evidence.State.KEPT))


def of_case(*, actor: Actor, number: str) -> list[EvidenceView]:
    """The evidence kept in a case, oldest first. Writes the look. Raises `NotFound`, `NotAllowed`."""
    return _listed(actor, _rows().filter(case=case_for(actor, number), state=Evidence.State.KEPT))


def of_remedies(*, actor: Actor, numbers: Sequence[str]) -> dict[str, list[EvidenceView]]:
    """The proofs kept with remedies that are the actor's business, by the remedy's number. Writes the look."""
    found = _rows().filter(remedy__number__in=numbers, state=Evidence.State.KEPT).select_related("remedy__hold")
    rows = [row for row in found if row.remedy is not None and _may_see(actor, row.remedy.number)]
    if rows:
        _look(actor, rows, gettext_noop("证据文件清单"))
    shown: dict[str, list[EvidenceView]] = {}
    for row in rows:
        if row.remedy is not None:
            shown.setdefault(row.remedy.number, []).append(_view(row))
    return shown


def _may_see(actor: Actor, number: str) -> bool:
    try:
        remedy_for(actor, number)
    except NotFound:
        return False
    return True


def of_batch(*, actor: Actor, number: str) -> list[EvidenceView]:
    """The evidence kept on the records of one of the department's deliveries. Writes the look."""
    own = _rows().filter(record__batch__number=number, record__department=actor.department, state=Evidence.State.KEPT)
    return _listed(actor, own[:200]) if actor.role == "clerk" and actor.department else []


def _listed(actor: Actor, found: QuerySet[Evidence]) -> list[EvidenceView]:
    rows = list(found)
    if rows:
        _look(actor, rows, gettext_noop("证据文件清单"))
    return [_view(row) for row in rows]


def refused(*, actor: Actor, limit: int = 200) -> list[EvidenceView]:
    """What was refused, newest first: for the centre, who must know that templates of bodies were tried."""
    if actor.role not in ("reviewer", "auditor"):
        raise NotAllowed(NOT_THERE)
    rows = list(_rows().filter(state=Evidence.State.REFUSED).reverse()[:limit])
    _look(actor, rows, gettext_noop("查看被拒收的证据文件"))
    return [_view(row) for row in rows]


def download(*, actor: Actor, number: str) -> Download:
    """One evidence file with its bytes. Writes the look. Raises `NotFound`, `NotAllowed`."""
    row = _rows().filter(number=number, state=Evidence.State.KEPT).first()
    if row is None:
        raise NotFound(NOT_THERE)
    if row.case is not None:
        case_for(actor, row.case.number)
    elif row.record is not None:
        record_for(actor, row.record.reference)
    elif row.remedy is not None:
        remedy_for(actor, row.remedy.number)
    _look(actor, [row], gettext_noop("下载证据文件"))
    name = vault.unseal(row.filename_sealed, PLACE).rpartition(".")[0] or row.number
    return Download(f"{name}.{row.extension}", row.media_type, row.size, _pieces(row.sha256))


def _pieces(sha256: str) -> Iterator[bytes]:
    with vault.opened(sha256) as path, path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            yield piece
