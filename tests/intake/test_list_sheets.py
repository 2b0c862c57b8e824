"""A list that is sent whole over several sheets of a workbook: what is missing ends once all of its sheets are taken in."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from django.db import transaction
from django.test import Client

from xinlin.office.actions.waiting_files import confirm, receive_table
from xinlin.office.models.batches import AbsentEntry, Batch
from xinlin.office.models.log import Leaf
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries.situation import alerts
from xinlin.office.scopes import Refused

from .conftest import CLERK, Send, resident
from .test_api import Api

HEADER = ["证件号码", "名称", "文书号", "决定机关", "依据", "列入日期", "告知日期", "救济途径", "截止日期"]
JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)


def book(sheets: dict[str, list[int]], broken: int = 0) -> bytes:
    """A workbook; every sheet but the first has a column more than the one before, so that each is a table of its own."""
    held = io.BytesIO()
    workbook = xlsxwriter.Workbook(held)
    for more, (name, people) in enumerate(sheets.items()):
        sheet = workbook.add_worksheet(name)
        sheet.write_row(0, 0, [*HEADER, *(f"备注{n}" for n in range(more))])
        for at, n in enumerate(people, start=1):
            day = "2024-02-30" if n == broken else "2024-02-01"
            said = ["王小明", f"甲{n}", "法院", "第一条", day, "2024-02-01", "诉讼", "2030-01-01"]
            sheet.write_row(at, 0, [resident(n), *said])
    workbook.close()
    return held.getvalue()


def standing() -> set[int]:
    """Numbers of the entries in force."""
    active = Record.objects.filter(status="active").values_list("document", flat=True)
    return {int(document[1:]) for document in active}


ALL = set(range(1, 9))


@pytest.fixture
def join(django_capture_on_commit_callbacks: Any) -> Any:
    """Take another sheet into its list, as the button does."""

    def _join(whole: Batch, table: str) -> Batch:
        with django_capture_on_commit_callbacks(execute=True):
            receipt = receive_table(actor=CLERK, number=whole.number, table=table)
        return Batch.objects.get(number=receipt.number)

    return _join


@pytest.fixture
def june(send: Send, join: Any) -> Batch:
    """A list of two sheets, both taken in."""
    whole: Batch = send("listed", book({"城区": [1, 2, 3, 4, 5, 6], "郊区": [7, 8]}), "六月.xlsx", valid_on=JUNE)
    assert (join(whole, "郊区").state, standing()) == ("done", ALL)
    return whole


@pytest.mark.usefixtures("june")
def test_next_month_nothing_ends_before_the_other_sheet_is_taken(send: Send, join: Any) -> None:
    whole = send("listed", book({"城区": [1, 2, 3, 4, 5, 9], "郊区": [7]}), "七月.xlsx", valid_on=JULY)
    assert (whole.state, whole.entries_added, whole.entries_ended) == ("done", 1, 0)
    assert standing() == ALL | {9}, "the other sheet may have them"
    assert [(f["where"], f["count"]) for f in whole.findings if f["code"] == "list_waits"] == [("郊区", 3)]
    rest = join(whole, "郊区")
    assert (rest.state, rest.entries_ended, standing()) == ("done", 2, {1, 2, 3, 4, 5, 7, 9})
    assert set(Record.objects.filter(status="ended").values_list("ends_on", flat=True)) == {JULY}
    whole.refresh_from_db()
    assert whole.awaits == {} and not AbsentEntry.objects.exists()


@pytest.mark.usefixtures("june")
def test_an_entry_that_moved_to_the_other_sheet_stands_all_the_time(send: Send, join: Any) -> None:
    whole = send("listed", book({"城区": [1, 2, 3, 4, 5], "郊区": [6, 7, 8]}), valid_on=JULY)
    assert whole.state == "done"
    join(whole, "郊区")
    assert (Record.objects.count(), standing()) == (8, ALL)


@pytest.mark.usefixtures("june")
def test_sheets_under_names_of_the_month_are_waited_for_too(send: Send, join: Any) -> None:
    whole = send("listed", book({"城区7月": [1, 2, 3, 4, 5, 6], "郊区7月": [7, 8]}), valid_on=JULY)
    assert standing() == ALL
    join(whole, "郊区7月")
    whole.refresh_from_db()
    assert (Record.objects.count(), standing(), whole.awaits) == (8, ALL, {})


@pytest.mark.usefixtures("june")
def test_where_the_sheet_is_gone_a_person_says_that_the_list_is_whole(send: Send) -> None:
    whole = send("listed", book({"城区": [1, 2, 3, 4, 5, 6]}), valid_on=JULY)
    assert (whole.entries_ended, standing()) == (0, ALL)
    assert [f["where"] for f in whole.findings if f["code"] == "list_waits"] == ["郊区"]
    for _twice in range(2):
        confirm(actor=CLERK, number=whole.number)
        whole.refresh_from_db()
        assert (whole.entries_ended, whole.awaits, standing()) == (2, {}, {1, 2, 3, 4, 5, 6})
    assert Leaf.objects.filter(action="batches.confirm_list").count() == 1


@pytest.mark.usefixtures("june")
def test_a_sender_may_say_at_once_that_the_list_is_whole(send: Send) -> None:
    whole = send("listed", book({"城区": [1, 2, 3, 4, 5, 6]}), valid_on=JULY, confirm_short=True)
    assert (whole.entries_ended, whole.awaits) == (2, {})


@pytest.mark.usefixtures("june")
def test_a_sheet_that_was_forgotten_once_is_waited_for_the_next_time(send: Send, join: Any) -> None:
    july = send("listed", book({"城区": [1, 2, 3, 4, 5, 6], "郊区": [7, 8]}), valid_on=JULY)
    august = send("listed", book({"城区": [1, 2, 3, 4, 5], "郊区": [7, 8]}), valid_on=AUGUST)
    assert standing() == ALL
    july.refresh_from_db()
    assert july.awaits == {}, "a newer list has said since what stands"
    join(august, "郊区")
    assert standing() == ALL - {6}


def test_a_sheet_that_was_left_out_before_is_not_waited_for(send: Send) -> None:
    send("listed", book({"城区": [1, 2, 3], "说明": [9]}), valid_on=JUNE)
    july = send("listed", book({"城区": [1, 2], "说明": [9]}), valid_on=JULY)
    assert (july.entries_ended, july.awaits, standing()) == (1, {}, {1, 2})


@pytest.mark.usefixtures("june")
def test_half_a_list_over_three_sheets(send: Send, join: Any) -> None:
    whole = send("listed", book({"城区": [1], "郊区": [9], "新区": [10]}), valid_on=JULY)
    assert set(whole.awaits["tables"]) == {"郊区", "新区"}
    join(whole, "郊区")
    assert standing() == ALL | {9}
    last = join(whole, "新区")
    assert (last.state, last.findings[0]["code"]) == ("failed", "list_shrank"), "the whole of it keeps one of eight"
    assert standing() == ALL | {9}


@pytest.mark.usefixtures("june")
def test_a_refused_row_of_the_other_sheet_may_be_an_entry_that_seems_missing(send: Send, join: Any) -> None:
    changed = book({"城区": [1, 2, 3, 4, 5], "郊区": [7, 8]}, broken=8)
    rest = join(send("listed", changed, valid_on=JULY), "郊区")
    assert (rest.rows_refused, rest.entries_ended, standing()) == (1, 1, ALL - {6})


@pytest.mark.usefixtures("june")
def test_a_row_corrected_meanwhile_is_missing_no_longer(send: Send, join: Any) -> None:
    whole = send("listed", book({"城区": [1, 2, 3, 4, 5], "郊区": [7, 8]}), valid_on=JULY)
    single = book({"单": [6]})
    assert send("listed", single, valid_on=JULY, delivery="additions").state == "done"
    assert (join(whole, "郊区").entries_ended, standing()) == (0, ALL)


@pytest.mark.usefixtures("june")
def test_a_system_names_the_other_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "on_commit", lambda call, **_: call())
    api = Api()
    file = book({"城区": [1, 2, 3, 4, 5], "郊区": [7]})
    whole = api.post("/batches?kind=listed&valid_on=2026-07-01", file).json()["number"]
    assert api.get(f"/batches/{whole}").json()["awaits"] == ["郊区"]
    rest = api.post("/batches?kind=listed&valid_on=2026-07-01&delivery=additions&table=郊区", file)
    assert rest.status_code == 201, rest.content
    assert api.get(f"/batches/{whole}").json()["awaits"] == []
    assert standing() == {1, 2, 3, 4, 5, 7}


def test_a_list_that_waits_for_nothing_is_not_confirmed(june: Batch) -> None:
    with pytest.raises(Refused) as refused:
        confirm(actor=CLERK, number=june.number)
    assert refused.value.problem.code == "wrong_state"


@pytest.mark.usefixtures("june")
def test_a_trial_tells_it_and_waits_for_nothing(send: Send) -> None:
    tried = send("listed", book({"城区": [1, 2, 3, 4, 5], "郊区": [7, 8]}), valid_on=JULY, trial=True)
    assert (tried.state, tried.entries_ended, tried.awaits) == ("tried", 0, {})
    assert [(f["where"], f["count"]) for f in tried.findings if f["code"] == "list_waits"] == [("郊区", 3)]
    assert not AbsentEntry.objects.exists()


@pytest.mark.usefixtures("june")
def test_on_the_page(send: Send, client: Client, django_capture_on_commit_callbacks: Any) -> None:
    account = Account.objects.create(username="clerk", role="clerk", display_name="报送员", department="office")
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    whole = send("listed", book({"城区": [1, 2, 3, 4, 5], "郊区": [7]}), valid_on=JULY)
    address = f"/bench/intake/{whole.number}/"
    page = client.get(address).content.decode()
    assert "名单还没有齐" in page and "3 条" in page and 'value="郊区"' in page
    assert "名单还没有齐" in client.get("/bench/intake/").content.decode(), "told in the list of deliveries too"
    assert alerts(actor=CLERK).batches_waiting == 1
    assert client.post(f"{address}confirm/").status_code == 302
    assert alerts(actor=CLERK).batches_waiting == 0
    page = client.get(address).content.decode()
    assert "名单还没有齐" not in page and "结束 3 条" in page
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{address}table/", {"table": "郊区"})
    assert standing() == {1, 2, 3, 4, 5, 7}
