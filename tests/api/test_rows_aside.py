"""Setting rows aside by machine, whatever is sent: no answer breaks the description, rows and counts stay whole, twice is once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from xinlin.office.actions.batches import receive
from xinlin.office.actions.staff import add_machine
from xinlin.office.jobs.batches import work
from xinlin.office.models.batches import Batch

from ..checks.test_api import SYSTEM, token
from .test_described import EFFORT, bearer, described, strategy_of

__all__ = ["bearer", "described"]
ASIDE, BACK = "/batches/{number}/aside", "/batches/{number}/aside/back"
ROWS = range(3, 9)
"""Rows of the delivery that were refused."""


@pytest.fixture
def batch(bearer: dict[str, str]) -> Batch:
    """A delivery of the machine's department: one row came in, six did not."""
    lines = ["采购项目名称,供应商名称,成交价格", "疫苗,甲生物有限公司,12.5", *[f"疫苗,乙{n}公司,面议" for n in ROWS]]
    receipt = receive(
        actor=SYSTEM, kind="procurement_result", filename="a.csv", chunks=["\n".join(lines).encode()],
        department="public_resource_trading",
    )  # fmt: skip
    work(receipt.job)
    found = Batch.objects.get(number=receipt.number)
    assert (found.rows_accepted, found.rows_refused) == (1, len(ROWS))
    return found


def states(batch: Batch) -> dict[int, str]:
    return dict(batch.refused_rows.order_by("row").values_list("row", "state"))


def call(path: str, batch: Batch, body: Any, headers: dict[str, str]) -> Any:
    address = f"/api/v1{path}".replace("{number}", batch.number)
    return Client().post(address, body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfit"])
@pytest.mark.parametrize("path", [ASIDE, BACK])
def test_whatever_is_said_of_a_real_delivery(
    path: str, mode: GenerationMode, batch: Batch, described: Any, bearer: dict[str, str]
) -> None:
    @EFFORT
    @given(case=strategy_of(described, f"POST /api/v1{path}", mode))
    def sent(case: Any) -> None:
        before = states(batch)
        case.path_parameters = {"number": batch.number}
        answer = case.call(headers=bearer)
        assert answer.status_code < 500, answer.text
        assert answer.status_code == 200 or states(batch) == before, "what is refused changes nothing"

    sent()
    batch.refresh_from_db()
    assert batch.rows_read == batch.rows_accepted + batch.rows_refused == 1 + len(states(batch))


def test_any_rows_any_number_of_times(batch: Batch, described: Any, bearer: dict[str, str]) -> None:
    rows = st.lists(st.integers(1, 10), min_size=1, max_size=8)

    @EFFORT
    @given(steps=st.lists(st.tuples(st.sampled_from([ASIDE, BACK]), rows), min_size=1, max_size=4))
    def sent(steps: list[tuple[str, list[int]]]) -> None:
        for path, chosen in steps:
            body = {"rows": chosen, **({"reason": "合计行"} if path == ASIDE else {})}
            before = states(batch)
            first, again = (call(path, batch, body, bearer) for _twice in range(2))
            known, wanted = set(chosen) <= set(ROWS), "aside" if path == ASIDE else "open"
            assert first.status_code == again.status_code == (200 if known else 422), first.content
            if known:
                changed = sum(before[row] != wanted for row in set(chosen))
                assert (first.json()["changed"], again.json()["changed"]) == (changed, 0)
            assert states(batch) == before | (dict.fromkeys(chosen, wanted) if known else {})

    sent()


@pytest.mark.parametrize("path", [ASIDE, BACK])
def test_who_may_not(path: str, batch: Batch, bearer: dict[str, str]) -> None:
    body = {"rows": [3], **({"reason": "合计行"} if path == ASIDE else {})}
    if path == BACK:
        assert call(ASIDE, batch, {"rows": [3], "reason": "合计行"}, bearer).status_code == 200
    before = states(batch)

    def as_machine(department: str, *scopes: str) -> dict[str, str]:
        client_id, secret = add_machine(actor=SYSTEM, name="别的系统", department=department, scopes=scopes)
        return {"Authorization": f"Bearer {token(client_id, secret)}"}

    refusals = {
        404: as_machine("market_regulation", "batches:write"),
        403: as_machine("public_resource_trading", "batches:read"),
        401: {"Authorization": "Bearer nothing"},
        422: {**bearer, "Content-Digest": f"sha-256=:{'A' * 43}=:"},
    }
    for status, headers in refusals.items():
        answer = call(path, batch, body, headers)
        assert answer.status_code == status, answer.content
        assert "cure" in answer.json() or status == 401, answer.content
    assert states(batch) == before
