"""The residents' pages in a real browser, on a phone: journeys counted in taps, sums, rights, and looks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Someone, let_in
from xinlin.office.models.records import Record
from xinlin.office.models.scores import Score

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HELD = [
    "/",
    "/score/",
    "/score/why/",
    "/score/what-if/",
    "/records/",
    "/benefits/",
    "/deeds/",
    "/appeals/",
    "/looks/",
    "/me/",
    "/consent/",
]
HELD += ["/code/", "/leave/", "/consent/score/"]
OPEN = ["/", "/consent/score/", "/score/", "/benefits/", "/code/", "/leave/", "/consent/"]


class Finger:
    """Counts taps, as the journeys of the product are counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, role: str, name: str | re.Pattern[str], *, inside: str = "body") -> None:
        """Tap the first thing of this role and name, and wait for what follows."""
        self.page.locator(inside).get_by_role(role, name=name).first.click()  # type: ignore[arg-type]  # a role's name
        self.page.wait_for_load_state()
        self.taps += 1


def test_visitor_sees_the_city_and_the_four_tiles(phone: Page, picture: Callable[..., None]) -> None:
    phone.goto("/")
    for tile in ("我要查分", "我要加分", "我要权益", "我要申诉"):
        assert phone.get_by_role("link", name=tile).is_visible()
    assert "温州市洞头区" in phone.title()
    picture(phone, "landing")


def test_joining_takes_at_most_six_taps(
    phone: Page, newcomer: Someone, picture: Callable[..., None], axe: Callable[[Page], list[str]]
) -> None:
    let_in(phone, newcomer.account)
    phone.goto("/")
    assert phone.get_by_text("不开通，一切照常").is_visible()
    finger = Finger(phone)
    finger.tap("link", "开通我的评分")
    picture(phone, "consent")
    assert phone.get_by_text("不同意，没有任何损失").is_visible()
    phone.get_by_label("我已阅读并同意").check()
    finger.taps += 1
    finger.tap("button", "开通")
    assert phone.get_by_text("评分已开通").is_visible()
    assert not axe(phone)
    finger.tap("link", "看我的评分")
    assert finger.taps <= 6 - 2  # the sign-in at the city's identity service takes the other two
    assert phone.get_by_role("img", name=re.compile("分，等级")).is_visible()


def test_without_the_tick_nothing_opens(phone: Page, newcomer: Someone) -> None:
    let_in(phone, newcomer.account)
    phone.goto("/consent/score/")
    phone.evaluate("document.querySelector('[name=agree]').required = false")
    phone.get_by_role("button", name="开通", exact=True).click()
    phone.wait_for_load_state()
    assert phone.get_by_role("alert").is_visible()
    assert not newcomer.account.subject.consents.exists()  # type: ignore[union-attr]  # the fixture has one
    phone.troubles.clear()  # type: ignore[attr-defined]  # the 422 is what we came for


def test_why_within_three_taps_and_the_bars_sum_to_the_score(
    phone: Page, enrolled: Someone, picture: Callable[..., None]
) -> None:
    let_in(phone, enrolled.account)
    phone.goto("/")
    picture(phone, "home", sharp=True)
    finger = Finger(phone)
    finger.tap("link", "评分", inside="nav")
    picture(phone, "score", sharp=True)
    finger.tap("link", re.compile("^为什么是"))
    picture(phone, "why", sharp=True)
    points = [int(row.get_attribute("data-points") or "") for row in phone.locator("[data-points]").all()]
    score = int(phone.locator("[data-score]").get_attribute("data-score") or "")
    assert sum(points) == score == int(phone.locator("[data-total]").get_attribute("data-total") or "")
    assert len(points) > 5
    finger.tap("link", re.compile("电动自行车违法"), inside="[data-waterfall]")
    assert finger.taps <= 3
    for fact in ("洞公（交）行罚决字〔2026〕第1024号", "《浙江省电动自行车管理条例》第四十二条", "自动退出，不再计分"):
        assert phone.get_by_text(fact).first.is_visible()
    picture(phone, "record")


