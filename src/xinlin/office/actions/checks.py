"""Answering a question at an approval, and taking in what the officer decided (信用核查, 核查反馈).

An answer is stored with its leaf and its looks in one transaction, or not at all. Software finds and routes; the
measure is an officer's decision, given as feedback with name and reasons.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from xinlin.core.calendar import add_working_days
from xinlin.core.checks import (
    ALREADY_GIVEN,
    NO_LONGER_STANDS,
    Applicant,
    Judgement,
    Question,
    applicants_problem,
    feedback_problem,
    has_controls,
    judge,
    read,
)
from xinlin.core.lists import measures_at, measures_of_item
from xinlin.core.rulebooks import ApprovalItem, Rulebook
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.leaves import write_leaf
from xinlin.office.models.checks import Check, CheckAnswer, CheckFeedback
from xinlin.office.queries.checks import (
    APPLICANT,
    MAY_ASK,
    AnswerView,
    CheckView,
    answer_view,
    clause_of,
    feedback_of,
    fresh,
    kept_hit,
    kinds_on,
    own_department,
    whole,
)
from xinlin.office.queries.checks import one as read_again
from xinlin.office.queries.lists import Found, entry_of, known
from xinlin.office.queries.people import write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, Conflict, NotAllowed, NotFound, Refused, now, today

FEEDBACK_CLOCK = "check_feedback"
"""Code of the rulebook's clock for feedback."""
FEEDBACK_WORKING_DAYS = 10
"""Where the rulebook names no clock."""
SAME_READ = timedelta(minutes=1)
"""A question repeated within it is the first read again, as after a lost line; later it is another look."""
_RESULTS = {
    "yes": gettext_noop("在有关名单上"),
    "no": gettext_noop("不在有关名单上"),
    "unsure": gettext_noop("需人工核对"),
}


def _problem(code: str, where: str, what: tuple[str, str], cure: tuple[str, str], raw: str = "") -> Problem:
    return Problem(code, where, Text(zh=what[0], en=what[1]), Text(zh=cure[0], en=cure[1]), raw)


def _text_required(where: str, value: str, longest: int) -> str:
    text = value.strip()
    if not text or len(text) > longest or has_controls(text):
        raise Refused(
            _problem(
                "text_length",
                where,
                (
                    f"{where} 应为 1 至 {longest} 个字符，不含控制字符",
                    f"{where} must have 1 to {longest} characters, none of them a control",
                ),
                ("请填写后重新提交", "Fill it in and send again"),
            )
        )
    return text


