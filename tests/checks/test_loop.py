"""The loop from push to feedback: holds that lapse open, causes put right, entries that change, offices supervised."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.conftest import OFFICER, TRADING, Listed, make_entry
from xinlin.core.calendar import PUBLISHED
from xinlin.core.checks import Applicant
from xinlin.core.holds import STAGES, Funnel, lapse_of, percent, state_of
from xinlin.office.actions import holds, lists
from xinlin.office.actions.feedback import give_feedback
from xinlin.office.actions.tallies import tally
from xinlin.office.jobs.lists import note_lapsed_holds, tell_of_ended
from xinlin.office.models.cases import Telling
from xinlin.office.models.checks import Check, CheckAnswer, CheckDay, Hold
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Look, Relation
from xinlin.office.models.records import Record, RecordEvent
from xinlin.office.models.staff import Account
from xinlin.office.queries import checks as queries
from xinlin.office.queries import own_checks, supervision
from xinlin.office.queries.answer_views import AnswerView
from xinlin.office.queries.checks import CheckView
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

Ask = Callable[..., CheckView]
pytestmark = pytest.mark.django_db
SYSTEM = Actor("system:test", "test", "system")
CLERK = Actor("account:9", "赵录事", "clerk", "human_resources")
REVIEWER = Actor("account:8", "钱审核", "reviewer", "credit_centre")
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def hit(ask: Ask, firm: Callable[..., Listed]) -> AnswerView:
    listed = firm()
    make_entry(listed.subject)
    return ask(Applicant(listed.identifier, listed.name)).answers[0]


def _decide(answer: AnswerView, decision: str = "measure_applied", reason: str = "事实清楚") -> AnswerView:
    applied = decision == "measure_applied"
    return give_feedback(
        actor=TRADING,
        answer_number=answer.number,
        decision=decision,
        measure="wage_no_bidding" if applied else "",
        entry=answer.hits[0].entry if applied else None,
        reason=reason,
        officer=OFFICER,
    )


def _lapse(answer: AnswerView) -> None:
    past = now() - timedelta(days=4)
    Hold.objects.filter(answer__number=answer.number).update(opened_at=past, lapses_at=past + timedelta(days=1))


@pytest.mark.parametrize(
    ("opened", "lapses"),
    [
        ("2026-11-24T15:00", "2026-11-25T15:00"),
        ("2026-11-27T15:00", "2026-11-30T15:00"),
        ("2026-11-28T09:00", "2026-11-30T23:59:59"),
        ("2026-09-30T17:00", "2026-10-08T17:00"),
    ],
    ids=["a Tuesday", "a Friday", "a Saturday", "before the holidays"],
)
def test_a_hold_is_open_again_after_one_working_day(opened: str, lapses: str) -> None:
    begun = datetime.fromisoformat(opened).replace(tzinfo=SHANGHAI)
    assert lapse_of(begun, PUBLISHED).replace(tzinfo=None).isoformat(timespec="seconds").startswith(lapses)
    assert lapse_of(begun, PUBLISHED, working_days=30) == lapse_of(begun, PUBLISHED), "no rulebook makes it longer"


@given(st.dates(date(2024, 1, 1), date(2026, 12, 1)), st.times())
def test_between_beginning_and_lapse_lies_at_most_one_working_day(day_: date, at: time) -> None:
    begun = datetime.combine(day_, at, tzinfo=SHANGHAI)
    end = lapse_of(begun, PUBLISHED)
    between = [begun.date() + timedelta(days=n) for n in range(1, (end.date() - begun.date()).days)]
    assert begun < end
    assert not any(PUBLISHED.is_working_day(day) for day in between)
    state = state_of(lapses_at=end, signed_until=None, ended="", moment=end, today=end.date())
    assert state == "lapsed"


def test_a_hit_holds_and_says_until_when_and_first_what_ends_it(hit: AnswerView) -> None:
    assert hit.hold is not None
    assert hit.hold.state == "holding"
    assert "付清" in hit.hits[0].fix.zh


def test_whoever_is_held_sees_until_when_why_and_what_ends_it(ask: Ask, firm: Callable[..., Listed]) -> None:
    listed = firm()
    make_entry(listed.subject)
    answered = ask(Applicant(listed.identifier, listed.name)).answers[0]
    holds.sign(actor=TRADING, answer_number=answered.number, officer=OFFICER, reason="需核对工资支付凭证")
    own = own_checks.mine(actor=Actor("account:7", listed.name, "resident", subject_id=listed.subject.pk))[0]
    assert own.hold is not None
    assert (own.hold.state, own.hold.signed_reason) == ("signed", "需核对工资支付凭证")
    assert [(hit.document, hit.fix) for hit in own.hits] == [(hit.document, hit.fix) for hit in answered.hits]


def test_whoever_is_held_sees_that_the_office_owes_its_answer_and_that_it_is_late(
    hit: AnswerView, person: Callable[..., Listed], client: Any
) -> None:
    boss, record = person("陈大海"), Record.objects.get(reference=hit.hits[0].entry)
    firm = record.subject
    Relation.objects.create(organisation=firm, person=boss.subject, from_on=date(2020, 1, 1), record=record)
    account = Account.objects.create(username="boss", display_name=boss.name, subject=boss.subject)
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "写明怎样处理" in client.get("/checks/").content.decode()
    CheckAnswer.objects.update(feedback_due_on=today() - timedelta(days=1))
    page = client.get("/checks/").content.decode()
    assert "逾期未反馈" in page
    assert "至今没有" in page
    _decide(hit, "released")
    assert "逾期反馈" in client.get("/checks/").content.decode()


def test_an_unsigned_hold_opens_by_the_clock_and_carries_no_measure(hit: AnswerView) -> None:
    _lapse(hit)
    view = queries.one(actor=TRADING, number=Check.objects.get().number).answers[0]
    assert view.hold is not None
    assert view.hold.state == "lapsed"
    with pytest.raises(Refused, match="no measure may rest"):
        _decide(hit)
    with pytest.raises(Refused):
        holds.sign(actor=TRADING, answer_number=hit.number, officer=OFFICER, reason="太迟")
    assert _decide(hit, "released", "已自动放行").feedback is not None
    assert note_lapsed_holds(actor=SYSTEM) == 0, "it was ended by the feedback"


def test_a_signed_hold_stands_until_the_feedback_is_due(hit: AnswerView) -> None:
    with pytest.raises(Refused):
        holds.sign(actor=TRADING, answer_number=hit.number, officer=OFFICER, reason="")
    signed = holds.sign(actor=TRADING, answer_number=hit.number, officer=OFFICER, reason="需核对工资支付凭证")
    again = holds.sign(actor=TRADING, answer_number=hit.number, officer=OFFICER, reason="需核对工资支付凭证")
    assert signed.hold == again.hold
    assert signed.hold is not None
    assert (signed.hold.state, signed.hold.signed_until) == ("signed", hit.feedback_due_on)
    assert Leaf.objects.filter(action="holds.sign").count() == 1
    _lapse_ = Hold.objects.get()
    assert _lapse_.signed_by == OFFICER
    assert _decide(hit).feedback is not None


def test_the_database_refuses_a_signature_without_name_or_reasons(hit: AnswerView) -> None:
    for lacking in ({"signed_by": ""}, {"signed_reason": ""}, {"signed_until": None}):
        whole = {"signed_at": now(), "signed_by": "某", "signed_reason": "某", "signed_until": today(), **lacking}
        with pytest.raises(IntegrityError), transaction.atomic():
            Hold.objects.update(**whole)


def test_lapsed_holds_are_noted_once_with_a_leaf(hit: AnswerView) -> None:
    _lapse(hit)
    assert note_lapsed_holds(actor=SYSTEM) == 1
    assert note_lapsed_holds(actor=SYSTEM) == 0
    assert Hold.objects.get().ended == "lapsed"
    assert Leaf.objects.filter(action="holds.lapse").count() == 1


def test_fix_now_the_authority_confirms_and_the_hold_lifts(hit: AnswerView) -> None:
    made = {"entry": hit.hits[0].entry, "way": "paid", "words": "银行回单 2026-118"}
    number = holds.put_right(actor=TRADING, answer_number=hit.number, **made)
    assert holds.put_right(actor=TRADING, answer_number=hit.number, **made) == number
    stranger = Actor("account:7", "孙", "clerk", "tax")
    with pytest.raises(NotFound):
        holds.confirm(actor=stranger, number=number, confirmed=True, words="")
    with pytest.raises(Refused):
        holds.confirm(actor=CLERK, number=number, confirmed=False, words="")
    holds.confirm(actor=CLERK, number=number, confirmed=True, words="已发放")
    holds.confirm(actor=CLERK, number=number, confirmed=True, words="已发放")
    assert Hold.objects.get().ended == "lifted"
    assert Telling.objects.get().department == TRADING.department
    assert RecordEvent.objects.filter(reason="duty_done").count() == 1
    with pytest.raises(Refused):
        _decide(hit)


def test_an_entry_is_suspended_stands_again_and_leaves_by_its_own_authority(
    ask: Ask, firm: Callable[..., Listed]
) -> None:
    listed = firm()
    held = make_entry(listed.subject)
    reference, day = held.record.reference, today()

    def verdict() -> str:
        return ask(Applicant(listed.identifier, listed.name)).answers[0].verdict

    def change(what: str, actor: Actor = CLERK) -> str:
        return lists.change_entry(actor=actor, reference=reference, change=what, happened_on=day, reason="依据复核")

    assert verdict() == "yes"
    with pytest.raises(NotFound):
        change("exit", Actor("account:7", "孙", "clerk", "tax"))
    with pytest.raises(NotAllowed):
        change("exit", Actor("account:6", "李", "officer", "human_resources"))
    assert change("suspend") == "disputed"
    assert verdict() == "no"
    assert change("resume") == "active"
    assert verdict() == "yes"
    assert change("exit") == "ended"
    assert change("exit") == "ended", "again changes nothing"
    assert verdict() == "no"
    with pytest.raises(Refused):
        change("resume")
    assert [event.after["status"] for event in RecordEvent.objects.order_by("pk")] == ["disputed", "active", "ended"]


def test_offices_that_were_answered_with_an_entry_are_told_once_when_it_ends(hit: AnswerView, ask: Ask) -> None:
    assert tell_of_ended(actor=SYSTEM) == 0
    from xinlin.office.models.lists import ListEntry

    ListEntry.objects.update(ends_on=today())
    assert tell_of_ended(actor=SYSTEM) == 1
    assert tell_of_ended(actor=SYSTEM) == 0
    assert Telling.objects.get().outcome == "term_over"


def test_six_stages_each_with_its_time(hit: AnswerView) -> None:
    _decide(hit)
    view = queries.one(actor=TRADING, number=Check.objects.get().number).answers[0]
    assert [stage.stage for stage in view.stages] == list(STAGES)
    assert all(stage.at is not None for stage in view.stages)
    assert (view.stages[3].what, view.stages[4].what) == ("measure_applied", "given")


def test_the_published_figures_make_their_published_rates() -> None:
    told = Funnel(checks=4_377_000, automatic=532_067, hits=238, automatic_hits=238, measures=7_907)
    assert (told.measure_percent, told.hit_percent) == ("0.18", "0.0447")


def test_the_funnel_counts_closed_days_and_today_alike(ask: Ask, hit: AnswerView) -> None:
    _decide(hit)
    day = today()
    period = {"since": day - timedelta(days=30), "until": day}
    live = supervision.loop(actor=REVIEWER, **period).funnel
    assert (live.checks, live.measures) == (1, 1)
    Check.objects.update(as_of=day - timedelta(days=3))
    assert tally(actor=SYSTEM) == 1
    assert tally(actor=SYSTEM) == 0
    assert CheckDay.objects.get().yes == 1
    assert supervision.loop(actor=REVIEWER, **period).funnel == live
    (office,) = supervision.loop(actor=REVIEWER, **period).offices
    assert (office.department, office.applicants, office.hits, office.measures) == (TRADING.department, 1, 1, 1)
    with pytest.raises(NotAllowed):
        supervision.loop(actor=Actor("account:4", "居民", "resident"), **period)


def test_every_step_is_seen_by_the_person_concerned(hit: AnswerView) -> None:
    holds.sign(actor=TRADING, answer_number=hit.number, officer=OFFICER, reason="需核对")
    _decide(hit)
    told = list(Look.objects.order_by("pk").values_list("result", flat=True))
    assert told == ["在有关名单上", "审批人员签名继续暂缓办理", "审批人员决定：采取措施"]


def test_a_machine_let_in_for_one_item_asks_about_no_other(ask: Ask, firm: Callable[..., Listed]) -> None:
    listed = firm()
    narrow = Actor("machine:3", "采购系统", "machine", TRADING.department, items=("procurement_qualification",))
    with pytest.raises(NotAllowed):
        ask(Applicant(listed.identifier, listed.name), actor=narrow)
    assert Look.objects.get().refused


@pytest.mark.parametrize("today_", [date(2026, 11, 25)])
def test_a_red_list_opens_an_incentive_beside_the_answer(firm: Callable[..., Listed], today_: date) -> None:
    from xinlin.office.actions.checks import answer

    listed = firm()
    make_entry(listed.subject, "grade_a_taxpayer")
    tax: dict[str, Any] = {"item": "tax_incentive_review", "purpose": "后续管理", "officer": OFFICER}
    actor = Actor("machine:5", "税务系统", "machine", "tax")
    view = answer(actor=actor, applicants=[Applicant(listed.identifier, listed.name)], idempotency_key="1", **tax)
    assert view.answers[0].verdict == "no"
    assert [(one.code, one.automatic) for one in view.answers[0].favours] == [("grade_a_green_channel", True)]
    other = answer(actor=actor, applicants=[Applicant(listed.identifier, "别名")], idempotency_key="2", **tax)
    assert other.answers[0].favours == []


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [
        *((0, 0, "0"), (0, 9, "0"), (9, 9, "100"), (1, 8, "12.5"), (1, 3, "33.3"), (2, 300, "0.67")),
        *((1, 10_000, "0.01"), (1, 100_000_000, "<0.0001"), (1, 100, "1"), (999, 100_000, "1")),
    ],
)
def test_a_share_reads_as_one_says_it(part: int, whole: int, told: str) -> None:
    assert percent(part, whole) == told


def test_hits_of_pages_count_in_the_funnel_as_in_the_table(hit: AnswerView, client: Any) -> None:
    day = today()
    seen = supervision.loop(actor=REVIEWER, since=day, until=day)
    told, (office,) = seen.funnel, seen.offices
    assert (told.hits, told.automatic, told.automatic_hits) == (office.hits, 0, 0) == (1, 0, 0)
    assert told.false_hit_percent == "0"
