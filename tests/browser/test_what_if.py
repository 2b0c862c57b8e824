"""The page that answers "what if", on a phone: ways, a deed tried out, and the days to come, without a script too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.browser.conftest import Someone, let_in
from xinlin.office.models.records import Record

if TYPE_CHECKING:
    from playwright.sync_api import Page

WITHIN = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


def test_a_way_is_tried_out_from_the_score(
    phone: Page, enrolled: Someone, picture: Callable[..., None], axe: Callable[[Page], list[str]]
) -> None:
    let_in(phone, enrolled.account)
    phone.goto("/score/")
    phone.get_by_role("link", name="如果……会怎样").click()
    phone.wait_for_load_state()
    assert not axe(phone)
    picture(phone, "what-if", full=True)
    records = Record.objects.count()
    phone.get_by_label("做什么").select_option("volunteer_service")
    phone.get_by_label("做多少").fill("10")
    phone.get_by_role("button", name="算一算").click()
    phone.wait_for_load_state()
    assert phone.get_by_role("status").get_by_text(re.compile("起不再计分")).is_visible()
    assert not axe(phone)
    assert Record.objects.count() == records


def test_it_fits_a_narrow_phone_in_both_languages(
    phone: Page, enrolled: Someone, picture: Callable[..., None], axe: Callable[[Page], list[str]]
) -> None:
    let_in(phone, enrolled.account)
    phone.set_viewport_size({"width": 360, "height": 780})
    host = phone.url.removesuffix("/healthz")
    for language in ("zh-hans", "en"):
        phone.context.add_cookies([{"name": "django_language", "value": language, "url": host}])
        phone.goto("/score/what-if/?indicator=volunteer_service&amount=40")
        assert phone.locator("html").get_attribute("lang") == {"zh-hans": "zh-Hans", "en": "en"}[language]
        assert phone.evaluate(WITHIN)
        assert not axe(phone)
        picture(phone, f"what-if-narrow-{language}", full=True)
