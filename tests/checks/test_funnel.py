"""Each number of the loop opens the list behind it: the same condition, masked people, a look for each, small cells hidden."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.checks.conftest import BIDDING, OFFICER, TRADING, make_entry, make_subject
from xinlin.core.checks import Applicant
from xinlin.office.actions.feedback import correct_feedback, give_feedback
from xinlin.office.models.checks import Check, CheckAnswer, CheckDay, CheckFeedback
from xinlin.office.models.people import Look
from xinlin.office.models.staff import Account
from xinlin.office.queries import funnel, supervision
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today

pytestmark = pytest.mark.django_db
REVIEWER = Actor("account:80", "方审核", "reviewer", "credit_centre")
ANALYST = Actor("account:81", "许分析", "analyst", "credit_centre")
PERIOD: dict[str, Any] = {"since": today() - timedelta(days=29), "until": today()}
NUMBERS = [*funnel.NUMBERS]
_STEPS = ("checks", "automatic", "hits", "measures")


@pytest.fixture
def loop_with_every_ending(ask: Any) -> None:
    """Six hits: two measures, one of them corrected into another person; one released late; one overdue; one lapsed; one waiting."""
    hits = []
    for n in range(6):
        listed = make_subject(f"示例{n}号建设有限公司", person=False)
        make_entry(listed.subject)
        hits.append(ask(Applicant(listed.identifier, listed.name)).answers[0])
        ask(Applicant(make_subject(f"清白{n}号有限公司", person=False).identifier, f"清白{n}号有限公司"))
    decided = {"actor": TRADING, "officer": OFFICER}
    for hit in hits[:2]:
        first = hit.hits[0]
        use = {"measure": first.measures[0].code, "entry": first.entry}
        give_feedback(answer_number=hit.number, decision="measure_applied", reason="在期限内", **use, **decided)
    wrong = {"decision": "not_the_person", "reason": "同名", "why": "复核"}
    correct_feedback(answer_number=hits[1].number, **wrong, **decided)
    give_feedback(answer_number=hits[2].number, decision="released", reason="已经还清", **decided)
    CheckAnswer.objects.filter(number__in=[hits[2].number, hits[3].number]).update(
        feedback_due_on=today() - timedelta(days=1)
    )
    late = CheckAnswer.objects.get(number=hits[4].number).hold
    late.opened_at, late.lapses_at = (moment - timedelta(days=9) for moment in (late.opened_at, late.lapses_at))
    late.save()


def shown(number: str, actor: Actor) -> set[str]:
    checks = funnel.opened(actor=actor, number=number, **PERIOD).checks
    return {answer.number for check in checks or () for answer in check.answers}


@pytest.mark.usefixtures("loop_with_every_ending")
def test_a_number_and_its_list_agree() -> None:
    seen = supervision.loop(actor=REVIEWER, **PERIOD)
    (office,) = seen.offices
    said = {
        **{"checks": seen.funnel.checks, "automatic": seen.funnel.automatic, "hits": seen.funnel.hits},
        **{"measures": seen.funnel.measures, "not_the_person": seen.funnel.not_the_person, "late": office.late},
        **{"released": office.released, "lapsed": office.lapsed, "owed": office.owed, "overdue": office.overdue},
        "corrected": office.corrected,
    }
    assert said == {
        **{"checks": 12, "automatic": 0, "hits": 6, "measures": 1, "released": 1, "not_the_person": 1, "lapsed": 1},
        **{"owed": 3, "overdue": 1, "late": 1, "corrected": 1},
    }
    assert {number: funnel.opened(actor=REVIEWER, number=number, **PERIOD).total for number in NUMBERS} == said
    assert {number: len(shown(number, REVIEWER)) for number in NUMBERS if number != "checks"} == {
        number: count for number, count in said.items() if number != "checks"
    }
    assert len(shown("checks", REVIEWER)) == 6, "whoever is on no list is counted and not shown"


@pytest.mark.usefixtures("loop_with_every_ending")
def test_whoever_opens_a_list_is_seen_by_those_in_it() -> None:
    Look.objects.all().delete()
    assert len(shown("measures", REVIEWER)) == 1
    look = Look.objects.get()
    assert (look.actor, look.purpose, look.subject_id) == (
        *(REVIEWER.handle, "监督核查与反馈"),
        CheckFeedback.objects.get(decision="measure_applied").answer.subject_id,
    )


@pytest.mark.usefixtures("loop_with_every_ending")
def test_who_may_not_see_people_sees_counts_by_item_with_small_ones_hidden() -> None:
    Look.objects.all().delete()
    opened = funnel.opened(actor=ANALYST, number="hits", **PERIOD)
    assert (opened.total, opened.checks, [count for _, count in opened.items]) == (6, None, [None])
    assert [count for _, count in funnel.opened(actor=ANALYST, number="checks", **PERIOD).items] == [12]
    assert not Look.objects.exists()


@pytest.mark.usefixtures("loop_with_every_ending")
def test_an_officer_opens_the_own_office_alone(client: Client) -> None:
    Check.objects.filter(answers__feedback__decision="released").update(department="market_regulation")
    officer = Actor("account:82", OFFICER, "officer", TRADING.department)
    assert funnel.opened(actor=officer, number="hits", office="market_regulation", **PERIOD).total == 5
    assert funnel.opened(actor=REVIEWER, number="hits", office="market_regulation", **PERIOD).total == 1
    with pytest.raises(NotAllowed):
        funnel.opened(actor=Actor("account:4", "居民", "resident"), number="hits", **PERIOD)
    with pytest.raises(NotFound):
        funnel.opened(actor=officer, number="nothing", **PERIOD)


@pytest.mark.usefixtures("loop_with_every_ending")
@pytest.mark.parametrize("role", ["officer", "reviewer", "operator"])
def test_every_number_of_the_page_is_a_link_that_opens(client: Client, role: str) -> None:
    given = {"role": role, "display_name": OFFICER, "department": TRADING.department}
    account = Account.objects.create(username=role, **given)
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get("/bench/supervision/?days=7").content.decode()
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/bench/supervision/\w+/\?[^"]*)"', page)}
    assert {link.split("/")[3] for link in links} >= set(NUMBERS)
    for link in links:
        assert client.get(link).status_code == 200, link
    assert client.get("/bench/supervision/nothing/").status_code == 404
    opened = client.get("/bench/supervision/hits/?days=7").content.decode()
    assert ("/bench/checks/" in opened.split("<main", 1)[1]) == (role == "officer")


def test_a_long_list_goes_on_where_it_stopped(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(funnel, "PAGE", 2)
    listed = make_subject("示例建设有限公司", person=False)
    make_entry(listed.subject)
    for _ in range(5):
        ask(Applicant(listed.identifier, listed.name))
    for number in ("checks", "hits"):
        found: list[str] = []
        before: int | None = None
        for size in (2, 2, 1):
            page = funnel.opened(actor=REVIEWER, number=number, before=before, **PERIOD)
            assert page.checks is not None
            assert len(page.checks) == size
            found += [check.number for check in page.checks]
            before = page.before
        assert before is None
        assert found == list(Check.objects.order_by("-pk").values_list("number", flat=True))


def test_the_published_account_of_guizhou_stands_on_the_page_as_it_was_told(ask: Any, client: Client) -> None:
    """4,377,000 checks, 532,067 of them automatic with 238 hits, 7,907 acted on: 7,669 of the hits were of questions that persons typed."""
    day = today() - timedelta(days=3)
    listed = make_subject("示例建设有限公司", person=False)
    entry = make_entry(listed.subject)
    hit = ask(Applicant(listed.identifier, listed.name)).answers[0]
    use = {"measure": hit.hits[0].measures[0].code, "entry": hit.hits[0].entry, "reason": "在期限内"}
    give_feedback(actor=TRADING, officer=OFFICER, answer_number=hit.number, decision="measure_applied", **use)
    Check.objects.update(as_of=day)
    first = CheckAnswer.objects.get()
    more = [
        CheckAnswer(number=f"G{n}", question=first.question, position=n + 1, subject=first.subject, verdict="yes")
        for n in range(1, 7_907)
    ]
    CheckAnswer.objects.bulk_create(more)
    given = {"decision": "measure_applied", "measure": use["measure"], "entry": entry, "reason": "在期限内"}
    at = CheckFeedback.objects.get().at
    CheckFeedback.objects.bulk_create(CheckFeedback(answer=one, officer=OFFICER, at=at, **given) for one in more)
    place = {"day": day, "department": TRADING.department, "item": BIDDING, "unsure": 0}
    CheckDay.objects.create(**place, channel="machine", applicants=532_067, yes=238)
    CheckDay.objects.create(**place, channel="page", applicants=4_377_000 - 532_067, yes=7_907 - 238)
    account = Account.objects.create(
        username="reviewer", role="reviewer", display_name="方审核", department="credit_centre"
    )
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get("/bench/supervision/?days=30").content.decode()
    told = {number: re.findall(rf"/{number}/\?days=30\"[^>]*>([^<]*)<", page)[0] for number in _STEPS}
    assert told == {"checks": "4,377,000", "automatic": "532,067", "hits": "7,907", "measures": "7,907"}
    assert "其中自动核查 238，占 0.0447 %" in page
    assert "0.18 %" in page
