"""A machine in a hall in a real browser: nobody touches it, and the next one finds nothing of the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from tests.browser.conftest import Someone
from xinlin.faces.kit import context
from xinlin.faces.kit import kiosk as middleware

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

IDLE = 4
"""Seconds, so that the test need not last a minute; the pages are told it as they are told the sixty."""


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (context, middleware):
        monkeypatch.setattr(module, "IDLE", IDLE)


def _sit_down(page: Page, someone: Someone) -> None:
    """As after signing in at the machine: a session that knows that it is one."""
    client = Client()
    client.force_login(someone.account, backend="allauth.account.auth_backends.AuthenticationBackend")
    kept = client.session
    kept[context.KIOSK] = True
    kept.save()
    page.goto("/kiosk/")
    host = page.url.split("/kiosk/")[0]
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": host}])
    page.goto("/kiosk/menu/")


def _left_behind(page: Page) -> dict[str, Any]:
    """What the browser holds of this site."""
    held: dict[str, Any] = page.evaluate(
        """async () => ({
            local: Object.keys(localStorage), session: Object.keys(sessionStorage), cookies: document.cookie,
            shelves: await caches.keys(), workers: (await navigator.serviceWorker.getRegistrations()).length,
            databases: (await indexedDB.databases()).map((one) => one.name),
        })"""
    )
    return held


def _wiped(page: Page, someone: Someone) -> None:
    assert someone.account.display_name not in page.content()
    assert _left_behind(page) == {
        "local": [], "session": [], "cookies": "", "shelves": [], "workers": 0, "databases": [],
    }  # fmt: skip
    assert settings.SESSION_COOKIE_NAME not in {cookie["name"] for cookie in page.context.cookies()}
    assert not Session.objects.exists()
    page.go_back()
    assert someone.account.display_name not in page.content(), "nor does the browser's history show it"
    page.goto("/records/")
    assert "/sign-in/" in page.url


def test_nobody_touches_it_and_it_is_wiped(phone: Page, enrolled: Someone) -> None:
    _sit_down(phone, enrolled)
    phone.locator("a[href='/records/']").first.click()
    assert phone.locator("main").get_by_text("志愿服务").count()
    phone.wait_for_url("**/kiosk/?wiped=1", timeout=(IDLE + 6) * 1000)
    _wiped(phone, enrolled)


def test_a_machine_in_a_hall_has_type_to_be_read_standing_and_a_way_back_to_all_it_does(
    phone: Page, enrolled: Someone
) -> None:
    phone.set_viewport_size({"width": 1080, "height": 1920})
    size = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
    phone.goto("/kiosk/")
    assert phone.evaluate(size) >= 24
    _sit_down(phone, enrolled)
    assert phone.evaluate(size) >= 24
    phone.goto("/records/")
    phone.get_by_role("link", name="全部事项").click()
    assert phone.url.endswith("/kiosk/menu/")
    phone.set_viewport_size({"width": 360, "height": 740})
    phone.goto("/looks/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_touch_keeps_it_open_and_the_button_ends_it(phone: Page, enrolled: Someone) -> None:
    _sit_down(phone, enrolled)
    for _ in range(3):
        phone.wait_for_timeout(IDLE * 600)
        phone.mouse.click(5, 5)
    assert "/kiosk/menu/" in phone.url
    phone.get_by_text("结束并清除").first.click()
    phone.wait_for_url("**/kiosk/?wiped=1")
    _wiped(phone, enrolled)


@pytest.fixture
def scriptless(browser: Any, live_server: Any) -> Any:
    """A page in a browser that runs no script."""
    opened: BrowserContext = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    yield opened.new_page()
    opened.close()


def test_without_a_script_the_header_wipes_it(scriptless: Page, enrolled: Someone) -> None:
    _sit_down(scriptless, enrolled)
    scriptless.wait_for_url("**/kiosk/?wiped=1", timeout=(IDLE + 6) * 1000)
    assert enrolled.account.display_name not in scriptless.content()
    assert not Session.objects.exists()
