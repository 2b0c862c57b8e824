"""Refused rows that are never to come in: a clerk sets them aside with a reason, they stay and count, and can be taken back."""

from __future__ import annotations

import pytest
from django.test import Client

from xinlin.office.actions import refusals as actions
from xinlin.office.models.batches import Batch, RefusedRow
from xinlin.office.models.log import Leaf
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries import batches as queries
from xinlin.office.queries import quality, refusals
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused

from .conftest import CLERK, Send, resident, table
from .test_returned_rows import HEADER, cured, downloaded, saved

GOOD = f"{resident(9)},王小明,2024-02-29,3,,,"
BAD = f"{resident(1)},王小明,2024-02-30,1,,,"
TOTAL = ",以上两行,,4,,,"
REVIEWER = Actor(handle="account:2", name="审核员", role="reviewer")
OTHER = Actor(handle="account:9", name="别人", role="clerk", department="other_office")
WHY = "这是小结行，不是记录"


@pytest.fixture
def batch(send: Send) -> Batch:
    """Row 2 came in; rows 3 and 4 were refused, of which 4 is a sum."""
    return send("deeds", table(HEADER, GOOD, BAD, TOTAL))


def states(batch: Batch) -> dict[int, str]:
    return dict(batch.refused_rows.order_by("row").values_list("row", "state"))


def test_a_total_row_is_set_aside_and_nothing_is_dropped(batch: Batch) -> None:
    assert actions.set_aside(actor=CLERK, number=batch.number, rows=[4], reason=f" {WHY} ") == 1
    assert states(batch) == {3: "open", 4: "aside"}
    line = queries.batch(actor=CLERK, number=batch.number).line
    assert (line.rows_read, line.rows_accepted, line.rows_refused) == (3, 1, 2), (
        "accepted and refused are what was read"
    )
    assert (line.rows_open, line.rows_aside) == (1, 1)
    shown = queries.refused_rows(actor=CLERK, number=batch.number).rows[-1]
    assert (shown.state, shown.aside_reason, shown.cells["姓名"]) == ("aside", WHY, "以上两行")
    assert [row[-1] for row in downloaded(batch)[1:]] == [f"{batch.number}#3"], "it is not asked for again"
    assert [group.rows for group in refusals.waiting(actor=CLERK)] == [1]


def test_the_centre_sees_it_and_quality_counts_it(batch: Batch) -> None:
    actions.set_aside(actor=CLERK, number=batch.number, rows=[4], reason=WHY)
    for actor in (CLERK, REVIEWER):
        seen = refusals.aside(actor=actor)
        assert [(row.batch, row.row, row.reason) for row in seen.rows] == [(batch.number, 4, WHY)]
    assert refusals.aside(actor=OTHER).total == 0
    (deeds,) = (line for line in quality.quality(actor=REVIEWER).lines if line.kind == "deeds")
    assert (deeds.rows, deeds.refused, deeds.aside) == (3, 2, 1)


def test_it_is_taken_back_and_then_corrected(batch: Batch, send: Send) -> None:
    actions.set_aside(actor=CLERK, number=batch.number, rows=[3, 4], reason=WHY)
    actions.take_back(actor=CLERK, number=batch.number, rows=[3])
    actions.take_back(actor=CLERK, number=batch.number, rows=[3])
    assert states(batch) == {3: "open", 4: "aside"}
    assert queries.refused_rows(actor=CLERK, number=batch.number).rows[0].aside_reason == ""
    back = send("deeds", saved(cured(downloaded(batch), 1)), "refused.xlsx")
    assert (back.rows_accepted, states(batch)) == (1, {3: "replayed", 4: "aside"})
    with pytest.raises(Refused) as refused:
        actions.set_aside(actor=CLERK, number=batch.number, rows=[3], reason=WHY)
    assert refused.value.problem.code == "row_settled"


