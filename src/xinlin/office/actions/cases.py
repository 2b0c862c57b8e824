"""What people concerned ask for: an objection, its review, an answer about a look (异议, 复核, 质疑查询)."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Q

from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.actions.case_steps import (
    CENTRE,
    checked_words,
    new_number,
    procedure,
    procedure_of,
    refuse,
    set_clock,
    take_step,
)
from xinlin.office.actions.outcomes import lift, mark
from xinlin.office.models.cases import Case
from xinlin.office.models.checks import CheckAnswer
from xinlin.office.models.people import Look, Subject
from xinlin.office.models.records import Record
from xinlin.office.queries.people import own_subject
from xinlin.office.queries.records import concerns_person, history, represented_now
from xinlin.office.queries.repairs import own_records
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, now, today

REASONS: dict[str, Text] = {
    "not_me": Text(zh="不是我", en="This is not me"),
    "wrong_fact": Text(zh="事实有误", en="The facts are wrong"),
    "repaired": Text(zh="已经履行或改正", en="It has been fulfilled or corrected"),
    "expired": Text(zh="已经到期", en="It has expired"),
    "other": Text(zh="其他", en="Something else"),
}
"""What may be wrong with a record."""

NOT_YOURS = "没有这条记录，或它不属于您。There is no such record of yours."


def _checked(reason: str, words: str) -> str:
    if reason not in REASONS:
        raise refuse(
            "unknown_reason",
            "objection",
            Text(zh="没有选择异议理由。", en="No reason was chosen."),
            Text(zh="请选择一项理由。", en="Choose one of the reasons."),
        )
    return checked_words(words, "objection")


def _opened(
    actor: Actor,
    subject: Subject,
    kind: Case.Kind,
    reason: str,
    words: str,
    *,
    record: Record | None = None,
    answer: CheckAnswer | None = None,
    look: Look | None = None,
    review_of: Case | None = None,
) -> Case:
    """A new case with its clock, its first step and leaf; the office that acts first by the procedure's routes."""
    run = procedure()
    provider = record.department if record is not None else (answer.question.department if answer is not None else "")
    case = Case(
        number=new_number(kind),
        kind=kind,
        subject=(record.subject if record is not None else None) or (answer.subject if answer else None) or subject,
        filed_by=subject,
        record=record,
        answer=answer,
        look=look,
        review_of=review_of,
        reason=reason,
        words_sealed=vault.seal(words, "case.words") if words else "",
        opened_at=now(),
        procedure=run.code,
        department=CENTRE,
        provider=provider,
    )
    if kind == Case.Kind.OBJECTION and record is not None and run.routes[reason] == "provider":  # type: ignore[index]  # checked
        case.department, case.state, case.forwarded_on = provider, Case.State.FORWARDED, today()
    set_clock(case)
    facts = {"record": record.reference if record else "", "reason": reason}
    take_step(actor=actor, case=case, step="open", words=words, facts=facts)
    return case


def _concerned(subject: Subject) -> dict[str, int]:
    """The records to which the person may object, by reference: their own, those that name them, and their firms'."""
    own = {r.reference: r.pk for r, fact in history(subject.pk, current(), today()) if concerns_person(fact)}
    return {**dict(own_records(subject).values_list("reference", "pk")), **own}


def _new_words(record: Record, subject: Subject, reason: str, words: str) -> None:
    """Whoever objects again for the same reason after an answer says what is new; Raises `Refused` for nothing."""
    before = Case.objects.filter(record=record, filed_by=subject, kind=Case.Kind.OBJECTION, reason=reason)
    if not words and before.filter(state=Case.State.CLOSED).exclude(outcome="withdrawn").exists():
        raise refuse(
            "nothing_new",
            "words",
            Text(zh="这条记录以同样的理由核查过。", en="This has been examined for the same reason before."),
            Text(
                zh="请写明有什么新的事实或材料，可以附照片；也可以对原结果申请复核。",
                en="Say what is new, perhaps with a picture; or ask for a review of the answer you had.",
            ),
        )


def object_to(*, actor: Actor, reference: str, reason: str, words: str) -> str:
    """File an objection to one's record: it is disputed from this moment, counts 0 and carries no measure.

    Also to a record of an organisation that one represents, or that names one. Returns the case number; a second
    objection to the same record answers with the first. Raises `NotFound` for a record that is not the resident's,
    `Refused` for an unknown reason, too many words, or a repetition without anything new.
    """
    subject = own_subject(actor, "object")
    kept, own = _checked(reason, words), _concerned(subject)
    if reference not in own:
        raise NotFound(NOT_YOURS)
    return _object(actor, subject, own[reference], reason, kept)


