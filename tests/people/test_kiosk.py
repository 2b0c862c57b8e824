"""A machine in a hall: big type, wiped after a minute without a touch, nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from tests.people.conftest import let_in
from tests.scores.conftest import Resident
from xinlin.faces.kit.context import IDLE
from xinlin.office.scopes import now

pytestmark = pytest.mark.django_db
Make = Callable[..., Resident]


@pytest.fixture
def machine(resident: Make) -> Client:
    """A kiosk at which somebody has signed in."""
    client = Client()
    assert client.post("/kiosk/start/").headers["Location"] == "/sign-in/?next=/kiosk/menu/"
    session = client.session
    client.force_login(resident().subject.account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.session.get("kiosk") or session.get("kiosk")
    kept = client.session
    kept["kiosk"] = True
    kept.save()
    return client


def test_the_mark_of_a_kiosk_outlives_signing_in(resident: Make, rf: object) -> None:
    from django.contrib.auth import login
    from django.contrib.sessions.backends.db import SessionStore
    from django.http import HttpRequest

    request = HttpRequest()
    request.session = SessionStore()
    request.session["kiosk"] = True
    login(request, resident().subject.account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert request.session["kiosk"] is True


def test_pages_are_big_and_end_by_themselves_without_a_script(machine: Client) -> None:
    for address in ("/kiosk/menu/", "/records/", "/report/", "/looks/"):
        page = machine.get(address)
        assert page.headers["Refresh"] == f"{IDLE}; url=/kiosk/end/", address
        assert "no-store" in page.headers["Cache-Control"], address
        assert 'data-size="machine"' in page.content.decode(), address
        assert "结束并清除" in page.content.decode(), address
    assert machine.get("/letter/").content.startswith(b"%PDF")


def test_after_a_minute_the_server_has_forgotten_whatever_the_screen_does(
    machine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert machine.get("/records/").status_code == 200
    later: Callable[[], datetime] = lambda: now() + timedelta(seconds=IDLE + 2)  # noqa: E731  one clock, moved
    monkeypatch.setattr("xinlin.faces.kit.kiosk.now", later)
    answer = machine.get("/records/")
    assert answer.headers["Location"] == "/kiosk/?wiped=1"
    assert "cookies" in answer.headers["Clear-Site-Data"]
    monkeypatch.undo()
    assert machine.get("/records/").headers["Location"].startswith("/sign-in/")


def test_a_touch_within_the_minute_keeps_it_open(machine: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds in (50, 100, 150):
        monkeypatch.setattr("xinlin.faces.kit.kiosk.now", lambda s=seconds: now() + timedelta(seconds=s))
        assert machine.head("/kiosk/menu/").status_code == 200


def test_the_end_leaves_nothing_behind(machine: Client) -> None:
    machine.get("/records/")
    key = machine.session.session_key
    answer = machine.get("/kiosk/end/")
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert all(not morsel.value for morsel in answer.cookies.values())
    assert "sessionid" in answer.cookies
    from django.contrib.sessions.models import Session

    assert not Session.objects.filter(session_key=key).exists()
    assert "已退出" in machine.get("/kiosk/?wiped=1").content.decode()
    assert machine.get("/records/").status_code == 302


def test_an_ordinary_session_is_no_kiosk_and_cannot_be_ended_by_a_link(resident: Make) -> None:
    client = let_in(resident())
    assert client.get("/kiosk/end/").headers["Location"] == "/"
    page = client.get("/records/")
    assert page.status_code == 200 and "Refresh" not in page.headers
    assert client.get("/kiosk/").headers["Location"] == "/"
