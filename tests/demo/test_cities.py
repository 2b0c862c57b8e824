"""The demo generator takes everything that differs between cities from the rulebook."""

from __future__ import annotations

from datetime import date

import pytest

from xinlin import shelf
from xinlin.demo.city import make_city
from xinlin.demo.lives import PARTS, story_of
from xinlin.demo.people import place_name

DAY = date(2026, 11, 1)
CITIES = [name for name in shelf.names() if shelf.read(name).level != "national"]


@pytest.mark.parametrize("name", CITIES)
def test_a_tiny_city_lives_where_its_rulebook_says_and_sends_what_it_lists(name: str) -> None:
    book = shelf.read(name)
    city = make_city(book, as_of=DAY, residents=60, firms=6)
    assert {person.region for person in city.residents} <= set(book.divisions)
    assert all(person.address.startswith(place_name(person.region)) for person in city.residents)
    assert all(place_name(division) != "本市" for division in book.divisions)
    sent = {code for code, kind in book.kinds.items() if kind.effect != "count" and kind.source == "duty"}
    assert {delivery.kind for delivery in city.deliveries} == sent, "counts are made here, pages are captured"
    assert all(delivery.department in book.kinds[delivery.kind].providers for delivery in city.deliveries)


def test_a_rulebook_without_a_territory_makes_no_city() -> None:
    with pytest.raises(ValueError, match="names no division"):
        make_city(shelf.read("national"), as_of=DAY)


@pytest.mark.parametrize("name", CITIES)
def test_no_story_tells_of_what_the_city_does_not_have(name: str) -> None:
    book = shelf.read(name)
    told = {part.code: story_of(part, book, DAY).zh for part in PARTS}
    assert ("电动车" in told["rider"]) == ("ebike_violation" in book.kinds)
    assert ("未整改隐患" in told["entrepreneur"]) == ("uncorrected_hazard" in book.kinds)
    if book.scheme_at(DAY) is None:
        assert not any("分" in story for story in told.values())
