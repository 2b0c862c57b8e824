"""Every city on the shelf has its own words, marks what no source gives, and renders for its residents; Guizhou scores nobody."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from tests.scores.conftest import make_record, make_subject, resident_id
from xinlin import shelf
from xinlin.core.explain import demonstration
from xinlin.core.rulebooks import Rulebook
from xinlin.core.schemes import Basis
from xinlin.office.actions import people as people_actions
from xinlin.office.models.staff import Account
from xinlin.office.queries.staff import actor_of
from xinlin.office.scopes import Refused, now, today

pytestmark = pytest.mark.django_db
CITIES = [name for name in shelf.names() if shelf.read(name).level != "national"]
SCORED = [name for name in CITIES if shelf.read(name).scheme_at(date(2026, 11, 1))]
PORTAL = ["/", "/score/", "/score/why/", "/deeds/", "/benefits/", "/consent/", "/consent/score/", "/me/", "/code/"]
OTHERS = ["/records/", "/appeals/", "/looks/", "/about/", "/rules/", "/catalogue/", "/lists/"]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
OFFERED = ("开通我的评分", "我要查分", "我要加分", "第一步：评分", "绿码", "/consent/score/")


def resident(client: Client, city: str, settings: Any) -> Account:
    """A grown-up of the city with one record of each sort of good deed, signed in."""
    settings.CITY = city
    subject = make_subject(resident_id(date(1958, 5, 17), 7), "林小满", born=date(1958, 5, 17))
    account = Account.objects.create(
        username="resident-7",
        display_name="林小满",
        subject=subject,
        assurance="urn:xinlin:assurance:face",
        verified_at=now(),
    )
    for kind in shelf.read(city).kinds.values():
        if kind.sign == "positive" and "person" in kind.subject_kinds:
            fields: dict[str, object] = {f.code: 8 for f in kind.fields if f.type == "integer"}
            fields |= {f.code: 20_000 for f in kind.fields if f.type == "money"}
            fields |= {f.code: next(iter(f.codes)) for f in kind.fields if f.codes}
            on = today() - timedelta(days=40)
            make_record(subject, kind.code, on, department=kind.providers[0], fields=fields)
    client.force_login(account, backend=BACKEND)
    return account


def page(client: Client, address: str, language: str = "zh-hans") -> str:
    response = client.get(address, headers={"accept-language": language})
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("city", CITIES)
def test_pages_of_a_city_render_in_its_words(city: str, language: str, client: Client, settings: Any) -> None:
    account, book = resident(client, city, settings), shelf.read(city)
    assert book.words is not None
    if city in SCORED:
        people_actions.open_score(actor=actor_of(account), via="test")
    front = page(client, "/", language)
    for words in (book.words.product, book.words.city):
        assert (words.zh if language == "zh-hans" else words.en) in front
    for address in [*PORTAL, *OTHERS]:
        page(client, address, language)
    for scene in book.scenes:
        page(client, f"/consent/scene/{scene}/", language)


@pytest.mark.parametrize("city", SCORED)
def test_a_scored_city_shows_its_score_and_marks_demonstration_values(city: str, client: Client, settings: Any) -> None:
    account, book = resident(client, city, settings), shelf.read(city)
    scheme = book.scheme_at(today())
    assert scheme is not None and book.words is not None
    assert book.words.score.zh in page(client, "/consent/") and book.notice is not None
    assert book.notice.controller.zh in page(client, "/consent/score/")
    people_actions.open_score(actor=actor_of(account), via="test")
    ladder = page(client, "/score/")
    assert all(tier.name.zh in ladder for tier in scheme.tiers)
    assert ("演示数值" in ladder) == any(map(demonstration, (scheme.basis, *_bases(book)))), "the score page"
    why = page(client, "/score/why/")
    assert all(dimension.name.zh in why for dimension in scheme.dimensions if _pays(dimension.code, book))
    rules = page(client, "/rules/")
    for dimension in scheme.dimensions:
        for indicator in dimension.indicators:
            card = rules.split(f'id="indicator-{indicator.code}"')[1].split("</article>")[0]
            marked = demonstration(indicator.basis) or demonstration(indicator.points_basis)
            assert ("演示数值" in card) == marked, (city, indicator.code)
    assert ("不设上限" in rules) == (scheme.scale.maximum is None)
    benefits = page(client, "/benefits/")
    assert all(offer.name.zh in benefits for offer in book.offers.values())
    assert ("演示数值" in benefits) == any(demonstration(offer.basis) for offer in book.offers.values())


def _bases(book: Rulebook) -> list[Basis]:
    scheme = book.scheme_at(today())
    assert scheme is not None
    found: list[Basis] = [tier.basis for tier in scheme.tiers]
    for dimension in scheme.dimensions:
        found += [i.points_basis for i in dimension.indicators]
    return found


def _pays(code: str, book: Rulebook) -> bool:
    scheme = book.scheme_at(today())
    assert scheme is not None
    return any(i.sign == "positive" for d in scheme.dimensions if d.code == code for i in d.indicators)


BENCH = {
    "clerk": ("/bench/", "/bench/intake/", "/bench/intake/new/"),
    "officer": ("/bench/", "/bench/checks/"),
    "reviewer": ("/bench/", "/bench/cases/", "/bench/alerts/", "/bench/scenes/"),
    "analyst": ("/bench/", "/bench/trends/"),
    "operator": ("/bench/", "/bench/operations/"),
}


@pytest.mark.parametrize("city", ["guizhou", "baiyun"])
@pytest.mark.parametrize("role", BENCH)
def test_desks_open_in_a_city_without_a_score_and_on_an_open_scale(
    role: str, city: str, client: Client, settings: Any
) -> None:
    settings.CITY, book = city, shelf.read(city)
    deciding = next(iter(book.approval_items.values())).department
    department = {"clerk": "public_security", "officer": deciding}.get(role, "credit_centre")
    account = Account.objects.create(
        username=role,
        display_name="周一鸣",
        role=role,
        department=department,
        assurance="urn:xinlin:assurance:face",
        verified_at=now(),
    )
    client.force_login(account, backend=BACKEND)
    for address in BENCH[role]:
        page(client, address)


def test_classes_that_only_a_list_gives_say_so(client: Client, settings: Any) -> None:
    account = resident(client, "baiyun", settings)
    people_actions.open_score(actor=actor_of(account), via="test")
    assert page(client, "/score/").count("只因名单，不因分数") == 2
    assert page(client, "/rules/").count("只因名单，不因分数") == 2


def test_guizhou_offers_no_score(client: Client, settings: Any) -> None:
    settings.CITY = "guizhou"
    landing = page(client, "/")
    account = resident(client, "guizhou", settings)
    for address in ("/", "/consent/", "/me/", "/benefits/", "/deeds/"):
        for word in OFFERED:
            assert word not in page(client, address).replace("<title>我要加分", "").replace(">我要加分</h1>", "")
    assert not any(word in landing for word in OFFERED)
    for address in ("/score/", "/score/why/", "/consent/score/"):
        assert "本地不对个人评分" in page(client, address)
    with pytest.raises(Refused):
        people_actions.open_score(actor=actor_of(account), via="test")
    assert "单株碳汇认购" in page(client, "/records/")


def test_only_guizhou_goes_without_a_scheme() -> None:
    assert set(CITIES) - set(SCORED) == {"guizhou"}
    assert shelf.read("guizhou").scheme_at(date(2099, 1, 1)) is None
    assert not shelf.read("guizhou").offers and not shelf.read("guizhou").scenes


def test_xiamen_has_29_scenes_and_marks_those_that_no_source_names(client: Client, settings: Any) -> None:
    account = resident(client, "xiamen", settings)
    scenes = shelf.read("xiamen").scenes
    invented = sum(scene.basis == "demonstration" for scene in scenes.values())
    assert (len(scenes), invented) == (29, 14)
    people_actions.open_score(actor=actor_of(account), via="test")
    assert page(client, "/consent/").count("演示数值") == invented
