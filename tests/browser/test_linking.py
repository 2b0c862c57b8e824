"""Whose a row is, refused rows, quality and evidence, clicked through as a clerk, a reviewer and a resident."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.browser.conftest import Someone, let_in
from tests.browser.test_bench import staff
from tests.scores.conftest import make_subject, resident_id
from xinlin.office.actions import batches as batch_actions
from xinlin.office.models.batches import RefusedRow
from xinlin.office.models.evidence import Evidence
from xinlin.office.models.linking import LinkQuestion, SubjectChange
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries.staff import actor_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

Picture = Callable[..., None]
BORN = date(1985, 4, 12)
WHO = resident_id(BORN, 311)
HEADER = "公民身份号码,姓名,服务日期,记录编号,服务时长（小时）,项目名称"


@pytest.fixture
def clerk(live_server: Any) -> Account:
    """A clerk whose file calls a registered person by another name."""
    make_subject(WHO, "林海霞", born=BORN)
    account = staff("clerk", "youth_league", "赵报送")
    rows = [
        f"{WHO},林海侠,2026-05-01,VS-1,3,净滩",
        f"{WHO},林海霞,2026-05-02,VS-2,4,净滩",
        f"{WHO},林海霞,2026-05-32,VS-3,4,净滩",
    ]
    content = "\n".join([HEADER, *rows]).encode()
    batch_actions.receive(actor=actor_of(account), kind="volunteer_service", filename="五月.csv", chunks=[content])
    return account


@pytest.fixture
def reviewer(clerk: Account) -> Account:
    """A reviewer of the credit centre."""
    return staff("reviewer", "credit_centre", "钱审核")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph that says where it was taken."""
    picture = Image.new("RGB", (64, 48), "#3a7")
    exif = Image.Exif()
    exif[0x010E] = "27.83N 121.15E"
    stream = io.BytesIO()
    picture.save(stream, "JPEG", exif=exif)
    path = tmp_path / "现场.jpg"
    path.write_bytes(stream.getvalue())
    return path


def test_a_reviewer_says_whose_a_row_is_and_takes_it_back(
    desk: Page, reviewer: Account, picture: Picture, axe: Callable[[Page], list[str]]
) -> None:
    let_in(desk, reviewer)
    desk.goto("/bench/linking/")
    assert desk.get_by_text("林海侠").is_visible()
    picture(desk, "linking", full=True)
    assert axe(desk) == []
    desk.get_by_label("理由（查验了什么）").first.fill("已查验身份证，报送有笔误")
    desk.get_by_role("button", name="是同一主体，认可这个名称").click()
    desk.get_by_text("没有等待核实的行").wait_for()
    assert LinkQuestion.objects.get().state == "same"
    assert Record.objects.filter(kind="volunteer_service").count() == 2
    subject = Subject.objects.get(register="person")
    desk.goto("/bench/subjects/")
    desk.get_by_label("身份号码或统一社会信用代码").fill(WHO)
    desk.get_by_role("button", name="查询").click()
    desk.wait_for_url(f"**/bench/subjects/{subject.pseudonym}/")
    assert desk.get_by_text("号码完全一致").first.is_visible()
    picture(desk, "subject", full=True)
    assert axe(desk) == []
    desk.locator("summary", has_text="撤回").click()
    desk.get_by_label("撤回的理由").fill("本人说明不是同一人")
    desk.get_by_role("button", name="撤回").click()
    desk.locator(".pill", has_text="已撤回").wait_for()
    assert SubjectChange.objects.get().undone_at is not None
    assert Record.objects.filter(status="unlinked").count() == 1


def test_a_wrong_registered_name_is_corrected_on_the_page(desk: Page, reviewer: Account) -> None:
    let_in(desk, reviewer)
    subject = Subject.objects.get(register="person")
    desk.goto(f"/bench/subjects/{subject.pseudonym}/")
    desk.get_by_label("正确的名称").fill("林海侠")
    desk.locator("#rename-why").fill("户籍证明")
    desk.get_by_role("button", name="更正", exact=True).click()
    desk.get_by_role("heading", name="林海侠").wait_for()
    desk.locator("#merge").fill(WHO)
    desk.locator("#merge-why").fill("同一人")
    desk.get_by_role("button", name="合并到本主体").click()
    desk.get_by_text("两个主体相同").wait_for()
    desk.troubles.clear()  # type: ignore[attr-defined]  # the refusal is an answer of 422


def test_refused_rows_wait_by_kind_and_quality_says_why(desk: Page, clerk: Account, picture: Picture, axe: Any) -> None:
    let_in(desk, clerk)
    desk.goto("/bench/refused/")
    assert desk.get_by_text("这一天不存在").first.is_visible()
    picture(desk, "refused_queue", full=True)
    assert axe(desk) == []
    desk.get_by_role("link", name="五月.csv").click()
    desk.get_by_label("第 4 行 服务日期").fill("2026-05-31")
    desk.get_by_role("button", name="重报改过的行").click()
    desk.get_by_text("接收").first.wait_for()
    assert RefusedRow.objects.filter(state="open").count() == 1
    desk.goto("/bench/quality/")
    assert desk.get_by_text("33.3%").first.is_visible(), "one row in three was right"
    picture(desk, "quality", full=True)
    assert axe(desk) == []


def test_reconciliation_shows_what_remains_and_why(desk: Page, reviewer: Account, picture: Picture, axe: Any) -> None:
    let_in(desk, reviewer)
    desk.goto("/bench/quality/reconciliation/")
    assert desk.get_by_text("没有原因的差额").count() == 2
    picture(desk, "reconciliation", full=True)
    assert axe(desk) == []


def test_evidence_on_a_record_by_clerk_and_resident(
    desk: Page, clerk: Account, photo: Path, tmp_path: Path, picture: Picture, axe: Any
) -> None:
    record = Record.objects.get(kind="volunteer_service")
    let_in(desk, clerk)
    desk.goto(f"/bench/records/{record.reference}/")
    desk.get_by_label("附上文书、照片、录音或录像").set_input_files(photo)
    desk.get_by_role("button", name="上传").click()
    desk.get_by_text("现场.jpg").wait_for()
    picture(desk, "record", full=True)
    assert axe(desk) == []
    with desk.expect_download() as downloading:
        desk.get_by_role("link", name="现场.jpg").click()
    kept = Path(downloading.value.path()).read_bytes()
    assert b"27.83N" not in kept, "drawn anew, without the place"
    template = tmp_path / "指纹.iso-fmr"
    template.write_bytes(b"FMR\0 20\0" + bytes(120))
    desk.get_by_label("附上文书、照片、录音或录像").set_input_files(template)
    desk.get_by_role("button", name="上传").click()
    desk.get_by_text("指纹.iso-fmr").wait_for()
    assert Evidence.objects.filter(state="refused").count() == 1, "refused, and noted"


def test_a_resident_attaches_a_photograph_to_a_record(
    phone: Page, enrolled: Someone, photo: Path, picture: Picture
) -> None:
    record = Record.objects.filter(subject=enrolled.account.subject, kind="volunteer_service").first()
    assert record is not None
    let_in(phone, enrolled.account)
    phone.goto(f"/records/{record.reference}/")
    phone.locator("summary", has_text="附上照片或文件").click()
    phone.locator("#papers").set_input_files(photo)
    phone.get_by_role("button", name="上传").click()
    phone.get_by_text("现场.jpg").wait_for()
    picture(phone, "record_evidence", full=True)
