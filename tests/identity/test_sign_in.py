"""Signing in, the whole way through two processes."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session
from django.db import connection

from tests.identity.conftest import GROWN, Service, Visitor
from xinlin.demo.identity import FACE, PASSWORD
from xinlin.office.actions.staff import appoint
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Subject
from xinlin.office.models.staff import Account
from xinlin.office.scopes import Actor

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor(handle="system:tests", name="tests", role="system")


def _whole_database() -> str:
    """Everything that the database holds, as text."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows.extend(str(row) for row in cursor.fetchall())
    sessions = [json.dumps(session.get_decoded()) for session in Session.objects.all()]
    return "\n".join(rows + sessions)


def test_a_resident_signs_in_is_matched_once_and_leaves_no_number_behind(
    connected: Service, visitor: Visitor, register: dict[str, Subject]
) -> None:
    visitor.sign_in("r-grown", FACE, "/me/")
    account = Account.objects.get()
    assert account.subject == register["grown"]
    assert (account.role, account.assurance, account.display_name) == ("resident", FACE, "林*雯")
    link = SocialAccount.objects.get()
    assert (link.provider, link.uid, link.extra_data) == (connected.url, "r-grown", {})
    assert not SocialToken.objects.exists()
    assert GROWN not in _whole_database()
    assert Leaf.objects.filter(action="staff.sign_in").count() == 1

    visitor.jar.clear()
    visitor.sign_in("r-grown", FACE)
    assert Account.objects.count() == 1
    assert Leaf.objects.filter(action="staff.sign_in").count() == 2


def test_signing_in_leads_to_the_page_asked_for_but_never_off_the_site(
    connected: Service, visitor: Visitor, register: dict[str, Subject]
) -> None:
    assert urlsplit(visitor.sign_in("r-grown", FACE, "/healthz").url).path == "/healthz"
    visitor.jar.clear()
    assert urlsplit(visitor.sign_in("r-grown", FACE, "https://elsewhere.example/").url).hostname == "localhost"


def test_the_session_key_changes_on_signing_in_and_dies_on_signing_out(
    connected: Service, visitor: Visitor, register: dict[str, Subject]
) -> None:
    visitor.to_identity_service()
    before = {cookie.value for cookie in visitor.jar if cookie.name == "sessionid"}
    visitor.sign_in("r-grown", FACE)
    after = {cookie.value for cookie in visitor.jar if cookie.name == "sessionid"}
    assert before
    assert after
    assert before.isdisjoint(after)
    assert visitor.open("/sign-in/", follow=False).status == 302
    page = visitor.open("/sign-out/")
    left = visitor.open("/sign-out/", page.form(0)[1])
    assert urlsplit(left.url).path == "/sign-in/"
    assert visitor.open("/sign-in/", follow=False).status == 200


def test_a_password_alone_is_too_weak(connected: Service, visitor: Visitor, register: dict[str, Subject]) -> None:
    answer = visitor.sign_in("r-grown", PASSWORD)
    assert answer.status == 403
    assert "assurance_too_low" in answer.text
    assert "人脸核验" in answer.text
    assert not Account.objects.exists()


def test_a_verification_of_some_time_ago_is_too_old(
    connected: Service, visitor: Visitor, register: dict[str, Subject], settings: Any
) -> None:
    page = visitor.to_identity_service()
    asked = parse_qs(urlsplit(page.url).query)["next"][0]
    # signed in at the service, but the way back is taken only later, and the wish for freshness is cut out of it
    visitor.choose(page, "r-grown", FACE, address=connected.url + "/")
    time.sleep(2.1)
    settings.IDENTITY_MAXIMUM_AGE = 1
    parts = urlsplit(asked)
    kept = {key: value[0] for key, value in parse_qs(parts.query).items() if key not in ("max_age", "prompt")}
    answer = visitor.open(connected.url + urlunsplit(("", "", parts.path, urlencode(kept), "")))
    assert answer.status == 403
    assert "verified_too_long_ago" in answer.text
    assert not Account.objects.exists()


