"""Passkeys without a browser: who is never offered one, and what a made-up answer gets."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.test import Client
from django.utils.http import int_to_base36, urlsafe_base64_encode

from tests.identity.conftest import Service, Visitor
from xinlin.demo.identity import FACE
from xinlin.faces.kit.context import KIOSK
from xinlin.faces.kit.gates import BY_PASSKEY
from xinlin.office.models.people import Subject
from xinlin.office.models.staff import Account
from xinlin.office.scopes import now

pytestmark = pytest.mark.django_db
ISSUER = "https://id.example.cn"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HOST = "localhost"


@pytest.fixture(autouse=True)
def issuer(settings: Any) -> None:
    settings.IDENTITY_ISSUER = ISSUER
    cache.clear()


def _account(name: str, minutes: int | None) -> tuple[Account, Client]:
    """An account verified so long ago, or never; signed in."""
    account = Account.objects.create(username=name, display_name=name, assurance=FACE)
    if minutes is not None:
        account.verified_at = now() - timedelta(minutes=minutes)
        account.save()
        SocialAccount.objects.create(user=account, provider=ISSUER, uid=name, extra_data={})
    client = Client(SERVER_NAME=HOST)
    client.force_login(account, backend=BACKEND)
    return account, client


@pytest.mark.parametrize("minutes", [None, 16])
def test_none_is_added_before_the_identity_service_has_just_vouched(minutes: int | None) -> None:
    _, client = _account("someone", minutes)
    page = client.get("/account/security/").content.decode()
    assert "用城市身份认证核验" in page and "data-passkey" not in page
    assert client.post("/account/security/options/").status_code == 403
    answer = client.post("/account/security/", {"name": "x", "credential": "{}"})
    assert (answer.status_code, Authenticator.objects.count()) == (422, 0)


def test_a_machine_in_a_hall_and_a_bare_address_offer_none() -> None:
    _, client = _account("someone", 1)
    assert "data-passkey" in client.get("/account/security/").content.decode()
    assert "data-passkey" not in client.get("/account/security/", SERVER_NAME="127.0.0.1").content.decode()
    kept = client.session
    kept[KIOSK] = True
    kept.save()
    assert "data-passkey" not in client.get("/account/security/").content.decode()
    assert client.post("/account/security/options/").status_code == 403


@pytest.mark.parametrize(
    "answer",
    ["", "[]", "3", "null", '"x"', "{}", '{"response": 3}', '{"response": {"userHandle": "MQ"}}', '{"response": {"userHandle": 3}}',
     '{"id": "x", "rawId": "x", "type": "public-key", "response": {"userHandle": "%%%", "clientDataJSON": "e30"}}'],
)  # fmt: skip
def test_a_made_up_answer_gets_the_same_refusal_whatever_it_is(answer: str) -> None:
    _, signed_in = _account("someone", 1)
    stranger = Client(SERVER_NAME=HOST)
    assert stranger.post("/sign-in/passkey/options/").json()["publicKey"]["userVerification"] == "required"
    refused = stranger.post("/sign-in/passkey/", {"credential": answer})
    assert refused.status_code == 403 and "passkey_unknown" in refused.content.decode()
    assert signed_in.post("/account/security/options/").status_code == 200
    assert signed_in.post("/account/security/", {"name": "x", "credential": answer}).status_code == 422


def test_known_and_unknown_accounts_are_refused_alike() -> None:
    account, _ = _account("someone", 1)
    stranger = Client(SERVER_NAME=HOST)
    pages = []
    for handle in (account.pk, account.pk + 1000):
        asked = stranger.post("/sign-in/passkey/options/").json()["publicKey"]["challenge"]
        said = {"type": "webauthn.get", "challenge": asked, "origin": f"http://{HOST}"}
        answer = {
            "id": "AAAA",
            "rawId": "AAAA",
            "type": "public-key",
            "response": {
                "clientDataJSON": urlsafe_base64_encode(json.dumps(said).encode()),
                "authenticatorData": urlsafe_base64_encode(b"\0" * 32 + b"\x05" + b"\0" * 4),
                "signature": "AAAA",
                "userHandle": urlsafe_base64_encode(int_to_base36(handle).encode()),
            },
        }
        refused = stranger.post("/sign-in/passkey/", {"credential": json.dumps(answer)})
        pages.append((refused.status_code, re.sub(rb'value="\w{64}"', b"", refused.content)))
    assert pages[0] == pages[1] and pages[0][0] == 403


def test_trying_again_and_again_is_held_up() -> None:
    stranger = Client(SERVER_NAME=HOST)
    codes = [stranger.post("/sign-in/passkey/options/").status_code for _ in range(31)]
    assert codes == [200] * 30 + [429]
    assert stranger.get("/sign-in/").status_code == 200, "the way through the identity service stays open"


def test_nobody_removes_anothers() -> None:
    account, _ = _account("owner", 1)
    _, other = _account("other", 1)
    held = Authenticator.objects.create(user=account, type="webauthn", data={"name": "x", "credential": {}})
    assert other.post(f"/account/security/{held.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=held.pk).exists()
    assert Client().post(f"/account/security/{held.pk}/remove/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_who_came_by_passkey_and_is_verified_anew_may_do_everything_again(
    connected: Service, visitor: Visitor, register: dict[str, Subject]
) -> None:
    visitor.sign_in("r-grown", FACE)
    kept = SessionStore(next(cookie.value for cookie in visitor.jar if cookie.name == "sessionid"))
    kept[BY_PASSKEY] = True
    kept.save()
    page = visitor.open("/account/security/")
    assert "data-passkey" not in page.text
    there = visitor.open(*next(form for form in map(page.form, range(3)) if "/oidc/city/login/" in form[0]))
    back = visitor.choose(there, "r-grown", FACE)
    assert back.url.endswith("/account/security/")
    assert "data-passkey" in back.text
