"""Grades and draws as officers, the firm and everybody see them: both languages, 360 points, axe, keyboard, without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import let_in
from tests.checks.conftest import make_entry, make_subject
from tests.public.conftest import days_ago, make_record
from xinlin.office.actions.inspections import announce_plan
from xinlin.office.jobs import inspections as jobs
from xinlin.office.jobs import log
from xinlin.office.models.people import Relation
from xinlin.office.models.staff import Account
from xinlin.office.queries.staff import actor_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WITHIN = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def town(settings: Any, transactional_db: None) -> tuple[Account, Account]:
    """An officer who may draw, and the person who leads a firm with a penalty and an entry; thirty-six firms in all."""
    settings.CITY = "guizhou"
    firms = [make_subject(f"黔山示例{n}号建设工程有限责任公司", person=False) for n in range(36)]
    for firm in firms[:12]:
        make_entry(firm.subject)
    for firm in firms[12:24]:
        make_record(firm.subject)
    make_record(firms[0].subject, record_class="serious")
    boss = make_subject("陈大海", person=True).subject
    record = make_record(firms[0].subject, "enterprise_registration", record_class="", document="登记")
    Relation.objects.create(organisation=firms[0].subject, person=boss, from_on=days_ago(400), record=record)
    officer = Account.objects.create(
        username="o", role="officer", display_name="王检查", department="market_regulation"
    )
    return officer, Account.objects.create(username="b", display_name="陈大海", subject=boss)


def test_an_officer_draws_by_keyboard_and_reads_the_list(
    town: tuple[Account, Account], desk: Page, picture: Callable[..., None]
) -> None:
    let_in(desk, town[0])
    desk.goto("/bench/inspections/")
    picture(desk, "inspections", full=True)
    desk.get_by_role("button", name="抽取本年度检查对象").focus()
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/bench/inspections/CC*/")
    assert desk.get_by_text("等待抽取").first.is_visible()
    log.sequence()
    jobs.draw()
    desk.reload()
    assert desk.get_by_role("row").count() >= 5
    assert desk.get_by_role("button", name="打印").is_visible()
    picture(desk, "inspection-list", full=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_fits_a_phone_without_scripts_and_reads_well(
    town: tuple[Account, Account],
    browser: Browser,
    live_server: Any,
    axe: Callable[[Page], list[str]],
    picture: Callable[..., None],
    language: str,
) -> None:
    officer, boss = town
    number = announce_plan(actor=actor_of(officer))
    log.sequence()
    jobs.draw()
    pages = {
        officer: ["/bench/inspections/", f"/bench/inspections/{number}/", "/inspections/"],
        boss: ["/me/grades/", "/report/"],
    }
    for scripts in (True, False):
        for account, addresses in pages.items():
            context = browser.new_context(
                base_url=live_server.url, viewport={"width": 360, "height": 740}, java_script_enabled=scripts
            )
            page = context.new_page()
            let_in(page, account)
            context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
            for address in addresses:
                answer = page.goto(address)
                assert answer is not None and answer.status == 200, address
                picture(page, f"{language}-{scripts}-{address.strip('/').replace('/', '-')}", full=True)
                if scripts:
                    assert page.evaluate(WITHIN) <= 0, address
                    assert not axe(page), address
            context.close()


def test_the_leader_of_a_firm_objects_to_a_reason(
    town: tuple[Account, Account], phone: Page, picture: Callable[..., None]
) -> None:
    let_in(phone, town[1])
    phone.goto("/report/")
    phone.get_by_role("link", name="单位的监管等级").click()
    assert phone.get_by_text("重点抽查").first.is_visible()
    assert phone.get_by_role("link", name="这条不对").count() == 2
    phone.get_by_role("link", name="这条不对").first.click()
    phone.get_by_text("内容有错误").first.click()
    phone.get_by_role("button", name="提出异议").first.click()
    phone.wait_for_url("**/appeals/**")
    phone.goto("/me/grades/")
    assert phone.get_by_role("link", name="这条不对").count() == 1
