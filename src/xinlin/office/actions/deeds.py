"""Declaring a good deed, confirming a neighbour's, and finding it true: it becomes a record of its kind (我要加分)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from django.db import IntegrityError, transaction

from xinlin.core.batches import JudgedRow, judge_row
from xinlin.core.columns import ColumnUse
from xinlin.core.deeds import DeedSort, hindrance, missing_proof
from xinlin.core.procedures import DEED_OUTCOMES
from xinlin.core.rulebooks import Kind
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.actions.case_steps import checked_words, held, must_be, new_number, refuse, take_step
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import Batch
from xinlin.office.models.cases import Case
from xinlin.office.models.deeds import Confirmation, Deed, OrganiserCode
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.queries import deeds as queries
from xinlin.office.queries.calendars import calendar
from xinlin.office.queries.people import own_subject
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

CLOCK = "declared_deed"
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 8


def _row(subject: Subject, sort: DeedSort, day: date, values: Mapping[str, str], document: str) -> JudgedRow:
    """The deed as a department's row of its kind. Raises `Refused` for what a delivery could not say either."""
    kind = current().kinds[sort.kind]
    by_role = {
        "subject": vault.unseal(subject.identifier_sealed, "subject.identifier"),
        "subject_name": vault.unseal(subject.name_sealed, "subject.name"),
        "occurred_on": day.isoformat(),
        "document": document,
    }
    raw = {
        spec.code: by_role.get(spec.role, "") if spec.role else values.get(spec.code, "").strip()
        for spec in kind.fields
    }
    judged = judge_row(kind, {code: ColumnUse(column=code) for code in raw}, raw)
    if isinstance(judged, list):
        raise Refused(judged[0])
    return judged


def _sort(code: str) -> DeedSort:
    found = current().deeds.get(code)
    if found is None:
        raise NotFound("没有这类可以申报的善行。There is no such sort of deed.")
    return found


def _code(sort: DeedSort, text: str) -> OrganiserCode | None:
    """The organiser's code, locked. Raises `Refused` for one that is none, of another sort, or over."""
    plain = "".join(text.upper().split()).replace("-", "")
    if not plain:
        return None
    found = OrganiserCode.objects.select_for_update().filter(code_key=vault.keyed_hash("organiser_code", plain)).first()
    if found is None or found.deed != sort.code or found.ends_on <= today():
        raise refuse(
            "unknown_code",
            "code",
            Text(zh="没有这个签到码，或已过期。", en="There is no such code, or it is over."),
            Text(
                zh="请核对组织者给的码；没有码也可以附照片申报。",
                en="Check the organiser's code; without one attach a picture.",
            ),
        )
    return found


def _room_for_one(code: OrganiserCode | None) -> None:
    """Raise `Refused` where as many people as took part have used the code."""
    if code is not None and code.deeds.exclude(case__outcome="withdrawn").count() >= code.uses:
        raise refuse(
            "code_used_up",
            "code",
            Text(zh="这个签到码已用完。", en="This code is used up."),
            Text(zh="请联系活动组织者。", en="Ask the organiser."),
        )


@transaction.atomic
def declare(
    *, actor: Actor, sort: str, happened_on: date, values: Mapping[str, str], code: str = "", words: str = ""
) -> str:
    """Declare a deed of one's own; returns the number of its case, which a person answers within three working days.

    The same deed of the same day again answers with the first. An organiser's code states day and values in the place of
    what was written. Raises `NotFound`, `Refused`.
    """
    subject, chosen = own_subject(actor), _sort(sort)
    Subject.objects.select_for_update().get(pk=subject.pk)
    kept, stated = checked_words(words), _code(chosen, code)
    day = stated.held_on if stated else happened_on
    said = {**values, **stated.values} if stated else dict(values)
    before = Deed.objects.filter(case__filed_by=subject, sort=sort, happened_on=day).select_related("case")
    running = before.filter(case__outcome__in=["", "accepted"]).first()
    if running is not None:
        return running.case.number
    _room_for_one(stated)
    number = new_number(Case.Kind.DEED)
    judged = _row(subject, chosen, day, said, number)
    hindered = hindrance(chosen, day, judged.fields, today(), queries.taken(subject.pk, sort, day.year))
    if hindered is not None:
        raise Refused(hindered)
    days = calendar()
    due = days.add_working_days(today(), current().clocks[CLOCK].working_days or 0)
    case = Case(
        number=number,
        kind=Case.Kind.DEED,
        subject=subject,
        filed_by=subject,
        reason="deed",
        words_sealed=vault.seal(kept, "case.words") if kept else "",
        opened_at=now(),
        department=chosen.verifier,
        provider=chosen.verifier,
        due_on=due,
        due_provisional=not days.is_decided(due),
    )
    take_step(actor=actor, case=case, step="open", words=kept, facts={"sort": sort, "day": day, "code": bool(stated)})
    Deed.objects.create(
        case=case,
        sort=sort,
        happened_on=day,
        values_sealed=vault.seal(json.dumps(said, ensure_ascii=False), "deed.values"),
        code=stated,
        invitation=secrets.token_urlsafe(16),
    )
    return number


