"""Pages of the public web: kept as they were, verified by two named people who did not capture them, and only then records."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from tests.intake.conftest import Send, firm, spec, table
from tests.intake.conftest import kind as make_kind
from xinlin.core.web_items import address_problem, page_text
from xinlin.office.actions import web_items
from xinlin.office.actions.batches import correct, receive
from xinlin.office.models.batches import Batch
from xinlin.office.models.log import Leaf
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.models.web_items import WebItem
from xinlin.office.queries import web_items as queries
from xinlin.office.scopes import Actor, NotAllowed, Refused

from .conftest import BOOK, REVIEWER

pytestmark = pytest.mark.django_db
PRAISE = make_kind(
    "praise",
    [
        spec("uscc", "统一社会信用代码", "uscc", required=True, role="subject"),
        spec("name", "单位名称", required=True, role="subject_name"),
        spec("occurred_on", "报道日期", "date", required=True, role="occurred_on"),
        spec("document", "报道标题", required=True, role="document"),
        spec("authority", "发布单位", required=True, role="authority"),
        spec("address", "网页地址", required=True),
        spec("capture", "网页原貌哈希", required=True),
    ],
    subject_kinds=["enterprise"],
    source="public_web",
    providers=["office"],
)
COLLECTOR = Actor(handle="account:1", name="采集员", role="clerk", department="office")
FIRST = Actor(handle="account:2", name="甲核实", role="clerk", department="other_office")
PAGE = "<html><body><script>x()</script><h1>守約企業</h1><p>甲公司讓出倉庫，數(shù)據(jù)可查。</p><p>责任编辑：某</p></body></html>"
ADDRESS = "https://news.example.com/a.html"
TYPED = {"uscc": firm(1), "name": "甲公司", "occurred_on": "2024-05-01", "document": "守约企业", "authority": "某日报"}
FIRMS = "统一社会信用代码,企业名称,注册日期"


@pytest.fixture(autouse=True)
def with_the_kind(more_kinds: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue with a kind from the web."""
    book = BOOK.model_copy(update={"kinds": {**BOOK.kinds, "praise": PRAISE}})
    monkeypatch.setattr("xinlin.shelf.read", lambda _code: book)


@pytest.fixture
def item(send: Send) -> str:
    """A page about a firm of the register, captured."""
    send("firms", table(FIRMS, f"{firm(1)},甲公司,2019-01-01"))
    return capture()


def capture(page: str = PAGE, **more: str) -> str:
    typed = TYPED | {code: text for code, text in more.items() if code in TYPED}
    address = more.get("address", ADDRESS)
    return web_items.capture(actor=COLLECTOR, kind="praise", address=address, chunks=[page.encode()], typed=typed)


def test_two_named_people_who_did_not_capture_it_send_it_on(item: str, django_capture_on_commit_callbacks: Any) -> None:
    assert not Record.objects.filter(kind="praise").exists()
    with pytest.raises(NotAllowed):
        web_items.verify(actor=COLLECTOR, number=item)
    assert web_items.verify(actor=FIRST, number=item) == "waiting"
    assert not Batch.objects.filter(kind="praise").exists(), "one is not enough"
    with pytest.raises(NotAllowed):
        web_items.verify(actor=FIRST, number=item)
    with django_capture_on_commit_callbacks(execute=True):
        assert web_items.verify(actor=REVIEWER, number=item) == "delivered"
    record, held = Record.objects.get(kind="praise"), WebItem.objects.get()
    assert (record.status, record.document, record.authority) == ("active", "守约企业", "某日报")
    assert (record.fields["address"], record.fields["capture"]) == (ADDRESS, held.sha256)
    assert [one.name for one in queries.one(actor=REVIEWER, number=item).line.verifiers] == ["甲核实", "审核员"]
    assert Leaf.objects.filter(action__startswith="web_items.").count() == 3
    with pytest.raises(Refused):
        web_items.verify(actor=REVIEWER, number=item)


def test_the_readable_text_stands_beside_the_capture(item: str) -> None:
    page = queries.one(actor=REVIEWER, number=item)
    assert page.cleaned.text == "守约企业\n甲公司让出仓库，数据可查。"
    assert (page.cleaned.tail, page.cleaned.readings, page.raw) == ("责任编辑：某", 2, PAGE)
    assert queries.captured(actor=REVIEWER, number=item) == PAGE.encode()


