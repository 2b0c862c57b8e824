"""Machines sign in by client credentials: their scopes and no others, their secret and no other."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from allauth.idp.oidc.models import Token
from django.test import Client

from xinlin.cli import main
from xinlin.office.actions.staff import add_machine, appoint
from xinlin.office.models.log import Leaf
from xinlin.office.models.staff import Account, Machine
from xinlin.office.queries.staff import let_in
from xinlin.office.scopes import Actor, NotAllowed, Refused

pytestmark = pytest.mark.django_db
SYSTEM = Actor(handle="system:tests", name="tests", role="system")


@pytest.fixture
def machine() -> tuple[str, str]:
    return add_machine(
        actor=SYSTEM, name="交警业务系统", department="traffic_police", scopes=["batches:write", "batches:read"]
    )


def _ask(client: Client, name: str, secret: str, **more: str) -> Any:
    basic = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return client.post(
        "/identity/o/api/token",
        {"grant_type": "client_credentials", **more},
        headers={"authorization": f"Basic {basic}"},
    )


def test_a_machine_gets_a_token_for_its_scopes(client: Client, machine: tuple[str, str]) -> None:
    answer = _ask(client, *machine, scope="batches:write")
    assert answer.status_code == 200
    body = json.loads(answer.content)
    assert body["scope"] == "batches:write"
    assert body["expires_in"] <= 900
    assert "refresh_token" not in body
    token = Token.objects.get()
    assert token.get_scopes() == ["batches:write"]
    assert body["access_token"] not in token.hash


def test_without_naming_scopes_it_gets_all_of_its_own(client: Client, machine: tuple[str, str]) -> None:
    assert set(json.loads(_ask(client, *machine).content)["scope"].split()) == {"batches:write", "batches:read"}


def test_a_scope_that_is_not_its_own_is_refused(client: Client, machine: tuple[str, str]) -> None:
    answer = _ask(client, *machine, scope="checks:ask")
    assert answer.status_code == 400
    assert json.loads(answer.content)["error"] == "invalid_scope"


def test_a_wrong_secret_is_refused(client: Client, machine: tuple[str, str]) -> None:
    answer = _ask(client, machine[0], "wrong")
    assert answer.status_code == 401
    assert json.loads(answer.content)["error"] == "invalid_client"
    assert not Token.objects.exists()


def test_a_machine_cannot_ask_in_the_name_of_a_person(client: Client, machine: tuple[str, str]) -> None:
    basic = base64.b64encode(":".join(machine).encode()).decode()
    answer = client.post(
        "/identity/o/api/token",
        {"grant_type": "password", "username": "a", "password": "b"},
        headers={"authorization": f"Basic {basic}"},
    )
    assert answer.status_code == 400


def test_the_machine_acts_for_its_department_until_it_is_closed(machine: tuple[str, str]) -> None:
    value = (
        Client()
        .post(
            "/identity/o/api/token",
            {"grant_type": "client_credentials", "client_id": machine[0], "client_secret": machine[1]},
        )
        .json()["access_token"]
    )
    let = let_in(value)
    assert let is not None
    assert let.actor is not None
    assert (let.actor.role, let.actor.department, let.actor.name) == ("machine", "traffic_police", "交警业务系统")
    Machine.objects.update(active=False)
    closed = let_in(value)
    assert closed is not None
    assert closed.actor is None
    assert let_in("another") is None


def test_only_operators_and_the_system_let_machines_and_staff_in() -> None:
    clerk = Actor(handle="account:1", name="周", role="clerk", department="tax")
    with pytest.raises(NotAllowed):
        add_machine(actor=clerk, name="x", department="tax", scopes=["batches:read"])
    with pytest.raises(NotAllowed):
        appoint(actor=clerk, issuer="i", subject_claim="s", role="clerk", department="tax", display_name="x")
    operator = Actor(handle="account:2", name="吴", role="operator")
    add_machine(actor=operator, name="x", department="tax", scopes=["batches:read"])
    with pytest.raises(Refused, match="no such scope"):
        add_machine(actor=operator, name="x", department="tax", scopes=["everything"])


def test_appointing_twice_changes_nothing_and_each_change_leaves_a_leaf() -> None:
    who = {"actor": SYSTEM, "issuer": "https://identity.example", "subject_claim": "s-1", "display_name": "吴报送"}
    first = appoint(**who, role="clerk", department="tax")
    assert appoint(**who, role="clerk", department="tax") == first
    assert Leaf.objects.filter(action="staff.appoint").count() == 1
    assert appoint(**who, role="officer", department="tax") == first
    assert Leaf.objects.filter(action="staff.appoint").count() == 2
    with pytest.raises(ValueError, match="not a role of staff"):
        appoint(**who, role="resident", department="")


def test_an_unknown_department_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Refused, match="no department"):
        add_machine(actor=SYSTEM, name="x", department="ministry_of_magic", scopes=["batches:read"])
    with pytest.raises(Refused, match="no department"):
        appoint(actor=SYSTEM, issuer="i", subject_claim="s", role="clerk", department="nowhere", display_name="x")


def test_the_command_line_appoints_and_lets_in(capsys: pytest.CaptureFixture[str]) -> None:
    name, department = ["--name", "吴报送"], ["--department", "tax"]
    person = ["--subject", "s-9", "--role", "clerk", "--issuer", "https://identity.example"]
    assert main(["staff", "appoint", *person, *name, *department]) == 0
    assert Account.objects.get().role == "clerk"
    assert main(["staff", "machine", *name, *department, "--scopes", "batches:write", "batches:read"]) == 0
    shown = capsys.readouterr().out
    assert Machine.objects.get().client_id in shown
    assert main(["staff", "machine", *name, *department, "--scopes", "all"]) == 1
    assert "Choose among" in capsys.readouterr().err
