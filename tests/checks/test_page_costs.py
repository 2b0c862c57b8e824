"""How many queries the pages of checks, lists and items cost: the same however many of them there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.checks.conftest import OFFICER, TRADING, make_entry, make_subject
from xinlin.core.checks import Applicant
from xinlin.office.actions.items import decide, load, propose
from xinlin.office.models.people import Look
from xinlin.office.models.staff import Account
from xinlin.office.scopes import Actor

pytestmark = pytest.mark.django_db
COSTS = {
    "/bench/checks/": 9,
    "/bench/items/": 9,
    "/bench/items/?q=交易": 9,
    "/bench/items/520000/": 4,
    "/bench/measures/": 3,
    "/bench/supervision/?days=90": 13,
    "/bench/supervision/hits/?days=90": 13,
    "/lists/": 2,
    "/lists/registers/": 2,
}
"""Session and account of those under /bench/ counted too."""
HEADER = "code,name,department,office,division,subject_kinds,basis"


def fill(ask: Any, many: int) -> None:
    """Items of the catalogue, each with a link, and at each a check that hits; as many at an item of the rulebook."""
    department = TRADING.department
    rows = [f"52{n:04},交易许可第{n}号,{department},交易中心,520000,enterprise,某法 第一条" for n in range(many)]
    load(actor=Actor("account:91", "运维", "operator"), lines=[f"{line}\n" for line in (HEADER, *rows)])
    first, second = (Actor(f"account:{n}", name, "officer", department) for n, name in ((92, "甲"), (93, "乙")))
    clause = {"source": "wage_regulation", "article": "第四十八条", "reason": "条例限制"}
    for n in range(many):
        number = propose(actor=first, item=f"52{n:04}", measure="wage_no_bidding", **clause)
        decide(actor=second, number=number, approve=True, words="同意")
        listed = make_subject(f"示例{n}号建设有限公司", person=False)
        make_entry(listed.subject)
        for changes in ({"item": f"52{n:04}"}, {}):
            view = ask(Applicant(listed.identifier, listed.name), **changes)
            assert view.counts["yes"] == 1


def sign_in(client: Client) -> Account:
    given = {"role": "officer", "display_name": OFFICER, "department": TRADING.department}
    officer: Account = Account.objects.create(username="officer", **given)
    client.force_login(officer, backend="allauth.account.auth_backends.AuthenticationBackend")
    return officer


@pytest.mark.parametrize("many", [1, 8])
def test_pages_of_checks_lists_and_items_cost_the_same_however_many_there_are(
    ask: Any, client: Client, many: int
) -> None:
    fill(ask, many)
    sign_in(client)
    found = {}
    for address in COSTS:
        client.get(address)
        with CaptureQueriesContext(connection) as told:
            assert client.get(address).status_code == 200, address
        found[address] = len(told)
    estimate = 1 if connection.vendor == "postgresql" else 0  # of how many items there are, where counting is dear
    reach = estimate  # how far names are read on before the index is asked
    assert found == COSTS | {
        "/bench/items/": COSTS["/bench/items/"] + estimate,
        "/bench/items/?q=交易": COSTS["/bench/items/?q=交易"] + estimate + reach,
    }


def test_each_check_on_a_page_is_a_look_of_its_own(ask: Any, client: Client) -> None:
    fill(ask, 3)
    officer = sign_in(client)
    before = Look.objects.count()
    assert client.get("/bench/checks/").status_code == 200
    looks = Look.objects.order_by("pk")[before:]
    assert len(looks) == 6, "three firms, each asked about twice"
    assert {look.actor for look in looks} == {f"account:{officer.pk}"}
