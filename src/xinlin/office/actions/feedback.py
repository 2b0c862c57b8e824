"""Taking in what an officer decided on an answer, and putting it right later (核查反馈, 反馈更正)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_noop

from xinlin.core.decisions import (
    ALREADY_GIVEN,
    ENDS_BEFORE_HEARD,
    NO_LONGER_STANDS,
    NOT_GIVEN,
    correction_problem,
    feedback_problem,
)
from xinlin.core.holds import HOLD_OVER
from xinlin.core.lists import Entry, StandingMeasure, measures_among
from xinlin.office.actions import hearings
from xinlin.office.actions.checks import text_required, with_officer
from xinlin.office.failpoints import reached
from xinlin.office.leaves import write_leaf
from xinlin.office.models.checks import CheckAnswer, CheckFeedback, FeedbackCorrection, Hold
from xinlin.office.models.measures import MeasureRule, MeasureUse
from xinlin.office.queries.answer_views import AnswerView, answer_view, feedback_of, hold_of, hold_view
from xinlin.office.queries.checks import clause_of, delay_of, kinds_on, own_department
from xinlin.office.queries.items import found, place
from xinlin.office.queries.lists import entry_of
from xinlin.office.queries.people import write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, Conflict, NotFound, Refused, now, today

_RESULTS = {
    CheckFeedback.Decision.RELEASED: gettext_noop("审批人员决定：不采取措施"),
    CheckFeedback.Decision.MEASURE_APPLIED: gettext_noop("审批人员决定：采取措施"),
    CheckFeedback.Decision.NOT_THE_PERSON: gettext_noop("审批人员认定：不是本人"),
}


def locked_answer(actor: Actor, number: str) -> CheckAnswer:
    """The answer with this number of the actor's department, locked. Raises `NotFound`, `NotAllowed`."""
    row = (
        CheckAnswer.objects.select_for_update(of=("self",))
        .select_related("question")
        .filter(number=number, question__department=own_department(actor))
        .first()
    )
    if row is None or (actor.items and row.question.item not in actor.items):
        raise NotFound(f"本部门没有编号为 {number} 的核查结果。Your department holds no answer {number}.")
    return row


@transaction.atomic
def give_feedback(
    *,
    actor: Actor,
    answer_number: str,
    decision: str,
    measure: str = "",
    entry: str | None = None,
    reason: str,
    officer: str,
) -> AnswerView:
    """Take in what the officer decided on one answer; ``entry`` is the handle that the answer's hit gives.

    A measure needs an entry and a measure of the answer that both stand today, and a hold that has not lapsed: what has
    ended, was repaired or is disputed since the answer carries no measure. The same feedback again changes nothing;
    another is a `Conflict`. Raises `NotFound`, `NotAllowed`, `Refused`.
    """
    row = locked_answer(actor, answer_number)
    signed_by = text_required("officer", officer, 100)
    words, handle = reason.strip(), entry or ""
    given = feedback_of(row)
    if given is not None:
        before = (given.decision, given.measure, given.entry.record.reference if given.entry else "", given.reason)
        if (*before, given.officer) != (decision, measure, handle, words, signed_by):
            raise Conflict(ALREADY_GIVEN)
        return answer_view(row, given, today())
    _must_fit(row, decision, measure, handle, words)
    standing = _standing(row, measure, handle) if decision == CheckFeedback.Decision.MEASURE_APPLIED else None
    stored = CheckFeedback.objects.create(
        answer=row,
        decision=decision,
        measure=measure,
        entry_id=standing[0] if standing else None,
        reason=words,
        officer=signed_by,
        at=now(),
    )
    reached("feedback.written")
    if standing is not None:
        _use(with_officer(actor, signed_by), stored, row.question.department, *standing)
    reached("feedback.in_force")
    hold = hold_of(row)
    if hold is not None and not hold.ended:
        hold.ended = Hold.Ended.DECIDED if standing else Hold.Ended.RELEASED
        hold.ended_at = stored.at
        hold.save(update_fields=["ended", "ended_at"])
    _note_feedback(with_officer(actor, signed_by), row, decision)
    write_leaf(
        actor=actor,
        action="checks.feedback",
        table="check_feedback",
        key=row.number,
        facts={"decision": decision, "measure": measure, "entry": handle, "reason": words, "officer": signed_by},
    )
    return answer_view(row, stored, today())