def test_twice_is_once_and_each_step_has_its_leaf(batch: Batch) -> None:
    assert actions.set_aside(actor=CLERK, number=batch.number, rows=[4], reason=WHY) == 1
    assert actions.set_aside(actor=CLERK, number=batch.number, rows=[4], reason="另一个理由") == 0
    actions.take_back(actor=CLERK, number=batch.number, rows=[4])
    told = Leaf.objects.filter(action__startswith="refusals.").order_by("pk").values_list("action", flat=True)
    assert list(told) == ["refusals.set_aside", "refusals.take_back"]


def test_a_workbook_downloaded_before_brings_no_row_in_that_was_set_aside(batch: Batch, send: Send) -> None:
    sheet = downloaded(batch)
    actions.set_aside(actor=CLERK, number=batch.number, rows=[3], reason=WHY)
    back = send("deeds", saved(cured(sheet[:2], 1)), "refused.xlsx")
    assert (back.rows_accepted, Record.objects.count()) == (0, 1)


@pytest.mark.parametrize("reason", ["", "  ", "是"])
def test_a_reason_is_needed(batch: Batch, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        actions.set_aside(actor=CLERK, number=batch.number, rows=[4], reason=reason)
    assert refused.value.problem.code == "reason_missing"
    assert set(states(batch).values()) == {"open"}


@pytest.mark.parametrize("rows", [[], [2], [4, 99], list(range(2, 900))])
def test_only_refused_rows_of_the_delivery_and_all_or_none(batch: Batch, rows: list[int]) -> None:
    with pytest.raises(Refused):
        actions.set_aside(actor=CLERK, number=batch.number, rows=rows, reason=WHY)
    assert set(states(batch).values()) == {"open"}


def test_nobody_else_sets_aside_or_takes_back(batch: Batch) -> None:
    with pytest.raises(NotFound):
        actions.set_aside(actor=OTHER, number=batch.number, rows=[4], reason=WHY)
    with pytest.raises(NotAllowed):
        actions.set_aside(actor=REVIEWER, number=batch.number, rows=[4], reason=WHY)
    actions.set_aside(actor=CLERK, number=batch.number, rows=[4], reason=WHY)
    with pytest.raises(NotFound):
        actions.take_back(actor=OTHER, number=batch.number, rows=[4])
    with pytest.raises(NotAllowed):
        actions.take_back(actor=REVIEWER, number=batch.number, rows=[4])


def test_what_is_kept_of_the_reason_is_sealed(batch: Batch) -> None:
    actions.set_aside(actor=CLERK, number=batch.number, rows=[4], reason=WHY)
    row = RefusedRow.objects.get(batch=batch, row=4)
    assert WHY not in row.aside_reason_sealed and row.aside_by == CLERK.handle and row.aside_at is not None


def test_on_the_page(batch: Batch, client: Client) -> None:
    account = Account.objects.create(username="clerk", role="clerk", display_name="报送员", department="office")
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = f"/bench/intake/{batch.number}/refused/"
    assert client.post(f"/bench/intake/{batch.number}/aside/", {"row": ["4"], "reason": WHY}).status_code == 302
    shown = client.get(page).content.decode()
    assert WHY in shown and "已搁置" in shown and "取回" in shown
    assert WHY in client.get("/bench/refused/").content.decode()
    assert "1 行已搁置" in client.get(f"/bench/intake/{batch.number}/").content.decode()
    again = client.post(f"/bench/intake/{batch.number}/aside/back/?page=1", {"row": "4"}, follow=True)
    assert "已取回" in again.content.decode() and set(states(batch).values()) == {"open"}
    none = client.post(f"/bench/intake/{batch.number}/aside/", {"reason": WHY}, follow=True)
    assert "没有选中" in none.content.decode()


def test_by_a_system_of_the_department(batch: Batch) -> None:
    machine = Actor(handle="machine:1", name="业务系统", role="machine", department="office")
    assert actions.set_aside(actor=machine, number=batch.number, rows=[3, 4], reason=WHY) == 2
    assert actions.set_aside(actor=machine, number=batch.number, rows=[3, 4], reason=WHY) == 0
    assert actions.take_back(actor=machine, number=batch.number, rows=[3, 4]) == 2
    assert actions.take_back(actor=machine, number=batch.number, rows=[3, 4]) == 0
    assert set(states(batch).values()) == {"open"}
