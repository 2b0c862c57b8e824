"""A code for once: the recipient learns what was agreed to and nothing else, once, and never after consent has ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from tests.people.conftest import let_in
from tests.scores.conftest import Resident
from xinlin import shelf
from xinlin.office.actions import benefits, people
from xinlin.office.models.benefits import SceneCode
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Look
from xinlin.office.queries import people as people_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

pytestmark = pytest.mark.django_db
Make = Callable[..., Resident]
NAME = "欧阳密名"
SHOP = Actor("recipient", "", "recipient")
SHOPS, TIER = "merchant_discounts", "deferred_approval"


@pytest.fixture
def someone(resident: Make) -> Resident:
    """A resident who opened the score and two scenes: one that tells yes or no, one that tells the tier."""
    made = resident(NAME)
    people.open_score(actor=made.actor, via="portal")
    for scene in (SHOPS, TIER):
        people.open_scene(actor=made.actor, scene=scene, via="portal")
    return made


def _shown(someone: Resident, scene: str = SHOPS, offer: str = "") -> str:
    return benefits.show_code(actor=someone.actor, scene=scene, offer=offer).code


def test_two_taps_show_a_code_and_the_shop_learns_yes_or_no_once(someone: Resident) -> None:
    offer = next(one for one in current().offers.values() if one.scene == SHOPS)
    page = let_in(someone).post("/code/", {"scene": SHOPS, "offer": offer.code}).content.decode()
    found = re.search(r">([2-9A-HJ-NP-Z]{5} [2-9A-HJ-NP-Z]{5})<", page)
    assert found and "<svg" in page and offer.name.zh in page
    shop = Client()
    assert found[1].replace(" ", "") in shop.get(f"/scan/?code={found[1]}").content.decode()
    assert SceneCode.objects.get().answered_at is None, "opening the page uses nothing up"
    answer = shop.post("/scan/", {"code": found[1].lower()})
    said = answer.content.decode()
    assert ("可享受" in said) and offer.name.zh in said and "no-store" in answer.headers["Cache-Control"]
    assert NAME not in said and str(people_of.me(actor=someone.actor).masked_identifier) not in said
    again = shop.post("/scan/", {"code": found[1]})
    assert again.status_code == 422 and "已经用过" in again.content.decode()


def test_what_leaves_is_what_the_consent_names(someone: Resident, monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = current().scheme_at(today())
    assert scheme is not None
    told = benefits.answer_code(actor=SHOP, code=_shown(someone, TIER))
    assert told.yes is None and told.said in [tier.name for tier in scheme.tiers]
    assert benefits.answer_code(actor=SHOP, code=_shown(someone)).yes in (True, False)
    book = shelf.read("dongtou")
    scored = book.model_copy(
        update={"scenes": book.scenes | {TIER: book.scenes[TIER].model_copy(update={"leaves": "score"})}}
    )
    monkeypatch.setattr(shelf, "read", lambda _city: scored)
    with pytest.raises(Refused):
        _shown(someone, TIER)  # agreed to under other terms: asked anew first
    people.open_scene(actor=someone.actor, scene=TIER, via="portal")
    assert benefits.answer_code(actor=SHOP, code=_shown(someone, TIER)).said.zh.isdecimal()


def test_the_owner_sees_who_asked_and_what_left_and_may_question_it(someone: Resident) -> None:
    offer = next(one for one in current().offers.values() if one.scene == SHOPS)
    said = benefits.answer_code(actor=SHOP, code=_shown(someone, SHOPS, offer.code)).said
    look = Look.objects.get(role="recipient")
    client = let_in(someone)
    for language, parts in {"zh-hans": (said.zh, "一次性码"), "en": (said.en, "one-time code")}.items():
        page = client.get("/looks/", headers={"Accept-Language": language}).content.decode()
        merchant = current().merchants[offer.merchant].name.in_language(language)
        for part in (*parts, merchant, f"/looks/{look.pk}/why/"):
            assert part in page, part
    assert {"benefits.show_code", "benefits.answer_code"} <= set(Leaf.objects.values_list("action", flat=True))


@pytest.mark.parametrize("how", ["leave", "close", "pause", "pause_score", "expire", "another"])
def test_a_code_dies_with_the_consent_with_its_time_and_with_the_next_code(someone: Resident, how: str) -> None:
    code = _shown(someone)
    if how == "leave":
        people.leave(actor=someone.actor, via="portal")
    elif how == "close":
        people.close_scene(actor=someone.actor, scene=SHOPS, via="portal")
    elif how == "pause":
        people.pause(actor=someone.actor, scene=SHOPS, via="portal")
    elif how == "pause_score":
        people.pause(actor=someone.actor, scene="", via="portal")
    elif how == "expire":
        SceneCode.objects.update(made_at=now() - timedelta(seconds=120), ends_at=now() - timedelta(seconds=60))
    else:
        _shown(someone)
    with pytest.raises(Refused, match="no such code"):
        benefits.answer_code(actor=SHOP, code=code)
    assert not Look.objects.filter(role="recipient").exists(), "nothing was told"
    assert SceneCode.objects.count() == (0 if how in ("leave", "close") else 1)


def test_a_code_holds_for_a_minute_and_its_owner_is_told(someone: Resident) -> None:
    page = let_in(someone).post("/code/", {"scene": SHOPS}).content.decode()
    kept = SceneCode.objects.get()
    assert kept.ends_at - kept.made_at == timedelta(seconds=60)
    assert "60 秒内有效" in page


def test_nobody_else_makes_a_code_and_none_without_consent(someone: Resident, resident: Make) -> None:
    stranger = resident("陈大海")
    with pytest.raises(Refused, match="not open"):
        _shown(stranger)
    with pytest.raises(NotFound):
        _shown(someone, "no_such_scene")
    other = next(one.code for one in current().offers.values() if one.scene != SHOPS)
    with pytest.raises(NotFound):
        _shown(someone, SHOPS, other)
    with pytest.raises(NotAllowed):
        benefits.show_code(actor=Actor("account:7", "报送员", "clerk", "tax"), scene=SHOPS)
    assert let_in(stranger).post("/code/", {"scene": SHOPS}).status_code == 422


def test_the_code_itself_is_kept_nowhere(someone: Resident) -> None:
    code = _shown(someone)
    row = SceneCode.objects.values().get()
    assert code not in str(row)
