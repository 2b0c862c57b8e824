"""Two callers at once under one key: one check, one answer, both get it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from tests.checks.conftest import BIDDING, OFFICER, TRADING, make_entry, make_subject
from xinlin.core.checks import Applicant
from xinlin.office.actions.checks import answer
from xinlin.office.actions.feedback import give_feedback
from xinlin.office.models.checks import Check, CheckAnswer, CheckFeedback
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Look
from xinlin.office.queries.answer_views import AnswerView
from xinlin.office.queries.checks import CheckView
from xinlin.office.scopes import Conflict

CALLERS = 6


@pytest.fixture
def at_once(transactional_db: None) -> Callable[[Callable[[int], Any]], list[Any]]:
    """``at_once(call)``: ``call(0)`` to ``call(5)`` begin together, each on a connection of its own."""

    def run(call: Callable[[int], Any]) -> list[Any]:
        barrier = Barrier(CALLERS)

        def one(number: int) -> Any:
            barrier.wait(timeout=30)
            try:
                return call(number)
            except Conflict as refused:
                return refused
            finally:
                connection.close()

        with ThreadPoolExecutor(CALLERS) as pool:
            return list(pool.map(one, range(CALLERS)))

    return run


def asked(identifier: str, name: str, key: str = "once", purpose: str = "投标资格审查") -> CheckView:
    return answer(
        actor=TRADING,
        item=BIDDING,
        purpose=purpose,
        officer=OFFICER,
        applicants=[Applicant(identifier, name)],
        idempotency_key=key,
    )


@pytest.mark.django_db(transaction=True)
def test_one_key_many_callers_one_answer(at_once: Callable[..., list[Any]]) -> None:
    listed = make_subject("示例甲建设有限公司", person=False)
    make_entry(listed.subject)
    found = at_once(lambda _: asked(listed.identifier, listed.name))
    assert all(view == found[0] for view in found)
    counts = (Check.objects.count(), CheckAnswer.objects.count(), Look.objects.count(), Leaf.objects.count())
    assert counts == (1, 1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_one_key_other_questions_one_wins_and_the_others_are_told(at_once: Callable[..., list[Any]]) -> None:
    listed = make_subject("示例甲建设有限公司", person=False)
    found = at_once(lambda number: asked(listed.identifier, listed.name, purpose=f"目的{number}"))
    assert sum(isinstance(one, CheckView) for one in found) == 1
    assert sum(isinstance(one, Conflict) for one in found) == CALLERS - 1
    assert Check.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_feedback_is_taken_in_once(at_once: Callable[..., list[Any]]) -> None:
    listed = make_subject("示例甲建设有限公司", person=False)
    held = make_entry(listed.subject)
    number = asked(listed.identifier, listed.name).answers[0].number

    def decide(caller: int) -> AnswerView:
        return give_feedback(
            actor=TRADING,
            answer_number=number,
            decision="measure_applied",
            measure="wage_no_bidding",
            entry=held.record.reference,
            reason=f"理由{caller % 2}",
            officer=OFFICER,
        )

    found = at_once(decide)
    kept = CheckFeedback.objects.get()
    assert all(
        isinstance(one, Conflict) or (one.feedback is not None and one.feedback.reason == kept.reason) for one in found
    )
    assert any(isinstance(one, AnswerView) for one in found)
    assert Leaf.objects.filter(action="checks.feedback").count() == 1
