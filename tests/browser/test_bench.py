"""The staff's pages in a real browser: a clerk's bad file, an officer's check, the reviewer's list, the auditor's log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Someone, let_in
from tests.scores.conftest import make_record, make_subject, resident_id
from xinlin.office.actions import batches as batch_actions
from xinlin.office.actions import cases as case_actions
from xinlin.office.jobs import log as log_job
from xinlin.office.models.batches import Batch, Job, RefusedRow
from xinlin.office.models.checks import CheckFeedback
from xinlin.office.models.log import Leaf, LeafOpening
from xinlin.office.models.people import Look, Subject
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries.staff import actor_of
from xinlin.office.scopes import now, today

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

Picture = Callable[..., None]
Axe = Callable[["Page"], list[str]]
BORN = date(1985, 4, 12)
HEADER = "公民身份号码,姓名,服务日期,记录编号,服务时长（小时）,项目名称"
GOOD, TYPO = resident_id(BORN, 301), resident_id(BORN, 302)
BAD_CHECK = TYPO[:-1] + ("1" if TYPO[-1] != "1" else "2")
DEBTOR, CLEAN = resident_id(date(1979, 9, 1), 303), resident_id(date(1991, 2, 3), 304)


def staff(role: str, department: str, name: str) -> Account:
    """An account of the staff."""
    account: Account = Account.objects.create(
        username=f"{role}-{department}",
        role=role,
        department=department,
        display_name=name,
        assurance="urn:xinlin:assurance:face",
        verified_at=now(),
    )
    return account


@pytest.fixture
def clerk(live_server: Any) -> Account:
    """A clerk of the youth league, which sends volunteer service."""
    make_subject(GOOD, "林海霞", born=BORN)
    make_subject(TYPO, "陈渔舟", born=BORN)
    return staff("clerk", "youth_league", "赵报送")


@pytest.fixture
def officer(live_server: Any) -> Account:
    """An officer who decides company registrations; one debtor is on the court's list, one applicant is not."""
    make_subject(DEBTOR, "周远帆", born=date(1979, 9, 1))
    make_subject(CLEAN, "吴念慈", born=date(1991, 2, 3))
    court = actor_of(staff("clerk", "court", "法院报送"))
    header = "证件号码,被执行人姓名或名称,执行案号,执行法院,列入依据,纳入日期,告知日期,救济途径,期限届满日"
    entered, ends = today() - timedelta(days=90), today() + timedelta(days=500)
    row = f"{DEBTOR},周远帆,（2026）浙0305执1024号,洞头区人民法院,最高人民法院规定第一条,{entered},{entered},向执行法院申请纠正,{ends}"
    receipt = batch_actions.receive(
        actor=court, kind="dishonest_judgment_debtor", filename="名单.csv", chunks=[f"{header}\n{row}\n".encode()]
    )
    assert Batch.objects.get(number=receipt.number).rows_accepted == 1
    return staff("officer", "market_regulation", "许审批")


@pytest.fixture
def bad_file(tmp_path: Path) -> Path:
    """Two good rows; a wrong check digit, a day that no month has, and hours in words."""
    rows = [
        f"{GOOD},林海霞,2026-03-01,V-1,4,海岛净滩",
        f"{BAD_CHECK},陈渔舟,2026-03-02,V-2,3,海岛净滩",
        f"{TYPO},陈渔舟,2021.2.30,V-3,5,长者陪伴",
        f"{TYPO},陈渔舟,2026-03-04,V-4,很多,渔港引导",
        f"{TYPO},陈渔舟,2026-03-05,V-5,2,渔港引导",
    ]
    path = tmp_path / "志愿服务 3月.csv"
    path.write_bytes(("\n".join([HEADER, *rows]) + "\n").encode("gb18030"))
    return path


def _go(page: Page, control: Locator) -> None:
    """Press what leads to another page, and wait for that."""
    with page.expect_navigation():
        control.click()