def test_objecting_takes_at_most_four_taps_and_the_record_counts_nothing(
    phone: Page, enrolled: Someone, picture: Callable[..., None], axe: Callable[[Page], list[str]]
) -> None:
    let_in(phone, enrolled.account)
    phone.goto("/score/why/")
    before = int(phone.locator("[data-score]").get_attribute("data-score") or "")
    finger = Finger(phone)
    finger.tap("link", re.compile("电动自行车违法"), inside="[data-waterfall]")
    finger.tap("link", "这条不对")
    assert not axe(phone)
    phone.get_by_label("内容有错误").check()
    finger.taps += 1
    finger.tap("button", "提出异议")
    assert finger.taps <= 4
    assert re.search(r"YY\d{8}-[0-9A-F]+", phone.inner_text("main"))
    assert phone.get_by_text("答复期限").is_visible()
    picture(phone, "objection")
    phone.goto("/score/why/")
    assert int(phone.locator("[data-score]").get_attribute("data-score") or "") == before + 5
    assert Record.objects.filter(status="disputed").count() == 1


def test_a_form_sent_twice_files_one_objection(phone: Page, enrolled: Someone) -> None:
    let_in(phone, enrolled.account)
    record = Record.objects.filter(kind="honour").get()
    phone.goto(f"/records/{record.reference}/wrong/")
    phone.get_by_label("其他原因").check()
    phone.get_by_role("button", name="提出异议").dblclick()
    phone.wait_for_url(re.compile("/appeals/YY"))
    assert record.cases.count() == 1


def test_leaving_takes_two_taps_and_gives_a_receipt(
    phone: Page, enrolled: Someone, picture: Callable[..., None]
) -> None:
    let_in(phone, enrolled.account)
    phone.goto("/me/")
    picture(phone, "me")
    phone.goto("/")
    finger = Finger(phone)
    finger.tap("link", re.compile("^退出评分"))
    finger.tap("button", re.compile("确认退出"))
    assert finger.taps == 2
    assert re.search(r"XL\d{8}-[0-9A-F]+", phone.inner_text("main"))
    assert "7 行" in phone.inner_text("main")
    assert not Score.objects.filter(subject_id=enrolled.actor.subject_id).exists()
    picture(phone, "left")
    phone.goto("/score/")
    assert phone.get_by_text("现在没有分数").is_visible()


def test_who_looked_names_the_officer(phone: Page, enrolled: Someone, picture: Callable[..., None]) -> None:
    let_in(phone, enrolled.account)
    phone.goto("/looks/")
    for words in ("政务服务中心", "食品经营许可审批核查", "洞头区信用核查事项清单"):
        assert phone.get_by_text(words).first.is_visible()
    picture(phone, "looks")


def test_benefits_show_all_offers_to_everybody(
    phone: Page, newcomer: Someone, enrolled: Someone, picture: Callable[..., None]
) -> None:
    let_in(phone, newcomer.account)
    phone.goto("/benefits/")
    assert phone.locator("main li").count() == 36
    assert phone.get_by_role("button", name="出示").count() == 0
    let_in(phone, enrolled.account)
    phone.goto("/benefits/")
    assert phone.locator("main li").count() == 36
    assert phone.get_by_role("button", name="出示").count() > 0
    picture(phone, "benefits")


def test_under_eighteen_is_told_plainly(phone: Page, child: Someone) -> None:
    let_in(phone, child.account)
    for page in ("/", "/score/", "/consent/score/"):
        phone.goto(page)
        assert phone.get_by_text("未满 18 周岁").first.is_visible()
    assert phone.get_by_role("button", name="开通", exact=True).count() == 0


def test_the_code_is_green_or_absent(
    phone: Page, newcomer: Someone, enrolled: Someone, picture: Callable[..., None]
) -> None:
    let_in(phone, newcomer.account)
    phone.goto("/code/")
    assert phone.get_by_text("现在没有绿码").is_visible()
    let_in(phone, enrolled.account)
    phone.goto("/code/")
    assert phone.get_by_role("heading", name="诚信文明绿码").is_visible()
    assert phone.get_by_text("不是身份证明").is_visible()
    picture(phone, "code")