def _must_fit(row: CheckAnswer, decision: str, measure: str, handle: str, words: str) -> None:
    """Raises `Refused` where the decision cannot be taken on this answer, or its hold is open again."""
    named = {(hit["entry"], one["code"]): one["force"] for hit in row.hits for one in hit["measures"]}
    problem = feedback_problem(row.verdict, named, decision, measure, handle, words)
    if problem is not None:
        raise Refused(problem)
    view = hold_view(hold_of(row))
    if decision == CheckFeedback.Decision.MEASURE_APPLIED and view is not None and view.state == "lapsed":
        raise Refused(HOLD_OVER)


def _standing(row: CheckAnswer, measure: str, handle: str) -> tuple[int, Entry, StandingMeasure]:
    """The entry and the measure as both stand today; or `Refused`."""
    question, day = row.question, today()
    held = entry_of(handle, row.subject_id) if row.subject_id is not None else None
    item = found(question.item)
    if held is not None and item is not None:
        there = place(item, question.department, day)
        for one in measures_among(held[1], there.rulebook, there.measures, day):
            if one.measure.code == measure:
                return held[0], held[1], one
    raise Refused(NO_LONGER_STANDS)


def _use(
    actor: Actor, stored: CheckFeedback, department: str, entry_key: int, entry: Entry, standing: StandingMeasure
) -> None:
    """Tell the subject, and put the measure in force from the day after they may answer, with all seven parts.

    The database looks at each of them again. An entry that ends before that day carries no measure.
    """
    rule = MeasureRule.objects.filter(code=standing.measure.code).first()
    if rule is None or entry.notice_on is None:
        raise Refused(NO_LONGER_STANDS)
    until = hearings.give(actor=actor, entry_key=entry_key, entry=entry, standing=standing, department=department)
    starts_on = max(today(), until + timedelta(days=1))
    if standing.until <= starts_on:
        raise Refused(ENDS_BEFORE_HEARD)
    MeasureUse.objects.create(
        feedback=stored,
        entry_id=entry_key,
        rule=rule,
        document=entry.document,
        authority=entry.authority,
        article=standing.article.zh[:2048],
        notice_on=entry.notice_on,
        remedy=entry.remedy,
        starts_on=starts_on,
        ends_on=standing.until,
    )


@transaction.atomic
def correct_feedback(
    *, actor: Actor, answer_number: str, decision: str, reason: str, officer: str, why: str
) -> AnswerView:
    """Put a feedback right: take a measure back, or say that it was another person. What stood before is kept.

    Raises `NotFound`, `NotAllowed`, `Refused`. The same correction again changes nothing.
    """
    row = locked_answer(actor, answer_number)
    signed_by, words, because = text_required("officer", officer, 100), reason.strip(), why.strip()
    given = feedback_of(row)
    if given is None:
        raise Refused(NOT_GIVEN)
    forces = [one["force"] for hit in row.hits for one in hit["measures"]]
    problem = correction_problem(row.verdict, forces, decision, words, because)
    if problem is not None:
        raise Refused(problem)
    if (given.decision, given.reason, given.officer) == (decision, words, signed_by):
        return answer_view(row, given, today())
    before = {
        "decision": given.decision,
        "measure": given.measure,
        "reason": given.reason,
        "officer": given.officer,
        "at": given.at.isoformat(),
    }
    FeedbackCorrection.objects.create(feedback=given, before=before, at=now(), officer=signed_by, reason=because)
    MeasureUse.objects.filter(feedback=given, lifted_on__isnull=True).update(
        lifted_on=today(), lifted_because="feedback_corrected"
    )
    given.decision, given.measure, given.entry, given.reason, given.officer = decision, "", None, words, signed_by
    given.save()
    _note_feedback(with_officer(actor, signed_by), row, decision)
    write_leaf(
        actor=actor,
        action="checks.correct_feedback",
        table="check_feedback",
        key=row.number,
        facts={"before": before, "decision": decision, "reason": words, "officer": signed_by, "why": because},
    )
    return answer_view(row, given, today())


def _note_feedback(actor: Actor, row: CheckAnswer, decision: str) -> None:
    if row.subject_id is None:
        return
    rulebook, question = current(), row.question
    write_look(
        actor=actor,
        subjects=[row.subject_id],
        purpose=question.purpose,
        clause=clause_of(rulebook.approval_items.get(question.item), rulebook, question.as_of),
        kinds=kinds_on(rulebook, {hit["list_code"] for hit in row.hits}),
        result=_RESULTS[CheckFeedback.Decision(decision)],
        delay=delay_of(rulebook.approval_items.get(question.item), rulebook, today()),
    )