def _send(page: Page, path: Path, kind: str = "志愿服务") -> None:
    page.goto("/bench/intake/new/")
    page.get_by_role("radio", name=re.compile(kind)).check()
    page.get_by_label(re.compile("^文件")).set_input_files(path)
    _go(page, page.get_by_role("button", name="报送文件", exact=True))


def test_clerk_sends_a_bad_file_sees_why_corrects_and_replays(
    desk: Page, clerk: Account, bad_file: Path, picture: Picture, axe: Axe
) -> None:
    let_in(desk, clerk)
    desk.goto("/bench/intake/new/")
    assert not axe(desk)
    _send(desk, bad_file)
    sent = Batch.objects.get(replays__isnull=True)
    assert sent.number in desk.url
    assert desk.get_by_text("已收到，编号").is_visible()
    assert (sent.rows_read, sent.rows_accepted, sent.rows_refused) == (5, 2, 3)
    assert not axe(desk)
    picture(desk, "bench-batch")
    _go(desk, desk.get_by_role("link", name="更正 3 行"))
    assert desk.get_by_role("table").get_by_text("2021.2.30").count() == 0  # it stands in an input, to be edited
    assert not axe(desk)
    picture(desk, "bench-refused")
    desk.get_by_label("第 3 行 公民身份号码").fill(TYPO)
    desk.get_by_label("第 4 行 服务日期").fill("2021-02-28")
    desk.get_by_label("第 5 行 服务时长（小时）").focus()
    desk.keyboard.press("ControlOrMeta+a")
    desk.keyboard.type("6")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    assert desk.get_by_text("已把 3 行更正后重报").is_visible()
    replay = Batch.objects.get(replays=sent)
    assert (replay.rows_read, replay.rows_accepted, replay.rows_refused) == (3, 3, 0)
    assert Record.objects.filter(kind="volunteer_service").count() == 5
    assert not RefusedRow.objects.filter(state=RefusedRow.State.OPEN).exists()
    desk.goto(f"/bench/intake/{sent.number}/refused/")
    assert desk.get_by_text("已重报").count() == 3


def test_the_same_file_twice_is_one_delivery(desk: Page, clerk: Account, bad_file: Path) -> None:
    let_in(desk, clerk)
    _send(desk, bad_file)
    _send(desk, bad_file)
    assert desk.get_by_text("这份文件以前收到过").is_visible()
    assert Batch.objects.count() == 1


def test_refused_rows_download_as_a_workbook(desk: Page, clerk: Account, bad_file: Path) -> None:
    let_in(desk, clerk)
    _send(desk, bad_file)
    with desk.expect_download() as started:
        desk.get_by_role("link", name="XLSX").click()
    assert started.value.suggested_filename.endswith(".xlsx")


def test_unknown_columns_are_named_once_and_remembered(
    desk: Page, clerk: Account, tmp_path: Path, picture: Picture, axe: Axe
) -> None:
    def file(name: str, day: str) -> Path:
        path = tmp_path / name
        path.write_text(f"证号,谁,哪天,单子,几个钟头\n{GOOD},林海霞,{day},W-{day},3\n", encoding="utf-8")
        return path

    let_in(desk, clerk)
    _send(desk, file("四月.csv", "2026-04-01"))
    assert desk.get_by_role("heading", name="请认一下列").is_visible()
    assert not axe(desk)
    for field, column in (
        ("公民身份号码", "证号"),
        ("姓名", "谁"),
        ("服务日期", "哪天"),
        ("记录编号", "单子"),
        ("服务时长（小时）", "几个钟头"),
    ):
        desk.get_by_label(f"{field}对应的列").select_option(value=column)
    picture(desk, "bench-columns")
    _go(desk, desk.get_by_role("button", name="保存并继续接收"))
    assert Batch.objects.get().state == Batch.State.DONE
    _send(desk, file("五月.csv", "2026-05-01"))
    assert Batch.objects.order_by("-pk")[0].rows_accepted == 1


