"""Connected systems: who is heard from, what passed either way, how much a system may do in a day, closing one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from xinlin.office.actions.staff import change_machine
from xinlin.office.models.log import Leaf
from xinlin.office.models.staff import Account, Machine
from xinlin.office.queries import connections as queries
from xinlin.office.queries import staff
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused

from .conftest import resident, table
from .test_api import HEADER, Api

pytestmark = pytest.mark.django_db
OPERATOR = Actor(handle="account:1", name="运维", role="operator", department="centre")
AUDITOR = Actor(handle="account:2", name="审计", role="auditor", department="centre")
CLERK = Actor(handle="account:3", name="报送", role="clerk", department="office")


@pytest.fixture
def api(db: None, monkeypatch: pytest.MonkeyPatch) -> Api:
    """A system of the department, whose jobs are done in the call."""
    from django.db import transaction

    monkeypatch.setattr(transaction, "on_commit", lambda call, **_: call())
    return Api()


def _file(serial: int) -> str:
    return table(HEADER, f"{resident(serial)},王小明,2024-05-01").decode()


def _deliver(api: Api, serial: int) -> Any:
    return api.post("/batches?kind=deeds", _file(serial))


def _limit(limit: int | None, *, active: bool = True) -> None:
    change_machine(actor=OPERATOR, client_id=Machine.objects.get().client_id, active=active, daily_limit=limit)


def test_a_delivery_stands_in_the_office_s_exchange_log_with_the_system_that_sent_it(api: Api) -> None:
    assert _deliver(api, 1).status_code == 201
    shown = queries.connections(actor=AUDITOR)
    (line,) = [line for line in shown.offices if line.code == "office"]
    assert (line.standing, line.machines, line.files, line.rows) == ("kept", 1, 1, 1)
    office = queries.office(actor=AUDITOR, code="office")
    (passage,) = office.passages
    assert (passage.came, passage.sort, passage.state, passage.rows, passage.by) == (
        True, "delivery", "done", 1, "测试系统",
    )  # fmt: skip
    (machine,) = office.machines
    assert (machine.active, machine.daily_limit, machine.used_today) == (True, None, 1)
    assert machine.scopes == ["batches:read", "batches:write"]


def test_a_day_s_limit_is_kept_and_says_when_to_come_again(api: Api) -> None:
    _limit(2)
    assert [_deliver(api, serial).status_code for serial in (1, 2, 3)] == [201, 201, 429]
    refused = _deliver(api, 3)
    assert refused.json()["code"] == "daily_limit"
    assert 0 < int(refused["Retry-After"]) <= 86_400
    assert api.get("/batches").status_code == 200, "reading is not metered"
    _limit(3)
    assert _deliver(api, 3).status_code == 201


def test_what_was_sent_before_midnight_counts_for_yesterday(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _deliver(api, 1).status_code == 201
    machine = Machine.objects.get()
    system = Actor(f"machine:{machine.pk}", machine.name, "machine", machine.department)
    assert staff.used_today(system) == 1
    tomorrow = staff.now() + timedelta(days=1)
    monkeypatch.setattr(staff, "now", lambda: tomorrow)
    assert staff.used_today(system) == 0


def test_a_closed_system_is_refused_from_its_next_call_on_and_opens_again(api: Api) -> None:
    _limit(None, active=False)
    assert _deliver(api, 1).status_code == 403
    leaves = Leaf.objects.count()
    _limit(None, active=False)
    assert Leaf.objects.count() == leaves, "what stands so already stays"
    _limit(None)
    assert _deliver(api, 1).status_code == 201


def test_only_an_operator_changes_a_system_and_only_to_something_sensible(api: Api) -> None:
    client_id = Machine.objects.get().client_id
    with pytest.raises(NotAllowed):
        change_machine(actor=CLERK, client_id=client_id, active=False, daily_limit=None)
    with pytest.raises(Refused):
        change_machine(actor=OPERATOR, client_id=client_id, active=True, daily_limit=0)
    with pytest.raises(NotFound):
        change_machine(actor=OPERATOR, client_id="nobody", active=True, daily_limit=None)


def test_a_clerk_sees_the_own_office_alone(api: Api) -> None:
    assert {line.code for line in queries.connections(actor=CLERK).offices} == {"office"}
    with pytest.raises(NotFound):
        queries.office(actor=CLERK, code="elsewhere")
    with pytest.raises(NotAllowed):
        queries.connections(actor=Actor(handle="account:9", name="居民", role="resident"))


def test_an_operator_sets_a_limit_on_the_page(api: Api) -> None:
    account = Account.objects.create(username="account-op", role="operator", display_name="运维", department="centre")
    desk = Client()
    desk.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = "/bench/connections/office/"
    assert "测试系统" in desk.get(page).content.decode()
    address = f"{page}systems/{Machine.objects.get().client_id}/"
    assert desk.post(address, {"daily_limit": "many", "active": "yes"}).status_code == 422
    assert desk.post(address, {"daily_limit": "5", "active": "yes"}).status_code == 302
    assert (Machine.objects.get().daily_limit, Machine.objects.get().active) == (5, True)
    assert "今天用了 0 / 5 次" in desk.get(page).content.decode()
    assert "接入系统" in desk.get("/bench/connections/").content.decode()
