"""The analyst's pages and the public pages about the score: in both languages, narrow and wide, by axe, by keyboard, without scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Someone, let_in
from tests.scores.conftest import SYSTEM, make_record, make_subject, resident_id
from xinlin.core.proposals import numbers_of
from xinlin.office.actions import opinions, people, scores
from xinlin.office.models.staff import Account
from xinlin.office.queries.staff import actor_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import today

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Axe = Callable[["Page"], list[str]]
LANGUAGES = {"zh-hans": "zh-Hans", "en": "en"}
ANALYST = [
    "/bench/", "/bench/model/", "/bench/model/new/?scheme=sincerity", "/bench/runs/", "/bench/figures/", "/bench/opinions/",
]  # fmt: skip
PUBLIC = [
    "/rules/", "/rules/changes/", "/rules/cases/", "/rules/offers/", "/figures/", "/cities/", "/runs/", "/awarded/",
]  # fmt: skip
RESIDENT = ["/score/", "/score/history/", "/score/trades/", "/score/opinion/", "/awards/"]
WITHIN = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SQUEEZED = """() => [...document.querySelectorAll('main th, main td, main .row-title, main .row-note, main .pill')]
  .filter(e => e.textContent.trim().length > 5 && e.getBoundingClientRect().width > 0
            && e.getBoundingClientRect().width < 40).map(e => e.textContent.trim().slice(0, 40))"""
"""Words that stand letter under letter."""


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, settings: Any) -> None:
    settings.DATA = tmp_path


def staff(role: str, name: str) -> Account:
    return Account.objects.create(username=name, role=role, display_name=name, department="credit_centre")


@pytest.fixture
def analyst(enrolled: Someone) -> Account:
    """An analyst in a town with a score, a frozen month and an opinion."""
    for n in range(24):
        born = today().replace(year=1980 + n % 20, month=3, day=9)
        subject = make_subject(resident_id(born, 100 + n), f"居民{n}", born=born)
        subject.region = "330305"
        subject.save()
        account = Account.objects.create(username=f"town-{n}", display_name=f"居民{n}", subject=subject)
        people.open_score(actor=actor_of(account), via="test")
        if n % 2:
            make_record(subject, "fulfilled_commitment", today() - timedelta(days=9), fields={"commitment": "x"})
    scores.run(actor=SYSTEM)
    opinions.say(actor=enrolled.actor, text="志愿服务的分值可以再高一点", named=True)
    return staff("analyst", "许分析")


def weight() -> str:
    """The field of the points for a commitment kept."""
    scheme = current().scheme_at(today())
    assert scheme is not None
    numbers = numbers_of(scheme, current().kinds)
    return next(f"n.{n.key}" for n in numbers if n.owner == "indicator fulfilled_commitment" and "each" in n.path)


def walk(page: Page, addresses: list[str], axe: Axe) -> None:
    """Each page in both languages at 360 points and on a desktop: nothing too wide, nothing squeezed, nothing for axe."""
    site = "/".join(page.url.split("/")[:3])
    for language, said in LANGUAGES.items():
        page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            for address in addresses:
                page.goto(address)
                assert page.locator("html").get_attribute("lang") == said
                assert page.evaluate(WITHIN) <= 0, f"{address} at {width} in {language}"
                assert page.evaluate(SQUEEZED) == [], f"{address} at {width} in {language}"
                if width == 360:
                    assert axe(page) == []


def test_the_analysts_pages(desk: Page, analyst: Account, axe: Axe) -> None:
    let_in(desk, analyst)
    walk(desk, ANALYST, axe)


def test_the_public_pages_about_the_score(desk: Page, analyst: Account, axe: Axe) -> None:
    desk.goto("/rules/")
    walk(desk, PUBLIC, axe)


def test_a_residents_pages_about_the_score(desk: Page, analyst: Account, enrolled: Someone, axe: Axe) -> None:
    let_in(desk, enrolled.account)
    walk(desk, RESIDENT, axe)


def test_a_weight_goes_by_keyboard_to_its_preview_and_two_signatures_to_the_notice_and_back(
    desk: Page, analyst: Account, axe: Axe
) -> None:
    let_in(desk, analyst)
    desk.goto("/bench/model/new/?scheme=sincerity")
    desk.locator(f'[name="{weight()}"]').focus()
    desk.keyboard.press("Control+a")
    desk.keyboard.type("90")
    desk.locator('[name="reason"]').focus()
    desk.keyboard.type("履约更应鼓励")
    desk.keyboard.press("Tab")
    for _ in range(6):
        if desk.evaluate("document.activeElement.tagName") == "BUTTON":
            break
        desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/bench/model/SP*/")
    address = desk.url
    walk(desk, [address], axe)
    desk.goto(address)
    assert desk.get_by_text("Dongtou District").is_visible() and not desk.get_by_text("330305").count()
    assert desk.locator("svg.chart, svg[role=img]").count() >= 1
    desk.context.clear_cookies(name="django_language")
    desk.goto(address)
    desk.get_by_role("button", name="看过预演，签署").click()
    let_in(desk, staff("reviewer", "方审核"))
    desk.goto(address)
    desk.get_by_role("button", name="看过预演，签署").click()
    desk.wait_for_load_state()
    desk.goto("/rules/changes/")
    assert desk.get_by_text("待施行").is_visible()
    desk.goto(address)
    desk.get_by_text("施行前撤回公告").click()
    desk.get_by_label("为什么撤回（公众可见）").fill("居民意见很大")
    desk.get_by_role("button", name="撤回公告").click()
    desk.wait_for_load_state()
    walk(desk, [address, "/rules/changes/"], axe)
    desk.goto("/rules/changes/")
    assert desk.get_by_text("taken back, not in force").is_visible()


def test_the_analysts_pages_read_without_scripts(browser: Browser, live_server: Any, analyst: Account) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    let_in(page, analyst)
    for address, words in {
        "/bench/model/": "个人诚信文明分", "/bench/runs/": "签名的声明", "/bench/figures/": "等级分布",
        "/bench/model/new/?scheme=sincerity": "基础分",
    }.items():  # fmt: skip
        page.goto(address)
        assert words in page.inner_text("main"), address
    context.close()
