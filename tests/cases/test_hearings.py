"""Before a measure takes effect the person is told, has time to answer, and is read."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.checks.conftest import OFFICER, TRADING, make_entry
from tests.scores.conftest import Resident, resident
from xinlin.core.calendar import add_working_days
from xinlin.core.checks import Applicant
from xinlin.core.notices import filled
from xinlin.office import vault
from xinlin.office.actions import checks, feedback, hearings
from xinlin.office.models.measures import MeasureUse
from xinlin.office.models.notices import Delivery, Message, PriorNotice
from xinlin.office.queries import hearings as hearings_of
from xinlin.office.queries import notices as notices_of
from xinlin.office.scopes import NotFound, Refused, today

pytestmark = pytest.mark.django_db
__all__ = ["resident"]
MEASURE = "wage_no_bidding"


@pytest.fixture(autouse=True)
def _national(settings: Any) -> None:
    settings.CITY = "national"


def _decided(someone: Resident, key: str = "k1", **changes: Any) -> str:
    """A check met the person's entry, and the officer decided for the measure; the number of the answer."""
    if not someone.subject.list_entries.exists():
        make_entry(someone.subject, **changes)
    identifier = vault.unseal(someone.subject.identifier_sealed, "subject.identifier")
    view = checks.answer(
        actor=TRADING, item="bidding_qualification", purpose="投标资格审查", officer=OFFICER, idempotency_key=key,
        applicants=[Applicant(identifier, "林小满")],
    )  # fmt: skip
    (answer,) = view.answers
    feedback.give_feedback(
        actor=TRADING, answer_number=answer.number, decision="measure_applied", measure=MEASURE, entry=answer.hits[0].entry,
        reason="在名单期限内", officer=OFFICER,
    )  # fmt: skip
    return answer.number


def test_a_measure_begins_only_after_the_time_to_answer(resident: Any) -> None:
    someone = resident()
    _decided(someone)
    notice, use = PriorNotice.objects.get(), MeasureUse.objects.get()
    assert notice.answer_until == add_working_days(today(), 5)
    assert use.starts_on == notice.answer_until + timedelta(days=1)
    (told,) = notices_of.mine(actor=someone.actor, language="zh-hans")
    entry = use.entry
    for part in (
        entry.document,
        entry.authority,
        entry.remedy,
        filled("{day}", {"day": notice.answer_until}, "zh-hans"),
        filled("{day}", {"day": entry.entered_on}, "zh-hans"),
    ):
        assert part in told.body
    assert Delivery.objects.get().channel == "letter", "who left no address is written to"


def test_the_officer_reads_what_was_answered_and_may_take_it_back_before_it_begins(resident: Any) -> None:
    someone, stranger = resident(), resident("陈大海")
    number = _decided(someone)
    (shown,) = hearings_of.mine(actor=someone.actor)
    with pytest.raises(NotFound):
        hearings.answer(actor=stranger.actor, number=shown.number, words="x")
    with pytest.raises(Refused):
        hearings.answer(actor=someone.actor, number=shown.number, words=" ")
    hearings.answer(actor=someone.actor, number=shown.number, words="工资已于上月付清，附银行回单")
    with pytest.raises(Refused, match="You have answered"):
        hearings.answer(actor=someone.actor, number=shown.number, words="再说一次")
    (read,) = hearings_of.of_answers(actor=TRADING, answers=[number])[number]
    assert read.answer == "工资已于上月付清，附银行回单"
    feedback.correct_feedback(
        actor=TRADING,
        answer_number=number,
        decision="released",
        reason="当事人已付清",
        officer=OFFICER,
        why="当事人已付清",
    )
    assert MeasureUse.objects.get().lifted_on == today()


def test_who_was_told_is_not_told_again_and_no_time_runs_anew(resident: Any) -> None:
    someone = resident()
    _decided(someone)
    _decided(someone, key="k2")
    assert PriorNotice.objects.count() == Message.objects.count() == 1
    assert MeasureUse.objects.values_list("starts_on", flat=True).distinct().count() == 1


def test_an_entry_that_ends_first_carries_no_measure(resident: Any) -> None:
    with pytest.raises(Refused, match="ends before"):
        _decided(resident(), ends_on=today() + timedelta(days=4))
    assert not MeasureUse.objects.exists()


def test_after_the_last_day_it_is_too_late_to_answer(resident: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    someone = resident()
    _decided(someone)
    notice = PriorNotice.objects.get()
    day: date = notice.answer_until + timedelta(days=1)
    moment = timezone.now() + timedelta(days=(day - today()).days)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    with pytest.raises(Refused, match="the time is over"):
        hearings.answer(actor=someone.actor, number=notice.number, words="迟了")
