"""Ways of asking: a file that streams, a panel in another site's frame, the counter; and promises that go with approvals."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.wsgi import LimitedStream
from django.test import Client

from tests.checks.conftest import BIDDING, OFFICER, make_entry, make_subject, uscc
from tests.checks.test_api import Api, is_problem
from xinlin.office.actions import deliveries, pledges
from xinlin.office.models.checks import Check
from xinlin.office.models.notices import Message
from xinlin.office.models.people import Look
from xinlin.office.models.pledges import Pledge
from xinlin.office.models.staff import Account
from xinlin.office.queries import pledges as pledge_queries
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, today

pytestmark = pytest.mark.django_db
ADDRESS = f"/checks/stream?item={BIDDING}&purpose=投标&officer={OFFICER}"
SYSTEM = Actor("system:test", "test", "system")


@pytest.fixture
def api(db: None) -> Api:
    return Api(scopes=("checks:ask", "checks:feedback", "batches:write"))


def _stream(api: Api, body: bytes, kind: str = "text/csv", key: str = "file-1") -> Any:
    headers = {"Authorization": f"Bearer {api.token}", "Idempotency-Key": key}
    return api.http.post(f"/api/v1{ADDRESS}", body, content_type=kind, headers=headers)


def test_a_file_that_is_longer_than_any_may_be_is_refused_before_an_answer(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "LARGEST_FILE", 40)
    answered = _stream(api, f"identifier,name\n{uscc(800_000)},外地\n".encode())
    assert (answered.status_code, answered.json()["code"]) == (422, "file_too_large")
    assert not Check.objects.exists()


def test_a_file_streams_in_and_an_answer_for_each_streams_out(api: Api) -> None:
    listed = make_subject("示例甲建设有限公司", person=False)
    make_entry(listed.subject)
    rows = [f"{listed.identifier},{listed.name}", *(f"{uscc(800_000 + n)},外地{n}" for n in range(1_499))]
    answered = _stream(api, ("\ufeffidentifier,name\n" + "\n".join(rows) + "\n").encode())
    content = b"".join(answered.streaming_content)
    lines = [json.loads(line) for line in content.splitlines()]
    assert [len(line["answers"]) for line in lines] == [1_000, 500]
    assert lines[0]["answers"][0]["verdict"] == "yes"
    assert {one["verdict"] for one in lines[1]["answers"]} == {"no"}
    again = _stream(api, ("identifier,name\n" + "\n".join(rows) + "\n").encode())
    assert b"".join(again.streaming_content) == content
    assert Check.objects.filter(channel="file").count() == 2


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"name,identifier\n", "text/csv"),
        (b"identifier,name\na,b,c\n", "text/csv"),
        (b"identifier,name\n\xff\xfe,x\n", "text/csv"),
        (b"identifier,name\n" + b"a" * 5_000 + b"\n", "text/csv"),
        (b"{", "application/x-ndjson"),
        (b'{"identifier": 5}\n', "application/x-ndjson"),
        (b'{"sex": "f"}\n', "application/x-ndjson"),
    ],
    ids=["header", "columns", "encoding", "length", "json", "number", "field"],
)
def test_a_broken_file_ends_with_a_line_that_says_where(api: Api, body: bytes, kind: str) -> None:
    (line,) = b"".join(_stream(api, body, kind).streaming_content).splitlines()
    said = json.loads(line)["problem"]
    assert said["code"] == "line_unreadable"
    assert "line" in said["where"]


def test_an_unclosed_quotation_mark_is_named_by_the_line_where_it_opens(api: Api) -> None:
    rows = [f"{uscc(810_000 + n)},单位{n}" for n in range(6)]
    rows[3] = f'{uscc(810_003)},"单位'
    *answered, line = b"".join(
        _stream(api, ("identifier,name\n" + "\n".join(rows) + "\n").encode()).streaming_content
    ).splitlines()
    said = json.loads(line)["problem"]
    assert (said["where"], said["what"]["en"]) == ("line 5", "line 5: a quotation mark is not closed")
    assert not answered, "nothing of that thousand is answered"


def test_a_file_is_taken_whole_before_the_first_answer(api: Api) -> None:
    rows = [f"{uscc(n)},示例{n}号有限公司" for n in range(3_000)]
    answered = _stream(api, ("identifier,name\n" + "\n".join(rows) + "\n").encode())
    lines = iter(answered.streaming_content)
    assert len(json.loads(next(lines))["answers"]) == 1_000
    assert not answered.wsgi_request.read(1), "who sends all before reading would wait for us, and we for them"
    assert len(list(lines)) == 2


def test_a_stream_of_another_type_is_refused(api: Api) -> None:
    is_problem(_stream(api, b"x", "application/xml"), 415, "not_a_table")


def test_hold_remedy_owed_and_entry_over_http(api: Api) -> None:
    listed = make_subject("示例甲建设有限公司", person=False)
    held = make_entry(listed.subject)
    question = {
        "item": BIDDING,
        "purpose": "投标",
        "officer": OFFICER,
        "applicants": [{"identifier": listed.identifier}],
    }
    told = api.post("/checks", question).json()["answers"][0]
    assert told["hold_lapses_at"]
    assert [one["number"] for one in api.get("/feedback/owed").json()] == [told["number"]]
    signed = api.post(f"/checks/{told['number']}/hold", {"officer": OFFICER, "reason": "需核对凭证"})
    assert signed.json()["hold"]["state"] == "signed"
    fix = {"entry": told["hits"][0]["entry"], "way": "upload", "words": "工资发放回单"}
    assert api.post(f"/checks/{told['number']}/remedies", fix).json()["number"].startswith("ZG")
    change = {"change": "exit", "happened_on": today().isoformat(), "reason": "义务已履行"}
    is_problem(api.post(f"/entries/{held.record.reference}/changes", change), 404)
    authority = Api("human_resources", ("batches:write",))
    assert authority.post(f"/entries/{held.record.reference}/changes", change).json() == {"state": "ended"}
    again = api.post("/checks", question, key="key-2").json()["answers"][0]
    assert again["verdict"] == "no"


def test_a_panel_is_a_form_without_scripts_that_only_named_sites_may_frame(api: Api, settings: Any) -> None:
    listed = make_subject("示例甲建设有限公司", person=False)
    make_entry(listed.subject)
    asked = {"item": BIDDING, "purpose": "投标资格审查", "officer": OFFICER}
    assert is_problem(api.post("/panels", asked), 422, "no_panel"), "no address that leads nowhere"
    settings.PANEL_HOSTS = ["https://hall.example.cn"]
    address = api.post("/panels", asked).json()["address"].split("testserver")[1]
    stranger = Client()
    shown = stranger.get(address)
    policy = shown.headers["Content-Security-Policy"]
    assert "frame-ancestors https://hall.example.cn" in policy
    assert "script-src 'none'" in policy
    assert "X-Frame-Options" not in shown.headers
    assert "no-store" in shown.headers["Cache-Control"]
    assert b"<script" not in shown.content
    english = stranger.get(address, headers={"Accept-Language": "en"}).content.decode()
    assert "Bidder qualification in construction projects" in english
    answered = stranger.post(address, {"identifier": listed.identifier, "name": listed.name, "key": "a"})
    page = answered.content.decode()
    assert "怎样马上结束" in page
    assert listed.identifier not in page
    assert Check.objects.get().channel == "panel"
    assert stranger.get(address[:-3] + "x/").status_code == 403
    is_problem(api.post("/panels", {**asked, "item": "food_business_licence"}), 403)
    settings.PANEL_HOSTS = []
    assert stranger.get(address).status_code == 404, "no site is named any more"


@pytest.fixture
def officer(db: None) -> Client:
    account = Account.objects.create(
        username="o", role="officer", display_name="陈思远", department="public_resource_trading"
    )
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_the_counter_asks_for_its_ground_and_prints(officer: Client) -> None:
    listed = make_subject("示例甲建设有限公司", person=False)
    make_entry(listed.subject)
    form = {"item": BIDDING, "identifier": listed.identifier, "name": listed.name, "key": "k", "by": "consent"}
    assert officer.post("/bench/checks/counter/", {**form, "ground": ""}).status_code == 422
    assert not Check.objects.exists()
    done = officer.post("/bench/checks/counter/", {**form, "ground": "同意书 2026-7"})
    assert done.status_code == 302
    page = officer.get(done.headers["Location"]).content.decode()
    assert "怎样马上结束" in page
    assert "推送" in page
    paper = officer.get(done.headers["Location"] + "result.pdf")
    assert paper.content.startswith(b"%PDF")
    assert "同意书 2026-7" in Look.objects.order_by("pk")[0].purpose


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("officer", "/bench/measures/"),
        ("officer", "/bench/supervision/?days=90"),
        ("officer", "/bench/items/?q=许可"),
        ("officer", "/bench/pledges/"),
        ("officer", "/bench/checks/counter/"),
        ("clerk", "/bench/remedies/"),
        ("reviewer", "/bench/remedies/"),
        ("auditor", "/bench/measures/"),
        ("operator", "/bench/supervision/"),
        ("auditor", "/bench/national-rows/"),
    ],
)
def test_every_page_opens_for_its_roles(role: str, path: str) -> None:
    account = Account.objects.create(username=role, role=role, display_name=role, department="public_resource_trading")
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/lists/", "/lists/changes/", "/lists/national/", "/lists/registers/", "/simplified/"]
)
@pytest.mark.parametrize("city", ["national", "baiyun", "qiqihar", "dongtou"])
def test_what_the_law_says_is_open_to_all(path: str, city: str, settings: Any, client: Client) -> None:
    settings.CITY = city
    page = client.get(path).content.decode()
    if (path, city) == ("/lists/registers/", "baiyun"):
        assert "登记措施 44 条" in page
        assert "部门 55 个" in page
    if (path, city) == ("/lists/registers/", "qiqihar"):
        assert "激励专题 8 个，惩戒专题 39 个" in page
        once = re.findall(r"限制参加政府采购活动<span[^>]*> · ([^<]+)</span>", page)
        assert len(set(once)) == 3, "what three lists lead to is told apart by its list"
    if (path, city) == ("/simplified/", "dongtou"):
        assert "25 个事项" in page


def test_thirty_one_departments_of_qiqihar_have_a_check_in_their_work(settings: Any) -> None:
    settings.CITY = "qiqihar"
    from xinlin.office.queries import checks as check_queries
    from xinlin.office.rulebook import current

    departments = {item.department for item in current().approval_items.values()}
    assert len(departments) == 31
    for one in departments:
        officer = Actor(f"account:{one}", "周审批", "officer", one)
        assert check_queries.items(actor=officer), f"the officer of {one} has nothing to ask at"


def _resident() -> Actor:
    listed = make_subject("林小满", person=True)
    return Actor("account:77", "林*满", "resident", subject_id=listed.subject.pk)


WATCHER = Actor("account:5", "周审批", "officer", "development_reform")


def _signed() -> tuple[Actor, str]:
    me = _resident()
    papers = {"template": "deferred_papers", "item": "investment_subsidy", "papers": ["复印件"]}
    number = pledges.sign(actor=me, **papers)
    assert pledges.sign(actor=me, **papers) == number, "once"
    return me, number


def test_a_promise_is_signed_reminded_of_and_kept() -> None:
    me, number = _signed()
    assert pledges.remind(actor=SYSTEM) == 0
    Pledge.objects.update(due_on=today() + timedelta(days=2))
    assert pledges.remind(actor=SYSTEM) == 1
    assert pledges.remind(actor=SYSTEM) == 0
    assert Message.objects.get().template == "pledge_reminder"
    assert pledges.result(actor=WATCHER, number=number, done_on=today(), outcome="", words="已补交") == "kept"
    (mine,) = pledge_queries.mine(actor=me)
    assert (mine.state, mine.papers) == ("kept", ["复印件"])
    applicants, government = pledge_queries.board(actor=WATCHER)
    assert (applicants.kept, applicants.kept_percent) == (1, "100 %")
    assert (government.kept, government.kept_percent) == (0, ""), "no rate of nothing"


def test_a_late_promise_is_late_and_only_a_due_one_can_be_broken() -> None:
    _, number = _signed()
    with pytest.raises(Refused):
        pledges.result(actor=WATCHER, number=number, done_on=None, outcome="broken", words="未交")
    with pytest.raises(Refused):
        pledges.result(actor=WATCHER, number=number, done_on=None, outcome="kept", words="已交")
    with pytest.raises(NotFound):
        pledges.result(
            actor=Actor("a:1", "别", "officer", "tax"), number=number, done_on=today(), outcome="", words="x"
        )
    Pledge.objects.update(due_on=today() - timedelta(days=1))
    for outcome in ("broken", "excused"):
        with pytest.raises(Refused):  # a day says that it was fulfilled, and so it cannot be both
            pledges.result(actor=WATCHER, number=number, done_on=today(), outcome=outcome, words="未交")
    assert pledges.result(actor=WATCHER, number=number, done_on=today(), outcome="", words="迟交") == "late"
    with pytest.raises(Refused):
        pledges.result(actor=WATCHER, number=number, done_on=None, outcome="excused", words="改")


def test_a_promise_is_voluntary_and_may_be_taken_back() -> None:
    me, number = _signed()
    with pytest.raises(NotFound):
        pledges.withdraw(actor=_resident(), number=number)
    pledges.withdraw(actor=me, number=number)
    assert Pledge.objects.get().state == "withdrawn"


def test_the_government_promises_on_the_same_board() -> None:
    pledges.promise(
        actor=WATCHER, template="government_promise", duty="三十日内开通专窗", due=today() + timedelta(days=30)
    )
    (shown,) = pledge_queries.watched(actor=WATCHER)
    assert shown.government
    with pytest.raises(NotAllowed):
        pledges.promise(actor=_resident(), template="government_promise", duty="x", due=today())


def test_a_machines_call_is_answered_without_session_or_cookie_and_pages_as_ever(api: Api) -> None:
    from django.core.signals import request_started
    from django.db import close_old_connections
    from django.test import RequestFactory

    from xinlin.wsgi import application

    def call(path: str, **headers: str) -> tuple[str, dict[str, str], bytes]:
        told: list[Any] = []
        request = RequestFactory().get(path, headers=headers)
        # the test's one connection outlives the request, as under Django's own test client
        request_started.disconnect(close_old_connections)
        try:
            content = b"".join(application(request.environ, lambda *said: told.append(said)))
        finally:
            request_started.connect(close_old_connections)
        return told[0][0], dict(told[0][1]), content

    status, headers, content = call("/api/v1/items", Authorization=f"Bearer {api.token}")
    assert status.startswith("200")
    assert json.loads(content)
    assert "Set-Cookie" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert call("/api/v1/items")[0].startswith("401")
    page = call("/lists/")
    assert page[0].startswith("200")
    assert "Content-Security-Policy" in page[1]


def test_a_file_is_read_whole_on_a_server_whose_readline_forgets(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """As granian's does: it reads as much as it may, and hands over the first line alone."""

    def forgetful(self: LimitedStream, size: int = -1, /) -> bytes:
        return self.read(size).partition(b"\n")[0] + b"\n"

    monkeypatch.setattr(LimitedStream, "readline", forgetful)
    listed = make_subject("示例甲建设有限公司", person=False)
    make_entry(listed.subject)
    lines = ["identifier,name\r\n", *[f"{listed.identifier},{listed.name}\n"] * 1_501]
    streamed = _stream(api, "".join(lines).encode(), key="forgetful")
    parts = [json.loads(line)["answers"] for line in b"".join(streamed.streaming_content).splitlines()]
    assert [len(part) for part in parts] == [1_000, 501]
    assert {one["verdict"] for part in parts for one in part} == {"yes"}
