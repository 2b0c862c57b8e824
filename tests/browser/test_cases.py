"""Journeys of cases in a real browser, with every tap counted: object, declare, repair, and the offices' side of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Someone, let_in, resident
from tests.browser.test_bench import staff
from tests.scores.conftest import make_record
from xinlin.office.actions import cases as case_actions
from xinlin.office.actions import deeds as deed_actions
from xinlin.office.models.cases import Case
from xinlin.office.models.deeds import Deed
from xinlin.office.models.records import Record
from xinlin.office.queries.staff import actor_of
from xinlin.office.scopes import now, today

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

Axe = Callable[["Page"], list[str]]


class Taps:
    """Taps (or clicks) as a person makes them; typing is none."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, place: Locator) -> None:
        """Tap a place."""
        place.first.click()
        self.made += 1


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture as a telephone takes it."""
    from PIL import Image

    path = tmp_path / "现场.jpg"
    Image.new("RGB", (640, 480), (40, 110, 90)).save(path)
    return path


def _offence(someone: Someone, kind: str = "uncivil_conduct", days: int = 40, **more: Any) -> Record:
    given = {
        "department": "urban_management", "record_class": "minor", "document": "洞综执罚〔2026〕第88号", "authority": "洞头区综合行政执法局",
        "article": "《温州市文明行为促进条例》第三十八条", "notice_on": today() - timedelta(days=days), "fields": {"conduct": "occupation"},
    }  # fmt: skip
    return make_record(someone.account.subject, kind, today() - timedelta(days=days), **{**given, **more})


def test_a_resident_objects_from_a_line_of_the_score_in_four_taps_with_a_photo(
    phone: Page, enrolled: Someone, photo: Path, axe: Axe
) -> None:
    let_in(phone, enrolled.account)
    phone.goto("/score/why/")
    tap = Taps()
    row = Record.objects.filter(kind="ebike_violation").latest("occurred_on")
    tap(phone.locator(f"a[href='/records/{row.reference}/']"))
    tap(phone.get_by_text("这条不对"))
    assert axe(phone) == []
    phone.set_input_files("#papers", photo)
    tap(phone.get_by_text("内容有错误"))
    tap(phone.get_by_role("button", name="提出异议"))
    assert tap.made <= 4
    case = Case.objects.get()
    assert case.number in phone.content()
    assert "现场.jpg" in phone.content()
    assert Record.objects.get(pk=row.pk).status == "disputed"
    with phone.expect_download() as fetched:
        phone.get_by_text("现场.jpg").click()
    assert fetched.value.suggested_filename.startswith("现场")
    assert axe(phone) == []
    phone.goto("/score/why/")
    assert phone.locator(f"[data-points='-5'][href='/records/{row.reference}/']").count() == 0


def test_a_clerk_answers_and_a_reviewer_settles_a_plain_case_in_six_clicks_each(
    desk: Page, enrolled: Someone, axe: Axe
) -> None:
    row = _offence(enrolled)
    number = case_actions.object_to(
        actor=enrolled.actor, reference=row.reference, reason="wrong_fact", words="不是我停的"
    )
    let_in(desk, staff("clerk", "urban_management", "王执法"))
    desk.goto("/bench/")
    tap = Taps()
    tap(desk.locator("a[href='/bench/cases/']"))
    assert axe(desk) == []
    tap(desk.locator(f"a[href='/bench/cases/{number}/']"))
    assert axe(desk) == []
    tap(desk.locator("input[name=outcome][value=reject]"))
    assert "维持原记录" in desk.input_value("#reasons"), "a wording to start from"
    tap(desk.get_by_role("button", name="答复信用中心"))
    assert tap.made <= 6
    assert Case.objects.get(number=number).state == "answered"
    let_in(desk, staff("reviewer", "credit_centre", "方审核"))
    desk.goto("/bench/")
    tap = Taps()
    tap(desk.locator("a[href='/bench/cases/']"))
    tap(desk.locator(f"a[href='/bench/cases/{number}/']"))
    tap(desk.get_by_role("button", name="作出决定"))
    assert tap.made <= 6
    assert Case.objects.get(number=number).outcome == "reject"


def test_a_reviewer_corrects_one_field_at_the_desk(desk: Page, enrolled: Someone) -> None:
    row = _offence(enrolled, record_class="serious")
    number = case_actions.object_to(actor=enrolled.actor, reference=row.reference, reason="wrong_fact", words="")
    let_in(desk, staff("reviewer", "credit_centre", "方审核"))
    desk.goto(f"/bench/cases/{number}/")
    desk.locator("input[name=outcome][value=correct]").check()
    desk.get_by_text("更正为（只填要改的栏目）").click()
    desk.fill("[name=change_class]", "很轻")
    desk.get_by_role("button", name="作出决定").click()
    assert "代码表里没有这个值" in desk.content()
    assert desk.input_value("[name=change_class]") == "很轻", "nothing typed is lost"
    desk.troubles.clear()  # type: ignore[attr-defined]  # the refusal was provoked
    desk.fill("[name=change_class]", "轻微")
    desk.get_by_role("button", name="作出决定").click()
    assert Record.objects.get(pk=row.pk).superseded_by is not None


def test_a_deed_is_declared_confirmed_by_two_neighbours_and_found_true(
    phone: Page, enrolled: Someone, photo: Path, axe: Axe
) -> None:
    let_in(phone, enrolled.account)
    phone.goto("/")
    tap = Taps()
    tap(phone.locator("a[href='/deeds/']"))
    assert axe(phone) == []
    tap(phone.locator("a[href='/deeds/declare/volunteering/']"))
    assert axe(phone) == []
    phone.fill("[name=value_hours]", "3")
    phone.fill("[name=happened_on]", (today() - timedelta(days=1)).isoformat())
    tap(phone.get_by_role("button", name="提交申报"))
    assert tap.made <= 4
    handle = Deed.objects.get().invitation
    assert f"/deeds/confirm/{handle}/" in phone.content()
    for serial in (51, 52):
        let_in(phone, resident("邻居", now().date().replace(year=1980), serial).account)
        phone.goto(f"/deeds/confirm/{handle}/")
        assert axe(phone) == []
        phone.get_by_role("button", name="我在场，情况属实").click()
        assert "您已证明" in phone.content()
    let_in(phone, staff("clerk", "youth_league", "赵报送"))
    phone.goto("/bench/cases/")
    phone.locator("main a[href^='/bench/cases/JF']").click()
    assert axe(phone) == []
    phone.locator("input[name=outcome][value=accepted]").check()
    phone.get_by_role("button", name="作出决定").click()
    assert Record.objects.filter(kind="volunteer_service", document=Case.objects.get().number).exists()


def test_whoever_has_an_organisers_code_writes_neither_day_nor_hours(phone: Page, enrolled: Someone) -> None:
    code = deed_actions.make_code(
        actor=actor_of(staff("clerk", "youth_league", "朱报送")), sort="volunteering", title="净滩行动",
        held_on=today() - timedelta(days=2), ends_on=today() + timedelta(days=9), values={"hours": "3"}, uses=1,
    )  # fmt: skip
    let_in(phone, enrolled.account)
    phone.goto("/deeds/")
    tap = Taps()
    tap(phone.locator("a[href='/deeds/declare/volunteering/']"))
    phone.fill("[name=code]", code.lower())
    tap(phone.get_by_role("button", name="提交申报"))
    assert "净滩行动" in phone.content()
    assert Deed.objects.get().happened_on == today() - timedelta(days=2)
    phone.goto("/deeds/declare/volunteering/")
    tap(phone.get_by_role("button", name="提交申报"))
    assert "服务时长" in phone.locator("[role=alert]").inner_text(), "what nobody stated is named"
    phone.troubles.clear()  # type: ignore[attr-defined]  # the refusal was provoked


def test_a_repair_is_applied_for_with_two_papers(phone: Page, enrolled: Someone, photo: Path, axe: Axe) -> None:
    row = _offence(enrolled)
    let_in(phone, enrolled.account)
    phone.goto("/appeals/")
    tap = Taps()
    tap(phone.locator("a[href='/repairs/']"))
    assert axe(phone) == []
    tap(phone.locator(f"a[href='/repairs/{row.reference}/']"))
    assert axe(phone) == []
    phone.set_input_files("#papers", photo)
    tap(phone.get_by_text("已履行义务的证明").last)
    tap(phone.locator("input[name=committed]"))
    tap(phone.get_by_role("button", name="提交申请"))
    assert tap.made <= 5
    assert Case.objects.get().evidence.count() == 1
    row2 = _offence(enrolled, days=41)
    phone.goto(f"/repairs/{row2.reference}/form/")
    assert "信用承诺书" in phone.content()


def test_who_stands_on_a_serious_list_is_shown_its_own_exit(phone: Page, enrolled: Someone) -> None:
    from tests.cases.test_corrections import _listed

    row = _listed(enrolled.account.subject)
    let_in(phone, enrolled.account)
    phone.goto(f"/repairs/{row.reference}/")
    assert "按名单自身的规则移出" in phone.content()
    assert phone.locator("button[type=submit]", has_text="提交申请").count() == 0
    phone.get_by_text("已经履行，请移出").click()
    assert phone.locator("input[value=repaired]").is_checked()
    phone.get_by_role("button", name="提出异议").click()
    assert Record.objects.get(pk=row.pk).status == "disputed"


def test_the_department_prints_its_repair_notice_beside_the_decision(desk: Page, axe: Axe, live_server: Any) -> None:
    let_in(desk, staff("clerk", "urban_management", "王执法"))
    desk.goto("/bench/repair-notices/")
    desk.fill("#document", "洞综执罚〔2026〕第99号")
    desk.fill("#on", "2026-01-31")
    desk.select_option("#class", "general")
    desk.get_by_role("button", name="生成告知书").click()
    assert "2026年4月30日起可以申请提前修复" in desk.content()
    assert "最长到 2027年1月31日 前一日" in desk.content()
    assert axe(desk) == []


def test_an_auditor_reads_the_whole_chain_and_changes_nothing(desk: Page, enrolled: Someone) -> None:
    row = _offence(enrolled)
    number = case_actions.object_to(actor=enrolled.actor, reference=row.reference, reason="wrong_fact", words="x")
    let_in(desk, staff("auditor", "credit_centre", "沈审计"))
    desk.goto("/bench/")
    tap = Taps()
    tap(desk.locator("main a[href='/bench/cases/']"))
    tap(desk.locator(f"a[href='/bench/cases/{number}/']"))
    assert "办理过程" in desk.content()
    assert desk.locator("form button[name=step]").count() == 0


def test_anybody_reads_how_offices_keep_their_deadlines(phone: Page, enrolled: Someone, axe: Axe) -> None:
    row = _offence(enrolled)
    case_actions.object_to(actor=enrolled.actor, reference=row.reference, reason="wrong_fact", words="")
    Case.objects.update(provider_due_on=today() - timedelta(days=2))
    phone.goto("/offices/")
    assert "1 件逾期，最长 2 天" in phone.content()
    assert axe(phone) == []