def test_a_callback_that_this_browser_did_not_start_is_refused(
    connected: Service, visitor: Visitor, register: dict[str, Subject]
) -> None:
    answer = visitor.open("/accounts/oidc/city/login/callback/?code=stolen&state=forged")
    assert (answer.status, "state_unknown" in answer.text) == (400, True)


def test_a_code_of_another_browser_or_used_twice_is_refused(
    connected: Service, visitor: Visitor, register: dict[str, Subject]
) -> None:
    back = visitor.way_back("r-grown", FACE)
    thief = Visitor(visitor.site)
    thief.to_identity_service()
    assert "state_unknown" in thief.open(back).text
    assert visitor.open(back).status == 200
    assert Account.objects.count() == 1
    assert "state_unknown" in visitor.open(back).text


def test_an_answer_that_names_another_issuer_is_refused(
    connected: Service, visitor: Visitor, register: dict[str, Subject]
) -> None:
    answer = visitor.open(visitor.way_back("r-grown", FACE) + "&iss=https://other.example")
    assert (answer.status, "token_wrong" in answer.text) == (400, True)
    assert not Account.objects.exists()


def test_a_wrong_code_is_refused(connected: Service, visitor: Visitor, register: dict[str, Subject]) -> None:
    back = urlsplit(visitor.way_back("r-grown", FACE))
    query = {key: value[0] for key, value in parse_qs(back.query).items()} | {"code": "made-up"}
    answer = visitor.open(urlunsplit(back._replace(query=urlencode(query))))
    assert (answer.status, "token_wrong" in answer.text) == (400, True)


def test_a_child_may_sign_in(connected: Service, visitor: Visitor, register: dict[str, Subject]) -> None:
    visitor.sign_in("r-child", FACE)
    assert Account.objects.get().subject == register["child"]


def test_another_name_for_the_same_number_is_not_linked(
    connected: Service, visitor: Visitor, register: dict[str, Subject]
) -> None:
    answer = visitor.sign_in("r-renamed", FACE)
    assert (answer.status, "name_differs" in answer.text) == (403, True)
    assert not Account.objects.exists()


def test_a_second_identity_account_of_the_same_person_is_not_linked(
    connected: Service, visitor: Visitor, register: dict[str, Subject]
) -> None:
    visitor.sign_in("r-grown", FACE)
    visitor.jar.clear()
    answer = visitor.sign_in("r-second", FACE)
    assert (answer.status, "linked_to_another" in answer.text) == (403, True)
    assert Account.objects.count() == 1


def test_who_is_not_in_the_register_gets_an_account_without_records(
    connected: Service, visitor: Visitor, register: dict[str, Subject]
) -> None:
    visitor.sign_in("r-stranger", FACE)
    assert Account.objects.get().subject is None


def test_staff_come_in_by_their_appointment_and_a_closed_account_stays_out(
    connected: Service, visitor: Visitor, register: dict[str, Subject]
) -> None:
    key = appoint(
        actor=SYSTEM, issuer=connected.url, subject_claim="s-officer", role="officer", department="traffic_police",
        display_name="何审批",
    )  # fmt: skip
    visitor.sign_in("s-officer", FACE)
    account = Account.objects.get()
    assert (account.pk, account.role, account.department, account.subject) == (key, "officer", "traffic_police", None)
    Account.objects.update(is_active=False)
    visitor.jar.clear()
    assert "account_closed" in visitor.sign_in("s-officer", FACE).text


def test_when_the_identity_service_is_silent_the_page_says_so(
    live_server: Any, visitor: Visitor, settings: Any
) -> None:
    app = dict(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0])
    app["settings"] = {**app["settings"], "server_url": "http://127.0.0.1:9"}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    settings.IDENTITY_ISSUER = "http://127.0.0.1:9"
    answer = visitor.to_identity_service()
    assert (answer.status, "identity_service_silent" in answer.text) == (503, True)
