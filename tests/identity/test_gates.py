"""Who may open which page: every route, every role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from xinlin.faces.kit.gates import ROLES, STAFF, staff_required
from xinlin.office.models.staff import Account

pytestmark = pytest.mark.django_db

OPEN_TO_ALL = {
    "portal:home",  # a welcome to strangers, the resident's own page to residents
    "portal:kiosk",  # the first page of a machine in a hall, for nobody in particular
    "portal:kiosk_start",  # begins a session that is nobody's yet
    "portal:kiosk_end",  # signs out
}
"""Routes of the portal and the bench that stand before any gate, each with its reason."""


def _walk(
    patterns: list[URLPattern | URLResolver], space: str = "", prefix: str = ""
) -> Iterator[tuple[str, str, Any]]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _walk(entry.url_patterns, inner, prefix + str(entry.pattern))
        else:
            yield f"{space}{entry.name}", prefix + str(entry.pattern), entry.callback


def _routes(*spaces: str) -> list[tuple[str, str, Any]]:
    return [route for route in _walk(get_resolver().url_patterns) if route[0].split(":")[0] in spaces]


def _address(route: str) -> str:
    """An address of the route; what its variables hold does not matter before the gate."""
    import re

    def fill(match: re.Match[str]) -> str:
        return (
            "1"
            if match[0].startswith("<int")
            else "00000000-0000-4000-8000-000000000000"
            if "uuid" in match[0]
            else "x"
        )

    return "/" + re.sub(r"<[^>]+>", fill, route)


def _client(role: str) -> Client:
    account = Account.objects.create(username=f"account-{role}", role=role, display_name=role, department="tax")
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def _open(client: Client, address: str) -> Any:
    answer = client.get(address)
    return client.post(address) if answer.status_code == 405 else answer


def test_every_page_of_portal_and_bench_stands_behind_a_gate() -> None:
    bare = [
        name for name, _, view in _routes("portal", "bench") if not hasattr(view, "roles") and name not in OPEN_TO_ALL
    ]
    assert not bare, f"put a gate (faces/kit/gates.py) before {bare}"
    assert {name for name, _, view in _routes("portal") if "resident" not in getattr(view, "roles", ())} <= OPEN_TO_ALL
    assert not [name for name, _, view in _routes("bench") if "resident" in getattr(view, "roles", ())]


def test_strangers_are_sent_to_sign_in_and_nothing_is_kept_by_caches(client: Client) -> None:
    for name, route, view in _routes("portal", "bench"):
        if hasattr(view, "roles"):
            answer = _open(client, _address(route))
            assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/sign-in/"), name
            assert "no-store" in answer.headers["Cache-Control"], name


def test_a_form_that_outlived_its_session_hands_the_words_back_and_leads_to_its_page(client: Client) -> None:
    form = {"reason": "wrong_fact", "words": "那天我在医院 <b>", "csrfmiddlewaretoken": "x" * 64}
    page = "http://testserver/records/abc/?tab=2"
    answer = client.post("/records/abc/wrong/", form, headers={"Referer": page})
    text = answer.content.decode()
    assert answer.status_code == 403 and "no-store" in answer.headers["Cache-Control"]
    assert "没有提交" in text and "那天我在医院 &lt;b&gt;" in text
    assert "wrong_fact" not in text and "x" * 64 not in text
    assert "/sign-in/?next=%2Frecords%2Fabc%2F%3Ftab%3D2" in text
    printed = client.post("/report/pdf/", {"edition": "full"}, headers={"Referer": "http://testserver/report/"})
    assert printed.headers["Location"] == "/sign-in/?next=/report/", "its own address takes forms alone"
    foreign = client.post("/report/pdf/", {}, headers={"Referer": "http://elsewhere/report/"})
    assert foreign.headers["Location"] == "/sign-in/?next=/"


@pytest.mark.parametrize("role", list(ROLES))
def test_a_role_passes_only_its_own_gates(role: str) -> None:
    client = _client(role)
    for name, route, view in _routes("portal", "bench"):
        if hasattr(view, "roles") and role not in view.roles:
            answer = _open(client, _address(route))
            assert answer.status_code == 403, f"{role} opened {name}"
            assert "no-store" in answer.headers["Cache-Control"]


def test_the_refusal_says_who_may_and_what_to_do() -> None:
    text = _client("resident").get("/bench/").content.decode()
    assert "您的角色不能做这件事" in text
    assert any(str(ROLES[role]) in text for role in STAFF)
    assert "退出" in text


def test_who_is_not_in_the_register_is_told_so() -> None:
    answer = _client("resident").get("/records/")
    assert answer.status_code == 403
    assert "登记册里没有您" in answer.content.decode()


def test_a_gate_for_a_role_that_does_not_exist_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="no such role"):
        staff_required("wizard")


def test_health_says_ok_and_nothing_else(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_health_says_which_part_is_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> None:
        raise OperationalError("no answer")

    monkeypatch.setattr("xinlin.faces.kit.health.database_answers", silent)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "down", "what": "database"})


@override_settings(IDENTITY_ISSUER="")
def test_without_an_identity_service_the_page_says_so_and_offers_no_button(client: Client) -> None:
    page = client.get("/sign-in/").content.decode()
    assert "尚未配置身份认证服务" in page
    assert client.post("/accounts/oidc/city/login/").status_code == 503
