"""Figures that reconcile: who could and who did, how levels are spread, offers by level, districts without anybody in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.scores.conftest import Resident, firm, make_record, make_subject, record, resident, system  # noqa: F401  # fixtures
from xinlin import shelf
from xinlin.core.districts import months_before
from xinlin.core.offers import matrix, threshold
from xinlin.office.actions import people, scores
from xinlin.office.models.staff import Account
from xinlin.office.queries import districts, figures
from xinlin.office.queries import scores as scores_of
from xinlin.office.scopes import Actor, NotAllowed, today

ANALYST = Actor("account:1", "许分析", "analyst", "credit_centre")
DAY = date(2026, 11, 25)


@pytest.mark.django_db
def test_every_adult_stands_in_exactly_one_place_and_only_the_enrolled_have_a_score(
    resident: Callable[..., Resident],  # noqa: F811  # the fixture above
) -> None:
    everybody = [resident(f"居民{n}") for n in range(60)]
    child = resident("小孩", born=today() - timedelta(days=17 * 365))
    for someone in everybody[:24]:
        people.open_score(actor=someone.actor, via="portal")
    for someone in everybody[:12]:
        people.leave(actor=someone.actor)
    for someone in everybody[24:36]:
        people.decline(actor=someone.actor)
    Account.objects.filter(subject__in=[someone.subject for someone in everybody[48:]]).delete()
    stands = figures.coverage(actor=ANALYST)
    assert stands.total == 60
    assert {part.code: part.count for part in stands.parts} == {
        "enrolled": 12,
        "resting": 0,
        "left": 12,
        "declined": 12,
        "invited": 12,
        "able": 12,
    }
    assert stands.shown + stands.remainder == stands.total
    for someone in (everybody[0], everybody[30], everybody[50], child):
        assert scores_of.standing(someone.subject.pk, shelf.read("dongtou"), today()) is None
    with pytest.raises(NotAllowed):
        figures.coverage(actor=everybody[0].actor)


@pytest.mark.django_db
def test_the_distribution_sums_to_the_run_and_says_what_is_hidden(
    resident: Callable[..., Resident],  # noqa: F811  # the fixture above
    system: Actor,  # noqa: F811  # the fixture above
) -> None:
    assert figures.distribution(actor=ANALYST) is None
    for n in range(23):
        someone = resident(f"居民{n}")
        people.open_score(actor=someone.actor, via="portal")
        if n < 3:
            make_record(someone.subject, "dishonest_judgment_debtor", today() - timedelta(days=9))
    scores.run(actor=system)
    spread = figures.distribution(actor=ANALYST)
    assert spread is not None
    assert spread.total == 23
    assert all(part.count is None or part.count == 0 or part.count >= 10 for part in spread.parts)
    assert spread.shown + spread.remainder == 23


def test_the_source_s_own_numbers_miss_by_one_and_the_page_says_so(client: Client, settings: Any) -> None:
    settings.CITY = "baiyun"
    (figure,) = figures.published_figures()
    assert (figure.total, sum(part.count for part in figure.parts), figure.remainder) == (187155, 187154, 1)
    page = client.get("/figures/").content.decode()
    assert "187155" in page and 'data-remainder="1"' in page


@pytest.mark.parametrize("city", shelf.names())
def test_a_higher_level_never_loses_an_offer(city: str) -> None:
    rulebook = shelf.read(city)
    scheme = rulebook.scheme_at(DAY)
    if scheme is None:
        return
    rows = matrix(rulebook, scheme, DAY)
    assert len(rows) == sum(offer.valid_from <= DAY < offer.valid_until for offer in rulebook.offers.values())
    for row in rows:
        rank = [0 if cell is False else 2 if cell is True else 1 for cell in row.cells]
        assert rank == sorted(rank)


@given(st.integers(-50, 1400), st.integers(0, 300), st.sampled_from(["xiamen", "dongtou", "baiyun", "qiqihar"]))
def test_more_points_never_close_an_offer(score: int, more: int, city: str) -> None:
    rulebook = shelf.read(city)
    scheme = rulebook.scheme_at(DAY)
    assert scheme is not None
    starts = {offer.code: threshold(offer, scheme) for offer in rulebook.offers.values()}
    lower = {code for code, start in starts.items() if start is not None and score >= start}
    higher = {code for code, start in starts.items() if start is not None and score + more >= start}
    assert lower <= higher


@pytest.mark.django_db
def test_districts_are_counted_by_organisations_and_small_ones_have_no_figure(client: Client, settings: Any) -> None:
    settings.CITY = "guizhou"
    for n in range(13):
        organisation = make_subject(f"ORG{n:015}", f"示例企业{n}", kind="enterprise")
        organisation.region = "520103" if n < 10 else "520111"
        organisation.save()
        if n in (0, 11):
            last = months_before(today(), 1)[0]
            make_record(organisation, "administrative_penalty", last - timedelta(days=3), record_class="general")
    person = make_subject("330305199001010011", "林小满", born=date(1990, 1, 1))
    person.region = "520103"
    person.save()
    found = districts.districts()
    assert found is not None
    lines = {line.district: line for line in found.districts}
    counted, small = lines["520103"], lines["520111"]
    assert (counted.organisations, counted.score, counted.rank) == (10, 75, 1)
    assert len(counted.course) == 12
    assert small.organisations is None
    assert small.score is None and small.course == []
    page = client.get("/index/").content.decode()
    assert "不成数" in page and "演示数值" in page
    assert "云岩区" in page and "示意地图" in page
    assert client.get("/rules/").content.decode().count("/index/") == 1


@pytest.mark.django_db
@pytest.mark.parametrize("city", shelf.names())
def test_public_pages_open_in_every_city_in_both_languages(client: Client, settings: Any, city: str) -> None:
    if city == "national":
        return
    settings.CITY = city
    for path in ("/rules/changes/", "/rules/cases/", "/rules/offers/", "/figures/", "/cities/", "/runs/"):
        for language in ("zh-hans", "en"):
            answer = client.get(path, headers={"accept-language": language})
            assert answer.status_code == 200, path
    assert client.get("/index/").status_code == (200 if city == "guizhou" else 404)


@pytest.mark.django_db
def test_every_number_without_a_source_is_marked_where_it_is_shown(client: Client, settings: Any) -> None:
    settings.CITY = "xiamen"
    assert "演示数值" in client.get("/rules/offers/").content.decode()
    assert "条为演示数值" in client.get("/cities/").content.decode()
