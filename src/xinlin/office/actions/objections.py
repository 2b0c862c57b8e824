"""Handling an objection or a review: pass it on, answer, take more time, decide, sign (异议处理).

The reviewers of the centre handle every case; the clerks of the providing department answer those passed on to them.
Software only keeps the clock: what comes of a case is decided, with reasons, by a person.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.actions import corrections, outcomes
from xinlin.office.actions.case_steps import (
    CENTRE,
    LONGEST_WORDS,
    checked_words,
    held,
    keep_changes,
    must_be,
    procedure_of,
    refuse,
    set_clock,
    take_step,
)
from xinlin.office.models.cases import Case
from xinlin.office.queries.cases import changes_of
from xinlin.office.queries.desks import outcomes_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, now, today

_KINDS = (Case.Kind.OBJECTION, Case.Kind.REVIEW, Case.Kind.LOOK)
ADDITION = "note"
"""Under this name stands what is added to a record (补充); other names are fields of its kind."""
_RUNNING = (Case.State.SUBMITTED, Case.State.FORWARDED, Case.State.ANSWERED)


def _centre_only(actor: Actor) -> None:
    if actor.role != "reviewer":
        raise NotAllowed("只有信用中心审核员可以这样办理。Only reviewers of the credit centre do this.")


@transaction.atomic
def forward(*, actor: Actor, number: str, words: str = "") -> None:
    """Ask the department that provided the record; its clock starts, and the applicant sees it."""
    _centre_only(actor)
    case = held(actor, number, *_KINDS)
    must_be(case, Case.State.SUBMITTED)
    if not case.provider:
        raise refuse(
            "no_provider",
            "provider",
            Text(zh="这件异议没有数据提供部门。", en="No department provided what this objection is about."),
            Text(zh="请由信用中心直接核查。", en="Check it at the centre."),
        )
    case.state, case.department, case.forwarded_on = Case.State.FORWARDED, case.provider, today()
    set_clock(case)
    take_step(actor=actor, case=case, step="forward", words=checked_words(words))


@transaction.atomic
def hand_over(*, actor: Actor, number: str, department: str, reasons: str) -> None:
    """Pass it to the department whose business it is (移交): that one's days begin, the applicant's day stays."""
    case = held(actor, number, *_KINDS)
    must_be(case, Case.State.SUBMITTED, Case.State.FORWARDED)
    if department not in current().departments or department in (case.department, CENTRE):
        raise refuse(
            "unknown_department",
            "department",
            Text(zh="没有选择移交给哪个部门。", en="No department to hand it to was chosen."),
            Text(zh="请选择另一个部门。", en="Choose another department."),
        )
    words = checked_words(reasons, "reasons", wanted=True)
    case.forwarded_on, case.handed_over_on = case.forwarded_on or today(), today()
    case.state, case.department = Case.State.FORWARDED, department
    set_clock(case)
    take_step(actor=actor, case=case, step="hand_over", words=words, facts={"department": department})


def _outcome(outcome: str, changes: Mapping[str, str], case: Case) -> str:
    """The outcome as chosen. Raises `Refused` for one that there is not, or that does not fit the case."""
    known = outcomes_of(case)
    if outcome not in known:
        raise refuse(
            "unknown_outcome",
            "outcome",
            Text(zh="没有选择处理结果。", en="No outcome was chosen."),
            Text(
                zh="请选择：" + "、".join(text.zh for text in known.values()),
                en="Choose one of: " + ", ".join(text.en for text in known.values()),
            ),
        )
    if outcome == "correct" and case.record is not None:
        fields = {name: text for name, text in changes.items() if name != ADDITION}
        corrections.checked(case.record, fields)
    if outcome == "supplement" and not 0 < len(changes.get(ADDITION, "").strip()) <= LONGEST_WORDS:
        raise refuse(
            "note_missing",
            "changes",
            Text(
                zh=f"没有写明补充的内容，或超过 {LONGEST_WORDS} 字。",
                en=f"What is to be added is missing, or longer than {LONGEST_WORDS} characters.",
            ),
            Text(zh="请填写补充内容，它会与记录一起显示。", en="Write it; it is shown beside the record."),
        )
    return outcome


def _propose(case: Case, outcome: str, reasons: str, changes: Mapping[str, str] | None) -> str:
    """Note outcome, changes and reasons on the case; returns the words."""
    case.outcome = _outcome(outcome, changes or {}, case)
    kept = {name: text for name, text in (changes or {}).items() if (name == ADDITION) == (outcome == "supplement")}
    keep_changes(case, kept if outcome in ("correct", "supplement") else {})
    words = checked_words(reasons, "reasons", wanted=True)
    case.reasons_sealed = vault.seal(words, "case.reasons")
    return words


@transaction.atomic
def answer(*, actor: Actor, number: str, outcome: str, reasons: str, changes: Mapping[str, str] | None = None) -> None:
    """The providing department's answer: what should come of it, with reasons. The centre concludes."""
    if actor.role != "clerk":
        raise NotAllowed("由数据提供部门的报送员答复。The providing department's clerks answer.")
    case = held(actor, number, *_KINDS)
    must_be(case, Case.State.FORWARDED)
    words = _propose(case, outcome, reasons, changes)
    case.state, case.department, case.answered_on = Case.State.ANSWERED, CENTRE, today()
    take_step(actor=actor, case=case, step="answer", words=words)


