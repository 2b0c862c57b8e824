"""A clerk enters, suspends, resumes and takes off by hand what a system does by API."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from tests.checks.test_api import Api
from tests.checks.test_end_to_end import FIRMS, PERSON, deliver, full_list, verdicts
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.people import Look
from xinlin.office.models.staff import Account
from xinlin.office.scopes import today

pytestmark = pytest.mark.django_db(transaction=True)
FORM = "/bench/intake/record/?kind=wage_arrears"


def _clerk(department: str = "human_resources") -> Client:
    account = Account.objects.create(username=department, role="clerk", display_name="林录入", department=department)
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def _typed(document: str = "洞人社列决〔2026〕777号") -> dict[str, str]:
    return {
        "kind": "wage_arrears",
        "identifier": PERSON[0],
        "name": PERSON[1],
        "document": document,
        "authority": "洞头区人力资源和社会保障局",
        "article": "拖欠农民工工资失信联合惩戒对象名单管理暂行办法 第五条",
        "entered_on": (today() - timedelta(days=3)).isoformat(),
        "notice_on": (today() - timedelta(days=9)).isoformat(),
        "remedy": "六十日内可申请行政复议",
        "ends_on": (today() + timedelta(days=700)).isoformat(),
    }


def _send(client: Client, typed: dict[str, str]) -> str:
    key = re.search(r'name="key" value="([0-9a-f]+)"', client.get(FORM).content.decode())
    assert key
    return client.post(FORM, {**typed, "key": key[1]}, follow=True).content.decode()


def _change(client: Client, change: str) -> str:
    page = client.post("/bench/entries/", {"identifier": PERSON[0]}).content.decode()
    found = re.search(r'href="(/bench/records/[0-9a-f]+/)"', page)
    assert found
    said = {"change": change, "happened_on": today().isoformat(), "reason": "复核中"}
    return client.post(f"{found[1]}entry/", said, follow=True).content.decode()


def test_an_entry_is_typed_suspended_resumed_taken_off_and_comes_back_with_a_new_decision() -> None:
    clerk, asker = _clerk(), Api()
    deliver(Api("human_resources", ("batches:write", "batches:read")), full_list(FIRMS), today() - timedelta(days=1))
    assert "已接收" in _send(clerk, _typed())
    assert verdicts(asker, "entered") == ["yes"] * 4
    assert "暂停：复核中" in _change(clerk, "suspend")
    assert verdicts(asker, "suspended")[3] == "no"
    _change(clerk, "resume")
    assert verdicts(asker, "resumed")[3] == "yes"
    assert "移出名单：复核中" in _change(clerk, "exit")
    assert verdicts(asker, "off")[3] == "no"
    assert "重新列入须另有决定" in _send(clerk, _typed())
    assert verdicts(asker, "held")[3] == "no"
    assert "已接收" in _send(clerk, _typed("洞人社列决〔2026〕778号"))
    assert verdicts(asker, "again")[3] == "yes"
    assert Look.objects.filter(subject=ListEntry.objects.latest("pk").subject, purpose="变更名单条目").exists()


def test_one_form_sends_once_however_often_it_is_pressed() -> None:
    clerk = _clerk()
    typed = {**_typed(), "key": "a" * 32}
    for _ in range(2):
        clerk.post(FORM, typed)
    assert ListEntry.objects.count() == 1


def test_another_department_finds_nothing_and_changes_nothing() -> None:
    clerk, other = _clerk(), _clerk("housing")
    _send(clerk, _typed())
    assert "没有这个主体的条目" in other.post("/bench/entries/", {"identifier": PERSON[0]}).content.decode()
    reference = ListEntry.objects.get().record.reference
    said = {"change": "exit", "happened_on": today().isoformat(), "reason": "试试"}
    assert other.post(f"/bench/records/{reference}/entry/", said).status_code == 404
    assert ListEntry.objects.get().removed_at is None


def test_a_change_without_day_or_reason_is_refused_in_words() -> None:
    clerk = _clerk()
    _send(clerk, _typed())
    reference = ListEntry.objects.get().record.reference
    answer = clerk.post(f"/bench/records/{reference}/entry/", {"change": "exit", "happened_on": "x"}, follow=True)
    assert "写明理由" in answer.content.decode()
    assert ListEntry.objects.get().removed_at is None
