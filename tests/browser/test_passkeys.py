"""Passkeys in a real browser with an authenticator of its own: added, used, refused without the user, removed, closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache

from tests.browser.conftest import Someone, let_in, resident
from tests.browser.test_bench import staff
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Consent
from xinlin.office.models.staff import Account
from xinlin.office.scopes import now

if TYPE_CHECKING:
    from playwright.sync_api import Page

ISSUER = "https://id.example.cn"
FACE = "urn:xinlin:assurance:face"


@pytest.fixture(autouse=True)
def issuer(settings: Any) -> None:
    settings.IDENTITY_ISSUER = ISSUER
    cache.clear()


def vouched(account: Account) -> Account:
    """As the identity service leaves an account for which it has just vouched."""
    SocialAccount.objects.create(user=account, provider=ISSUER, uid=f"sub-{account.pk}", extra_data={})
    account.assurance, account.verified_at = FACE, now()
    account.save()
    return account


@pytest.fixture
def grown(live_server: Any) -> Someone:
    someone = resident("陈海生", date(1988, 3, 9), 811)
    vouched(someone.account)
    return someone


class Device:
    """The authenticator that the browser asks; whether its user confirms is up to the test."""

    def __init__(self, page: Page) -> None:
        self._cdp = page.context.new_cdp_session(page)
        self._cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self._id = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def confirms(self, yes: bool) -> None:
        """From now on its user passes fingerprint or code, or does not."""
        self._cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": yes})


def add(page: Page, name: str = "我的手机") -> None:
    page.goto("/account/security/")
    page.get_by_label("给它起个名字").fill(name)
    page.get_by_role("button", name="添加通行密钥").press("Enter")
    page.get_by_text("通行密钥已添加").wait_for()


def away(page: Page) -> None:
    """Signed out, as the browser is afterwards."""
    page.goto("/sign-out/")
    page.get_by_role("button", name="退出登录").click()
    page.get_by_role("heading", name="登录").wait_for()


def use(page: Page, onward: str = "/account/security/") -> None:
    page.goto(f"/sign-in/?next={onward}")
    page.get_by_role("button", name="用通行密钥登录").press("Enter")


def refused(page: Page, code: str) -> None:
    page.get_by_role("heading", name="没有登录成功").wait_for()
    assert code in page.content()
    page.troubles.clear()  # type: ignore[attr-defined]  # the console reports the status 403, as it should


def test_a_resident_adds_one_comes_back_by_it_and_removes_it(
    grown: Someone, phone: Page, axe: Callable[[Page], list[str]]
) -> None:
    Device(phone)
    let_in(phone, grown.account)
    phone.set_viewport_size({"width": 360, "height": 740})
    add(phone)
    assert phone.get_by_text("我的手机").is_visible()
    assert axe(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    away(phone)
    assert axe(phone) == []
    use(phone)
    phone.get_by_text("最近使用").wait_for()
    grown.account.refresh_from_db()
    assert grown.account.assurance == FACE, "the identity service's word stands as it was"
    assert phone.get_by_label("给它起个名字").count() == 0, "one passkey does not make another"
    assert phone.get_by_role("button", name="用城市身份认证核验").is_visible()

    phone.get_by_role("button", name="删去 我的手机").click()
    phone.get_by_text("通行密钥已删去").wait_for()
    away(phone)
    use(phone)
    refused(phone, "passkey_unknown")
    actions = Leaf.objects.filter(action__startswith="passkeys.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["passkeys.add", "passkeys.sign_in", "passkeys.remove"]


def test_the_device_must_verify_its_user(grown: Someone, phone: Page) -> None:
    device = Device(phone)
    let_in(phone, grown.account)
    device.confirms(False)
    phone.goto("/account/security/")
    phone.get_by_label("给它起个名字").fill("手机")
    phone.get_by_role("button", name="添加通行密钥").click()
    phone.get_by_role("alert").get_by_text("没有完成").wait_for()
    assert not Authenticator.objects.exists()
    device.confirms(True)
    add(phone)
    away(phone)
    device.confirms(False)
    use(phone)
    phone.get_by_role("alert").get_by_text("没有完成").wait_for()
    phone.goto("/account/security/")
    assert "/sign-in/" in phone.url


def test_a_device_that_never_asked_its_user_is_refused_by_the_server_too(grown: Someone, phone: Page) -> None:
    """A page that asks for less than ours does gets an answer without verification; the server takes none."""
    device = Device(phone)
    let_in(phone, grown.account)
    add(phone)
    away(phone)
    device.confirms(False)
    phone.goto("/sign-in/")
    phone.evaluate(
        """() => { const ask = navigator.credentials.get.bind(navigator.credentials);
        navigator.credentials.get = (asked) => ask({ publicKey: { ...asked.publicKey, userVerification: "discouraged" } }); }"""
    )
    phone.get_by_role("button", name="用通行密钥登录").click()
    refused(phone, "passkey_unknown")


def test_staff_come_back_by_passkey_until_their_account_is_closed(live_server: Any, desk: Page) -> None:
    account = vouched(staff("clerk", "youth_league", "赵报送"))
    Device(desk)
    let_in(desk, account)
    add(desk, "办公电脑")
    away(desk)
    use(desk, "/bench/")
    desk.get_by_role("link", name="账户安全").wait_for()
    away(desk)
    Account.objects.update(is_active=False)
    use(desk, "/bench/")
    refused(desk, "account_closed")


def test_a_passkey_waits_for_the_identity_service_and_dies_with_its_link(grown: Someone, phone: Page) -> None:
    Device(phone)
    let_in(phone, grown.account)
    add(phone)
    away(phone)
    Account.objects.update(verified_at=now() - timedelta(days=91))
    use(phone)
    refused(phone, "passkey_waits")
    Account.objects.update(verified_at=now())
    use(phone)
    phone.get_by_text("最近使用").wait_for()
    away(phone)
    SocialAccount.objects.all().delete()
    use(phone)
    refused(phone, "passkey_waits")


def test_a_consent_asks_who_came_by_passkey_for_the_identity_service(grown: Someone, phone: Page) -> None:
    Device(phone)
    let_in(phone, grown.account)
    add(phone)
    away(phone)
    use(phone, "/consent/score/")
    phone.wait_for_url(lambda url: urlsplit(url).path == "/consent/score/")
    token = phone.locator("[name=csrfmiddlewaretoken]").first.input_value()
    answer = phone.request.post("/consent/score/", form={"agree": "yes", "csrfmiddlewaretoken": token})
    assert answer.status == 403
    assert "请先核验身份" in answer.text()
    assert not Consent.objects.exists()