def _item(code: str, rulebook: Rulebook, department: str) -> ApprovalItem:
    found = rulebook.approval_items.get(code)
    if found is None:
        own = sorted(item.code for item in rulebook.approval_items.values() if item.department == department)
        raise Refused(
            _problem(
                "unknown_item",
                "item",
                (f"没有代码为 {code} 的审批事项", f"There is no approval item {code}"),
                (
                    f"本部门可核查的事项：{'、'.join(own) or '无'}",
                    f"Items of your department: {', '.join(own) or 'none'}",
                ),
                code[:64],
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as it was put, all its parts checked for form."""

    item: ApprovalItem
    purpose: str
    officer: str
    key: str
    applicants: Sequence[Applicant]
    as_of: date | None

    @property
    def day(self) -> date:
        return self.as_of or today()

    def fingerprint(self) -> str:
        """Keyed, so that nobody can try out identifiers against it."""
        asked: list[Any] = [self.item.code, self.purpose, self.officer, self.as_of.isoformat() if self.as_of else None]
        asked.append([[applicant.identifier, applicant.name] for applicant in self.applicants])
        return vault.keyed_hash("check", json.dumps(asked, ensure_ascii=False, separators=(",", ":")))


def _held(actor: Actor, key: str, fingerprint: str) -> Check | None:
    """The check already answered under this key. Raises `Conflict` where another question was asked under it."""
    held = Check.objects.filter(client=actor.handle, idempotency_key=key).first()
    if held is not None and held.input_sha256 != fingerprint:
        raise Conflict(
            _problem(
                "key_used_for_other_input",
                "Idempotency-Key",
                ("同一幂等键此前用于另一次提问", "This idempotency key was used for another question"),
                ("新的提问请用新的键；重试请原样重发", "Use a new key for a new question; repeat a question unchanged"),
                key,
            )
        )
    return held


def _refuse(actor: Actor, asked: _Asked, rulebook: Rulebook) -> None:
    """Log a question that the actor may not ask, and show it to everybody whom it was about."""
    questions = [read(applicant, asked.item) for applicant in asked.applicants]
    with transaction.atomic():
        found = known((question.identifier for question in questions if question.identifier), ())
        write_look(
            actor=_with_officer(actor, asked.officer),
            subjects=[one.subject_id for one in found.values()],
            purpose=asked.purpose,
            clause=clause_of(asked.item, rulebook, asked.day),
            kinds=[],
            result=gettext_noop("无权核查，已拒绝，未告知任何内容"),
            refused=True,
        )
        write_leaf(
            actor=actor,
            action="checks.refuse",
            table="check_question",
            # hashed: a caller's key may be anything, an applicant's number too
            key=vault.keyed_hash("refused", actor.handle, asked.key)[:32],
            facts={"item": asked.item.code, "department": actor.department, "input": asked.fingerprint()},
        )


def _with_officer(actor: Actor, officer: str) -> Actor:
    """The actor as the person looked at is shown it: a system together with the officer who asked through it."""
    return actor if officer == actor.name else replace(actor, name=f"{actor.name} · {officer}"[:100])


def answer(
    *,
    actor: Actor,
    item: str,
    purpose: str,
    officer: str,
    applicants: Sequence[Applicant],
    idempotency_key: str,
    as_of: date | None = None,
) -> CheckView:
    """Answer yes, no or unsure for each applicant at an approval item of the actor's department.

    The same key with the same input gives the same answer, also to two callers at once (after `SAME_READ` that is a
    look of its own); with another input `Conflict`.
    Raises `NotAllowed` where the item is another department's (the refusal is logged and shown to those asked about)
    and `Refused` for an unknown item, missing words, unreadable applicants, none, or more than allowed.
    """
    rulebook = current()
    problem = applicants_problem(applicants)
    if problem is not None:
        raise Refused(problem)
    asked = _Asked(
        item=_item(item, rulebook, actor.department),
        purpose=_text_required("purpose", purpose, 200),
        officer=_text_required("officer", officer, 100),
        key=_text_required("Idempotency-Key", idempotency_key, 100),
        applicants=applicants,
        as_of=as_of,
    )
    if actor.role not in MAY_ASK or not actor.department or asked.item.department != actor.department:
        _refuse(actor, asked, rulebook)
        raise NotAllowed(
            f"本部门不办理事项“{asked.item.name.zh}”，不能就此核查；本次拒绝已记录。"
            f"Your department does not decide “{asked.item.name.en}” and may not ask about it; this refusal is logged."
        )
    fingerprint = asked.fingerprint()
    try:
        with transaction.atomic():
            return _answer(actor, asked, fingerprint, rulebook)
    except IntegrityError:
        held = _held(actor, asked.key, fingerprint)
        if held is None:
            raise
        late = now() - held.asked_at > SAME_READ
        return read_again(actor=actor, number=held.number) if late else whole(held)


def _answer(actor: Actor, asked: _Asked, fingerprint: str, rulebook: Rulebook) -> CheckView:
    """Find, judge and store, inside a transaction. The key is taken first: a repetition fails there, before any read."""
    moment, day, item = now(), asked.day, asked.item
    check = Check.objects.create(
        number=f"{day:%Y%m%d}-{secrets.token_hex(6)}",
        client=actor.handle,
        department=actor.department,
        item=item.code,
        purpose=asked.purpose,
        officer=asked.officer,
        idempotency_key=asked.key,
        input_sha256=fingerprint,
        asked_at=moment,
        as_of=day,
    )
    measures = measures_of_item(rulebook, item.code, actor.department, day)
    lists = {found.measure.statutory_list for found in measures}
    questions = [read(applicant, item) for applicant in asked.applicants]
    found = known((question.identifier for question in questions if question.identifier), lists)
    clock = rulebook.clocks.get(FEEDBACK_CLOCK)
    due = add_working_days(today(), (clock and clock.working_days) or FEEDBACK_WORKING_DAYS)
    rows = []
    for position, question in enumerate(questions, start=1):
        one = found.get(question.identifier)
        judged = judge(question, one.known if one else None, rulebook, measures, day)
        rows.append(_row(check, position, question, one, judged, rulebook, due))
    CheckAnswer.objects.bulk_create(rows)
    _note(_with_officer(actor, asked.officer), asked, rows, clause_of(item, rulebook, day), kinds_on(rulebook, lists))
    write_leaf(
        actor=actor,
        action="checks.answer",
        table="check_question",
        key=check.number,
        facts={
            "item": item.code,
            "as_of": day,
            "input": fingerprint,
            "answers": _digest(rows),
        },
    )
    return fresh(check, rows, asked.applicants)


def _digest(rows: Sequence[CheckAnswer]) -> str:
    """SHA-256 (hex) of the answers as they are kept."""
    kept = [[row.number, row.verdict, row.reasons, row.hits] for row in rows]
    return hashlib.sha256(json.dumps(kept, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _row(
    check: Check,
    position: int,
    question: Question,
    found: Found | None,
    judged: Judgement,
    rulebook: Rulebook,
    due: date,
) -> CheckAnswer:
    applicant = question.applicant
    sealed = json.dumps([applicant.identifier, applicant.name], ensure_ascii=False)
    return CheckAnswer(
        number=f"{check.number}-{position:04d}",
        question=check,
        position=position,
        subject_id=found.subject_id if found else None,
        applicant_sealed=vault.seal(sealed, APPLICANT),
        verdict=judged.verdict,
        reasons=[problem.as_dict() for problem in judged.reasons],
        hits=[kept_hit(hit, rulebook) for hit in judged.hits],
        feedback_due_on=due if judged.verdict == "yes" else None,
    )


def _note(actor: Actor, asked: _Asked, rows: Sequence[CheckAnswer], clause: str, kinds: Sequence[str]) -> None:
    """A look for everybody who was found, with what came of it."""
    for verdict, result in _RESULTS.items():
        subjects = [row.subject_id for row in rows if row.verdict == verdict and row.subject_id is not None]
        if subjects:
            write_look(actor=actor, subjects=subjects, purpose=asked.purpose, clause=clause, kinds=kinds, result=result)


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

    A measure needs an entry and a measure of the answer that both stand today: what has ended, was repaired or is
    disputed since the answer carries no measure. The same feedback again changes nothing; another is a `Conflict`.
    Raises `NotFound`, `NotAllowed`, `Refused`.
    """
    department = own_department(actor)
    row = (
        CheckAnswer.objects.select_for_update(of=("self",))
        .select_related("question")
        .filter(number=answer_number, question__department=department)
        .first()
    )
    if row is None:
        raise NotFound(f"本部门没有编号为 {answer_number} 的核查结果。Your department holds no answer {answer_number}.")
    signed_by = _text_required("officer", officer, 100)
    words, handle = reason.strip(), entry or ""
    given = feedback_of(row)
    if given is not None:
        before = (given.decision, given.measure, given.entry.record.reference if given.entry else "", given.reason)
        if (*before, given.officer) != (decision, measure, handle, words, signed_by):
            raise Conflict(ALREADY_GIVEN)
        return answer_view(row, given, today())
    entry_key = _entry_key(row, decision, measure, handle, words)
    stored = CheckFeedback.objects.create(
        answer=row,
        decision=decision,
        measure=measure,
        entry_id=entry_key,
        reason=words,
        officer=signed_by,
        at=now(),
    )
    _note_feedback(_with_officer(actor, signed_by), row, decision)
    write_leaf(
        actor=actor,
        action="checks.feedback",
        table="check_feedback",
        key=row.number,
        facts={"decision": decision, "measure": measure, "entry": handle, "reason": words, "officer": signed_by},
    )
    return answer_view(row, stored, today())


def _entry_key(row: CheckAnswer, decision: str, measure: str, handle: str, words: str) -> int | None:
    """The primary key of the entry that a measure rests on, None where no measure is used; or `Refused`."""
    named = {(hit["entry"], found["code"]): found["force"] for hit in row.hits for found in hit["measures"]}
    problem = feedback_problem(row.verdict, named, decision, measure, handle, words)
    if problem is not None:
        raise Refused(problem)
    if decision != CheckFeedback.Decision.MEASURE_APPLIED or row.subject_id is None:
        return None
    held = entry_of(handle, row.subject_id)
    question = row.question
    standing = measures_at(held[1], current(), question.item, question.department, today()) if held else []
    if held is None or measure not in {found.measure.code for found in standing}:
        raise Refused(NO_LONGER_STANDS)
    return held[0]


def _note_feedback(actor: Actor, row: CheckAnswer, decision: str) -> None:
    if row.subject_id is None:
        return
    rulebook, question = current(), row.question
    results = {
        CheckFeedback.Decision.RELEASED: gettext_noop("审批人员决定：不采取措施"),
        CheckFeedback.Decision.MEASURE_APPLIED: gettext_noop("审批人员决定：采取措施"),
        CheckFeedback.Decision.NOT_THE_PERSON: gettext_noop("审批人员认定：不是本人"),
    }
    write_look(
        actor=actor,
        subjects=[row.subject_id],
        purpose=question.purpose,
        clause=clause_of(rulebook.approval_items.get(question.item), rulebook, question.as_of),
        kinds=kinds_on(rulebook, {hit["list_code"] for hit in row.hits}),
        result=results[CheckFeedback.Decision(decision)],
    )