@transaction.atomic
def confirm(*, actor: Actor, handle: str) -> None:
    """Confirm a neighbour's deed: once, never one's own, while it is open and while another confirmation is wanted."""
    subject = own_subject(actor)
    deed = Deed.objects.select_for_update(of=("self",)).filter(invitation=handle).select_related("case").first()
    if deed is None:
        raise NotFound("没有这份邀请。There is no such invitation.")
    if deed.case.filed_by_id == subject.pk:
        raise refuse(
            "own_deed",
            "confirmation",
            Text(zh="自己的善行不能由自己证明。", en="Nobody confirms for themselves."),
            Text(zh="请把链接发给在场的邻居。", en="Send the link to neighbours who were there."),
        )
    if deed.case.state != Case.State.SUBMITTED or deed.confirmations.count() >= _sort(deed.sort).of:
        raise refuse(
            "no_more",
            "confirmation",
            Text(
                zh="这件申报已经办结，或证明的人已经够了。", en="This is settled, or enough people have confirmed it."
            ),
            Text(zh="无需证明。", en="There is nothing to confirm."),
        )
    try:
        with transaction.atomic():
            Confirmation.objects.create(deed=deed, by=subject, at=now())
    except IntegrityError:
        return
    facts = {"by": subject.pseudonym}
    write_leaf(actor=actor, action="cases.confirm", table="confirmation", key=deed.case.number, facts=facts)


@transaction.atomic
def decide(*, actor: Actor, number: str, outcome: str, reasons: str) -> None:
    """The verifier's answer, with reasons. Accepted, it becomes a record of its kind, sent by the verifier's department.

    Raises `Refused` where nothing shows the deed; confirmations of people who confirm one another show nothing.
    """
    if actor.role != "clerk":
        raise NotAllowed("由核实部门的报送员办理。The verifying department's clerks decide.")
    case = held(actor, number, Case.Kind.DEED)
    must_be(case, Case.State.SUBMITTED)
    if outcome not in DEED_OUTCOMES:
        raise refuse(
            "unknown_outcome",
            "outcome",
            Text(zh="没有选择处理结果。", en="No outcome was chosen."),
            Text(zh="请选择属实或不能证明。", en="Choose true or not shown."),
        )
    kept = checked_words(reasons, "reasons", wanted=True)
    deed = Deed.objects.select_related("case__filed_by", "code").get(case=case)
    if outcome == "accepted":
        lacking = missing_proof(
            _sort(deed.sort),
            photos=queries.photos_of(case),
            code=deed.code is not None,
            confirmed=deed.confirmations.count(),
            in_ring=len(queries.rings(deed)),
        )
        if lacking is not None:
            raise Refused(lacking)
        _not_on_record(case, deed)
        case.record = _record(actor, case, deed)
    case.outcome, case.decided_by = outcome, actor.handle
    case.reasons_sealed = vault.seal(kept, "case.reasons")
    case.state, case.closed_at = Case.State.CLOSED, now()
    take_step(
        actor=actor, case=case, step="close", words=kept, facts={"record": case.record.reference if case.record else ""}
    )


def _not_on_record(case: Case, deed: Deed) -> None:
    """What a department has sent already is not counted a second time."""
    kind = _sort(deed.sort).kind
    standing = Record.objects.filter(subject=case.filed_by, kind=kind, occurred_on=deed.happened_on)
    if standing.filter(status=Record.Status.ACTIVE).exists():
        raise refuse(
            "deed_on_record",
            "record",
            Text(zh="当天的这类善行已由部门报送。", en="A department has sent such a deed of that day already."),
            Text(
                zh="请选择“不能证明”，并告诉申请人已经记入。",
                en="Choose “not shown”, and tell the applicant that it is on record.",
            ),
        )