def _object(
    actor: Actor, subject: Subject, key: int, reason: str, words: str, answer: CheckAnswer | None = None
) -> str:
    """The number of the subject's open objection to the record with this key; a new one where there is none."""
    running = Case.objects.filter(record_id=key, filed_by=subject, kind=Case.Kind.OBJECTION)
    open_now = running.exclude(state=Case.State.CLOSED)
    try:
        with transaction.atomic():
            record = Record.objects.select_for_update().get(pk=key)
            found = open_now.first()
            if found is not None:
                return found.number
            if record.status not in (Record.Status.ACTIVE, Record.Status.DISPUTED):
                raise refuse(
                    "no_effect",
                    "record",
                    Text(zh="这条记录已不再起作用。", en="This record has no effect any more."),
                    Text(zh="无需提出异议。", en="There is nothing to object to."),
                )
            _new_words(record, subject, reason, words)
            case = _opened(actor, subject, Case.Kind.OBJECTION, reason, words, record=record, answer=answer)
            mark(actor, case, record)
    except IntegrityError:
        return open_now.get().number
    return case.number


@transaction.atomic
def object_to_check(*, actor: Actor, answer: str, reason: str, words: str) -> str:
    """File an objection to the answer of a check about oneself, or about an organisation that one represents.

    Each record on which the answer rests is disputed at once, by a case of its own; an answer that rests on none has one
    case. Returns the number of the (first) case. Raises `NotFound` for an answer about somebody else.
    """
    subject, kept = own_subject(actor, "object"), _checked(reason, words)
    found = CheckAnswer.objects.select_related("question").filter(number=answer).first()
    if found is None or found.subject_id not in {subject.pk, *represented_now(subject)}:
        raise NotFound("没有这次核查，或它不涉及您。There is no such check about you.")
    running = Case.objects.filter(answer=found, filed_by=subject).exclude(state=Case.State.CLOSED).order_by("pk")
    met = Record.objects.filter(reference__in=[hit["entry"] for hit in found.hits], subject=found.subject_id)
    standing = met.filter(status__in=[Record.Status.ACTIVE, Record.Status.DISPUTED]).order_by("pk")
    numbers = [_object(actor, subject, record.pk, reason, kept, found) for record in standing]
    if numbers:
        return numbers[0]
    first = running.first()
    return first.number if first else _opened(actor, subject, Case.Kind.OBJECTION, reason, kept, answer=found).number


@transaction.atomic
def ask_review(*, actor: Actor, number: str, words: str) -> str:
    """Ask for a review (复核) of a decided objection; the record is marked again until it is answered.

    Returns the number of the new case. Raises `NotFound` for another's case, `Refused` where the jurisdiction knows no
    review, the case is still open, or a review has been had.
    """
    subject = own_subject(actor, "object")
    case = Case.objects.select_for_update(of=("self",)).filter(number=number, filed_by=subject).first()
    if case is None or case.kind != Case.Kind.OBJECTION:
        raise NotFound("没有这件异议，或它不属于您。There is no such objection of yours.")
    earlier = Case.objects.filter(review_of=case).first()
    if earlier is not None:
        return earlier.number
    if case.state != Case.State.CLOSED or case.outcome == "withdrawn" or procedure_of(case).review is None:
        raise refuse(
            "no_review",
            "review",
            Text(zh="现在不能申请复核。", en="A review cannot be asked for now."),
            Text(
                zh="异议办结后、且本地规定有复核的，方可申请；您也可以依法申请行政复议或提起诉讼。",
                en="It opens once the objection is decided, where the rules here know a review; you may also go to "
                "administrative reconsideration or to court.",
            ),
        )
    kept = checked_words(words)
    record = Record.objects.select_for_update().get(pk=case.record_id) if case.record_id else None
    review = _opened(actor, subject, Case.Kind.REVIEW, case.reason, kept, record=record, review_of=case)
    if record is not None:
        mark(actor, review, record)
    return review.number


@transaction.atomic
def challenge_look(*, actor: Actor, look: int, words: str) -> str:
    """Ask who looked and why: opens a case on that look for the centre to answer. Returns its number."""
    subject = own_subject(actor, "object")
    found = Look.objects.filter(pk=look, subject=subject).first()
    if found is None:
        raise NotFound("没有这次查询，或它不涉及您。There is no such look at your data.")
    running = Case.objects.filter(Q(look=found), filed_by=subject).first()
    if running is not None:
        return running.number
    return _opened(actor, subject, Case.Kind.LOOK, "look", checked_words(words), look=found).number


@transaction.atomic
def take_back(*, actor: Actor, number: str) -> None:
    """Withdraw one's own open case. The record counts again as if nobody had objected."""
    subject = own_subject(actor, "object")
    case = Case.objects.select_for_update(of=("self",)).filter(number=number, filed_by=subject).first()
    if case is None:
        raise NotFound("没有这件办件，或它不属于您。There is no such case of yours.")
    if case.state == Case.State.CLOSED:
        return
    case.state, case.closed_at, case.outcome, case.decided_by = Case.State.CLOSED, now(), "withdrawn", actor.handle
    case.reasons_sealed = vault.seal("申请人撤回。Withdrawn by the applicant.", "case.reasons")
    take_step(actor=actor, case=case, step="withdraw")
    if case.record_id and case.kind in (Case.Kind.OBJECTION, Case.Kind.REVIEW):
        lift(actor, case, Record.objects.select_for_update().get(pk=case.record_id))
