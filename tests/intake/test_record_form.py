"""A clerk types one record, and says how a file that was read wrongly is to be read."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from xinlin.core.values import Text

from .conftest import Send, resident, spec, table

pytestmark = pytest.mark.django_db
RIGHT = {
    "kind": "deeds",
    "resident_id": resident(1),
    "name": "王小明",
    "occurred_on": "2024-05-01",
    "hours": "3",
    "sort": "park",
}


@pytest.fixture
def clerk(db: None, monkeypatch: pytest.MonkeyPatch) -> Client:
    from django.db import transaction

    from xinlin.office.models.staff import Account

    monkeypatch.setattr(transaction, "on_commit", lambda call, **_: call())
    account = Account.objects.create(username="clerk", role="clerk", display_name="报送员", department="office")
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def post(clerk: Client, **typed: str) -> Any:
    return clerk.post("/bench/intake/record/", {**RIGHT, **typed}, follow=True)


def test_one_record_is_kept_and_told(clerk: Client) -> None:
    from xinlin.office.models.batches import Batch
    from xinlin.office.models.records import Record

    answer = post(clerk)
    assert answer.redirect_chain == [("/bench/intake/record/?kind=deeds", 302)]
    batch = Batch.objects.get()
    assert batch.number in answer.content.decode()
    assert (batch.rows_accepted, batch.rows_refused) == (1, 0)
    assert Record.objects.get().fields == {"hours": 3, "sort": "park"}
    assert "以前报过" in post(clerk).content.decode()
    assert Record.objects.count() == 1


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept(clerk: Client) -> None:
    from xinlin.office.models.batches import Batch

    answer = post(clerk, resident_id=resident(1)[:-1] + "?", hours="30", name="")
    page = answer.content.decode()
    assert answer.status_code == 422
    for code in ("resident_id", "hours", "name"):
        assert f'id="{code}-problem"' in page
    assert 'value="2024-05-01"' in page, "what was typed stays"
    assert not Batch.objects.exists()


def test_a_clerk_types_what_the_own_office_sends_an_entry_of_its_list_too(clerk: Client) -> None:
    page = clerk.get("/bench/intake/record/").content.decode()
    assert "kind=deeds" in page
    assert "kind=listed" in page
    assert "kind=penalties" not in page, "another department's"
    assert clerk.get("/bench/intake/record/?kind=listed").content.decode().count("<form") > page.count("<form")


def test_a_name_that_differs_waits_with_the_refused_rows(clerk: Client) -> None:
    post(clerk)
    answer = post(clerk, name="李华")
    assert answer.redirect_chain[-1][0].endswith("/refused/")


def test_a_file_that_was_read_wrongly_is_read_as_the_clerk_says(clerk: Client, send: Send) -> None:
    from xinlin.office.models.batches import Batch

    lines = ["报表", "身份,名字,日子", "公民身份号码,姓名,发生日期", f"{resident(1)},王小明,2024-05-01"]
    content = table(*lines).decode().replace("公民身份号码,姓名,发生日期", "甲,乙,丙").encode()
    batch = send("deeds", content)
    assert batch.state == "needs_mapping"
    page = clerk.get(f"/bench/intake/{batch.number}/").content.decode()
    assert 'name="header_row"' in page and 'name="encoding"' in page
    wrong = clerk.post(f"/bench/intake/{batch.number}/reading/", {"header_row": "x"})
    assert wrong.status_code == 422
    clerk.post(f"/bench/intake/{batch.number}/reading/", {"header_row": "3"})
    assert Batch.objects.get(pk=batch.pk).layout["headers"] == ["甲", "乙", "丙"]


def test_the_unit_in_a_label_of_money_is_that_of_the_delivery_and_not_of_what_is_shown() -> None:
    """A fine of ¥500.00 under 罚款金额（万元） reads as five million."""
    assert spec("fine", "罚款金额（万元）", "money").heading.zh == "罚款金额"
    assert spec("note", "情况说明（金额以元计）").heading.zh == "情况说明（金额以元计）"


def test_no_amount_stands_under_the_unit_in_which_it_came(clerk: Client, catalogue: Any, send: Send) -> None:
    kinds = catalogue.kinds["deeds"]
    fields = [
        one.model_copy(update={"label": Text(zh="金额（万元）", en="Amount"), "unit": "万元"})
        if one.code == "amount"
        else one
        for one in kinds.fields
    ]
    catalogue.kinds["deeds"] = kinds.model_copy(update={"fields": fields})
    try:
        batch = send("deeds", table("公民身份号码,姓名,发生日期,金额(万元)", f"{resident(1)},王小明,2024-05-01,0.05"))
        page = clerk.get(f"/bench/records/{batch.records.get().reference}/").content.decode()
    finally:
        catalogue.kinds["deeds"] = kinds
    assert "¥500.00" in page
    assert "万元" not in page