def test_another_persons_record_is_not_found(phone: Page, enrolled: Someone, newcomer: Someone) -> None:
    let_in(phone, newcomer.account)
    foreign = Record.objects.filter(subject_id=enrolled.actor.subject_id).first()
    assert foreign is not None
    answer = phone.goto(f"/records/{foreign.reference}/")
    assert answer is not None
    assert answer.status == 404
    assert phone.get_by_text("没有找到").is_visible()
    phone.troubles.clear()  # type: ignore[attr-defined]  # the 404 is what we came for


@pytest.mark.parametrize("shade", ["light", "dark"])
def test_axe_finds_nothing_serious(
    phone: Page, enrolled: Someone, newcomer: Someone, axe: Callable[[Page], list[str]], shade: Any
) -> None:
    phone.emulate_media(color_scheme=shade)
    phone.goto("/")
    findings = axe(phone)
    for someone, pages in ((enrolled, HELD), (newcomer, OPEN)):
        let_in(phone, someone.account)
        for page in pages:
            phone.goto(page)
            findings += axe(phone)
    assert not findings, "\n".join(findings)


SHIFT = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.value; })
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 120);
})"""


def test_narrow_phones_scroll_one_way_and_nothing_jumps(phone: Page, enrolled: Someone) -> None:
    phone.set_viewport_size({"width": 360, "height": 740})
    let_in(phone, enrolled.account)
    site = "/".join(phone.url.split("/")[:3])
    for language, size in (("zh-hans", ""), ("en", "large")):
        chosen = {"django_language": language, "xinlin-size": size}
        phone.context.add_cookies([{"name": name, "value": value, "url": site} for name, value in chosen.items()])
        for page in HELD:
            phone.goto(page)
            assert phone.evaluate("document.documentElement.scrollWidth") <= 360, (page, language)
            assert phone.evaluate(SHIFT) < 0.001, (
                page,
                language,
            )  # a busy machine rounds glyphs late; 0.1 is still good
            assert phone.locator("[style]").count() == 0, page


def test_reads_without_scripts(browser: Browser, live_server: Any, enrolled: Someone) -> None:
    context = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, locale="zh-CN", viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    let_in(page, enrolled.account)
    page.goto("/score/why/")
    assert page.locator("[data-points]").count() > 5
    page.goto("/me/")
    page.get_by_role("button", name="深色").click()
    assert page.locator("html").get_attribute("data-theme") == "xinlin-dark"
    page.get_by_role("button", name="大字").click()
    assert page.locator("html").get_attribute("data-size") == "large"
    page.goto("/consent/scene/parking/")
    page.get_by_label("我已阅读并同意").check()
    page.get_by_role("button", name="授权", exact=True).click()
    assert "场景已授权" in page.inner_text("main")
    context.close()


def test_keyboard_reaches_content_and_the_record(phone: Page, enrolled: Someone) -> None:
    let_in(phone, enrolled.account)
    phone.goto("/score/why/")
    phone.keyboard.press("Tab")
    assert phone.evaluate("document.activeElement.textContent") == "跳到正文"
    phone.keyboard.press("Enter")
    for _ in range(5):
        phone.keyboard.press("Tab")
        if (phone.evaluate("document.activeElement.getAttribute('href')") or "").startswith("/records/"):
            break
    phone.keyboard.press("Enter")
    phone.wait_for_url(re.compile("/records/"))


def test_dark_is_kept_in_a_cookie_and_english_switches(
    phone: Page, enrolled: Someone, picture: Callable[..., None]
) -> None:
    let_in(phone, enrolled.account)
    phone.goto("/me/")
    phone.get_by_role("button", name="深色").click()
    phone.wait_for_load_state()
    phone.goto("/")
    assert phone.locator("html").get_attribute("data-theme") == "xinlin-dark"
    picture(phone, "home-dark", sharp=True)
    phone.goto("/me/")
    phone.get_by_role("button", name="English").click()
    phone.wait_for_load_state()
    assert phone.locator("html").get_attribute("lang") == "en"
    phone.goto("/")
    picture(phone, "home-english")
