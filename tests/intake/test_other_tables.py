"""A workbook with a second sheet: the clerk sends it too, from the page of the first, as a delivery of its own."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter
from django.test import Client

from xinlin.office.actions.waiting_files import receive_table
from xinlin.office.models.batches import Batch
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.scopes import Actor, NotFound, Refused

from .conftest import CLERK, Send, resident

HEADERS = ["公民身份号码", "姓名", "发生日期"], ["姓名", "发生日期", "身份证号"]
"""Of other columns: sheets of the same columns are read as one."""


@pytest.fixture
def first(send: Send) -> Batch:
    """A workbook of two sheets, of which the first came in."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held)
    for name, header, people in (("一季度", HEADERS[0], (1, 2, 3)), ("二季度", HEADERS[1], (4, 5))):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, header)
        for at, number in enumerate(people, start=1):
            said = {"姓名": "王小明", "发生日期": "2024-02-01"}
            sheet.write_row(at, 0, [said.get(column, resident(number)) for column in header])
    book.close()
    batch = send("deeds", held.getvalue(), "季度.xlsx")
    assert (batch.state, batch.rows_accepted) == ("done", 3)
    return batch


def test_the_other_sheet_comes_in_by_a_button(
    first: Batch, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    account = Account.objects.create(username="clerk", role="clerk", display_name="报送员", department="office")
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(f"/bench/intake/{first.number}/").content.decode()
    assert 'value="二季度"' in page and 'value="一季度"' not in page
    for _twice in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(f"/bench/intake/{first.number}/table/", {"table": "二季度"})
    second = Batch.objects.exclude(pk=first.pk).get()
    assert answer.headers["Location"] == f"/bench/intake/{second.number}/"
    assert (second.layout["sheet"], second.rows_accepted, second.sha256) == ("二季度", 2, first.sha256)
    assert Record.objects.count() == 5


def test_only_a_table_of_the_own_file(first: Batch) -> None:
    with pytest.raises(Refused) as refused:
        receive_table(actor=CLERK, number=first.number, table="三季度")
    assert refused.value.problem.code == "table_unknown"
    other = Actor(handle="account:9", name="别人", role="clerk", department="other_office")
    with pytest.raises(NotFound):
        receive_table(actor=other, number=first.number, table="二季度")


def test_the_other_sheet_of_a_whole_list_is_the_rest_of_it(
    send: Send, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    header = ["证件号码", "名称", "文书号", "决定机关", "依据", "列入日期", "告知日期", "救济途径", "截止日期"]
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held)
    for name, columns, people in (
        ("城区", header, (1, 2)),
        ("县城", header[::-1], (4,)),
        ("郊区", [*header, "备注"], (3,)),
    ):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, columns)
        for at, number in enumerate(people, start=1):
            said = [
                resident(number),
                "王小明",
                f"甲{number}",
                "法院",
                "第一条",
                "2024-02-01",
                "2024-02-01",
                "诉讼",
                "2030-01-01",
            ]
            told = dict(zip(header, said, strict=True)) | {"备注": ""}
            sheet.write_row(at, 0, [told[column] for column in columns])
    book.close()
    whole = send("listed", held.getvalue(), "名单.xlsx")
    assert (whole.state, whole.rows_accepted, whole.delivery) == ("done", 3, "full_list"), (
        "the same columns in another order"
    )
    account = Account.objects.create(username="clerk", role="clerk", display_name="报送员", department="office")
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "把这张表并入名单" in client.get(f"/bench/intake/{whole.number}/").content.decode()
    for _twice in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            client.post(f"/bench/intake/{whole.number}/table/", {"table": "郊区"})
    rest = Batch.objects.exclude(pk=whole.pk).get()
    assert (rest.state, rest.delivery, rest.rows_accepted, rest.entries_ended) == ("done", "additions", 1, 0)
    assert rest.valid_on == whole.valid_on
    assert Record.objects.filter(status="active").count() == 4