def test_an_empty_file_and_a_missing_one_say_what_to_do(desk: Page, clerk: Account, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    let_in(desk, clerk)
    _send(desk, empty)
    assert desk.get_by_role("alert").is_visible()
    assert "empty" not in Batch.objects.values_list("filename", flat=True)
    desk.troubles.clear()  # type: ignore[attr-defined]  # the browser notes the refusal's status
    desk.goto("/bench/intake/B-NOTHING/")
    assert desk.get_by_role("heading").first.is_visible()
    desk.troubles.clear()  # type: ignore[attr-defined]  # as above


def test_a_list_that_shrank_waits_for_a_person(desk: Page, live_server: Any, tmp_path: Path, axe: Axe) -> None:
    def file(name: str, count: int) -> Path:
        path = tmp_path / name
        rows = []
        for serial in range(count):
            born = date(1970, 1, 1) + timedelta(days=serial)
            identifier, entered = resident_id(born, 500 + serial), today() - timedelta(days=30)
            if count > 4:
                make_subject(identifier, f"居民{serial}", born=born)
            ends = entered + timedelta(days=700)
            rows.append(
                f"{identifier},居民{serial},案{serial},洞头区人民法院,规定第一条,{entered},{entered},申请纠正,{ends}"
            )
        header = "证件号码,被执行人姓名或名称,执行案号,执行法院,列入依据,纳入日期,告知日期,救济途径,期限届满日"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    let_in(desk, staff("clerk", "court", "法院报送"))
    _send(desk, file("上月.csv", 12), "失信被执行人")
    assert Batch.objects.get().rows_accepted == 12
    _send(desk, file("本月.csv", 3), "失信被执行人")
    assert desk.get_by_text("名单突然变短，等您确认").is_visible()
    assert not axe(desk)
    desk.get_by_label("我已核对").check()
    _go(desk, desk.get_by_role("button", name="确认并接收"))
    newest = Batch.objects.latest("pk")
    assert (newest.state, newest.entries_ended) == (Batch.State.DONE, 9)


def test_progress_is_polled_until_the_job_is_done(desk: Page, clerk: Account) -> None:
    job = Job.objects.create(number="J-1", kind="batches", state=Job.State.RUNNING, done=40, total=100)
    waiting = Batch.objects.create(
        number="B-1",
        department="youth_league",
        kind="volunteer_service",
        delivery="additions",
        filename="大文件.csv",
        sha256="1" * 64,
        size=10,
        sent_by="account:1",
        received_at=now(),
        valid_on=today(),
        state=Batch.State.JUDGING,
        job=job,
    )
    let_in(desk, clerk)
    desk.goto("/bench/intake/B-1/")
    assert desk.get_by_text("40 / 100").is_visible()
    Job.objects.update(done=90)
    desk.get_by_text("90 / 100").wait_for()
    Batch.objects.filter(pk=waiting.pk).update(state=Batch.State.DONE, rows_read=2, rows_accepted=2)
    desk.get_by_text("读到的行").wait_for()


def _ask(page: Page, item: str, *applicants: tuple[str, str]) -> None:
    page.goto("/bench/checks/")
    page.get_by_label(re.compile("^审批事项")).select_option(label=item)
    for number, (identifier, name) in enumerate(applicants, start=1):
        page.get_by_label(f"证件号码 {number}").fill(identifier)
        page.get_by_label(f"姓名或名称 {number}").fill(name)
    _go(page, page.get_by_role("button", name="核查", exact=True))


def test_officer_asks_reads_the_card_and_decides(desk: Page, officer: Account, picture: Picture, axe: Axe) -> None:
    let_in(desk, officer)
    desk.goto("/bench/checks/")
    assert not axe(desk)
    _ask(desk, "公司设立登记", (DEBTOR, "周远帆"), (CLEAN, "吴念慈"), (DEBTOR, "别人"))
    assert desk.get_by_text("是：在有关名单上").is_visible()
    assert desk.get_by_text("否：不在有关名单上").is_visible()
    assert desk.get_by_text("不能确定：请人工核对").is_visible()
    assert desk.get_by_text("软件只提示，由人决定").is_visible()
    for part in ("名单条目", "决定文书", "决定机关", "法律条款", "告知", "异议与修复", "截止日期"):
        assert desk.get_by_text(part, exact=True).first.is_visible()
    assert not axe(desk)
    picture(desk, "bench-check", full=True)
    card = desk.get_by_role("article").filter(has_text="是：在有关名单上")
    card.get_by_label("依法采取措施").check()
    _go(desk, card.get_by_role("button", name=re.compile("名义提交")))
    assert desk.get_by_role("alert").filter(has_text="理由").is_visible()
    desk.troubles.clear()  # type: ignore[attr-defined]  # the browser notes the refusal's status
    card.get_by_label("理由", exact=True).fill("文书仍在有效期内，依法不予登记；已书面告知申请人救济途径。")
    _go(desk, card.get_by_role("button", name=re.compile("名义提交")))
    given = CheckFeedback.objects.get()
    assert (given.decision, given.measure, given.officer) == (
        "measure_applied",
        "debtor_no_company_office",
        "许审批",
    )
    debtor = Subject.objects.get(check_answers=given.answer)
    assert Look.objects.filter(subject=debtor, role="officer").exists()
    desk.goto("/bench/checks/")
    assert desk.get_by_text("已反馈").is_visible()


def test_a_name_alone_gives_no_answer(desk: Page, officer: Account) -> None:
    let_in(desk, officer)
    _ask(desk, "公司设立登记", ("", "周远帆"))
    assert desk.get_by_text("不能确定：请人工核对").is_visible()


def test_more_lines_keep_what_was_typed(desk: Page, officer: Account) -> None:
    let_in(desk, officer)
    desk.goto("/bench/checks/")
    desk.get_by_label("证件号码 1").fill(CLEAN)
    _go(desk, desk.get_by_role("button", name="增加几行"))
    assert desk.get_by_label("证件号码 1").input_value() == CLEAN
    assert desk.get_by_label("证件号码 6").is_visible()


def test_reviewer_sees_objections_by_deadline(desk: Page, enrolled: Someone, picture: Picture, axe: Axe) -> None:
    record = Record.objects.filter(kind="ebike_violation").latest("occurred_on")
    case_actions.object_to(
        actor=enrolled.actor, reference=record.reference, reason="wrong_fact", words="当时我戴着头盔。"
    )
    let_in(desk, staff("reviewer", "credit_centre", "方审核"))
    desk.goto("/bench/cases/")
    assert desk.get_by_text("当时我戴着头盔。").is_visible()
    assert desk.get_by_text("林小满").count() == 0  # masked
    assert Look.objects.filter(subject=record.subject, role="reviewer").exists()
    assert not axe(desk)
    picture(desk, "bench-cases")


def test_auditor_verifies_and_a_changed_byte_is_named(desk: Page, clerk: Account, bad_file: Path, axe: Axe) -> None:
    let_in(desk, clerk)
    _send(desk, bad_file)
    log_job.sequence()
    let_in(desk, staff("auditor", "credit_centre", "沈审计"))
    desk.goto("/bench/log/")
    _go(desk, desk.get_by_role("button", name="现在从头核验"))
    assert desk.get_by_text("核验通过").is_visible()
    assert not axe(desk)
    with desk.expect_download() as started:
        desk.get_by_role("link", name="下载").first.click()
    assert started.value.suggested_filename.endswith(".tlog-proof")
    opening = LeafOpening.objects.get(leaf=Leaf.objects.get(index=0))
    opening.body["key"] = "something else"
    opening.save()
    _go(desk, desk.get_by_role("button", name="现在从头核验"))
    assert desk.get_by_role("alert").get_by_text("leaf 0").is_visible()


@pytest.fixture
def watcher(enrolled: Someone) -> Account:
    """An operator, who may open every tile, over a city with some records."""
    subject = enrolled.account.subject
    assert subject is not None
    for _ in range(11):
        make_record(subject, "volunteer_service", today() - timedelta(days=3), fields={"hours": 1})
    return staff("operator", "credit_centre", "韩运维")


TILES = {
    "预警提醒": "/bench/alerts/",
    "态势分析": "/bench/trends/",
    "应用场景": "/bench/scenes/",
    "运维管理": "/bench/operations/",
}


def test_the_four_tiles_open_what_stands(desk: Page, watcher: Account, picture: Picture, axe: Axe) -> None:
    let_in(desk, watcher)
    desk.goto("/bench/")
    assert not axe(desk)
    picture(desk, "bench-home")
    for name, address in TILES.items():
        desk.goto("/bench/")
        desk.locator("main").get_by_role("link", name=re.compile(name)).first.click()
        desk.wait_for_url(f"**{address}")
        assert desk.get_by_role("heading", level=1, name=name).is_visible()
        assert not axe(desk)
        picture(desk, f"bench-{address.split('/')[2]}")


def test_residents_and_other_roles_are_kept_out(desk: Page, enrolled: Someone, officer: Account) -> None:
    let_in(desk, enrolled.account)
    assert desk.goto("/bench/").status == 403  # type: ignore[union-attr]  # a page was asked for
    let_in(desk, officer)
    for address in ("/bench/intake/", "/bench/cases/", "/bench/log/"):
        assert desk.goto(address).status == 403  # type: ignore[union-attr]  # as above
    desk.troubles.clear()  # type: ignore[attr-defined]  # the browser notes the refusals


NARROW = {
    "clerk": ["/bench/", "/bench/intake/", "/bench/intake/new/", "/bench/cases/"],
    "officer": ["/bench/", "/bench/checks/", "/bench/checks/overdue/"],
    "operator": ["/bench/log/", *TILES.values()],
}
PUBLIC = ["/about/", "/rules/", "/catalogue/", "/lists/", "/log/"]


@pytest.fixture
def narrow(browser: Browser, live_server: Any) -> Iterator[Page]:
    """A page 360 points wide."""
    context = browser.new_context(base_url=live_server.url, viewport={"width": 360, "height": 740}, locale="zh-CN")
    page = context.new_page()
    yield page
    context.close()


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_every_page_fits_360_points(
    narrow: Page, clerk: Account, officer: Account, watcher: Account, bad_file: Path
) -> None:
    accounts = {"clerk": clerk, "officer": officer, "operator": watcher}
    for address in PUBLIC:
        narrow.goto(address)
        assert _fits(narrow), address
    for role, addresses in NARROW.items():
        let_in(narrow, accounts[role])
        for address in addresses:
            narrow.goto(address)
            assert _fits(narrow), address
    let_in(narrow, clerk)
    _send(narrow, bad_file)
    assert _fits(narrow)
    narrow.goto(f"{narrow.url}refused/")
    assert _fits(narrow)
    let_in(narrow, officer)
    _ask(narrow, "公司设立登记", (DEBTOR, "周远帆"))
    assert _fits(narrow)


@pytest.mark.parametrize("shade", ["light", "dark"])
def test_public_pages_pass_axe(desk: Page, shade: str, picture: Picture, axe: Axe) -> None:
    desk.emulate_media(color_scheme=shade)  # type: ignore[arg-type]  # light or dark
    for address in PUBLIC:
        desk.goto(address)
        assert not axe(desk)
        if shade == "light":
            picture(desk, f"public-{address.strip('/')}")


def test_refused_rows_can_be_read_without_scripts(
    browser: Browser, clerk: Account, bad_file: Path, live_server: Any
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    let_in(page, clerk)
    _send(page, bad_file)
    _go(page, page.get_by_role("link", name="更正 3 行"))
    assert page.get_by_label("第 4 行 服务日期").input_value() == "2021.2.30"
    context.close()
