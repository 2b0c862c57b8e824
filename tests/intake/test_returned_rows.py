"""Refused rows corrected in their workbook and sent back as a file: the file answers them, and none of them counts twice."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from xinlin.office.models.batches import Batch, RefusedRow
from xinlin.office.models.records import Record
from xinlin.office.queries import batches as queries
from xinlin.office.queries import refusals, refused_workbooks

from .conftest import CLERK, Send, resident, table
from .test_sending import LISTED, entry

HEADER = "公民身份号码,姓名,发生日期,时长,金额,类别,联系电话"
BAD = [f"{resident(n)},王小明,2024-02-30,{n},,," for n in (1, 2, 3)]
Rows = list[list[str]]


def downloaded(batch: Batch) -> Rows:
    """The workbook of a delivery's refused rows as a clerk sees it."""
    content = refused_workbooks.refused_workbook(actor=CLERK, number=batch.number)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    return [[str(cell) for cell in row] for row in rows]


def saved(rows: Rows) -> bytes:
    """The workbook as the clerk saves it."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet()
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write_string(at, column, cell)
    book.close()
    return stream.getvalue()


def cured(rows: Rows, *which: int, to: str = "2024-02-29") -> Rows:
    """The rows with their day put right in those that are named, counted from 1."""
    return [[*row[:2], to, *row[3:]] if at in which else row for at, row in enumerate(rows)]


def counts(batch: Batch) -> tuple[str, int, int, int]:
    """State, read, accepted, refused."""
    return batch.state, batch.rows_read, batch.rows_accepted, batch.rows_refused


def still_open() -> list[tuple[str, int]]:
    """Every refused row that waits: delivery and row."""
    rows = RefusedRow.objects.filter(state="open").order_by("pk")
    return list(rows.values_list("batch__number", "row"))


def test_a_corrected_workbook_answers_the_rows_that_were_refused(send: Send) -> None:
    first = send("deeds", table(HEADER, *BAD))
    sheet = downloaded(first)
    assert sheet[0][-1] == "退回行编号 Refused row"
    assert [row[-1] for row in sheet[1:]] == [f"{first.number}#{row}" for row in (2, 3, 4)]
    back = send("deeds", saved(cured(sheet, 1, 3)), "refused.xlsx")
    assert (counts(first), counts(back)) == (("done", 3, 0, 3), ("done", 3, 2, 1))
    assert still_open() == [(back.number, 3)], "refused again, it is one row and not two"
    assert set(first.refused_rows.values_list("state", "replayed_in")) == {("replayed", back.pk)}
    assert list(first.refused_rows.order_by("row").values_list("replayed_row", flat=True)) == [2, 3, 4]
    assert (back.replays, Record.objects.count()) == (first, 2)
    assert [one["count"] for one in back.findings if one["code"] == "answers"] == [3]
    assert not [one for one in back.findings if one["code"] == "leftover_column"], "its own columns are known"
    page = queries.batch(actor=CLERK, number=first.number)
    assert (page.line.rows_open, page.replayed_by) == (0, [back.number])
    (waiting,) = refusals.waiting(actor=CLERK)
    assert waiting.rows == 1


def test_the_same_workbook_is_corrected_further_and_sent_again(send: Send) -> None:
    """A clerk goes on in the file that lies on the desk; its handles are those of the first refusal."""
    first = send("deeds", table(HEADER, *BAD))
    sheet = downloaded(first)
    second = send("deeds", saved(cured(sheet, 1)), "refused.xlsx")
    assert counts(second) == ("done", 3, 1, 2)
    third = send("deeds", saved(cured(sheet, 1, 2)), "refused.xlsx")
    assert (counts(third), third.rows_repeated) == (("done", 3, 2, 1), 1)
    assert still_open() == [(third.number, 4)]
    fourth = send("deeds", saved(cured(downloaded(third), 1)), "refused.xlsx")
    assert (counts(fourth), still_open()) == (("done", 1, 1, 0), [])
    assert Record.objects.count() == 3


def test_a_workbook_refused_again_has_the_columns_of_the_file_once(send: Send) -> None:
    first = send("deeds", table(HEADER, *BAD))
    sheet = downloaded(first)
    again = send("deeds", saved(sheet), "refused.xlsx")
    assert counts(again) == ("done", 3, 0, 3)
    assert downloaded(again)[0] == sheet[0]
    assert again.layout["header_sha256"] == first.layout["header_sha256"], (
        "a mapping kept for the file fits its workbook"
    )


def test_rows_left_out_of_the_workbook_stay_open(send: Send) -> None:
    first = send("deeds", table(HEADER, *BAD))
    sheet = cured(downloaded(first), 2)
    back = send("deeds", saved([sheet[0], sheet[2]]), "refused.xlsx")
    assert counts(back) == ("done", 1, 1, 0)
    assert still_open() == [(first.number, 2), (first.number, 4)]


def test_a_row_taken_in_before_is_not_taken_in_twice_with_other_words(send: Send) -> None:
    first = send("deeds", table(HEADER, *BAD))
    sheet = downloaded(first)
    send("deeds", saved(cured(sheet, 1, 2, 3)), "refused.xlsx")
    late = send("deeds", saved(cured(sheet, 1, 2, 3, to="2024-02-28")), "refused.xlsx")
    assert counts(late) == ("done", 3, 0, 3)
    twice = saved([sheet[0], *(cured(sheet, 1, to="2024-02-27")[1:2] * 2)])
    assert counts(send("deeds", twice, "refused.xlsx")) == ("done", 2, 0, 2)
    assert {problem["code"] for row in late.refused_rows.all() for problem in row.problems} == {"row_replayed_before"}
    assert Record.objects.count() == 3


@pytest.mark.parametrize("handle", ["", "B20261126-0000000000#2", "乱写", "other#2", "twice"])
def test_a_row_whose_handle_leads_nowhere_is_a_row_like_any_other(send: Send, handle: str) -> None:
    first = send("deeds", table(HEADER, *BAD))
    sheet = cured(downloaded(first), 1)
    strange = sheet[1][-1] if handle == "twice" else handle
    back = send("deeds", saved([sheet[0], sheet[1], [*cured(sheet, 2)[2][:-1], strange]]), "refused.xlsx")
    assert counts(back) == ("done", 2, 2, 0)
    assert still_open() == [(first.number, 3), (first.number, 4)]
    told = [one["rows"] for one in back.findings if one["code"] == "handle_unknown"]
    assert told == ([[3]] if handle else [])


def test_no_department_answers_the_rows_of_another(send: Send) -> None:
    from xinlin.office.scopes import Actor

    other = Actor(handle="account:9", name="别人", role="clerk", department="other_office")
    first = send("penalties", table("公民身份号码,姓名,发生日期", f"{resident(1)},王小明,2024-02-30"), actor=other)
    assert counts(first) == ("done", 1, 0, 1)
    rows = [[*HEADER.split(","), "退回行编号 Refused row"], [*BAD[0].split(","), f"{first.number}#2"]]
    back = send("deeds", saved(cured(rows, 1)), "refused.xlsx")
    assert (counts(back), still_open()) == (("done", 1, 1, 0), [(first.number, 2)])


def test_corrected_rows_of_a_full_list_end_no_entry(send: Send) -> None:
    first = send("listed", table(LISTED, *(entry(n) for n in range(1, 8)), entry(8, remedy="")))
    assert counts(first) == ("done", 8, 7, 1)
    sheet = downloaded(first)
    sheet[1][7] = "可在 60 日内提出异议"
    back = send("listed", saved(sheet), "refused.xlsx")
    assert (counts(back), back.entries_added, back.entries_ended) == (("done", 1, 1, 0), 1, 0)
    assert (still_open(), Record.objects.filter(status="active").count()) == ([], 8)


def test_rows_corrected_on_the_page_are_found_by_the_workbook_that_was_downloaded_before(
    send: Send, django_capture_on_commit_callbacks: Any
) -> None:
    from xinlin.office.actions.batches import correct

    first = send("deeds", table(HEADER, *BAD))
    sheet = downloaded(first)
    with django_capture_on_commit_callbacks(execute=True):
        correct(actor=CLERK, number=first.number, rows={2: {"发生日期": "2024-02-29"}, 3: {"发生日期": "2024-02-31"}})
    back = send("deeds", saved(cured(sheet, 1, 2, 3)), "refused.xlsx")
    assert (counts(back), back.rows_repeated, still_open()) == (("done", 3, 3, 0), 1, [])
