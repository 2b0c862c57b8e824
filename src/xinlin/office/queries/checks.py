"""What a department may see of its own checks (信用核查): views, the item list, what still waits for feedback."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.checks import Applicant, Hit
from xinlin.core.lists import article_text, end_of, lists_at
from xinlin.core.people import mask_identifier, mask_name, normalise_identifier, resident_id_problem, uscc_problem
from xinlin.core.rulebooks import ApprovalItem, Rulebook
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.checks import Check, CheckAnswer, CheckFeedback
from xinlin.office.queries.people import write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today

MAY_ASK = frozenset({"machine", "officer"})
"""The roles that ask checks and see their answers, each for its own department."""
APPLICANT = "check.applicant"
"""The place under which an applicant's identifier and name are sealed."""
SHOWN_PER_CHECK = 20
"""How many of a check's answers a list page shows; all of them stand on the check's own page."""


@dataclass(frozen=True)
class Reason:
    """One reason of an answer: what is so, and for ``unsure`` what a person has to do."""

    code: str
    what: Text
    cure: Text


@dataclass(frozen=True)
class MeasureView:
    """A measure that the law allows (``may``) or demands (``must``) at the item, and until when."""

    code: str
    name: Text
    force: str
    until: date
    """First day on which it may no longer be used."""
    article: Text
    notice: Text
    remedy: Text


@dataclass(frozen=True)
class HitView:
    """A list entry in force, as it was when the question was answered."""

    entry: str
    """The public handle of the entry's record; feedback names it."""
    list_code: str
    list_name: Text
    document: str
    authority: str
    article: str
    entered_on: date
    ends_on: date
    remedy: str
    """How to object and repair, as the entry's own document states it."""
    measures: list[MeasureView]


@dataclass(frozen=True)
class FeedbackView:
    """What the officer decided (核查反馈)."""

    decision: str
    measure: str
    entry: str
    reason: str
    officer: str
    at: datetime


@dataclass(frozen=True)
class AnswerView:
    """The answer for one applicant. ``yes`` and ``unsure`` decide nothing: a person does."""

    number: str
    position: int
    applicant_masked: str
    verdict: str
    reasons: list[Reason]
    hits: list[HitView]
    feedback: FeedbackView | None
    feedback_due_on: date | None
    """Last day for the feedback; None where none is owed."""
    overdue: bool


@dataclass(frozen=True)
class CheckView:
    """One question at an approval item with its answers."""

    number: str
    item: str
    item_name: Text
    asked_at: datetime
    as_of: date
    officer: str
    purpose: str
    answers: list[AnswerView]
    counts: Mapping[str, int] = field(default_factory=dict)
    """Answers by verdict; in lists ``answers`` holds only those that need a person."""


@dataclass(frozen=True)
class ItemView:
    """An approval item at which the actor's department may ask, and the lists that the law ties to it."""

    code: str
    name: Text
    purpose: Text
    subject_kinds: Sequence[str]
    lists: Sequence[str]


def own_department(actor: Actor) -> str:
    """The department for which the actor may ask. Raises `NotAllowed` for everybody else."""
    if actor.role not in MAY_ASK or not actor.department:
        raise NotAllowed(
            "只有部门审批人员或其接入系统可以核查。Only a department's officers and its systems may ask checks."
        )
    return actor.department


def clause_of(item: ApprovalItem | None, rulebook: Rulebook, day: date) -> str:
    """The clause on which a department asks at an item, at most 200 characters, for the look."""
    text = None if item is None else article_text(item.basis, rulebook, day)
    return "" if text is None else text.zh[:200]


def kinds_on(rulebook: Rulebook, lists: Iterable[str]) -> list[str]:
    """The kinds of record that feed the lists: what a check reads of a person."""
    consulted = set(lists)
    return sorted(kind.code for kind in rulebook.kinds.values() if kind.statutory_list in consulted)


def masked_applicant(sealed: str) -> str:
    """An applicant as pages show it: 王*明 110***********002X; a name in full only beside an organisation's code."""
    return _masked(*json.loads(vault.unseal(sealed, APPLICANT)))


