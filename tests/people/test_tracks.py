"""The track: past days without what was found wrong, days to come as a promise that holds, and a page that needs no script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.people.conftest import let_in
from tests.scores.conftest import Resident
from xinlin.core.terms import add_term, moved
from xinlin.office.actions import cases, people
from xinlin.office.models.people import Look, Subject
from xinlin.office.models.records import Record
from xinlin.office.queries import scores, tracks
from xinlin.office.scopes import today

Make = Callable[..., Resident]
MakeRecord = Callable[..., Record]


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)), st.integers(-240, 240))
def test_moving_by_months_keeps_the_day_or_takes_the_last_of_the_month(day: date, months: int) -> None:
    there = moved(day, months)
    assert (there.year * 12 + there.month) - (day.year * 12 + day.month) == months
    assert there.day == day.day or (there + timedelta(days=1)).day == 1
    if months > 0:
        assert there == add_term(day, f"P{months}M")


@pytest.mark.django_db
def test_the_promise_of_a_later_day_is_what_that_day_then_shows(
    resident: Make, record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    record(
        someone.subject,
        "uncivil_conduct",
        today() - timedelta(days=20),
        ends_on=today() + timedelta(days=70),
        fields={"conduct": "occupation"},
    )
    later = moved(today(), 3)
    promised = tracks.mine(actor=someone.actor, day=later)
    assert promised.promised
    assert promised.figure is not None
    assert not promised.in_force
    monkeypatch.setattr("xinlin.office.queries.scores.today", lambda: later)
    then = scores.mine(actor=someone.actor)
    assert then is not None
    assert then.score == promised.figure.score


@pytest.mark.django_db
def test_what_is_disputed_counts_in_no_month_and_says_when_it_was_disputed(resident: Make, record: MakeRecord) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    held = record(someone.subject, "uncivil_conduct", today() - timedelta(days=40), fields={"conduct": "occupation"})
    before = tracks.mine(actor=someone.actor, month=-1)
    cases.object_to(actor=someone.actor, reference=held.reference, reason="wrong_fact", words="")
    after = tracks.mine(actor=someone.actor, month=-1)
    card = scores.mine(actor=someone.actor)
    assert before.figure is not None
    assert after.figure is not None
    assert card is not None
    assert before.figure.score < after.figure.score == card.base
    assert {turn.what for turn in after.turns if turn.record.reference == held.reference} >= {"begins", "changed"}


@pytest.mark.django_db
def test_without_consent_there_is_a_track_and_no_score(resident: Make, record: MakeRecord) -> None:
    someone = resident()
    record(someone.subject, "volunteer_service", today() - timedelta(days=400), fields={"hours": 3})
    found = tracks.mine(actor=someone.actor, month=-2)
    assert found.figure is None
    assert found.published is None
    assert [one.kind for one in found.in_force] == ["volunteer_service"]
    assert Look.objects.filter(result="查看信用轨迹").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "asked", ["m=-3", "m=99999", "m=x", "day=2027-02-29", "day=0001-01-01", "day=9999-12-31", "m=-99999"]
)
def test_the_page_answers_whatever_is_asked_without_a_script(resident: Make, record: MakeRecord, asked: str) -> None:
    someone = resident()
    record(someone.subject, "volunteer_service", today() - timedelta(days=100), fields={"hours": 3})
    page = let_in(someone).get(f"/track/?{asked}")
    assert page.status_code == 200
    text = page.content.decode()
    assert 'type="range"' in text
    assert "看这一天" in text, "a button where no script moves the page"


@pytest.mark.django_db
def test_who_has_no_records_is_told_that_it_is_no_bad_thing(resident: Make) -> None:
    assert "没有记录不是坏事" in let_in(resident()).get("/track/").content.decode()


@pytest.mark.django_db
def test_who_leads_a_firm_sees_its_track_and_nobody_else_does(
    resident: Make, record: MakeRecord, firm: Callable[..., Subject]
) -> None:
    leader, other = resident(), resident("陈大海")
    people.open_score(actor=leader.actor, via="portal")
    led = firm(leader, today() - timedelta(days=400))
    held = record(led, "administrative_penalty", today() - timedelta(days=30), ends_on=today() + timedelta(days=300))
    client = let_in(leader)
    assert led.public_name in client.get("/track/").content.decode(), "one tap from one's own"
    page = client.get("/track/", {"firm": led.pseudonym, "m": "1"}).content.decode()
    assert f"/records/{held.reference}/" in page and "data-score" not in page, "a firm has no person's score"
    assert f'name="firm" value="{led.pseudonym}"' in page, "the slider stays with the firm"
    assert Look.objects.filter(subject=led, actor=leader.actor.handle, result="查看信用轨迹").exists()
    later = tracks.mine(actor=leader.actor, firm=led.pseudonym, day=moved(today(), 12))
    assert [one.kind for one in later.in_force] == ["enterprise_registration"], "a penalty ends by itself"
    assert let_in(other).get("/track/", {"firm": led.pseudonym}).status_code == 404
