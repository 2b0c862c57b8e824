"""Whatever breaks, nothing is half stored and no acknowledged file is lost."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from .conftest import CLERK, Send, resident, table

HEADER = "公民身份号码,姓名,发生日期"
ROWS = [f"{resident(n)},第{'一二三四五六七八九'[n % 9]}人,2024-05-01" for n in range(1, 41)]


def test_an_error_while_storing_stores_nothing_and_the_file_can_be_sent_again(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinlin.office.actions.records import Storing
    from xinlin.office.jobs import batches as jobs
    from xinlin.office.models.batches import Job
    from xinlin.office.models.people import Subject
    from xinlin.office.models.records import Record

    monkeypatch.setattr(jobs, "CHUNK", 10)

    def breaks(_: Storing) -> int:
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Storing, "_move_refused", breaks)
        batch = send("deeds", table(HEADER, *ROWS))
    assert (batch.state, batch.findings[0]["code"]) == ("failed", "internal_error")
    assert (Record.objects.count(), Subject.objects.count(), batch.refused_rows.count()) == (0, 0, 0)
    assert "no space left" in Job.objects.get(number=batch.job.number).message
    again = send("deeds", table(HEADER, *ROWS))
    assert (again.pk, again.state, again.rows_accepted, Record.objects.count()) == (batch.pk, "done", 40, 40)


def test_doing_a_finished_job_again_changes_nothing(send: Send) -> None:
    from xinlin.office.jobs.batches import work
    from xinlin.office.models.batches import Job
    from xinlin.office.models.records import Record

    batch = send("deeds", table(HEADER, *ROWS))
    Job.objects.filter(pk=batch.job_id).update(state="waiting")
    work(batch.job.number)
    assert Record.objects.count() == 40
    assert Job.objects.get(pk=batch.job_id).state == "done"


def test_a_silent_job_is_put_back_to_work(send: Send, django_capture_on_commit_callbacks: Any) -> None:
    from xinlin.office.actions.batches import receive
    from xinlin.office.jobs.batches import reap
    from xinlin.office.models.batches import Batch, Job
    from xinlin.office.scopes import now

    receipt = receive(actor=CLERK, kind="deeds", filename="a.csv", chunks=[table(HEADER, *ROWS)])
    Job.objects.update(state="running", attempts=1, heartbeat_at=now() - timedelta(seconds=30))
    with django_capture_on_commit_callbacks(execute=True):
        assert reap() == 0
    Job.objects.update(heartbeat_at=now() - timedelta(seconds=61))
    with django_capture_on_commit_callbacks(execute=True):
        assert reap() == 1
    assert Batch.objects.get(number=receipt.number).rows_accepted == 40
    Job.objects.update(state="running", attempts=5, heartbeat_at=now() - timedelta(seconds=61))
    Batch.objects.update(state="judging")
    with django_capture_on_commit_callbacks(execute=True):
        assert reap() == 1
    assert (Job.objects.get().state, Batch.objects.get().state) == ("failed", "failed")


@pytest.mark.django_db(transaction=True)
def test_the_same_file_from_many_hands_at_once_is_one_delivery() -> None:
    from django.db import connection

    from xinlin.office.actions.batches import receive
    from xinlin.office.models.batches import Batch
    from xinlin.office.models.records import Record

    numbers: list[str] = []
    content = table(HEADER, *ROWS)

    def one() -> None:
        try:
            numbers.append(receive(actor=CLERK, kind="deeds", filename="a.csv", chunks=[content]).number)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 20
    assert len(set(numbers)) == Batch.objects.count() == 1
    assert Record.objects.count() == 40