def _masked(identifier: str, name: str) -> str:
    known = normalise_identifier(identifier)
    # one resident number in 31 also passes the check of an organisation's code: a person's name stays masked all the same
    organisation = uscc_problem(known) is None and resident_id_problem(known) is not None
    return " ".join(part for part in (name if organisation else mask_name(name), mask_identifier(identifier)) if part)


def _text(stored: Mapping[str, str]) -> Text:
    return Text(zh=stored["zh"], en=stored["en"])


def kept_hit(hit: Hit, rulebook: Rulebook) -> dict[str, Any]:
    """A hit as it is kept, with every text as it stood: a later edition of the rulebook changes no given answer."""
    entry = hit.entry
    return {
        "entry": entry.reference,
        "list_code": entry.list_code,
        "list_name": rulebook.lists[entry.list_code].name.model_dump(),
        "document": entry.document,
        "authority": entry.authority,
        "article": entry.article,
        "entered_on": entry.entered_on.isoformat(),
        "ends_on": end_of(entry, rulebook.lists[entry.list_code]).isoformat(),
        "remedy": entry.remedy,
        "measures": [
            {
                "code": standing.measure.code,
                "name": standing.measure.name.model_dump(),
                "force": standing.measure.force,
                "until": standing.until.isoformat(),
                "article": standing.article.model_dump(),
                "notice": standing.measure.notice.model_dump(),
                "remedy": standing.measure.remedy.model_dump(),
            }
            for standing in hit.measures
        ],
    }


def _hit(stored: Mapping[str, Any]) -> HitView:
    return HitView(
        entry=stored["entry"],
        list_code=stored["list_code"],
        list_name=_text(stored["list_name"]),
        document=stored["document"],
        authority=stored["authority"],
        article=stored["article"],
        entered_on=date.fromisoformat(stored["entered_on"]),
        ends_on=date.fromisoformat(stored["ends_on"]),
        remedy=stored["remedy"],
        measures=[
            MeasureView(
                code=measure["code"],
                name=_text(measure["name"]),
                force=measure["force"],
                until=date.fromisoformat(measure["until"]),
                article=_text(measure["article"]),
                notice=_text(measure["notice"]),
                remedy=_text(measure["remedy"]),
            )
            for measure in stored["measures"]
        ],
    )


def feedback_of(answer: CheckAnswer) -> CheckFeedback | None:
    """The feedback on an answer, or None while it is owed or not asked for."""
    try:
        return answer.feedback
    except CheckFeedback.DoesNotExist:
        return None


def answer_view(answer: CheckAnswer, given: CheckFeedback | None, day: date, masked: str = "") -> AnswerView:
    """A stored answer as its department sees it on ``day``. ``masked``: the applicant, where it need not be unsealed."""
    due = answer.feedback_due_on
    return AnswerView(
        number=answer.number,
        position=answer.position,
        applicant_masked=masked or masked_applicant(answer.applicant_sealed),
        verdict=answer.verdict,
        reasons=[Reason(why["code"], _text(why["what"]), _text(why["cure"])) for why in answer.reasons],
        hits=[_hit(stored) for stored in answer.hits],
        feedback=None
        if given is None
        else FeedbackView(
            decision=given.decision,
            measure=given.measure,
            entry=given.entry.record.reference if given.entry is not None else "",
            reason=given.reason,
            officer=given.officer,
            at=given.at,
        ),
        feedback_due_on=due,
        overdue=given is None and due is not None and due < day,
    )


def check_view(check: Check, shown: Iterable[AnswerView], counts: Mapping[str, int]) -> CheckView:
    """A stored check as its department sees it."""
    item = current().approval_items.get(check.item)
    return CheckView(
        number=check.number,
        item=check.item,
        item_name=item.name if item is not None else Text(zh=check.item, en=check.item),
        asked_at=check.asked_at,
        as_of=check.as_of,
        officer=check.officer,
        purpose=check.purpose,
        answers=list(shown),
        counts={verdict: counts.get(verdict, 0) for verdict in CheckAnswer.Verdict.values},
    )


def whole(check: Check) -> CheckView:
    """A check with all its answers. Writes no look: for callers that do."""
    rows = list(check.answers.select_related("feedback__entry__record").order_by("position"))
    day = today()
    shown = [answer_view(row, feedback_of(row), day) for row in rows]
    return check_view(check, shown, Counter(row.verdict for row in rows))