@transaction.atomic
def extend(*, actor: Actor, number: str, reasons: str) -> None:
    """Take the more time that the law allows, once, with reasons that the applicant reads."""
    case = held(actor, number, *_KINDS)
    must_be(case, *_RUNNING)
    if procedure_of(case).extension is None or case.extended_on is not None:
        raise refuse(
            "no_extension",
            "due_on",
            Text(zh="按本地程序不能（再次）延长。", en="The procedure here allows no (further) extension."),
            Text(
                zh="请在期限内办结；逾期的，记录一直保持异议标注。",
                en="Settle it in time; if late, the record stays marked.",
            ),
        )
    words = checked_words(reasons, "reasons", wanted=True)
    case.extended_on = today()
    set_clock(case)
    take_step(actor=actor, case=case, step="extend", words=words)


@transaction.atomic
def pause(*, actor: Actor, number: str, reasons: str) -> None:
    """Stop the clock while an inspection or an expert opinion is under way, where the procedure knows that."""
    case = held(actor, number, *_KINDS)
    must_be(case, *_RUNNING)
    if not procedure_of(case).pauses_for_experts or (case.pauses and case.pauses[-1][1] is None):
        raise refuse(
            "no_pause",
            "due_on",
            Text(zh="按本地程序期限不能在此中止。", en="The clock cannot be stopped here."),
            Text(zh="请在期限内办结，或按程序延长。", en="Settle it in time, or extend as the procedure allows."),
        )
    words = checked_words(reasons, "reasons", wanted=True)
    case.pauses = [*case.pauses, [today().isoformat(), None]]
    set_clock(case)
    take_step(actor=actor, case=case, step="pause", words=words)


@transaction.atomic
def go_on(*, actor: Actor, number: str) -> None:
    """The expert's answer is there: the clock runs again from today."""
    case = held(actor, number, *_KINDS)
    if not case.pauses or case.pauses[-1][1] is not None:
        raise refuse(
            "not_paused",
            "due_on",
            Text(zh="期限没有中止。", en="The clock is not stopped."),
            Text(zh="无需恢复。", en="There is nothing to resume."),
        )
    case.pauses = [*case.pauses[:-1], [case.pauses[-1][0], today().isoformat()]]
    set_clock(case)
    take_step(actor=actor, case=case, step="go_on")


@transaction.atomic
def decide(*, actor: Actor, number: str, outcome: str, reasons: str, changes: Mapping[str, str] | None = None) -> str:
    """Decide the case, with reasons; returns the state it is in then.

    Where the procedure asks for a second signature on this outcome, the case waits for another reviewer and nothing has
    changed yet. Otherwise the outcome is carried out at once.
    """
    _centre_only(actor)
    case = held(actor, number, *_KINDS)
    must_be(case, *_RUNNING)
    first = case.review_of
    if first is not None and actor.handle in (first.decided_by, first.signed_by):
        raise refuse(
            "same_person",
            "decided_by",
            Text(
                zh="复核须由没有办过原异议的审核员办理。", en="A review is decided by somebody else than the objection."
            ),
            Text(zh="请同事打开这件复核。", en="Ask a colleague to open it."),
        )
    words = _propose(case, outcome, reasons, changes)
    case.decided_by, case.department = actor.handle, CENTRE
    if case.outcome in procedure_of(case).second_signature:
        case.state = Case.State.PROPOSED
        take_step(actor=actor, case=case, step="propose", words=words)
    else:
        _close(actor, case, words)
    return case.state


def _close(actor: Actor, case: Case, words: str) -> None:
    case.state, case.closed_at = Case.State.CLOSED, now()
    take_step(actor=actor, case=case, step="close", words=words, facts={"changes": sorted(changes_of(case))})
    outcomes.apply(actor, case)


@transaction.atomic
def sign(*, actor: Actor, number: str) -> None:
    """The second signature: another reviewer agrees, and the outcome is carried out."""
    _centre_only(actor)
    case = held(actor, number, *_KINDS)
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
    """The second reviewer does not agree: the case goes back, with reasons, and is decided anew."""
    _centre_only(actor)
    case = held(actor, number, *_KINDS)
    must_be(case, Case.State.PROPOSED)
    words = checked_words(reasons, "reasons", wanted=True)
    case.state = Case.State.ANSWERED if case.forwarded_on else Case.State.SUBMITTED
    case.decided_by = ""
    take_step(actor=actor, case=case, step="send_back", words=words)
