"""A person's right to have honours, volunteering, donations and rescues not recorded, and deleted (不予记录与删除)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import ProtectedError

from xinlin.core.rulebooks import Kind
from xinlin.core.values import Problem, Text
from xinlin.office.actions.batches import drop_unclaimed
from xinlin.office.actions.deletions import new_number, receipt
from xinlin.office.farewells import note
from xinlin.office.leaves import write_leaf
from xinlin.office.models.cases import Case
from xinlin.office.models.consents import DeletionReceipt, RecordingRefusal
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.queries.people import own_subject
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, Refused, now

MUST_STAY = Problem(
    code="not_refusable",
    where="kind",
    what=Text(
        zh="这类信息由部门依法记录，不能由本人拒绝或删除。",
        en="Records of this kind are kept by law and cannot be refused or deleted by the person.",
    ),
    cure=Text(zh="内容有误的，请对该记录提出异议。", en="If something in it is wrong, object to the record."),
)

IN_A_CASE = Problem(
    code="in_a_case",
    where="record",
    what=Text(zh="这条记录正在办理异议。", en="A case about this record is open."),
    cure=Text(
        zh="请先撤回异议，或等它办结，再删除。", en="Take the case back, or wait until it is settled; then delete."
    ),
)


@dataclass(frozen=True)
class Removed:
    """What was deleted, under which receipt."""

    number: str
    rows: int


def _refusable(code: str) -> Kind:
    kind = current().kinds.get(code)
    if kind is None:
        raise NotFound(f"没有信息项 {code}。There is no kind {code}.")
    if not kind.refusable:
        raise Refused(MUST_STAY)
    return kind


def _drop_evidence(record: Record) -> None:
    """Delete the evidence attached to a record; bytes that nothing else holds go with the transaction's end."""
    hashes = set(record.evidence.values_list("sha256", flat=True))
    record.evidence.all().delete()

    def discard() -> None:
        for sha256 in hashes:
            drop_unclaimed(sha256)

    transaction.on_commit(discard)


def _erase(record: Record) -> None:
    """Delete a record; where a settled case still points at it, empty it instead, so that the case keeps its number."""
    if Case.objects.filter(record=record).exclude(state=Case.State.CLOSED).exists():
        raise Refused(IN_A_CASE)
    _drop_evidence(record)
    try:
        with transaction.atomic():
            record.delete()
    except ProtectedError:
        record.events.all().delete()
        record.subject = record.named_person = None
        record.status, record.fields = Record.Status.WITHDRAWN, {}
        record.document = record.authority = record.article = record.remedy = ""
        record.notice_on = record.ends_on = None
        record.save()


def _remove(actor: Actor, subject: Subject, records: list[Record]) -> Removed:
    """Delete records with their evidence of a receipt, and keep them from coming back."""
    number, moment = new_number(), now()
    deliveries = {record.batch.number for record in records}
    for record in records:
        RecordingRefusal.objects.get_or_create(
            subject=subject, kind=record.kind, fingerprint=record.fingerprint, defaults={"at": moment}
        )
        note([{"what": "record", "kind": record.kind, "fingerprint": record.fingerprint, "at": moment.isoformat()}])
        _erase(record)
    receipt(
        actor=actor,
        subject=subject,
        what=DeletionReceipt.What.RECORDS,
        number=number,
        at=moment,
        consents=[],
        tables={"record": len(records)},
        sealed=deliveries,
    )
    return Removed(number, len(records))


@transaction.atomic
def delete_own(*, actor: Actor, reference: str) -> Removed:
    """Delete one of the resident's own records of a refusable kind, at once (the law gives three working days).

    Raises `NotFound` for another's record, `Refused` for a kind that is kept by law.
    """
    subject = own_subject(actor, "leave")
    record = Record.objects.select_for_update().filter(reference=reference, subject=subject).first()
    if record is None:
        raise NotFound("没有这条记录，或它不属于您。There is no such record of yours.")
    _refusable(record.kind)
    return _remove(actor, subject, [record])


@transaction.atomic
def refuse_kind(*, actor: Actor, kind: str, delete: bool) -> Removed | None:
    """Have no records of this kind kept from now on; with ``delete`` those already held are deleted too.

    Returns what was deleted, None where nothing was.
    """
    subject, code = own_subject(actor, "leave"), _refusable(kind).code
    _row, made = RecordingRefusal.objects.get_or_create(
        subject=subject, kind=code, fingerprint="", defaults={"at": now()}
    )
    if made:
        note([{"what": "refused", "subject": subject.identifier_key, "kind": code, "at": now().isoformat()}])
        facts = {"kind": code, "subject": subject.pseudonym}
        write_leaf(actor=actor, action="people.refuse_kind", table="recording_refusal", key=code, facts=facts)
    held = list(Record.objects.select_for_update().filter(subject=subject, kind=code)) if delete else []
    return _remove(actor, subject, held) if held else None


@transaction.atomic
def allow_kind(*, actor: Actor, kind: str) -> None:
    """Let records of this kind be kept again; what was deleted stays deleted unless the department sends it anew."""
    subject, code = own_subject(actor, "leave"), _refusable(kind).code
    ended, _by_table = RecordingRefusal.objects.filter(subject=subject, kind=code).delete()
    if ended:
        note([{"what": "allowed", "subject": subject.identifier_key, "kind": code, "at": now().isoformat()}])
        facts = {"kind": code, "subject": subject.pseudonym}
        write_leaf(actor=actor, action="people.allow_kind", table="recording_refusal", key=code, facts=facts)