def fresh(check: Check, rows: Sequence[CheckAnswer], applicants: Sequence[Applicant]) -> CheckView:
    """A check just answered, from what was just stored: equal to `whole`, without reading it back."""
    day = today()
    shown = [
        answer_view(row, None, day, _masked(applicant.identifier, applicant.name))
        for row, applicant in zip(rows, applicants, strict=True)
    ]
    return check_view(check, shown, Counter(row.verdict for row in rows))


def _note_reading(actor: Actor, check: Check, answers: Iterable[CheckAnswer]) -> None:
    rulebook = current()
    item = rulebook.approval_items.get(check.item)
    write_look(
        actor=actor,
        subjects=[answer.subject_id for answer in answers if answer.subject_id is not None],
        purpose=check.purpose,
        clause=clause_of(item, rulebook, check.as_of),
        kinds=kinds_on(rulebook, {hit["list_code"] for answer in answers for hit in answer.hits}),
        result=gettext_noop("再次查看核查结果"),
    )


def own_number(*, actor: Actor, number: str) -> str:
    """The number, if the actor's department asked that check; nothing of it is read. Raises `NotFound`, `NotAllowed`."""
    if not Check.objects.filter(department=own_department(actor), number=number).exists():
        raise NotFound(f"本部门没有编号为 {number} 的核查。Your department has asked no check {number}.")
    return number


def one(*, actor: Actor, number: str) -> CheckView:
    """One check of the actor's department with all its answers. Raises `NotFound`, `NotAllowed`."""
    check = Check.objects.filter(department=own_department(actor), number=number).first()
    if check is None:
        raise NotFound(f"本部门没有编号为 {number} 的核查。Your department has asked no check {number}.")
    _note_reading(actor, check, list(check.answers.all()))
    return whole(check)


def _listed(actor: Actor, rows: QuerySet[CheckAnswer], checks: Sequence[Check]) -> list[CheckView]:
    """Checks with those of their answers that ``rows`` selects, at most `SHOWN_PER_CHECK` each."""
    day, by_check, counts = today(), dict[int, list[CheckAnswer]](), dict[int, Counter[str]]()
    for row in rows.filter(question__in=checks).select_related("feedback__entry__record").order_by("position"):
        held = by_check.setdefault(row.question_id, [])
        if len(held) < SHOWN_PER_CHECK:
            held.append(row)
    tallied = (
        CheckAnswer.objects.filter(question__in=checks).values_list("question_id", "verdict").annotate(n=Count("pk"))
    )
    for question_id, verdict, number in tallied.order_by():
        counts.setdefault(question_id, Counter())[verdict] = number
    views = []
    for check in checks:
        held = by_check.get(check.pk, [])
        if held:
            _note_reading(actor, check, held)
        shown = [answer_view(row, feedback_of(row), day) for row in held]
        views.append(check_view(check, shown, counts.get(check.pk, Counter())))
    return views


def mine(*, actor: Actor, limit: int = 20) -> list[CheckView]:
    """The newest checks of the actor's department, with those answers that need a person (yes, unsure)."""
    checks = list(Check.objects.filter(department=own_department(actor)).order_by("-asked_at", "-pk")[:limit])
    return _listed(actor, CheckAnswer.objects.exclude(verdict=CheckAnswer.Verdict.NO), checks)


def overdue(*, actor: Actor, limit: int = 50) -> list[CheckView]:
    """Checks of the actor's department with answers whose feedback is overdue, oldest first. No job is needed."""
    late = CheckAnswer.objects.filter(feedback_due_on__lt=today(), feedback__isnull=True)
    checks = list(
        Check.objects.filter(department=own_department(actor), answers__in=late)
        .distinct()
        .order_by("asked_at", "pk")[:limit]
    )
    return _listed(actor, late, checks)


def items(*, actor: Actor) -> list[ItemView]:
    """The approval items at which the actor's department may ask."""
    rulebook, department, day = current(), own_department(actor), today()
    return [
        ItemView(
            code=item.code,
            name=item.name,
            purpose=item.purpose,
            subject_kinds=list(item.subject_kinds),
            lists=sorted(lists_at(rulebook, item.code, department, day)),
        )
        for item in rulebook.approval_items.values()
        if item.department == department
    ]
