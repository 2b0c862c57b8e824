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
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from xinlin.core.calendar import PUBLISHED
from xinlin.core.checks import NO, Applicant, Judgement, applicants_problem, has_controls, judge, read
from xinlin.core.holds import lapse_of
from xinlin.core.rulebooks import ApprovalItem, Rulebook
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.actions.answers import AskedRow, LookRow, Storing, store
from xinlin.office.bulk import as_json
from xinlin.office.failpoints import reached
from xinlin.office.leaves import prepare_leaf, write_leaf
from xinlin.office.models.checks import Check
from xinlin.office.queries.answer_views import APPLICANT
from xinlin.office.queries.answers import (
    AnswerRow,
    answer_text,
    check_text,
    kept_favour,
    kept_hit,
    kept_reasons,
    plain,
    stored_text,
)
from xinlin.office.queries.calendars import calendar
from xinlin.office.queries.checks import MAY_ASK, CheckView, clause_of, delay_of, note_reading, whole
from xinlin.office.queries.checks import one as read_again
from xinlin.office.queries.items import found, place
from xinlin.office.queries.lists import Found, known
from xinlin.office.queries.people import write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, Conflict, NotAllowed, Refused, now, today

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


def text_required(where: str, value: str, longest: int) -> str:
    """The words without surrounding space. Raises `Refused` for none, too many, or control characters."""
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as it was put, all its parts checked for form."""

    item: ApprovalItem
    purpose: str
    officer: str
    key: str
    applicants: Sequence[Applicant]
    as_of: date | None
    channel: str

    @property
    def day(self) -> date:
        return self.as_of or today()

    def fingerprint(self) -> str:
        """Keyed, so that nobody can try out identifiers against it."""
        asked: list[Any] = [self.item.code, self.purpose, self.officer, self.as_of.isoformat() if self.as_of else None]
        asked.append([[applicant.identifier, applicant.name] for applicant in self.applicants])
        return vault.keyed_hash("check", json.dumps(asked, ensure_ascii=False, separators=(",", ":")))


def _item(code: str, department: str) -> ApprovalItem:
    item = found(code)
    if item is None:
        own = sorted(one.code for one in current().approval_items.values() if one.department == department)
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
    return item


def _held(actor: Actor, asked: _Asked) -> Check | None:
    """The check already answered under this key. Raises `Conflict` where another question was asked under it."""
    held = Check.objects.filter(client=actor.handle, idempotency_key=asked.key).first()
    if held is not None and held.input_sha256 != asked.fingerprint():
        raise Conflict(
            _problem(
                "key_used_for_other_input",
                "Idempotency-Key",
                ("同一幂等键此前用于另一次提问", "This idempotency key was used for another question"),
                ("新的提问请用新的键；重试请原样重发", "Use a new key for a new question; repeat a question unchanged"),
            )
        )
    return held


def _refuse(actor: Actor, asked: _Asked) -> None:
    """Log a question that the actor may not ask, and show it to everybody whom it was about."""
    questions = [read(applicant, asked.item) for applicant in asked.applicants]
    with transaction.atomic():
        concerned = known((question.identifier for question in questions if question.identifier), ())
        write_look(
            actor=with_officer(actor, asked.officer),
            subjects=[one.subject_id for one in concerned.values()],
            purpose=asked.purpose,
            clause=clause_of(asked.item, current(), asked.day),
            kinds=[],
            result=gettext_noop("无权核查，已拒绝，未告知任何内容"),
            refused=True,
        )
        write_leaf(
            actor=actor,
            action="checks.refuse",
            table="check_question",
            key=vault.keyed_hash("refused", actor.handle, asked.key)[:32],
            facts={"item": asked.item.code, "department": actor.department, "input": asked.fingerprint()},
        )


def with_officer(actor: Actor, officer: str) -> Actor:
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
    channel: str = "page",
) -> CheckView:
    """Answer yes, no or unsure for each applicant at an approval item of the actor's department.

    The same key with the same input gives the same answer, also to two callers at once (after `SAME_READ` that is a
    look of its own); with another input `Conflict`.
    Raises `NotAllowed` where the item is another department's, or none of the machine's (the refusal is logged and shown to those asked about)
    and `Refused` for an unknown item, missing words, unreadable applicants, none, or more than allowed.
    """
    asked = _asked(actor, item, purpose, officer, applicants, idempotency_key, as_of, channel)
    stored = _stored(actor, asked)
    if isinstance(stored, Check):
        late = now() - stored.asked_at > SAME_READ
        return read_again(actor=actor, number=stored.number) if late else whole(stored)
    return whole(Check.objects.get(number=stored.asked.number))


def answer_as_json(
    *,
    actor: Actor,
    item: str,
    purpose: str,
    officer: str,
    applicants: Sequence[Applicant],
    idempotency_key: str,
    channel: str = "machine",
) -> str:
    """As `answer`, as the text that a system is sent; a repetition gives the same text, byte for byte."""
    asked = _asked(actor, item, purpose, officer, applicants, idempotency_key, None, channel)
    stored = _stored(actor, asked)
    if not isinstance(stored, Check):
        row = stored.asked
        pieces = [answer_text(one, stored.lapses_at) for one in stored.answers]
        return check_text(row.number, row.item, row.as_of, row.asked_at, pieces)
    if now() - stored.asked_at > SAME_READ:
        note_reading(actor, stored)
    return stored_text(stored)


def _asked(
    actor: Actor,
    item: str,
    purpose: str,
    officer: str,
    applicants: Sequence[Applicant],
    idempotency_key: str,
    as_of: date | None,
    channel: str,
) -> _Asked:
    """The question with its form checked and the asker allowed. Raises as `answer` says."""
    problem = applicants_problem(applicants)
    if problem is not None:
        raise Refused(problem)
    asked = _Asked(
        item=_item(item, actor.department),
        purpose=text_required("purpose", purpose, 200),
        officer=text_required("officer", officer, 100),
        key=vault.keyed_hash("key", actor.handle, text_required("Idempotency-Key", idempotency_key, 100)),
        applicants=applicants,
        as_of=as_of,
        channel=channel,
    )
    outside = actor.items and item not in actor.items
    if actor.role not in MAY_ASK or not actor.department or asked.item.department != actor.department or outside:
        _refuse(actor, asked)
        raise NotAllowed(
            f"本部门（或本系统）不办理事项“{asked.item.name.zh}”，不能就此核查；本次拒绝已记录。"
            f"Your department or system does not decide “{asked.item.name.en}” and may not ask about it; this refusal is logged."
        )
    return asked


def _stored(actor: Actor, asked: _Asked) -> Storing | Check:
    """The check, judged and stored; or the one that stands already under its key."""
    judged = _judged(actor, asked)
    reached("checks.judged")
    try:
        store(judged, actor=with_officer(actor, asked.officer))
    except IntegrityError:
        held = _held(actor, asked)
        if held is None:
            raise
        return held
    reached("checks.stored")
    return judged


def _judged(actor: Actor, asked: _Asked) -> Storing:
    """Find and judge, and prepare everything that is stored with the answers. One query, two where somebody is hit."""
    moment, day = now(), asked.day
    there = place(asked.item, actor.department, day)
    questions = [read(applicant, asked.item) for applicant in asked.applicants]
    registered = known((question.identifier for question in questions if question.identifier), there.lists)
    number = f"{day:%Y%m%d}-{secrets.token_hex(6)}"
    judgements = []
    for question in questions:
        one = registered.get(question.identifier)
        held = one.known if one else None
        judgements.append((one, judge(question, held, there.rulebook, there.measures, day, there.incentives)))
    due, lapses_at = _clocks(there.rulebook, moment, any(judged.verdict == "yes" for _, judged in judgements))
    answers: list[AnswerRow] = []
    looks: dict[int, LookRow] = {}
    asked_about = [as_json([one.identifier, one.name]) for one in asked.applicants]
    sealed = vault.seal_all(asked_about, APPLICANT)
    for position, (applicant, (one, judged)) in enumerate(zip(sealed, judgements, strict=True), start=1):
        answers.append(_row(number, position, applicant, one, judged, there.rulebook, due))
        if one is not None:
            looks.setdefault(one.subject_id, LookRow(one.subject_id, _RESULTS[judged.verdict]))
    print_ = asked.fingerprint()
    leaf = prepare_leaf(
        actor=actor,
        action="checks.answer",
        table="check_question",
        key=number,
        facts={"item": asked.item.code, "as_of": day, "input": print_, "answers": digest_of(answers)},
    )
    row = AskedRow(
        number=number,
        client=actor.handle,
        department=actor.department,
        item=asked.item.code,
        purpose=asked.purpose,
        officer=asked.officer,
        channel=asked.channel,
        key=asked.key,
        input_sha256=print_,
        asked_at=moment,
        as_of=day,
    )
    delay = delay_of(asked.item, there.rulebook, day)
    return Storing(row, answers, list(looks.values()), there.clause, there.kinds, lapses_at, leaf, delay)


def _clocks(rulebook: Rulebook, moment: datetime, hit: bool) -> tuple[date, datetime]:
    """The last day for the feedback, and the moment from which the hold is open; the city's calendar is read for a hit only."""
    working = calendar() if hit else PUBLISHED
    clock = rulebook.clocks.get(FEEDBACK_CLOCK)
    due = working.add_working_days(today(), (clock and clock.working_days) or FEEDBACK_WORKING_DAYS)
    return due, lapse_of(timezone.localtime(moment), working)


def digest_of(answers: Sequence[AnswerRow]) -> str:
    """SHA-256 (hex) of the answers as they are kept."""
    kept = [f"{row.number} {row.verdict} {row.reasons} {row.hits} {row.favours}" for row in answers]
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()


_NO_REASONS = plain(kept_reasons(NO.reasons))


def _row(
    number: str,
    position: int,
    sealed: str,
    found_one: Found | None,
    judged: Judgement,
    rulebook: Rulebook,
    due: date,
) -> AnswerRow:
    return AnswerRow(
        number=f"{number}-{position:04d}",
        position=position,
        subject_id=found_one.subject_id if found_one else None,
        applicant_sealed=sealed,
        verdict=judged.verdict,
        reasons=_NO_REASONS if judged is NO else plain(kept_reasons(judged.reasons)),
        hits=plain([kept_hit(hit, rulebook) for hit in judged.hits]) if judged.hits else "[]",
        favours=plain([kept_favour(one, rulebook) for one in judged.favours]) if judged.favours else "[]",
        feedback_due_on=due if judged.verdict == "yes" else None,
    )
