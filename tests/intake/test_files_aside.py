"""A file that waits for its columns and is never to come in: a clerk sets it aside with a reason, and can take it back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from xinlin.office import vault
from xinlin.office.actions import waiting_files
from xinlin.office.models.batches import Batch
from xinlin.office.models.log import Leaf
from xinlin.office.models.staff import Account
from xinlin.office.queries import quality, refusals, situation
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused

from .conftest import CLERK, Send, resident, table

OTHER = Actor(handle="account:9", name="别人", role="clerk", department="other_office")
REVIEWER = Actor(handle="account:2", name="审核员", role="reviewer")
WHY = "报错了信息项"


@pytest.fixture
def waits(send: Send) -> Batch:
    batch = send("deeds", table("甲,乙", f"{resident(1)},1"), "别的表.csv")
    assert batch.state == "needs_mapping"
    return batch


def test_set_aside_it_waits_no_more_and_nothing_is_lost(waits: Batch) -> None:
    for reason in (WHY, "另一个理由"):
        waiting_files.set_file_aside(actor=CLERK, number=waits.number, reason=reason)
    waits.refresh_from_db()
    assert waits.state == "aside" and WHY not in waits.aside_reason_sealed
    with vault.opened(waits.sha256) as path:
        assert path.stat().st_size == waits.size
    assert situation.alerts(actor=CLERK).batches_waiting == 0
    (line,) = (line for line in quality.quality(actor=REVIEWER).lines if line.kind == "deeds")
    assert (line.files_waiting, line.files_aside) == (0, 1)
    (file,) = refusals.files_aside(actor=REVIEWER)
    assert (file.filename, file.reason) == ("别的表.csv", WHY)
    assert refusals.files_aside(actor=OTHER) == []


def test_taken_back_it_is_read_again(waits: Batch, django_capture_on_commit_callbacks: Any) -> None:
    waiting_files.set_file_aside(actor=CLERK, number=waits.number, reason=WHY)
    for _twice in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            waiting_files.take_file_back(actor=CLERK, number=waits.number)
    waits.refresh_from_db()
    assert (waits.state, waits.aside_reason_sealed) == ("needs_mapping", "")
    told = Leaf.objects.order_by("pk").values_list("action", flat=True)
    assert [action for action in told if "aside" in action or "back" in action] == [
        "batches.set_aside",
        "batches.take_back",
    ]


def test_the_same_file_again_does_not_bring_it_back(waits: Batch, send: Send) -> None:
    waiting_files.set_file_aside(actor=CLERK, number=waits.number, reason=WHY)
    again = send("deeds", table("甲,乙", f"{resident(1)},1"), "别的表.csv")
    assert (again.pk, again.state) == (waits.pk, "aside")


def test_only_the_own_clerk_with_a_reason_and_nothing_that_was_taken_in(waits: Batch, send: Send) -> None:
    with pytest.raises(NotFound):
        waiting_files.set_file_aside(actor=OTHER, number=waits.number, reason=WHY)
    with pytest.raises(NotAllowed):
        waiting_files.set_file_aside(actor=REVIEWER, number=waits.number, reason=WHY)
    with pytest.raises(Refused) as refused:
        waiting_files.set_file_aside(actor=CLERK, number=waits.number, reason=" ")
    assert refused.value.problem.code == "reason_missing"
    tried = send("deeds", table("甲,乙", f"{resident(2)},1"), trial=True)
    with pytest.raises(Refused):
        waiting_files.set_file_aside(actor=CLERK, number=tried.number, reason=WHY)
    done = send("deeds", table("公民身份号码,姓名,发生日期", f"{resident(1)},王小明,2024-02-01"))
    with pytest.raises(Refused):
        waiting_files.set_file_aside(actor=CLERK, number=done.number, reason=WHY)


def test_on_the_page(waits: Batch, client: Client, django_capture_on_commit_callbacks: Any) -> None:
    account = Account.objects.create(username="clerk", role="clerk", display_name="报送员", department="office")
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = f"/bench/intake/{waits.number}/"
    assert "搁置这份文件" in client.get(page).content.decode()
    assert client.post(f"{page}file/aside/", {"reason": ""}).status_code == 422
    shown = client.post(f"{page}file/aside/", {"reason": WHY}, follow=True).content.decode()
    assert "这份文件已搁置，不入库" in shown and WHY in shown and "请认一下列" not in shown
    assert "文件已搁置" in client.get("/bench/quality/").content.decode()
    assert WHY in client.get("/bench/refused/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{page}file/back/")
    assert "请认一下列" in client.get(page).content.decode()
