"""A one-time code in a real browser: two taps for its owner, one for the shop, and nothing of the person on the shop's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.browser.conftest import Someone, let_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def test_two_taps_show_a_code_and_one_answers_it(
    phone: Page, browser: Browser, live_server: Any, enrolled: Someone, axe: Callable[[Page], list[str]]
) -> None:
    let_in(phone, enrolled.account)
    phone.set_viewport_size({"width": 360, "height": 740})
    phone.goto("/")
    phone.locator("a[href='/code/']").first.click()
    phone.get_by_role("button", name="出示").first.click()
    shown = phone.locator("main p.tracking-widest")
    drawn = phone.locator("main .bg-white svg").bounding_box()
    assert drawn is not None and drawn["width"] > 100, "a camera reads it from the counter"
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    assert axe(phone) == []
    shop = browser.new_page(base_url=live_server.url, locale="zh-CN", viewport={"width": 360, "height": 740})
    try:
        shop.goto(f"/scan/?code={shown.inner_text()}")
        assert axe(shop) == []
        shop.get_by_role("button", name="核验").click()
        assert "享受" in shop.get_by_role("status").inner_text()
        assert "林小满" not in shop.content()
        assert axe(shop) == []
    finally:
        shop.close()
    phone.goto("/looks/")
    assert "一次性码" in phone.content()