def test_no_other_way_leads_in(item: str, send: Send, django_capture_on_commit_callbacks: Any) -> None:
    for actor in (COLLECTOR, Actor(handle="system:command", name="command", role="system")):
        with pytest.raises(Refused) as refused:
            receive(actor=actor, kind="praise", filename="p.csv", chunks=[b"x"], department="office")
        assert refused.value.problem.code == "kind_needs_verifying"
    number = capture("另一页", name="乙公司")
    for actor in (FIRST, REVIEWER):
        with django_capture_on_commit_callbacks(execute=True):
            web_items.verify(actor=actor, number=number)
    batch = Batch.objects.get(kind="praise")
    assert batch.rows_refused == 1, "the register knows the number under another name"
    with pytest.raises(Refused) as refused:
        correct(actor=COLLECTOR, number=batch.number, rows={2: {"单位名称": "甲公司"}})
    assert refused.value.problem.code == "kind_needs_verifying"


def test_the_database_itself_lets_nothing_leave_by_fewer_than_two_others(item: str, send: Send) -> None:
    batch = Batch.objects.all()[0]
    for by in (
        {"first_by": "a", "first_name": "甲"},
        {"first_by": "account:1", "first_name": "采集员", "second_by": "b"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            WebItem.objects.filter(number=item).update(
                state="delivered", batch=batch, **({"second_name": "乙"} | dict(by))
            )


def test_the_same_page_twice_is_one_item_and_a_rejected_one_may_come_again(item: str) -> None:
    assert capture() == item
    with pytest.raises(Refused):
        web_items.reject(actor=FIRST, number=item, reason=" ")
    web_items.reject(actor=FIRST, number=item, reason="报道说的是另一家")
    assert capture() != item
    assert queries.captured(actor=REVIEWER, number=item) == PAGE.encode(), "what was rejected is kept as it came"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"address": "javascript:alert(1)"}, "address_not_public"),
        ({"address": "file:///etc/passwd"}, "address_not_public"),
        ({"address": "https://u:p@example.com/"}, "address_not_public"),
        ({"document": "负责人王小明让出仓库"}, "person_named"),
        ({"uscc": "123"}, ""),
        ({"occurred_on": "昨天"}, ""),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_of_it_kept(more: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        capture(**more)
    assert code in ("", refused.value.problem.code)
    assert not WebItem.objects.exists()


def test_a_page_that_is_empty_or_endless_is_refused() -> None:
    for page, code in (("", "file_empty"), ("字" * (2 << 20), "capture_too_large")):
        with pytest.raises(Refused) as refused:
            capture(page)
        assert refused.value.problem.code == code


def test_text_is_taken_out_of_the_markup() -> None:
    assert page_text("<p>a<b>b</b></p><ul><li>c<li>d</ul><style>p{}</style>&amp;") == "ab\nc\nd\n&"
    assert page_text("一行\n\n二行 <不是标记>") == "一行\n\n二行 <不是标记>"
    assert address_problem("http://www.example.com/新闻?a=1") is None


def test_the_pages_work_from_capture_to_record(send: Send, django_capture_on_commit_callbacks: Any) -> None:
    send("firms", table(FIRMS, f"{firm(1)},甲公司,2019-01-01"))
    browsers = []
    for at, role in enumerate(("clerk", "clerk", "reviewer", "officer")):
        account = Account.objects.create(username=f"w{at}", role=role, display_name=f"人{at}", department="office")
        browser = Client()
        browser.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
        browsers.append(browser)
    collector, second, third, officer = browsers
    assert officer.get("/bench/web/").status_code == 403
    form = {"kind": "praise", "address": ADDRESS, **TYPED}
    answer = collector.post("/bench/web/new/", form)
    assert answer.status_code == 422
    assert "没有附上网页" in answer.content.decode()
    assert "守约企业" in answer.content.decode(), "what was typed is still there"
    answer = collector.post("/bench/web/new/", form | {"page": SimpleUploadedFile("a.html", PAGE.encode())})
    where = answer.headers["Location"]
    assert "我来具名" not in collector.get(where).content.decode()
    assert "我来具名" in second.get(where).content.decode()
    kept = third.get(where + "page/")
    assert (kept.content, kept.headers["X-Content-Type-Options"]) == (PAGE.encode(), "nosniff")
    assert "attachment" in kept.headers["Content-Disposition"]
    assert collector.post(where + "decide/", {"answer": "verify"}).status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        assert second.post(where + "decide/", {"answer": "verify"}).status_code == 302
        assert third.post(where + "decide/", {"answer": "verify"}).status_code == 302
    assert Record.objects.get(kind="praise").status == "active"
    assert "人1" in third.get("/bench/web/?state=delivered").content.decode()
