"""What the officer decided: once, with reasons, and only on what still stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.checks.conftest import HOUSING, OFFICER, TRADING, make_entry
from xinlin.core.checks import Applicant
from xinlin.office.actions.feedback import give_feedback
from xinlin.office.models.checks import CheckAnswer, CheckFeedback
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Look
from xinlin.office.models.records import Record
from xinlin.office.queries import checks as queries
from xinlin.office.queries.answer_views import AnswerView
from xinlin.office.queries.checks import CheckView
from xinlin.office.scopes import Conflict, NotFound, Refused, now, today

Ask = Callable[..., CheckView]
pytestmark = pytest.mark.django_db


@pytest.fixture
def hit(ask: Ask, firm: Any) -> AnswerView:
    """An answer with one entry and one measure."""
    listed = firm()
    make_entry(listed.subject)
    return ask(Applicant(listed.identifier, listed.name)).answers[0]


def apply(hit: AnswerView, **changes: Any) -> AnswerView:
    given = {
        "actor": TRADING,
        "answer_number": hit.number,
        "decision": "measure_applied",
        "measure": "wage_no_bidding",
        "entry": hit.hits[0].entry,
        "reason": "在名单期限内",
        "officer": OFFICER,
        **changes,
    }
    return give_feedback(**given)


def test_a_measure_is_taken_in_with_leaf_and_look(hit: AnswerView) -> None:
    view = apply(hit)
    assert view.feedback is not None
    assert view.feedback.measure == "wage_no_bidding"
    assert Leaf.objects.filter(action="checks.feedback").count() == 1
    assert Look.objects.filter(result="审批人员决定：采取措施").count() == 1


def test_the_same_feedback_again_changes_nothing_and_another_is_refused(hit: AnswerView) -> None:
    assert apply(hit) == apply(hit)
    with pytest.raises(Conflict):
        apply(hit, reason="另一理由")
    assert CheckFeedback.objects.count() == Leaf.objects.filter(action="checks.feedback").count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: ListEntry.objects.filter(pk=entry.pk).update(ends_on=today()),
        lambda entry: ListEntry.objects.filter(pk=entry.pk).update(removed_at=now()),
        lambda entry: Record.objects.filter(pk=entry.record_id).update(status="disputed"),
        lambda entry: Record.objects.filter(pk=entry.record_id).update(status="repaired"),
    ],
    ids=["ended today", "removed", "disputed", "repaired"],
)
def test_no_measure_on_an_entry_that_stands_no_longer(hit: AnswerView, change: Callable[[ListEntry], int]) -> None:
    change(ListEntry.objects.get())
    with pytest.raises(Refused) as refused:
        apply(hit)
    assert refused.value.problem.code == "measure_no_longer_stands"
    assert apply(hit, decision="released", measure="", entry=None, reason="条目已不成立").feedback is not None


def test_letting_go_where_the_law_says_must_needs_reasons(hit: AnswerView) -> None:
    with pytest.raises(Refused):
        apply(hit, decision="released", measure="", entry=None, reason=" ")


def test_an_officer_is_named_always(hit: AnswerView) -> None:
    with pytest.raises(Refused):
        apply(hit, officer=" ")


def test_another_department_does_not_find_it(hit: AnswerView) -> None:
    with pytest.raises(NotFound):
        apply(hit, actor=HOUSING)


def test_on_a_no_there_is_nothing_to_decide(ask: Ask, firm: Any) -> None:
    listed = firm()
    clear = ask(Applicant(listed.identifier, listed.name)).answers[0]
    with pytest.raises(Refused) as refused:
        give_feedback(actor=TRADING, answer_number=clear.number, decision="released", reason="", officer=OFFICER)
    assert refused.value.problem.code == "nothing_to_decide"


def test_a_question_can_be_answered_as_another_person(ask: Ask, firm: Any) -> None:
    listed = firm()
    make_entry(listed.subject)
    doubt = ask(Applicant(listed.identifier, "别的公司")).answers[0]
    view = give_feedback(
        actor=TRADING, answer_number=doubt.number, decision="not_the_person", reason="证件号码填错", officer=OFFICER
    )
    assert view.feedback is not None
    assert view.feedback.decision == "not_the_person"


def test_what_is_overdue_shows_by_the_date_alone_and_goes_with_the_feedback(hit: AnswerView) -> None:
    assert queries.overdue(actor=TRADING) == []
    CheckAnswer.objects.update(feedback_due_on=today())
    assert queries.overdue(actor=TRADING) == [], "the last day is still in time"
    CheckAnswer.objects.update(feedback_due_on=today() - timedelta(days=1))
    (late,) = queries.overdue(actor=TRADING)
    assert late.answers[0].overdue
    assert late.answers[0].number == hit.number
    assert queries.overdue(actor=HOUSING) == []
    apply(hit)
    assert queries.overdue(actor=TRADING) == []
