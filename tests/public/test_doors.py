"""Short addresses: they lead on, take nothing along, and fit an official account's menu."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_every_door_leads_to_a_page_and_drops_what_came_along(client: Client) -> None:
    menu = client.get("/go/menu.json").json()
    assert len(menu["button"]) <= 3
    for button in menu["button"]:
        assert 1 <= len(button["sub_button"]) <= 5
        assert len(button["name"]) <= 4, "an official account's button holds four characters"
        for one in button["sub_button"]:
            assert len(one["name"]) <= 8
            answer = client.get(one["url"] + "?code=wx123&state=1&openid=o123")
            assert answer.status_code == 302
            assert "?" not in answer.headers["Location"]
            assert client.get(answer.headers["Location"]).status_code in (200, 302)


def test_behind_a_door_one_signs_in_and_is_led_on(client: Client) -> None:
    answer = client.get("/go/report/", follow=True)
    assert answer.redirect_chain[-1][0] == "/sign-in/?next=/report/"


def test_there_is_no_door_elsewhere(client: Client) -> None:
    assert client.get("/go/https/").status_code == 404
    assert client.get("/go/nowhere/").status_code == 404


def test_the_page_of_doors_names_each_with_its_whole_address(client: Client) -> None:
    assert "http://testserver/go/records/" in client.get("/go/").content.decode()
