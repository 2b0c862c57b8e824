"""The share of promises kept in time, month by month, as the board draws it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from xinlin.office.models.pledges import Pledge
from xinlin.office.models.staff import Account
from xinlin.office.queries import pledges
from xinlin.office.queries.record_figures import months_until
from xinlin.office.scopes import Actor, NotAllowed, now, today

pytestmark = pytest.mark.django_db
REVIEWER = Actor("account:5", "李审核", "reviewer")


def _promises(due: date, *states: str, department: str = "housing") -> None:
    for number, state in enumerate(states):
        Pledge.objects.create(
            number=f"{department[:4]}{due:%Y%m%d}{number}",
            template="any",
            promisor=department,
            department=department,
            duty="按期交付",
            signed_at=now(),
            due_on=due,
            state=state,
            result_on=None if state == "open" else due,
            result_by="" if state == "open" else "account:6",
            result_words="" if state == "open" else "查看了现场",
        )


def test_the_months_share_leaves_out_what_is_open_or_excused() -> None:
    months = months_until(today(), 12)
    _promises(months[3], "kept", "kept", "late", "excused", "open")
    _promises(months[5], "broken", "kept", department="tax")
    _promises(months[6], "open", "excused")
    _promises(date(months[0].year - 1, 1, 1), "kept")
    assert pledges.kept_by_month(actor=REVIEWER) == [(months[3], 66), (months[5], 50)]
    housing = Actor("account:6", "王审批", "officer", department="housing")
    assert pledges.kept_by_month(actor=housing) == [(months[3], 66)]
    with pytest.raises(NotAllowed):
        pledges.kept_by_month(actor=Actor("account:7", "居民", "resident"))


def test_the_board_draws_the_line_and_says_it_in_words(client: Client) -> None:
    months = months_until(today(), 12)
    reviewer: Any = Account.objects.create(username="r", role="reviewer", display_name="李审核")
    client.force_login(reviewer, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "按月履约率" not in client.get("/bench/pledges/").content.decode()
    _promises(months[3], "kept", "late")
    _promises(months[8], "kept")
    page = client.get("/bench/pledges/").content.decode()
    assert "从 50 % 到 100 %" in page and f"{months[3]:%Y-%m}" in page
