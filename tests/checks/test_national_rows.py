"""The rows of the national basic list: unconfirmed until a person compared the wording, and again after it changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from xinlin.office import rulebook as books
from xinlin.office.models.measures import WordingCheck
from xinlin.office.models.staff import Account

pytestmark = pytest.mark.django_db
SOURCE = "全国失信惩戒措施基础清单（2024年版）第3项"


def _client(role: str) -> Client:
    account = Account.objects.create(username=f"row-{role}", role=role, display_name=f"某{role}", department="")
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def _wording(client: Client, row: str) -> str:
    page = client.get("/bench/national-rows/").content.decode()
    found = re.search(rf'value="{row}"><input type="hidden" name="wording" value="([0-9a-f]{{64}})"', page)
    assert found
    return found[1]


def _say(client: Client, **said: str) -> str:
    answer = client.post("/bench/national-rows/", {"row": "office", "compared_with": SOURCE, **said}, follow=True)
    return answer.content.decode()


def test_a_reviewer_confirms_a_wording_and_everybody_sees_it() -> None:
    reviewer, anybody = _client("reviewer"), Client()
    assert "措辞经人工核对的 0 项" in anybody.get("/lists/national/").content.decode()
    _say(reviewer, wording=_wording(reviewer, "office"), outcome="same")
    page = anybody.get("/lists/national/").content.decode()
    assert "措辞经人工核对的 1 项" in page
    assert SOURCE in page
    _say(reviewer, wording=_wording(reviewer, "office"), outcome="same")
    assert WordingCheck.objects.count() == 1, "the same finding again changes nothing"


def test_a_difference_needs_the_official_words_and_stands_in_public() -> None:
    reviewer = _client("reviewer")
    assert "须写明官方文本的措辞" in _say(reviewer, wording=_wording(reviewer, "office"), outcome="differs")
    _say(reviewer, wording=_wording(reviewer, "office"), outcome="differs", words="依法限制任职")
    page = Client().get("/lists/national/").content.decode()
    assert "与官方文本不一致" in page
    assert "依法限制任职" in page


def test_a_changed_wording_is_unconfirmed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    reviewer = _client("reviewer")
    old = _wording(reviewer, "office")
    _say(reviewer, wording=old, outcome="same")
    book = books.current()
    row = book.national_measures["office"]
    changed = row.model_copy(update={"name": row.name.model_copy(update={"zh": "限制担任职务"})})
    rows: dict[str, Any] = {**book.national_measures, "office": changed}
    monkeypatch.setattr(
        "xinlin.office.queries.national_rows.current", lambda: book.model_copy(update={"national_measures": rows})
    )
    assert "措辞经人工核对的 0 项" in Client().get("/lists/national/").content.decode()
    monkeypatch.setattr(
        "xinlin.office.actions.national_rows.current", lambda: book.model_copy(update={"national_measures": rows})
    )
    assert "措辞在您打开页面之后改了" in _say(reviewer, wording=old, outcome="same")


def test_an_auditor_reads_and_changes_nothing() -> None:
    auditor, reviewer = _client("auditor"), _client("reviewer")
    wording = _wording(reviewer, "office")
    assert "一致，确认" not in auditor.get("/bench/national-rows/").content.decode()
    answer = auditor.post("/bench/national-rows/", {"row": "office", "wording": wording, "outcome": "same"})
    assert answer.status_code == 403
    assert not WordingCheck.objects.exists()


def test_the_page_of_items_still_names_the_city() -> None:
    page = _client("reviewer").get("/bench/items/?q=开办").content.decode()
    words = books.current().words
    assert words is None or words.product.zh in page
    assert 'value="开办"' in page
    assert '<span class="seal" aria-hidden="true"></span>' not in page
