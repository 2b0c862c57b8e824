"""Holding an application a little longer, and lifting the hold at once where its cause is put right (暂缓, 立即整改)."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.utils.translation import gettext_noop

from xinlin.core.holds import REASONS_MISSING, signing_problem
from xinlin.core.lists import DUTY_DONE
from xinlin.core.values import Problem, Text
from xinlin.office.actions.checks import text_required, with_officer
from xinlin.office.actions.feedback import locked_answer
from xinlin.office.actions.lists import leave
from xinlin.office.failpoints import reached
from xinlin.office.leaves import write_leaf
from xinlin.office.models.checks import CheckAnswer, Hold, Remedy
from xinlin.office.models.lists import ListEntry
from xinlin.office.queries.answer_views import AnswerView, answer_view, feedback_of, hold_view
from xinlin.office.queries.checks import clause_of, kinds_on
from xinlin.office.queries.items import found
from xinlin.office.queries.people import own_subject, write_look
from xinlin.office.queries.records import represented_now
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, Refused, now, today

WAYS = ("paid", "upload")


@transaction.atomic
def sign(*, actor: Actor, answer_number: str, officer: str, reason: str) -> AnswerView:
    """Go on holding until the feedback is due: an officer signs, with reasons, before the hold lapses.

    The same signature again changes nothing. Raises `NotFound`, `NotAllowed`, `Refused`.
    """
    row = locked_answer(actor, answer_number)
    signed_by, words = text_required("officer", officer, 100), reason.strip()
    hold = _hold(row)
    view = hold_view(hold)
    if hold.signed_at is not None and (hold.signed_by, hold.signed_reason) == (signed_by, words):
        return answer_view(row, feedback_of(row), today())
    problem = signing_problem(view.state if view else "lapsed", words)
    if problem is not None:
        raise Refused(problem)
    hold.signed_at, hold.signed_by, hold.signed_reason = now(), signed_by, words
    hold.signed_until = row.feedback_due_on or today()
    hold.save(update_fields=["signed_at", "signed_by", "signed_reason", "signed_until"])
    row.hold = hold
    reached("holds.signed")
    _note(with_officer(actor, signed_by), row, gettext_noop("审批人员签名继续暂缓办理"))
    write_leaf(
        actor=actor,
        action="holds.sign",
        table="hold",
        key=row.number,
        facts={"officer": signed_by, "reason": words, "until": hold.signed_until},
    )
    return answer_view(row, feedback_of(row), today())


def _hold(row: CheckAnswer) -> Hold:
    hold = Hold.objects.select_for_update().filter(answer=row).first()
    if hold is None:
        raise NotFound("该核查结果没有暂缓办理。This answer holds nothing up.")
    return hold


def _note(actor: Actor, row: CheckAnswer, result: str) -> None:
    if row.subject_id is None:
        return
    rulebook, question = current(), row.question
    write_look(
        actor=actor,
        subjects=[row.subject_id],
        purpose=question.purpose,
        clause=clause_of(found(question.item), rulebook, question.as_of),
        kinds=kinds_on(rulebook, {hit["list_code"] for hit in row.hits}),
        result=result,
    )


@transaction.atomic
def put_right(*, actor: Actor, answer_number: str, entry: str, way: str, words: str, evidence: str = "") -> str:
    """Say that the cause of a hold was put right: paid, or a proof uploaded; the list's authority is asked to confirm.

    ``entry`` is the handle in the answer's hit; ``evidence`` the SHA-256 of an uploaded proof. Returns the number under
    which the authority finds it. Raises `NotFound`, `NotAllowed`, `Refused`.
    """
    return _offer(actor, locked_answer(actor, answer_number), entry, way, words, evidence)


@transaction.atomic
def put_right_oneself(*, actor: Actor, answer_number: str, entry: str, way: str, words: str) -> str:
    """Whoever is held, or leads the organisation that is, says that the cause was put right; returns the number.

    A proof goes with it as evidence. Raises `NotFound`, `NotAllowed`, `Refused`.
    """
    subject = own_subject(actor)
    answers = CheckAnswer.objects.select_for_update(of=("self",)).select_related("question", "subject")
    row = answers.filter(number=answer_number, subject__in=[subject.pk, *represented_now(subject)]).first()
    if row is None:
        raise NotFound("没有这次核查，或它不涉及您。There is no such check about you.")
    return _offer(actor, row, entry, way, words, "")


def _offer(actor: Actor, row: CheckAnswer, entry: str, way: str, words: str, evidence: str) -> str:
    hold = _hold(row)
    said = text_required("words", words, 500)
    named = {hit["entry"] for hit in row.hits}
    held = ListEntry.objects.filter(record__reference=entry, subject=row.subject).first() if row.subject_id else None
    if way not in WAYS or entry not in named or held is None:
        raise Refused(_UNKNOWN_WAY)
    standing = Remedy.objects.filter(hold=hold, entry=held, state=Remedy.State.OFFERED).first()
    if standing is not None:
        return standing.number
    moment = now()
    made = Remedy.objects.create(
        hold=hold,
        entry=held,
        number=f"ZG{moment:%Y%m%d}-{secrets.token_hex(6)}",
        way=way,
        words=said,
        evidence_sha256=evidence[:64],
        offered_at=moment,
    )
    write_leaf(
        actor=actor,
        action="holds.put_right",
        table="hold_remedy",
        key=made.number,
        facts={"answer": row.number, "entry": entry, "way": way, "words": said, "evidence": evidence[:64]},
    )
    return made.number


_UNKNOWN_WAY = Problem(
    "unknown_remedy",
    "entry",
    Text(
        zh="没有这种整改方式，或条目不在该核查结果中", en="There is no such way, or the answer does not name the entry"
    ),
    Text(zh="请选择“已缴清”或“上传凭证”，并指明条目", en="Choose paid or upload, and name the entry"),
)


@transaction.atomic
def confirm(*, actor: Actor, number: str, confirmed: bool, words: str) -> None:
    """The list's authority confirms that the duty is done, or says why not. Confirmed: entry ended, hold lifted, at once.

    Only the department that keeps the entry may, by a clerk or reviewer. The same decision again changes nothing.
    Raises `NotFound`, `Refused`.
    """
    offered = (
        Remedy.objects.select_for_update(of=("self",))
        .select_related("hold__answer__question", "entry__record")
        .filter(number=number)
        .first()
    )
    if offered is None or actor.role not in ("clerk", "reviewer"):
        raise NotFound("没有这项整改，或不由您确认。There is no such remedy, or it is not yours to confirm.")
    record = offered.entry.record
    if actor.role == "clerk" and actor.department != record.department:
        raise NotFound("没有这项整改，或不由您确认。There is no such remedy, or it is not yours to confirm.")
    if offered.state != Remedy.State.OFFERED:
        return
    said = words.strip()[:500]
    if not confirmed and not said:
        raise Refused(REASONS_MISSING)
    moment = now()
    offered.state = Remedy.State.CONFIRMED if confirmed else Remedy.State.REFUSED
    offered.decided_at, offered.decided_by, offered.decided_words = moment, actor.name[:100], said
    offered.save(update_fields=["state", "decided_at", "decided_by", "decided_words"])
    if confirmed:
        leave(actor=actor, record=record, reason=DUTY_DONE, happened_on=today(), code=DUTY_DONE)
    answer = offered.hold.answer
    _note(
        actor, answer, gettext_noop("主管部门确认已整改，解除暂缓") if confirmed else gettext_noop("主管部门未确认整改")
    )
    write_leaf(
        actor=actor,
        action="holds.confirm",
        table="hold_remedy",
        key=number,
        facts={"confirmed": confirmed, "words": said},
    )
