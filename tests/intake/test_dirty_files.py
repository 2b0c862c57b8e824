"""Files as they come from offices, in which something small is broken: what can be read is taken, the rest is told as it is."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.test import Client

from xinlin.office.models.staff import Account

from .conftest import Send, resident, table

pytestmark = pytest.mark.django_db
HEADER = "公民身份号码,姓名,发生日期"


def row(number: int) -> str:
    return f"{resident(number)},王小明,2024-05-01"


def codes(batch: object) -> list[tuple[str, str]]:
    return [(finding["code"], finding["where"]) for finding in batch.findings]  # type: ignore[attr-defined]  # a batch


def test_one_broken_line_of_a_short_file_is_refused_by_itself(send: Send) -> None:
    lines = [line.encode("gb18030") for line in (HEADER, row(1), row(2))]
    batch = send(
        "deeds", b"\n".join([*lines, row(3).encode("gb18030").replace("王小明".encode("gb18030"), b"\xff\xfe\x80")])
    )
    assert (batch.state, batch.rows_accepted, batch.rows_refused) == ("done", 2, 1)
    (refused,) = batch.refused_rows.all()
    assert (refused.row, refused.problems[0]["code"]) == (4, "encoding_broken")


def test_a_short_file_of_another_encoding_is_not_taken_for_chinese(send: Send) -> None:
    japanese = "番号,名称,日付\n1,ﾔﾏﾀﾞ,2024\n2,東京労働局,2024\n3,ﾎｯｶｲ,2024".encode("shift_jis")
    assert send("deeds", japanese).state == "failed"


def test_a_header_that_was_garbled_asks_nobody_for_columns(send: Send) -> None:
    garbled = table(HEADER, row(1)).decode("utf-8-sig").encode("gb18030").decode("utf-8", "replace").encode()
    batch = send("deeds", garbled)
    assert (batch.state, codes(batch)) == ("failed", [("header_garbled", "row 1")])


def test_a_null_byte_in_the_name_of_a_column_is_left_out(send: Send) -> None:
    batch = send("deeds", table(HEADER.replace(",", ",\0"), row(1)))
    assert (batch.state, batch.rows_accepted) == ("done", 1)


def test_a_null_byte_in_a_cell_refuses_its_row(send: Send) -> None:
    batch = send("deeds", table(HEADER, row(1), row(2).replace("王", "\0王")))
    assert (batch.state, batch.rows_accepted, batch.rows_refused) == ("done", 1, 1)


def test_a_column_without_a_name_is_told_as_one(send: Send) -> None:
    batch = send("deeds", table(f"{HEADER},,备注", f"{row(1)},甲,乙"))
    assert codes(batch) == [("column_unnamed", "列 4"), ("leftover_column", "备注")]
    assert send("deeds", table(f"{HEADER},,", f"{row(2)},,")).findings == [], "nothing stands in it"


def test_the_page_shows_what_a_finding_is_about(send: Send, client: Client) -> None:
    account = Account.objects.create(username="clerk", role="clerk", display_name="报送员", department="office")
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    lines = table(HEADER + ",时长", row(1) + ",1", row(1) + ",1", "合计,,,2")
    page = client.get(f"/bench/intake/{send('deeds', lines).number}/").content.decode()
    assert "<q>合计 2</q>" in page
    told = page[page.index("不重复入库 <") :][:80]
    assert ">行<" in told, "of rows that were taken, not of refused ones"


def test_what_we_add_to_the_rows_of_an_archive_is_no_leftover(send: Send) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("一.csv", table(HEADER, row(1)))
        archive.writestr("二.csv", table(HEADER, row(2)))
    batch = send("deeds", held.getvalue(), "两份.zip")
    assert (batch.rows_accepted, {code for code, _ in codes(batch)}) == (2, {"member_rows"})
