"""Handling an objection or a review: pass it on, answer, take more time, decide, sign (异议处理).

The reviewers of the centre handle every case; the clerks of the providing department answer those passed on to them.
Software only keeps the clock: what comes of a case is decided, with reasons, by a person.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from xinlin.core.procedures import LOOK_OUTCOMES, OUTCOMES
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.actions import outcomes
from xinlin.office.actions.case_steps import (
    CENTRE,
    checked_words,
    held,
    must_be,
    procedure_of,
    refuse,
    set_clock,
    take_step,
)
from xinlin.office.models.cases import Case
from xinlin.office.scopes import Actor, NotAllowed, now, today

_KINDS = (Case.Kind.OBJECTION, Case.Kind.REVIEW, Case.Kind.LOOK)
_DECIDED = {code: text for code, text in OUTCOMES.items() if code not in ("correct", "supplement")}
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


def _outcome(outcome: str, changes: Mapping[str, str], case: Case) -> str:
    """The outcome as chosen. Raises `Refused` for one that there is not, or that does not fit the case."""
    known = LOOK_OUTCOMES if case.kind == Case.Kind.LOOK else _DECIDED
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
    if outcome in ("correct", "supplement") and (case.record is None or not any(changes.values())):
        raise refuse(
            "changes_missing",
            "changes",
            Text(zh="没有写明更正为哪些内容。", en="What it is corrected to is missing."),
            Text(zh="请填写要更正的栏目。", en="Fill in the fields to correct."),
        )
    return outcome


@transaction.atomic
def answer(*, actor: Actor, number: str, outcome: str, reasons: str, changes: Mapping[str, str] | None = None) -> None:
    """The providing department's answer: what should come of it, with reasons. The centre concludes."""
    if actor.role != "clerk":
        raise NotAllowed("由数据提供部门的报送员答复。The providing department's clerks answer.")
    case = held(actor, number, *_KINDS)
    must_be(case, Case.State.FORWARDED)
    case.outcome = _outcome(outcome, changes or {}, case)
    case.changes = dict(changes or {})
    words = checked_words(reasons, "reasons", wanted=True)
    case.reasons_sealed = vault.seal(words, "case.reasons")
    case.state, case.department = Case.State.ANSWERED, CENTRE
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
    case.outcome = _outcome(outcome, changes or {}, case)
    case.changes = dict(changes or {})
    words = checked_words(reasons, "reasons", wanted=True)
    case.reasons_sealed = vault.seal(words, "case.reasons")
    case.decided_by, case.department = actor.handle, CENTRE
    if case.outcome in procedure_of(case).second_signature:
        case.state = Case.State.PROPOSED
        take_step(actor=actor, case=case, step="propose", words=words)
    else:
        _close(actor, case, words)
    return case.state


def _close(actor: Actor, case: Case, words: str) -> None:
    case.state, case.closed_at = Case.State.CLOSED, now()
    take_step(actor=actor, case=case, step="close", words=words, facts={"changes": case.changes})
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
