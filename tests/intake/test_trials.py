"""Trying a file: the clerk sees the whole receipt, nothing is stored, and the same bytes are then sent without choosing them again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from xinlin.office import vault
from xinlin.office.actions import waiting_files
from xinlin.office.models.batches import Batch, Job, RefusedRow
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries import batches as queries
from xinlin.office.queries import connections, quality
from xinlin.office.scopes import Actor, NotFound, now, today

from .conftest import CLERK, Send, resident, table

HEADER = "公民身份号码,姓名,发生日期,时长,金额,类别,联系电话"
GOOD = f"{resident(9)},王小明,2024-02-29,3,,,"
BAD = f"{resident(1)},王小明,2024-02-30,1,,,"
LISTED = "证件号码,名称,文书号,决定机关,依据,列入日期,告知日期,救济途径,截止日期"
OTHER = Actor(handle="account:9", name="别人", role="clerk", department="other_office")
REVIEWER = Actor(handle="account:2", name="审核员", role="reviewer")


def entry(number: int, document: str) -> str:
    return f"{resident(number)},王小明,{document},法院,第一条,2024-02-01,2024-02-01,诉讼,2030-01-01"


@pytest.fixture
def desk(client: Client, db: None) -> Client:
    account = Account.objects.create(username="clerk", role="clerk", display_name="报送员", department="office")
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def real(run: Any, number: str) -> Batch:
    with run(execute=True):
        waiting_files.send_tried(actor=CLERK, number=number)
    return Batch.objects.get(number=number)


def test_a_trial_tells_all_and_stores_nothing(send: Send) -> None:
    tried = send("deeds", table(HEADER, GOOD, BAD), trial=True)
    assert (tried.state, tried.rows_read, tried.rows_accepted, tried.rows_refused) == ("tried", 2, 1, 1)
    assert (Record.objects.count(), RefusedRow.objects.count(), Subject.objects.count()) == (0, 0, 0)
    (row,) = queries.refused_rows(actor=CLERK, number=tried.number).rows
    assert row.row == 3 and row.cells["发生日期"] == "2024-02-30" and row.problems[0]["cure"]["zh"]
    told = Leaf.objects.filter(action__startswith="batches.").order_by("pk").values_list("action", flat=True)
    assert list(told) == ["batches.try", "batches.tried"]
    (line,) = (line for line in quality.quality(actor=REVIEWER).lines if line.kind == "deeds")
    assert (line.deliveries, line.standing) == (0, "never"), "a trial is no delivery"
    assert connections.office(actor=REVIEWER, code="office").passages == []


def test_the_same_bytes_are_sent_for_real(send: Send, django_capture_on_commit_callbacks: Any) -> None:
    tried = send("deeds", table(HEADER, GOOD, BAD), trial=True)
    for _twice in range(2):
        sent = real(django_capture_on_commit_callbacks, tried.number)
    assert (sent.state, sent.rows_accepted, sent.rows_refused, sent.only_tried) == ("done", 1, 1, False)
    assert (Record.objects.count(), RefusedRow.objects.count()) == (1, 1)
    assert Leaf.objects.filter(action="batches.receive").count() == 1


def test_the_file_chosen_again_without_the_tick_is_sent(send: Send) -> None:
    tried = send("deeds", table(HEADER, GOOD), trial=True)
    again = send("deeds", table(HEADER, GOOD), trial=True)
    sent = send("deeds", table(HEADER, GOOD))
    assert tried.pk == again.pk == sent.pk and again.state == "tried" and sent.state == "done"
    tried_late = send("deeds", table(HEADER, GOOD), trial=True)
    assert (tried_late.state, tried_late.only_tried) == ("done", False), "what was delivered stays delivered"


def test_a_correction_tells_what_it_would_close(send: Send, django_capture_on_commit_callbacks: Any) -> None:
    first = send("listed", table(LISTED, entry(1, "甲1"), entry(2, "甲2"), entry(3, "甲3")))
    assert first.state == "done"
    anew = table(LISTED, entry(1, "甲1"), entry(2, "甲2").replace("第一条", "第二条"), entry(4, "甲4"))
    tried = send("listed", anew, trial=True, valid_on=today())
    assert (tried.state, tried.entries_added, tried.entries_ended) == ("tried", 1, 1)
    assert [f["count"] for f in tried.findings if f["code"] == "details_changed"] == [1]
    assert set(Record.objects.values_list("status", flat=True)) == {"active"} and Record.objects.count() == 3
    sent = real(django_capture_on_commit_callbacks, tried.number)
    assert (sent.entries_added, sent.entries_ended) == (1, 1)
    assert Record.objects.filter(status="ended").count() == 1


def test_a_short_list_that_was_confirmed_in_the_trial_is_sent_as_confirmed(
    send: Send, django_capture_on_commit_callbacks: Any
) -> None:
    send("listed", table(LISTED, *(entry(n, f"甲{n}") for n in range(1, 6))), valid_on=today() - timedelta(days=1))
    tried = send("listed", table(LISTED, entry(1, "甲1")), trial=True, valid_on=today())
    assert tried.state == "failed" and tried.findings[0]["code"] == "list_shrank"
    with django_capture_on_commit_callbacks(execute=True):
        waiting_files.confirm(actor=CLERK, number=tried.number)
    tried.refresh_from_db()
    assert (tried.state, tried.entries_ended, Record.objects.filter(status="active").count()) == ("tried", 4, 5)
    sent = real(django_capture_on_commit_callbacks, tried.number)
    assert (sent.state, sent.entries_ended) == ("done", 4)


def test_a_trial_that_waits_for_columns_stays_a_trial(send: Send, django_capture_on_commit_callbacks: Any) -> None:
    waits = send("deeds", table("编号,人,那天", f"{resident(1)},王小明,2024-02-01"), trial=True)
    assert waits.state == "needs_mapping"
    columns = {
        code: {"column": name} for code, name in (("resident_id", "编号"), ("name", "人"), ("occurred_on", "那天"))
    }
    with django_capture_on_commit_callbacks(execute=True):
        waiting_files.set_mapping(actor=CLERK, number=waits.number, columns=columns, name="甲")
    waits.refresh_from_db()
    assert (waits.state, waits.rows_accepted, Record.objects.count()) == ("tried", 1, 0)


def test_sent_while_the_trial_is_under_way_it_comes_in(
    send: Send, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    from xinlin.office.actions import trials

    asked = trials._outcome

    def meanwhile(batch: Batch) -> dict[str, Any]:
        said = asked(batch)
        monkeypatch.setattr(trials, "_outcome", asked)
        return said

    def then(actor: Actor, batch: Batch, outcome: dict[str, Any]) -> None:
        monkeypatch.setattr(trials, "_keep", kept)
        waiting_files.send_tried(actor=CLERK, number=batch.number)
        with django_capture_on_commit_callbacks(execute=True):
            kept(actor, batch, outcome)

    kept = trials._keep
    monkeypatch.setattr(trials, "_outcome", meanwhile)
    monkeypatch.setattr(trials, "_keep", then)
    batch = send("deeds", table(HEADER, GOOD), trial=True)
    batch.refresh_from_db()
    assert (batch.state, Record.objects.count()) == ("done", 1)


def test_a_delivery_that_failed_is_not_taken_in_by_a_trial(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("xinlin.office.jobs.previews.PREVIEW", "no number")
        send("deeds", table(HEADER, GOOD))
    assert Batch.objects.get().state == "failed"
    assert send("deeds", table(HEADER, GOOD), trial=True).state == "failed"
    assert Record.objects.count() == 0
    assert send("deeds", table(HEADER, GOOD)).state == "done"


def test_nobody_else_sends_it(send: Send) -> None:
    tried = send("deeds", table(HEADER, GOOD), trial=True)
    with pytest.raises(NotFound):
        waiting_files.send_tried(actor=OTHER, number=tried.number)


def test_a_trial_is_forgotten_after_a_week_and_a_delivery_never(send: Send) -> None:
    tried = send("deeds", table(HEADER, GOOD), trial=True)
    sent = send("deeds", table(HEADER, BAD))
    assert waiting_files.forget_tried(actor=CLERK) == 0
    Batch.objects.update(received_at=now() - timedelta(days=8))
    assert waiting_files.forget_tried(actor=CLERK) == 1
    assert list(Batch.objects.all()) == [sent]
    with pytest.raises(FileNotFoundError), vault.opened(tried.sha256):
        pass
    assert Leaf.objects.filter(action="batches.forget").count() == 1


def test_an_unchanged_list_is_the_same_list_although_another_was_tried_since(send: Send) -> None:
    lines = table(LISTED, entry(1, "甲1"), entry(2, "甲2"))
    first = send("listed", lines)
    send("listed", table(LISTED, entry(1, "甲1"), entry(3, "甲3")), trial=True)
    assert send("listed", lines).pk == first.pk


def test_on_the_page(desk: Client, django_capture_on_commit_callbacks: Any) -> None:
    assert "仅试读，先看结果" in desk.get("/bench/intake/new/").content.decode()
    file = SimpleUploadedFile("三月.csv", table(HEADER, GOOD, BAD))
    with django_capture_on_commit_callbacks(execute=True):
        sent = desk.post("/bench/intake/new/", {"kind": "deeds", "file": file, "trial": "1"})
    page = desk.get(sent.headers["Location"]).content.decode()
    assert "这是试读，什么都没有入库" in page and "会接收" in page and "正式报送这份文件" in page
    grid = desk.get(sent.headers["Location"] + "refused/").content.decode()
    assert "会退回的行" in grid and "2024-02-30" in grid and "重报改过的行" not in grid and "已了结" not in grid
    number = Batch.objects.get().number
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(f"/bench/intake/{number}/send/")
    page = desk.get(f"/bench/intake/{number}/").content.decode()
    assert "这是试读" not in page and "会接收" not in page and "更正 1 行" in page
    assert Record.objects.count() == 1 and Job.objects.count() == 2


@pytest.mark.parametrize("day", [date(2024, 2, 1)])
def test_a_trial_of_another_day_keeps_its_day(send: Send, django_capture_on_commit_callbacks: Any, day: date) -> None:
    tried = send("listed", table(LISTED, entry(1, "甲1")), trial=True, valid_on=day)
    assert real(django_capture_on_commit_callbacks, tried.number).valid_on == day
