"""What a department may see of its own checks (信用核查): views, the item list, what still waits for feedback."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Count, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_noop

from xinlin.core.lists import article_text
from xinlin.core.rulebooks import ApprovalItem, Rulebook
from xinlin.core.terms import add_term
from xinlin.core.values import Text
from xinlin.office.models.checks import Check, CheckAnswer
from xinlin.office.queries.answer_views import AnswerView, answer_view, feedback_of
from xinlin.office.queries.items import found, found_all, lists_at, of_department
from xinlin.office.queries.people import Delay, Read, write_looks
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today

MAY_ASK = frozenset({"machine", "officer"})
"""The roles that ask checks and see their answers, each for its own department."""
SHOWN_PER_CHECK = 20
"""How many of a check's answers a list page shows; all of them stand on the check's own page."""


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


def delay_of(item: ApprovalItem | None, rulebook: Rulebook, day: date) -> Delay | None:
    """Until when the person is not told of a check at the item, where the law says so; for the look."""
    if item is None or item.look_delay is None:
        return None
    text = article_text(item.look_delay.basis, rulebook, day)
    return None if text is None else Delay(add_term(day, item.look_delay.lasts), text.zh[:200])


def kinds_on(rulebook: Rulebook, lists: Iterable[str]) -> list[str]:
    """The kinds of record that feed the lists: what a check reads of a person."""
    consulted = set(lists)
    return sorted(kind.code for kind in rulebook.kinds.values() if kind.statutory_list in consulted)


def _check_view(
    check: Check, item: ApprovalItem | None, shown: Iterable[AnswerView], counts: Mapping[str, int]
) -> CheckView:
    """A stored check as its department sees it."""
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
    rows = list(check.answers.select_related("feedback__entry__record", "hold").order_by("position"))
    day = today()
    shown = [answer_view(row, feedback_of(row), day, traced=True) for row in rows]
    return _check_view(check, found(check.item), shown, Counter(row.verdict for row in rows))


def note_reading(actor: Actor, check: Check) -> None:
    """Write the looks of reading a check again."""
    write_looks(actor=actor, reads=[_reading(check, list(check.answers.all()))])


@dataclass(frozen=True, slots=True)
class Why:
    """For what, and on which clause, somebody reads checks who did not ask them."""

    purpose: str
    clause: str


def _reading(check: Check, answers: Sequence[CheckAnswer], why: Why | None = None) -> Read:
    rulebook = current()
    item = rulebook.approval_items.get(check.item)
    return Read(
        subjects=[answer.subject_id for answer in answers if answer.subject_id is not None],
        purpose=why.purpose if why else check.purpose,
        clause=why.clause if why else clause_of(item, rulebook, check.as_of),
        kinds=kinds_on(rulebook, {hit["list_code"] for answer in answers for hit in answer.hits}),
        result=gettext_noop("再次查看核查结果"),
        delay=delay_of(item, rulebook, today()),
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
    note_reading(actor, check)
    return whole(check)


def _counted(checks: Sequence[Check]) -> dict[int, Counter[str]]:
    """How many answers of each verdict, by the check's key; of a long check only those that need a person are read."""
    counts: dict[int, Counter[str]] = {one.pk: Counter({CheckAnswer.Verdict.NO: one.applicants}) for one in checks}
    answers = CheckAnswer.objects.filter(question__in=checks).exclude(verdict=CheckAnswer.Verdict.NO)
    for_people = answers.values_list("question_id", "verdict").annotate(n=Count("pk")).order_by()
    for key, verdict, number in for_people:
        counts[key][verdict] = number
        counts[key][CheckAnswer.Verdict.NO] -= number
    return counts


def listed(
    actor: Actor, rows: QuerySet[CheckAnswer], checks: Sequence[Check], why: Why | None = None
) -> list[CheckView]:
    """Checks with those of their answers that ``rows`` selects, at most `SHOWN_PER_CHECK` each. Writes the looks."""
    day, by_check, counts = today(), dict[int, list[CheckAnswer]](), _counted(checks)
    place = Window(RowNumber(), partition_by="question", order_by="position")
    first = rows.filter(question__in=checks).annotate(place=place).filter(place__lte=SHOWN_PER_CHECK)
    for row in first.select_related("feedback__entry__record", "hold").order_by("position"):
        by_check.setdefault(row.question_id, []).append(row)
    write_looks(actor=actor, reads=[_reading(one, by_check[one.pk], why) for one in checks if one.pk in by_check])
    items, views = found_all(check.item for check in checks), []
    for check in checks:
        shown = [answer_view(row, feedback_of(row), day) for row in by_check.get(check.pk, ())]
        views.append(_check_view(check, items.get(check.item), shown, counts.get(check.pk, Counter())))
    return views


def mine(*, actor: Actor, limit: int = 20) -> list[CheckView]:
    """The newest checks of the actor's department, with those answers that need a person (yes, unsure)."""
    checks = list(Check.objects.filter(department=own_department(actor)).order_by("-asked_at", "-pk")[:limit])
    return listed(actor, CheckAnswer.objects.exclude(verdict=CheckAnswer.Verdict.NO), checks)


def overdue(*, actor: Actor, limit: int = 50) -> list[CheckView]:
    """Checks of the actor's department with answers whose feedback is overdue, oldest first. No job is needed."""
    late = CheckAnswer.objects.filter(feedback_due_on__lt=today(), feedback__isnull=True)
    checks = list(
        Check.objects.filter(department=own_department(actor), answers__in=late)
        .distinct()
        .order_by("asked_at", "pk")[:limit]
    )
    return listed(actor, late, checks)


@dataclass(frozen=True)
class Owed:
    """An answer whose feedback is owed; nothing of the applicant in it."""

    number: str
    check: str
    feedback_due_on: date
    overdue: bool


def owed(*, actor: Actor, limit: int = 1_000) -> list[Owed]:
    """Answers of the actor's department that wait for feedback, the overdue first. Reads nobody's data: numbers and days."""
    day = today()
    waiting = CheckAnswer.objects.filter(
        question__department=own_department(actor), verdict=CheckAnswer.Verdict.YES, feedback__isnull=True
    )
    rows = waiting.order_by("feedback_due_on", "pk").values_list("number", "question__number", "feedback_due_on")[
        :limit
    ]
    return [Owed(number, check, due or day, due is not None and due < day) for number, check, due in rows]


def items(*, actor: Actor) -> list[ItemView]:
    """The approval items at which the actor's department may ask."""
    department = own_department(actor)
    every = of_department(department, actor.items)
    lists = lists_at(every, department, today())
    return [
        ItemView(
            code=item.code,
            name=item.name,
            purpose=item.purpose,
            subject_kinds=list(item.subject_kinds),
            lists=lists[item.code],
        )
        for item in every
    ]
