"""What people concerned ask for: an objection, its review, an answer about a look (异议, 复核, 质疑查询)."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Q

from xinlin.core.procedures import review_due
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
from xinlin.office.queries.calendars import calendar
from xinlin.office.queries.people import own_subject
from xinlin.office.queries.records import concerns_person, history
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
        subject=record.subject if record is not None and record.subject is not None else subject,
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
    if kind == Case.Kind.REVIEW:
        due = review_due(run, calendar(), today())
        if due is not None:
            case.due_on, case.due_provisional = due.day, due.provisional
    facts = {"record": record.reference if record else "", "reason": reason}
    take_step(actor=actor, case=case, step="open", words=words, facts=facts)
    return case


def object_to(*, actor: Actor, reference: str, reason: str, words: str) -> str:
    """File an objection to one's record: it is disputed from this moment, counts 0 and carries no measure.

    Returns the case number; a second objection to the same record answers with the first. Raises `NotFound` for a
    record that is not the resident's, `Refused` for an unknown reason or too many words.
    """
    subject, rulebook = own_subject(actor), current()
    kept = _checked(reason, words)
    own = {r.reference: r.pk for r, fact in history(subject.pk, rulebook, today()) if concerns_person(fact)}
    if reference not in own:
        raise NotFound(NOT_YOURS)
    try:
        with transaction.atomic():
            record = Record.objects.select_for_update().get(pk=own[reference])
            case = _opened(actor, subject, Case.Kind.OBJECTION, reason, kept, record=record)
            mark(actor, case, record)
    except IntegrityError:
        running = Case.objects.filter(record_id=own[reference], kind=Case.Kind.OBJECTION)
        return running.exclude(state=Case.State.CLOSED).get().number
    return case.number


@transaction.atomic
def object_to_check(*, actor: Actor, answer: str, reason: str, words: str) -> str:
    """File an objection to the answer of a check about oneself; each record on which it rests is disputed at once.

    Returns the number of the case. Raises `NotFound` for an answer about somebody else.
    """
    subject, kept = own_subject(actor), _checked(reason, words)
    found = CheckAnswer.objects.select_related("question").filter(number=answer, subject=subject).first()
    if found is None:
        raise NotFound("没有这次核查，或它不涉及您。There is no such check about you.")
    running = Case.objects.filter(answer=found, filed_by=subject).exclude(state=Case.State.CLOSED).first()
    if running is not None:
        return running.number
    met = Record.objects.filter(reference__in=[hit["entry"] for hit in found.hits], subject=subject)
    record = met.order_by("pk").first()
    taken = record is not None and Case.objects.filter(record=record).exclude(state=Case.State.CLOSED).exists()
    case = _opened(actor, subject, Case.Kind.OBJECTION, reason, kept, record=None if taken else record, answer=found)
    for each in met:
        mark(actor, case, each)
    return case.number


@transaction.atomic
def ask_review(*, actor: Actor, number: str, words: str) -> str:
    """Ask for a review (复核) of a decided objection; the record is marked again until it is answered.

    Returns the number of the new case. Raises `NotFound` for another's case, `Refused` where the jurisdiction knows no
    review, the case is still open, or a review has been had.
    """
    subject = own_subject(actor)
    case = Case.objects.select_for_update(of=("self",)).filter(number=number, filed_by=subject).first()
    if case is None or case.kind != Case.Kind.OBJECTION:
        raise NotFound("没有这件异议，或它不属于您。There is no such objection of yours.")
    earlier = Case.objects.filter(review_of=case).first()
    if earlier is not None:
        return earlier.number
    if case.state != Case.State.CLOSED or procedure_of(case).review is None:
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
    subject = own_subject(actor)
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
    subject = own_subject(actor)
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
