"""Repairing a record: from which day, with which two papers, decided by when, and what it does (信用修复).

信用修复管理办法（发改委令36号）and 国办发〔2025〕22号: free; only a proof of fulfilment and a commitment are asked for; missing
papers are named once; accepted or refused within 3 working days, decided within 10.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction

from xinlin.core.procedures import REPAIR_OUTCOMES, repairable_from, stops_on
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.actions.case_steps import (
    CENTRE,
    checked_words,
    held,
    must_be,
    new_number,
    refuse,
    take_step,
)
from xinlin.office.actions.outcomes import leave_list, tell
from xinlin.office.amendments import amend
from xinlin.office.models.cases import Case
from xinlin.office.models.records import Record
from xinlin.office.queries.calendars import calendar
from xinlin.office.queries.people import own_subject
from xinlin.office.queries.repairs import own_exit_of, own_records, terms_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

ACCEPTANCE, RESULT, EXTENSION = "repair_acceptance", "repair_result", "repair_extension"
_RUNNING = (Case.State.SUBMITTED, Case.State.ACCEPTED, Case.State.FORWARDED, Case.State.ANSWERED)


def _working_days(clock: str) -> int:
    return current().clocks[clock].working_days or 0


def _set_due(case: Case, clock: str) -> None:
    days = calendar()
    case.due_on = days.add_working_days(today(), _working_days(clock))
    case.due_provisional = not days.is_decided(case.due_on)


def _not_yet(record: Record) -> Refused | None:
    terms, own_exit = terms_of(record), own_exit_of(record)
    if own_exit is not None:
        return refuse(
            "own_exit",
            "record",
            Text(
                zh="主体在法定名单上，按名单自身的规则移出，不适用一般信用修复。",
                en="Whoever stands on a statutory list leaves by that list's own rule, not by ordinary repair.",
            ),
            own_exit,
        )
    if terms is None:
        return refuse(
            "not_repairable",
            "record",
            Text(zh="这类记录不适用信用修复。", en="Records of this kind are not repaired."),
            Text(zh="内容有误的，请提出异议。", en="If it is wrong, file an objection."),
        )
    day = repairable_from(terms, record.occurred_on)
    if today() < day:
        return refuse(
            "too_early",
            "record",
            Text(zh=f"最短公示期未满，{day} 起可以申请。", en=f"Its shortest term is not over; apply from {day}."),
            Text(
                zh="届时再申请；到最长公示期满会自动停止，无需申请。",
                en="Apply then; at the longest term it stops by itself.",
            ),
        )
    if stops_on(terms, record.occurred_on) <= today():
        return refuse(
            "stopped",
            "record",
            Text(zh="最长公示期已满，已自动停止。", en="Its longest term is over; it has stopped by itself."),
            Text(zh="无需申请。", en="There is nothing to apply for."),
        )
    return None


def apply_for(*, actor: Actor, reference: str, words: str, fulfilled: bool, committed: bool) -> str:
    """Apply for the repair of one's own record, or of an organisation that one represents; returns the case number.

    ``fulfilled`` and ``committed``: that the proof of fulfilment and the commitment are there. Without them the
    application is taken all the same, and the centre names once what is missing. Raises `NotFound`, or `Refused` where
    the record cannot be repaired (yet).
    """
    subject = own_subject(actor, "object")
    record = own_records(subject).filter(reference=reference).first()
    if record is None or record.subject is None:
        raise NotFound("没有这条记录，或它不属于您。There is no such record of yours.")
    hindered = _not_yet(record)
    if hindered is not None:
        raise hindered
    if record.status not in (Record.Status.ACTIVE, Record.Status.DISPUTED):
        raise refuse(
            "no_effect",
            "record",
            Text(
                zh="这条记录已不再起作用，无需修复。",
                en="This record has no effect any more; there is nothing to repair.",
            ),
            Text(zh="无需办理。", en="Nothing is to be done."),
        )
    kept = checked_words(words)
    try:
        with transaction.atomic():
            case = Case(
                number=new_number("repair"),
                kind=Case.Kind.REPAIR,
                subject=record.subject,
                filed_by=subject,
                record=record,
                reason="repair",
                words_sealed=vault.seal(kept, "case.words") if kept else "",
                opened_at=now(),
                department=CENTRE,
                provider=record.department,
            )
            _set_due(case, ACCEPTANCE)
            facts = {"record": record.reference, "fulfilled": fulfilled, "committed": committed}
            take_step(actor=actor, case=case, step="open", words=kept, facts=facts)
    except IntegrityError:
        running = Case.objects.filter(record=record, kind=Case.Kind.REPAIR).exclude(state=Case.State.CLOSED)
        return running.get().number
    return case.number


def _reviewer(actor: Actor) -> None:
    if actor.role != "reviewer":
        raise NotAllowed("只有信用中心审核员办理信用修复。Only reviewers of the credit centre handle repairs.")


@transaction.atomic
def ask_papers(*, actor: Actor, number: str, words: str) -> None:
    """Name everything that is missing, once (一次性告知). Raises `Refused` the second time."""
    _reviewer(actor)
    case = held(actor, number, Case.Kind.REPAIR)
    must_be(case, Case.State.SUBMITTED)
    if case.papers_asked_on is not None:
        raise refuse(
            "asked_before",
            "papers",
            Text(
                zh="缺少的材料只能一次性告知，已经告知过。", en="Missing papers are named once, and that has been done."
            ),
            Text(zh="请依现有材料受理或作出决定。", en="Accept or decide on what is there."),
        )
    kept = checked_words(words, "papers", wanted=True)
    case.papers_asked_on, case.state = today(), Case.State.PAPERS
    take_step(actor=actor, case=case, step="ask_papers", words=kept)


@transaction.atomic
def hand_in(*, actor: Actor, number: str, words: str) -> None:
    """The applicant has added what was missing; the clock of acceptance starts again."""
    subject = own_subject(actor, "object")
    case = (
        Case.objects.select_for_update(of=("self",))
        .filter(number=number, filed_by=subject, kind=Case.Kind.REPAIR)
        .first()
    )
    if case is None:
        raise NotFound("没有这件办件，或它不属于您。There is no such case of yours.")
    must_be(case, Case.State.PAPERS)
    case.state = Case.State.SUBMITTED
    _set_due(case, ACCEPTANCE)
    take_step(actor=actor, case=case, step="hand_in", words=checked_words(words))


@transaction.atomic
def accept(*, actor: Actor, number: str) -> None:
    """Take the application up: its result is due within ten working days."""
    _reviewer(actor)
    case = held(actor, number, Case.Kind.REPAIR)
    must_be(case, Case.State.SUBMITTED)
    case.state = Case.State.ACCEPTED
    _set_due(case, RESULT)
    take_step(actor=actor, case=case, step="accept")


@transaction.atomic
def forward(*, actor: Actor, number: str, words: str = "") -> None:
    """Ask the authority that decided; it answers within the days that the result has left. The applicant asks once only."""
    _reviewer(actor)
    case = held(actor, number, Case.Kind.REPAIR)
    must_be(case, Case.State.ACCEPTED)
    case.state, case.department, case.forwarded_on = Case.State.FORWARDED, case.provider, today()
    case.provider_due_on = case.due_on
    take_step(actor=actor, case=case, step="forward", words=checked_words(words))


@transaction.atomic
def answer(*, actor: Actor, number: str, outcome: str, reasons: str) -> None:
    """The deciding authority says whether the duty is fulfilled, with reasons; the centre concludes."""
    if actor.role != "clerk":
        raise NotAllowed("由认定单位的报送员答复。The deciding authority's clerks answer.")
    case = held(actor, number, Case.Kind.REPAIR)
    must_be(case, Case.State.FORWARDED)
    _known(outcome)
    kept = checked_words(reasons, "reasons", wanted=True)
    case.outcome, case.reasons_sealed = outcome, vault.seal(kept, "case.reasons")
    case.state, case.department, case.answered_on = Case.State.ANSWERED, CENTRE, today()
    take_step(actor=actor, case=case, step="answer", words=kept)


@transaction.atomic
def extend(*, actor: Actor, number: str, reasons: str) -> None:
    """Take more time for the result, once, with reasons that the applicant reads."""
    _reviewer(actor)
    case = held(actor, number, Case.Kind.REPAIR)
    must_be(case, Case.State.ACCEPTED, Case.State.FORWARDED, Case.State.ANSWERED)
    if case.extended_on is not None:
        raise refuse(
            "no_extension",
            "due_on",
            Text(zh="只能延长一次。", en="More time is taken once only."),
            Text(zh="请在期限内办结。", en="Settle it in time."),
        )
    kept = checked_words(reasons, "reasons", wanted=True)
    days = calendar()
    case.extended_on = today()
    case.due_on = days.add_working_days(case.due_on, _working_days(EXTENSION))
    case.due_provisional = not days.is_decided(case.due_on)
    take_step(actor=actor, case=case, step="extend", words=kept)


def _known(outcome: str) -> None:
    if outcome not in REPAIR_OUTCOMES:
        raise refuse(
            "unknown_outcome",
            "outcome",
            Text(zh="没有选择处理结果。", en="No outcome was chosen."),
            Text(zh="请选择准予修复或不予修复。", en="Choose repaired or not repaired."),
        )


@transaction.atomic
def decide(*, actor: Actor, number: str, outcome: str, reasons: str) -> str:
    """Decide on a repair, with reasons; returns the state then. ``false_papers`` waits for a second signature."""
    _reviewer(actor)
    case = held(actor, number, Case.Kind.REPAIR)
    must_be(case, *_RUNNING)
    _known(outcome)
    kept = checked_words(reasons, "reasons", wanted=True)
    case.outcome, case.decided_by, case.reasons_sealed = outcome, actor.handle, vault.seal(kept, "case.reasons")
    if outcome == "false_papers":
        case.state = Case.State.PROPOSED
        take_step(actor=actor, case=case, step="propose", words=kept)
    else:
        _close(actor, case, kept)
    return case.state


@transaction.atomic
def sign(*, actor: Actor, number: str) -> None:
    """The second signature, by another reviewer."""
    _reviewer(actor)
    case = held(actor, number, Case.Kind.REPAIR)
    must_be(case, Case.State.PROPOSED)
    if case.decided_by == actor.handle:
        raise refuse(
            "same_person",
            "signed_by",
            Text(zh="须由另一名审核员签署。", en="Another reviewer has to sign."),
            Text(zh="请同事打开这件办件并签署。", en="Ask a colleague to open the case and sign."),
        )
    case.signed_by = actor.handle
    _close(actor, case, vault.unseal(case.reasons_sealed, "case.reasons"))


@transaction.atomic
def send_back(*, actor: Actor, number: str, reasons: str) -> None:
    """The second reviewer does not agree that the papers are false: the case goes back, with reasons."""
    _reviewer(actor)
    case = held(actor, number, Case.Kind.REPAIR)
    must_be(case, Case.State.PROPOSED)
    kept = checked_words(reasons, "reasons", wanted=True)
    case.state, case.decided_by = Case.State.ACCEPTED, ""
    _set_due(case, RESULT)
    take_step(actor=actor, case=case, step="send_back", words=kept)


def _close(actor: Actor, case: Case, words: str) -> None:
    """Close it. A repair stops publicity, sharing, use and measures together, and everybody who held it is told."""
    case.state, case.closed_at, case.department = Case.State.CLOSED, now(), CENTRE
    take_step(actor=actor, case=case, step="close", words=words)
    if case.outcome != "repaired" or case.record is None:
        return
    amend(
        actor=actor,
        records=[case.record.pk],
        change={"status": Record.Status.REPAIRED.value},
        reason="repaired",
        happened_on=today(),
        case=case,
    )
    leave_list(case.record, f"信用修复（{case.number}）")
    tell(case, case.record, case.outcome)
