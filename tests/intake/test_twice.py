"""What is done twice, at once, or out of its turn: nothing counts twice and nothing done is undone."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from xinlin.office.models.records import Record
from xinlin.office.scopes import Actor, Refused, today

from .conftest import CATALOGUE, CLERK, ID, NAME, ON, Send, kind, resident, spec, table
from .test_sending import LISTED, entry

HEADER = "公民身份号码,姓名,发生日期,时长"
GOOD = f"{resident(1)},王小明,2024-02-28,3"
BAD = f"{resident(2)},李华,2024-02-30,3"


def _correct(number: str, row: int, hook: Any, **cells: str) -> Any:
    from xinlin.office.actions.batches import correct
    from xinlin.office.models.batches import Batch

    with hook(execute=True):
        receipt = correct(actor=CLERK, number=number, rows={row: cells})
    return Batch.objects.get(number=receipt.number)


def test_a_row_corrected_twice_before_the_worker_comes_becomes_one_record(
    send: Send, django_capture_on_commit_callbacks: Any
) -> None:
    from xinlin.office.actions.batches import correct
    from xinlin.office.models.batches import Batch, RefusedRow

    batch = send("deeds", table(HEADER, GOOD, BAD))
    with django_capture_on_commit_callbacks(execute=True):
        first = correct(actor=CLERK, number=batch.number, rows={3: {"发生日期": "2024-02-28"}})
        second = correct(actor=CLERK, number=batch.number, rows={3: {"发生日期": "2024-02-29"}})
    assert first.number != second.number
    assert Record.objects.filter(batch__replays=batch).count() == 1
    late = Batch.objects.get(number=second.number)
    assert (late.state, late.findings[0]["code"]) == ("failed", "row_replayed_before")
    assert RefusedRow.objects.get(batch=batch).replayed_in == Batch.objects.get(number=first.number)


def test_the_same_correction_of_two_files_is_two_deliveries(
    send: Send, django_capture_on_commit_callbacks: Any
) -> None:
    one = send("deeds", table(HEADER, GOOD, BAD))
    two = send("deeds", table(HEADER, f"{resident(5)},赵云,2024-03-01,3", BAD))
    first = _correct(one.number, 3, django_capture_on_commit_callbacks, 发生日期="2024-02-29")
    second = _correct(two.number, 3, django_capture_on_commit_callbacks, 发生日期="2024-02-29")
    assert first.pk != second.pk
    assert (second.state, second.rows_accepted, second.rows_repeated) == ("done", 1, 1)


def test_a_correction_that_the_machine_failed_is_tried_again(
    send: Send, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinlin.office.actions.records import Storing

    def breaks(*_: Any) -> None:
        raise OSError("no space left on device")

    batch = send("deeds", table(HEADER, GOOD, BAD))
    with monkeypatch.context() as patched:
        patched.setattr(Storing, "keep", breaks)
        failed = _correct(batch.number, 3, django_capture_on_commit_callbacks, 发生日期="2024-02-29")
    assert failed.state == "failed"
    again = _correct(batch.number, 3, django_capture_on_commit_callbacks, 发生日期="2024-02-29")
    assert (again.pk, again.state, again.rows_accepted) == (failed.pk, "done", 1)


def test_a_worker_that_wakes_late_does_not_take_a_finished_delivery_in_again(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinlin.office.jobs import batches as jobs
    from xinlin.office.models.batches import Batch, Job

    batch = send("deeds", table(HEADER, GOOD, BAD))
    stale = Batch.objects.get(pk=batch.pk)
    stale.state = Batch.State.JUDGING
    jobs._take_in(Job.objects.get(pk=batch.job_id), stale)
    batch.refresh_from_db()
    assert (batch.state, batch.rows_repeated, batch.refused_rows.count(), Record.objects.count()) == ("done", 0, 1, 1)


def test_a_failed_file_sent_by_two_at_once_gets_one_new_job(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    from xinlin.office.actions import batches as actions
    from xinlin.office.models.batches import Batch, Job

    batch = send("deeds", table(HEADER, GOOD, BAD))
    Batch.objects.filter(pk=batch.pk).update(state="failed")
    one, two = Batch.objects.get(pk=batch.pk), Batch.objects.get(pk=batch.pk)
    actions.again(one, actor=CLERK)
    actions.again(two, actor=CLERK)
    assert one.job == two.job
    assert Job.objects.count() == 2


def test_a_row_is_not_taken_in_again_under_another_manner(send: Send) -> None:
    """A disputed entry does not come back undisputed by itself, and a deed would count once a day."""
    send("listed", table(LISTED, entry(1)), valid_on=date(2024, 6, 1))
    Record.objects.update(status="disputed")
    batch = send("listed", table(LISTED, entry(1)), delivery="additions")
    assert (batch.state, batch.rows_accepted, batch.rows_repeated) == ("done", 1, 1)
    assert [one.status for one in Record.objects.all()] == ["disputed"]
    with pytest.raises(Refused):
        send("deeds", table(HEADER, GOOD), delivery="full_list", valid_on=date(2024, 6, 1))
    assert send("deeds", table(HEADER, GOOD), delivery="additions").state == "done"


def test_single_entries_join_their_list_and_end_nobody(send: Send) -> None:
    send("listed", table(LISTED, entry(1), entry(2)), valid_on=date(2024, 6, 1))
    added = send("listed", table(LISTED, entry(3)), delivery="additions", valid_on=date(2024, 6, 10))
    assert (added.entries_added, added.entries_ended) == (1, 0)
    assert Record.objects.filter(status="active").count() == 3
    late = send("listed", table(LISTED, entry(1), entry(2)), valid_on=date(2024, 6, 5))
    assert late.entries_ended == 0, "a list of an earlier day says nothing of an entry of a later one"
    send("listed", table(LISTED, entry(1), entry(2)), valid_on=date(2024, 6, 11))
    assert Record.objects.filter(status="active").count() == 2


def test_a_list_for_a_day_to_come_shuts_out_nobody(send: Send) -> None:
    with pytest.raises(Refused) as refused:
        send("listed", table(LISTED, entry(1)), valid_on=today() + timedelta(days=1))
    assert refused.value.problem.code == "valid_on_in_future"
    assert send("listed", table(LISTED, entry(1)), valid_on=today()).state == "done"


def test_a_corrected_row_of_an_older_list_does_not_put_its_entry_back(
    send: Send, django_capture_on_commit_callbacks: Any
) -> None:
    from xinlin.office.models.lists import ListEntry

    rows = [entry(1), entry(2, ends_on="2027-02-30")]
    older = send("listed", table(LISTED, *rows), valid_on=date(2024, 6, 1))
    send("listed", table(LISTED, entry(1)), valid_on=date(2024, 7, 1))
    replay = _correct(older.number, 3, django_capture_on_commit_callbacks, 截止日期="2027-05-01")
    assert (replay.state, replay.findings[0]["code"]) == ("failed", "list_older_than_last")
    assert ListEntry.objects.count() == 1


def test_only_a_shrunken_list_can_be_confirmed(send: Send) -> None:
    from xinlin.office.actions.waiting_files import confirm

    batch = send("deeds", b"PK\x03\x04 no workbook")
    assert batch.state == "failed"
    with pytest.raises(Refused) as refused:
        confirm(actor=CLERK, number=batch.number)
    assert refused.value.problem.code == "nothing_to_confirm"


def test_a_file_that_breaks_off_leaves_nothing_behind(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinlin.office.actions import deliveries
    from xinlin.office.actions.batches import receive

    monkeypatch.setattr(deliveries, "LARGEST_FILE", 10)
    with pytest.raises(Refused):
        receive(actor=CLERK, kind="deeds", filename="a.csv", chunks=[b"x" * 8] * 3)
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


def test_a_broken_job_does_not_quote_a_row(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    from xinlin.office.actions.records import Storing
    from xinlin.office.models.batches import Job

    def breaks(*_: Any) -> None:
        raise ValueError(f"could not store {resident(1)}")

    monkeypatch.setattr(Storing, "keep", breaks)
    batch = send("deeds", table(HEADER, GOOD))
    assert Job.objects.get(pk=batch.job_id).message == "ValueError"


def test_the_list_of_deliveries_counts_open_rows_in_the_database(send: Send, django_assert_num_queries: Any) -> None:
    from xinlin.office.queries import batches as queries

    send("deeds", table(HEADER, GOOD, BAD, BAD + "0"))
    operator = Actor(handle="account:9", name="运维", role="operator")
    with django_assert_num_queries(2):
        (line,) = queries.batches(actor=operator)
    assert line.rows_open == 2


def test_a_negative_record_waits_for_its_notice(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = spec("notice_on", "告知日期", "date", required=True, role="notice_on")
    monkeypatch.setitem(CATALOGUE.kinds, "warnings", kind("warnings", [ID, NAME, ON, noted], sign="negative"))
    told, later = today().isoformat(), (today() + timedelta(days=1)).isoformat()
    rows = [f"{resident(n)},王小明,2024-05-01,{day}" for n, day in ((1, told), (2, later))]
    batch = send("warnings", table("公民身份号码,姓名,发生日期,告知日期", *rows))
    assert (batch.rows_read, batch.rows_accepted, batch.rows_refused) == (2, 1, 1)
    (problem,) = batch.refused_rows.get().problems
    assert (problem["code"], problem["where"], problem["column"]) == ("notice_in_future", "notice_on", "告知日期")


def test_a_whole_page_of_refused_rows_can_be_corrected_at_once(send: Send) -> None:
    """Fifty rows of a table with eleven columns, each cell beside what it was, are more than a thousand fields."""
    from django.test import Client

    from xinlin.office.models.staff import Account

    batch = send("deeds", table(HEADER, GOOD, BAD))
    client = Client()
    client.force_login(
        Account.objects.create(username="clerk", role="clerk", department="office"),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    cells = {f"{name}:3:列 {n}": "" for n in range(600) for name in ("cell", "was")}
    sent = client.post(
        f"/bench/intake/{batch.number}/refused/",
        {**cells, "cell:3:发生日期": "2024-02-29", "was:3:发生日期": "2024-02-30"},
    )
    assert sent.status_code == 302, sent.content


def test_another_list_of_the_same_length_waits_for_a_person_too(send: Send) -> None:
    from xinlin.office.models.lists import ListEntry

    send("listed", table(LISTED, *(entry(n) for n in range(1, 7))), valid_on=date(2024, 6, 1))
    other = send("listed", table(LISTED, *(entry(n) for n in range(6, 12))), valid_on=date(2024, 7, 1))
    assert (other.state, other.findings[0]["code"]) == ("failed", "list_shrank")
    assert not ListEntry.objects.filter(removed_at__isnull=False).exists()


def test_a_workbook_of_refused_rows_has_an_end_and_says_so(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from python_calamine import CalamineWorkbook

    from xinlin.office.queries import refused_workbooks as queries

    monkeypatch.setattr(queries, "WORKBOOK_ROWS", 2)
    batch = send("deeds", table(HEADER, GOOD, *[BAD + str(n) for n in range(1, 4)]))
    book = CalamineWorkbook.from_filelike(io.BytesIO(queries.refused_workbook(actor=CLERK, number=batch.number)))
    assert len(book.get_sheet_by_index(0).to_python()) == 1 + 2
    assert "3" in str(book.get_sheet_by_index(1).to_python()[0][0])
