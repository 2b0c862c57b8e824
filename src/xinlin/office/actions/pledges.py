"""Promises given, reminded of, kept or not, and taken back (信用承诺与履约)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_noop

from xinlin.core.notices import Fact
from xinlin.core.pledges import OUTCOMES, PledgeTemplate, due_on, outcome_of, reminder_on
from xinlin.core.values import Problem, Text
from xinlin.office.actions.checks import text_required
from xinlin.office.actions.notices import notify
from xinlin.office.leaves import write_leaf
from xinlin.office.models.people import Subject
from xinlin.office.models.pledges import Pledge
from xinlin.office.queries.calendars import calendar
from xinlin.office.queries.people import own_subject, write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

REMINDER = "pledge_reminder"
"""The notice template of a reminder."""
GOVERNMENT = "government"


def template_of(code: str) -> PledgeTemplate:
    """The template with this code. Raises `NotFound`."""
    found = current().pledges.get(code)
    if found is None:
        raise NotFound(f"没有代码为 {code} 的承诺模板。There is no pledge template {code}.")
    return found


@transaction.atomic
def sign(*, actor: Actor, template: str, item: str = "", papers: Sequence[str] = ()) -> str:
    """A person promises, for an approval; returns the number. Voluntary: the ordinary way stays open (深圳 57–64).

    ``papers`` are those of the template that will follow later. The same promise for the same item, still open, is
    not made twice. Raises `NotFound`, `NotAllowed`, `Refused`.
    """
    subject, chosen = own_subject(actor), template_of(template)
    return _sign(actor, subject, chosen, item, papers)


@transaction.atomic
def enter(*, actor: Actor, template: str, subject: Subject, item: str, papers: Sequence[str] = ()) -> str:
    """An officer enters the promise that an applicant signed at the counter. Raises `NotFound`, `NotAllowed`, `Refused`."""
    if actor.role != "officer":
        raise NotAllowed("只有审批人员可以代录承诺。Only an officer may enter a promise.")
    return _sign(actor, subject, template_of(template), item, papers)


def _sign(actor: Actor, subject: Subject, chosen: PledgeTemplate, item: str, papers: Sequence[str]) -> str:
    known = current().approval_items.get(item)
    if chosen.opens == GOVERNMENT or (item and item not in chosen.items):
        raise Refused(_NOT_HERE)
    listed = {paper.zh for paper in chosen.papers}
    if not set(papers) <= listed or (chosen.opens == "papers" and not papers):
        raise Refused(_PAPERS)
    standing = Pledge.objects.filter(subject=subject, template=chosen.code, item=item, state=Pledge.State.OPEN).first()
    if standing is not None:
        return standing.number
    moment = now()
    made = Pledge.objects.create(
        number=f"CN{moment:%Y%m%d}-{secrets.token_hex(6)}",
        template=chosen.code,
        subject=subject,
        department=known.department if known is not None else actor.department or "credit_centre",
        item=item,
        duty=chosen.duty.zh,
        papers=list(papers),
        signed_at=moment,
        due_on=due_on(chosen, today()),
    )
    _leaf(actor, made, "pledges.sign")
    return made.number


@transaction.atomic
def promise(*, actor: Actor, template: str, duty: str, due: date) -> str:
    """An office promises something to the public (政务承诺), with a day. Raises `NotAllowed`, `Refused`, `NotFound`."""
    if actor.role not in ("officer", "clerk", "reviewer") or not actor.department:
        raise NotAllowed("只有部门工作人员可以登记政务承诺。Only an office's own staff may enter its promise.")
    chosen, words = template_of(template), text_required("duty", duty, 500)
    if chosen.opens != GOVERNMENT or due < today():
        raise Refused(_NOT_HERE)
    moment = now()
    made = Pledge.objects.create(
        number=f"CN{moment:%Y%m%d}-{secrets.token_hex(6)}",
        template=chosen.code,
        promisor=actor.department,
        department="credit_centre",
        duty=words,
        signed_at=moment,
        due_on=due,
    )
    _leaf(actor, made, "pledges.promise")
    return made.number


@transaction.atomic
def result(*, actor: Actor, number: str, done_on: date | None, outcome: str, words: str) -> str:
    """Record how a promise came out; returns the outcome. A day of fulfilment decides between kept and late by itself.

    ``excused`` and ``broken`` are an officer's finding with words; nothing adverse follows from the record alone.
    The office that watches over it records it. Raises `NotFound`, `NotAllowed`, `Refused`.
    """
    if actor.role not in ("officer", "reviewer"):
        raise NotAllowed("履约结果由主管部门审批人员记录。An officer of the office that watches records the result.")
    found = Pledge.objects.select_for_update().filter(number=number).first()
    if found is None or (actor.role == "officer" and actor.department != found.department):
        raise NotFound("没有这份承诺，或不由您的部门跟踪。There is no such promise, or it is another office's.")
    said = text_required("words", words, 500)
    if done_on is not None and done_on <= today() and outcome not in _UNFULFILLED:
        outcome = outcome_of(found.due_on, done_on)
    elif done_on is not None or outcome not in OUTCOMES or outcome in ("kept", "late"):
        raise Refused(_OUTCOME)
    elif outcome == "broken" and found.due_on >= today():
        raise Refused(_NOT_DUE)
    if found.state != Pledge.State.OPEN:
        if found.state == outcome:
            return outcome
        raise Refused(_DECIDED)
    found.state, found.result_on, found.result_words, found.result_by = (
        outcome,
        done_on or today(),
        said,
        actor.name[:64],
    )
    found.save(update_fields=["state", "result_on", "result_words", "result_by"])
    if found.subject_id is not None:
        write_look(
            actor=actor,
            subjects=[found.subject_id],
            purpose=gettext_noop("记录承诺履行结果"),
            clause=gettext_noop("深圳经济特区社会信用条例 第六十三条"),
            kinds=[],
            result=gettext_noop("记录承诺履行结果"),
        )
    _leaf(actor, found, "pledges.result")
    return outcome


@transaction.atomic
def withdraw(*, actor: Actor, number: str) -> None:
    """Take an open promise back; the ordinary way stays open. Raises `NotFound`."""
    found = Pledge.objects.select_for_update().filter(number=number, subject=own_subject(actor)).first()
    if found is None:
        raise NotFound("没有这份承诺，或它不属于您。There is no such promise of yours.")
    if found.state == Pledge.State.OPEN:
        found.state = Pledge.State.WITHDRAWN
        found.save(update_fields=["state"])
        _leaf(actor, found, "pledges.withdraw")


@transaction.atomic
def remind(*, actor: Actor) -> int:
    """Remind of promises that fall due in three days, once each; returns how many. It is a kindness, not a step towards anything."""
    day, works, reminded = today(), calendar(), 0
    waiting = Pledge.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        state=Pledge.State.OPEN, reminded_on__isnull=True, subject__isnull=False, due_on__gte=day
    )
    for pledge in waiting.select_related("subject").order_by("due_on")[:500]:
        if reminder_on(pledge.due_on, works) > day or pledge.subject is None:
            continue
        chosen = current().pledges.get(pledge.template)
        name = chosen.name if chosen else Text(zh=pledge.template, en=pledge.template)
        facts: dict[str, Fact] = {"name": name, "number": pledge.number, "due_on": pledge.due_on}
        notify(actor=actor, subject=pledge.subject, template=REMINDER, facts=facts)
        Pledge.objects.filter(pk=pledge.pk).update(reminded_on=day)
        reminded += 1
    return reminded


def _leaf(actor: Actor, pledge: Pledge, action: str) -> None:
    facts = {"template": pledge.template, "item": pledge.item, "due_on": pledge.due_on, "state": str(pledge.state)}
    write_leaf(actor=actor, action=action, table="pledge", key=pledge.number, facts=facts)


def _problem(code: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Problem:
    return Problem(code, "pledge", Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en))


_NOT_HERE = _problem(
    "pledge_not_here", "这份承诺不适用于此事项或日期", "This promise does not fit the item or the day",
    "请选择列出的事项，或按普通程序办理", "Choose a listed item, or take the ordinary way",
)  # fmt: skip
_PAPERS = _problem(
    "pledge_papers", "请选择可以后补的材料", "Choose papers that may follow later",
    "只能选择模板列出的材料", "Only papers that the template lists",
)  # fmt: skip
_UNFULFILLED = ("excused", "broken")
"""An officer's findings that stand without a day of fulfilment."""
_OUTCOME = _problem(
    "pledge_outcome", "已履行的写明履行日期；“可免除”“未履行”不写日期",
    "Give the day of what was fulfilled; excused and broken have none",
    "履行日期不晚于今天", "The day lies not after today",
)  # fmt: skip
_NOT_DUE = _problem(
    "pledge_not_due", "承诺尚未到期，不能认定未履行", "The promise is not due yet and cannot be broken",
    "到期之后再记录", "Record it once it was due",
)  # fmt: skip
_DECIDED = _problem(
    "pledge_decided", "这份承诺已有结果", "This promise has its result already",
    "有异议的请走异议程序", "Contest it by an objection",
)  # fmt: skip
