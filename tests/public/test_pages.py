"""The public pages: what stands on them, what does not, what they cost, and how they end."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from xinlin.office.actions import bulletins, takedowns
from xinlin.office.amendments import amend
from xinlin.office.jobs.publicity import ACTOR, publish
from xinlin.office.jobs.publicity_figures import count, count_when_due
from xinlin.office.models.bulletins import Bulletin, Takedown
from xinlin.office.models.people import Relation
from xinlin.office.models.publicity import Publication
from xinlin.office.queries import publicity
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

from ..checks.conftest import Listed, make_subject
from .conftest import days_ago, make_record

pytestmark = pytest.mark.django_db
Firm = Callable[..., Listed]
CLERK = Actor(handle="account:7", name="沈经办", role="clerk", department="market_regulation")
REVIEWER = Actor(handle="account:8", name="陆审核", role="reviewer", department="credit_centre")
WHY = "涉及食品安全，消费者需要及时知道；已考虑只做行业提示，不足以避免损害。"


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:300]
    return answer.content.decode()


def case_of(reference: str, **changes: Any) -> str:
    given: dict[str, Any] = {
        "actor": CLERK,
        "reference": reference,
        "title": "示例食品有限公司销售过期食品案",
        "text": "该公司销售超过保质期的食品，被处罚款。",
        "purpose": "warning",
        "source": "penalty_law",
        "article": "第四十八条",
        "proportion": WHY,
        "until": today() + timedelta(days=30),
        **changes,
    }
    return bulletins.publish_case(**given)


def test_from_the_home_to_a_record_in_two_taps(client: Client, firm: Firm) -> None:
    one = firm()
    record = make_record(one.subject)
    publish()
    count()
    home = page(client, "/publicity/")
    for service in ("信用公示", "信用查询", "信用异议"):
        assert service in home
    found = page(client, "/publicity/search/?q=示例食品")
    assert f"/publicity/organisations/{one.identifier}/" in found
    body = page(client, f"/publicity/organisations/{one.identifier}/")
    assert f"/publicity/records/{record.reference}/" in body
    shown = page(client, f"/publicity/records/{record.reference}/")
    for part in (
        record.document,
        record.authority,
        record.article,
        "起不再公示",
        "晚于七个工作日",
        "¥5,000.00",
        "罚款",
    ):
        assert part in shown
    assert "万元" not in shown, "the unit of a delivery does not stand beside an amount in yuan"
    assert "/publicity/" in page(client, "/")


def test_an_exact_code_leads_straight_there(client: Client, firm: Firm) -> None:
    one = firm()
    publish()
    assert (
        client.get("/publicity/search/", {"q": one.identifier.lower()})
        .headers["Location"]
        .endswith(f"{one.identifier}/")
    )


def test_search_engines_are_told_when_a_record_ends_and_that_it_is_gone(client: Client, firm: Firm) -> None:
    record = make_record(firm().subject)
    publish()
    address = f"/publicity/records/{record.reference}/"
    live = client.get(address)
    assert f"unavailable_after: {publicity.one(record.reference).ends_on}" in live["X-Robots-Tag"]
    with transaction.atomic():
        amend(actor=ACTOR, records=[record.pk], change={"status": "repaired"}, reason="t", happened_on=today())
    gone = client.get(address)
    assert gone.status_code == 410 and gone["X-Robots-Tag"] == "noindex"
    assert record.document not in gone.content.decode()
    page(client, "/publicity/records/nothing/", 404)


def test_what_a_page_costs(client: Client, firm: Firm, django_assert_max_num_queries: Any) -> None:
    one = firm()
    references = [make_record(one.subject).reference for _ in range(25)]
    publish()
    count()
    case_of(references[0])
    for address, most in (
        ("/publicity/", 3),
        ("/publicity/search/?q=示例食品", 2),
        (f"/publicity/organisations/{one.identifier}/", 3),
        (f"/publicity/records/{references[0]}/", 4),
        ("/publicity/sections/penalties/", 2),
        ("/publicity/sections/penalties/?department=market_regulation", 2),
        ("/publicity/offices/", 1),
        ("/publicity/pledges/", 3),
        ("/publicity/cases/", 2),
        ("/publicity/data/", 2),
        ("/publicity/data/changes?after=0", 3),
    ):
        client.get(address)
        with django_assert_max_num_queries(most):
            assert client.get(address).status_code == 200, address


def test_no_person_stands_in_any_public_answer(client: Client, firm: Firm) -> None:
    person = make_subject("司徒植入", person=True)
    one = firm("示例渔具有限公司")
    of_person = make_record(person.subject)
    record = make_record(one.subject, fields={"facts": "法定代表人司徒植入未公示年报，电话13900002222"})
    Relation.objects.create(organisation=one.subject, person=person.subject, from_on=days_ago(99), record=record)
    publish()
    count()
    addresses = [
        "/publicity/", "/publicity/search/?q=司徒植入", f"/publicity/search/?q={person.identifier}",
        f"/publicity/organisations/{one.identifier}/", f"/publicity/records/{record.reference}/",
        "/publicity/sections/penalties/", "/publicity/offices/", "/publicity/data/penalties.csv",
        "/publicity/data/penalties.jsonl", "/publicity/data/changes?after=0", "/publicity/cases/", "/publicity/data/",
    ]  # fmt: skip
    for address in addresses:
        answer = client.get(address)
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]  # Django's
        said = text.decode().replace('value="司徒植入"', "").replace(f'value="{person.identifier}"', "")
        for planted in ("司徒植入", person.identifier, "13900002222", of_person.reference):
            assert planted not in said, f"{planted} stands at {address}"
    page(client, f"/publicity/organisations/{person.identifier}/", 404)
    page(client, f"/publicity/records/{of_person.reference}/", 404)


def test_downloads_open_in_a_spreadsheet_without_running_anything(client: Client, firm: Firm) -> None:
    one = firm("=cmd|'/c calc'!A1有限公司")
    for start in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"):
        make_record(one.subject, fields={"act": start}, document=start)
    publish()
    answer = client.get("/publicity/data/penalties.csv")
    raw = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]  # Django's
    assert raw.startswith("\ufeff公示编号,")
    rows = list(csv.reader(io.StringIO(raw[1:])))
    assert len(rows) == 7
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "＝"))]
    lines = b"".join(client.get("/publicity/data/penalties.jsonl").streaming_content).decode()  # type: ignore[attr-defined]  # Django's
    assert json.loads(lines.splitlines()[0])["name"] == one.name, "JSON gives it as it is"


def test_a_download_goes_on_where_the_file_before_ended(
    client: Client, firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinlin.faces.public import open_data

    monkeypatch.setattr(open_data, "AT_ONCE", 10)
    monkeypatch.setattr(open_data, "PART", 4)
    one = firm()
    wanted = {make_record(one.subject).reference for _ in range(23)}
    publish()
    address, seen, files = "/publicity/data/penalties.jsonl", list[str](), 0
    while address:
        answer = client.get(address)
        lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]  # Django's
        seen += [json.loads(line)["reference"] for line in lines]
        link = answer.headers.get("Link", "")
        address = link[1:].split(">")[0].removeprefix("http://testserver") if link else ""
        files += 1
    assert files == 3 and len(seen) == 23 and set(seen) == wanted


def test_figures_hide_cells_under_ten(client: Client, firm: Firm) -> None:
    one = firm()
    for number in range(14):
        make_record(one.subject, occurred_on=days_ago(1 if number < 11 else 40))
    publish()
    Publication.objects.filter(record__occurred_on=days_ago(40)).update(published_at=now() - timedelta(days=39))
    assert count_when_due() and not count_when_due()
    text = page(client, "/publicity/offices/")
    assert (
        "&lt;10" in text
        and '<td class="num">3</td>' not in text
        and '<td class="num">11</td>' not in text.split("按决定月份")[0]
    )


def test_promises_of_firms_and_of_the_government_are_shown_and_of_persons_never(client: Client, firm: Firm) -> None:
    from xinlin.office.models.pledges import Pledge
    from xinlin.office.scopes import now

    one, person = firm("示例承诺有限公司"), make_subject("欧阳承诺", person=True)
    publish()
    given = {"template": "x", "department": "tax", "signed_at": now(), "due_on": today()}
    Pledge.objects.create(number="1", subject=one.subject, duty="三日内补交材料，联系人王小明", **given)
    Pledge.objects.create(number="2", subject=person.subject, duty="个人的承诺内容", **given)
    Pledge.objects.create(number="3", promisor="tax", duty="六十日内清偿欠款", **given)
    text = page(client, "/publicity/pledges/")
    assert "示例承诺有限公司" in text and "六十日内清偿欠款" in text
    assert "欧阳承诺" not in text and "个人的承诺内容" not in text and "王小明" not in text


# --- the case bulletin -----------------------------------------------------------------------------------------------


def test_a_case_is_shown_with_duty_and_proportion_and_ends_by_itself(
    client: Client, firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = make_record(firm().subject)
    publish()
    number = case_of(record.reference)
    text = page(client, f"/publicity/cases/{number}/")
    assert "第四十八条" in text and WHY in text
    home = page(client, "/publicity/")
    assert "暂停滚动" in home and "ticker-stop" in home
    from xinlin.office.queries import bulletins as queries

    monkeypatch.setattr(queries, "today", lambda: today() + timedelta(days=30))
    page(client, f"/publicity/cases/{number}/", 410)
    monkeypatch.undo()
    with transaction.atomic():
        amend(actor=ACTOR, records=[record.pk], change={"status": "withdrawn"}, reason="t", happened_on=today())
    page(client, f"/publicity/cases/{number}/", 410)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"purpose": "deter"}, "purpose_not_accepted"),
        ({"proportion": "要让他们感到痛"}, "no_proportion"),
        ({"source": ""}, "no_duty"),
        ({"text": "法定代表人王小明被处罚"}, "person_named"),
        ({"reference": "nothing"}, "record_not_public"),
        ({"purpose": "lesson"}, "lesson_names_nobody"),
        ({"until": today() + timedelta(days=200)}, "term"),
        ({"until": today()}, "term"),
    ],
)
def test_a_case_is_not_published_without_its_reasons(firm: Firm, change: dict[str, Any], code: str) -> None:
    record = make_record(firm().subject)
    publish()
    with pytest.raises(Refused) as refused:
        case_of(**{"reference": record.reference, **change})
    assert refused.value.problem.code == code
    assert not Bulletin.objects.exists()


def test_only_the_own_departments_undisputed_records_make_a_case(firm: Firm) -> None:
    record = make_record(firm().subject, status="disputed")
    other = make_record(firm().subject, department="tax")
    publish()
    with pytest.raises(Refused):
        case_of(record.reference)
    with pytest.raises(NotAllowed):
        case_of(other.reference)
    with pytest.raises(NotAllowed):
        case_of(other.reference, actor=Actor(handle="x", name="x", role="officer", department="tax"))


def test_who_represents_the_firm_replies_and_nobody_else(client: Client, firm: Firm) -> None:
    one, leader, other = firm(), make_subject("何负责", person=True), make_subject("路人甲", person=True)
    record = make_record(one.subject)
    Relation.objects.create(organisation=one.subject, person=leader.subject, from_on=days_ago(99), record=record)
    publish()
    number = case_of(record.reference)

    def resident(listed: Listed) -> Actor:
        return Actor(handle="account:1", name="x", role="resident", subject_id=listed.subject.pk)

    with pytest.raises(NotAllowed):
        bulletins.reply(actor=resident(other), number=number, text="与我无关")
    with pytest.raises(Refused):
        bulletins.reply(actor=resident(leader), number=number, text="联系人张小明13800001111")
    bulletins.reply(actor=resident(leader), number=number, text="已全部召回并整改，欢迎监督。")
    assert "已全部召回并整改" in page(client, f"/publicity/cases/{number}/")
    bulletins.take_down_case(actor=CLERK, number=number, reasons="已整改")
    page(client, f"/publicity/cases/{number}/", 410)
    with pytest.raises(NotFound):
        bulletins.reply(actor=resident(leader), number=number, text="再说一句")


# --- requests to take something down ---------------------------------------------------------------------------------


def test_what_is_said_to_be_personal_is_hidden_while_it_is_looked_into(client: Client, firm: Firm) -> None:
    record = make_record(firm().subject, fields={"facts": "文字里有不该写的内容"})
    publish()
    cursor = publicity.newest_cursor()
    address = f"/publicity/records/{record.reference}/"
    asked = client.post(
        "/publicity/takedown/",
        {"about": record.reference, "reason": "personal", "words": "事实一栏写了我的名字", "contact": "me@example.cn"},
    )
    number = asked.headers["Location"].split("/")[-2]
    state = page(client, f"/publicity/takedown/{number}/")
    assert "正在核实" in state and "我的名字" not in state
    text = page(client, address)
    assert "不该写的内容" not in text and "文字已暂时隐藏" in text and record.document in text
    (word,) = publicity.changes(cursor)
    assert word.reason == "hidden" and word.record is not None and word.record.fields[0][1] != "文字里有不该写的内容"
    assert b"\xe4\xb8\x8d\xe8\xaf\xa5" not in b"".join(client.get("/publicity/data/penalties.csv").streaming_content)  # type: ignore[attr-defined]  # Django's
    takedowns.decide(actor=REVIEWER, number=number, outcome="kept", answer="经核实不含个人信息，恢复显示。")
    assert "不该写的内容" in page(client, address)
    assert "恢复显示" in page(client, f"/publicity/takedown/{number}/")
    again = takedowns.ask(actor=takedowns.ANYBODY, about=record.reference, reason="personal", words="还是要求隐藏它")
    assert not Takedown.objects.get(number=again).hides, "what a person has decided is not undone by asking again"
    takedowns.decide(actor=REVIEWER, number=again, outcome="taken_down", answer="重新核实后撤下文字。")
    assert "不该写的内容" not in page(client, address)


def test_a_request_needs_a_thing_a_reason_and_words(client: Client, firm: Firm) -> None:
    record = make_record(firm().subject)
    publish()
    for given in (
        {},
        {"about": "x", "reason": "over", "words": "已经到期了吧"},
        {"about": record.reference, "words": "短"},
    ):
        assert client.post("/publicity/takedown/", given).status_code == 422
    for _ in range(3):
        takedowns.ask(actor=takedowns.ANYBODY, about=record.reference, reason="over", words="已经履行完毕")
    with pytest.raises(Refused, match="already"):
        takedowns.ask(actor=takedowns.ANYBODY, about=record.reference, reason="over", words="已经履行完毕")
    row = Takedown.objects.first()
    assert row is not None and "已经履行" not in row.words_sealed and row.due_on > today()
    with pytest.raises(NotAllowed):
        takedowns.decide(actor=CLERK, number=row.number, outcome="kept", answer="维持公示不变")
    takedowns.decide(actor=REVIEWER, number=row.number, outcome="kept", answer="维持公示不变")
    takedowns.decide(actor=REVIEWER, number=row.number, outcome="kept", answer="维持公示不变")
    with pytest.raises(Refused):
        takedowns.decide(actor=REVIEWER, number=row.number, outcome="taken_down", answer="改主意了撤下")