def _as_plain(fields: Mapping[str, object], personal: Collection[str]) -> dict[str, object]:
    """A kind's own fields as they are stored: days as text, personal values sealed."""
    plain = {code: value.isoformat() if isinstance(value, date) else value for code, value in fields.items()}
    return {
        code: vault.seal(str(value), vault.RECORD_FIELDS) if code in personal else value
        for code, value in plain.items()
    }


def _record(actor: Actor, case: Case, deed: Deed) -> Record:
    """The record of an accepted deed: a delivery of one row by the verifier's department, with its receipt and leaf."""
    sort = _sort(deed.sort)
    kind: Kind = current().kinds[sort.kind]
    said = json.loads(vault.unseal(deed.values_sealed, "deed.values"))
    judged = _row(case.filed_by, sort, deed.happened_on, said, case.number)
    sha256, size = vault.store([json.dumps({"case": case.number, "fields": said}, ensure_ascii=False).encode()])
    batch = Batch.objects.create(
        number=f"B{case.number}",
        department=sort.verifier,
        kind=kind.code,
        delivery="additions",
        filename=f"{case.number}.json",
        sha256=sha256,
        size=size,
        sent_by=actor.handle,
        received_at=now(),
        valid_on=today(),
        state=Batch.State.DONE,
        rows_read=1,
        rows_accepted=1,
        finished_at=now(),
    )
    stored = Record.objects.create(
        reference=secrets.token_hex(16),
        subject=case.filed_by,
        kind=kind.code,
        department=sort.verifier,
        batch=batch,
        row=1,
        occurred_on=deed.happened_on,
        entered_at=now(),
        document=case.number,
        fields=_as_plain(judged.fields, {spec.code for spec in kind.fields if spec.personal}),
        fingerprint=vault.keyed_hash("deed", kind.code, sort.verifier, judged.content),
    )
    facts = {"case": case.number, "sha256": sha256, "rows_accepted": 1}
    write_leaf(actor=actor, action="batches.store", table="batch", key=batch.number, facts=facts)
    return stored


@transaction.atomic
def make_code(
    *, actor: Actor, sort: str, title: str, held_on: date, values: Mapping[str, str], uses: int, ends_on: date
) -> str:
    """A code that the organiser of an event hands out; returned once, kept as a keyed hash. Raises `Refused`, `NotAllowed`."""
    chosen = _sort(sort)
    if actor.role != "clerk" or actor.department != chosen.verifier:
        raise NotAllowed("签到码由核实部门制作。Codes are made by the department that verifies such deeds.")
    kind = current().kinds[chosen.kind]
    said = _stated(kind, values)
    if not title.strip() or not 0 < uses <= 10_000 or not held_on < ends_on:
        raise refuse(
            "code_incomplete",
            "code",
            Text(zh="活动名称、人数或截止日期不对。", en="Title, number of people or last day is wrong."),
            Text(
                zh="写明名称；人数 1 至 10000；截止日期在活动之后。",
                en="Give a title; 1 to 10,000 people; an end after the event.",
            ),
        )
    hindered = hindrance(chosen, held_on, _integers(kind, said), max(today(), held_on), 0)
    if hindered is not None:
        raise Refused(hindered)
    code = "".join(secrets.choice(_LETTERS) for _ in range(CODE_LENGTH))
    made = OrganiserCode.objects.create(
        code_key=vault.keyed_hash("organiser_code", code),
        department=actor.department,
        deed=sort,
        title=title.strip()[:200],
        held_on=held_on,
        values=said,
        uses=uses,
        ends_on=ends_on,
        made_by=actor.handle,
        made_at=now(),
    )
    facts = {"sort": sort, "held_on": held_on, "uses": uses}
    write_leaf(actor=actor, action="cases.make_code", table="organiser_code", key=str(made.pk), facts=facts)
    return code


def _stated(kind: Kind, values: Mapping[str, str]) -> dict[str, str]:
    known: Iterable[str] = [spec.code for spec in queries.filled_in(kind)]
    return {code: values[code].strip() for code in known if values.get(code, "").strip()}


def _integers(kind: Kind, said: Mapping[str, str]) -> dict[str, int]:
    counted = {spec.code for spec in kind.fields if spec.type == "integer"}
    return {code: int(text) for code, text in said.items() if code in counted and text.isdecimal()}
