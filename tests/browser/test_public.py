"""The public pages in a real browser: on a phone of 360 points and on a desktop, by axe, by keyboard, without overflow."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from xinlin.office.actions import bulletins, takedowns
from xinlin.office.jobs import log as jobs
from xinlin.office.jobs.publicity import publish
from xinlin.office.jobs.publicity_figures import count
from xinlin.office.scopes import today

from ..checks.conftest import make_entry, make_subject
from ..public.conftest import make_record, make_trader
from ..public.test_pages import CLERK, WHY

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = os.environ.get("XINLIN_PICTURES_IN")
"""A folder in which to keep what was seen."""
NARROW = {"width": 360, "height": 780}


@pytest.fixture
def addresses(db: None, settings: Any) -> dict[str, str]:
    """Every public page about organisations, with something on it."""
    settings.CITY = "national"
    firm = make_subject("温州市洞头区澜汐水产食品有限公司", person=False)
    other = make_subject("温州市洞头区恒屿建设工程有限公司", person=False)
    records = [make_record(firm.subject), make_record(firm.subject, status="disputed", record_class="serious")]
    for number in range(24):
        make_record(other.subject, occurred_on=today() - timedelta(days=number * 9), record_class="serious",
                    fields={"act": "未按规定设置安全防护设施", "facts": "施工现场临边未设防护栏杆三处"})  # fmt: skip
    make_record(make_trader("张小海").subject)
    make_entry(other.subject)
    publish()
    count()
    number = bulletins.publish_case(
        actor=CLERK,
        reference=records[0].reference,
        title="销售超过保质期食品案",
        text="该公司销售超过保质期的食品三批次，市场监管部门责令召回并处罚款。\n消费者如购买该批次产品，可持凭证退货。",
        purpose="warning",
        source="penalty_law",
        article="第四十八条",
        proportion=WHY,
        until=today() + timedelta(days=30),
    )
    asked = takedowns.ask(actor=takedowns.ANYBODY, about=records[1].reference, reason="over", words="已经履行完毕")
    jobs.sequence()
    return {
        "home": "/publicity/",
        "search": "/publicity/search/?q=洞头区",
        "nothing": "/publicity/search/?q=航天火箭",
        "organisation": f"/publicity/organisations/{firm.identifier}/",
        "record": f"/publicity/records/{records[0].reference}/",
        "disputed": f"/publicity/records/{records[1].reference}/",
        "section": "/publicity/sections/penalties/",
        "offices": "/publicity/offices/",
        "pledges": "/publicity/pledges/",
        "cases": "/publicity/cases/",
        "case": f"/publicity/cases/{number}/",
        "takedown": f"/publicity/takedown/?about={records[0].reference}",
        "request": f"/publicity/takedown/{asked}/",
        "data": "/publicity/data/",
        "log": "/log/",
    }


def look_at(page: Page, addresses: dict[str, str], axe: Callable[[Page], list[str]], size: str) -> None:
    for name, address in addresses.items():
        page.goto(address)
        assert axe(page) == []
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{address} is {over} points too wide"
        if PICTURES:
            page.screenshot(path=str(Path(PICTURES) / f"{name}-{size}.png"), full_page=True)


def test_on_a_narrow_phone(addresses: dict[str, str], phone: Page, axe: Callable[[Page], list[str]]) -> None:
    phone.set_viewport_size(NARROW)  # type: ignore[arg-type]  # width and height, as Playwright wants
    look_at(phone, addresses, axe, "360")


def test_on_a_desktop(addresses: dict[str, str], desk: Page, axe: Callable[[Page], list[str]]) -> None:
    look_at(desk, addresses, axe, "desk")


def test_a_firm_is_found_and_read_by_keyboard_alone(addresses: dict[str, str], desk: Page) -> None:
    desk.goto("/publicity/")
    desk.focus("#q")
    desk.keyboard.type("澜汐水产")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/publicity/search/**")
    desk.get_by_role("link", name="温州市洞头区澜汐水产食品有限公司").press("Enter")
    desk.wait_for_url("**/organisations/**")
    desk.get_by_role("link", name="销售超过保质期的食品").first.press("Enter")
    desk.wait_for_url("**/records/**")
    assert "洞市监处罚" in desk.inner_text("main")
