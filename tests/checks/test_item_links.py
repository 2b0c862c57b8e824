"""Links by the hundred: proposed from a file, decided clause by clause by another person."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.checks.test_items import CENTRE, FIRST, SECOND, STRANGER
from xinlin.office.actions.item_links import COLUMNS, decide_group, propose_file
from xinlin.office.actions.items import load
from xinlin.office.models.items import ItemLink
from xinlin.office.models.log import Leaf
from xinlin.office.models.staff import Account
from xinlin.office.queries import catalogue_items as queries
from xinlin.office.scopes import Actor, Refused

pytestmark = pytest.mark.django_db
CLAUSE = "wage_regulation,第四十八条"
HEADER = ",".join(COLUMNS)


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    rows = [f"{n},第{n}项许可,housing,住建局,330305,enterprise,示范" for n in range(300)]
    load(
        actor=Actor("system:test", "test", "system"),
        lines=["code,name,department,office,division,subject_kinds,basis", *rows],
    )


def _lines(numbers: Any) -> list[str]:
    return [HEADER, *[f"{n},wage_no_bidding,{CLAUSE},适用" for n in numbers]]


def _group(decider: Any, seen: int, approve: bool = True) -> int:
    source, article = CLAUSE.split(",")
    return decide_group(
        actor=decider, measure="wage_no_bidding", source=source, article=article, seen=seen, approve=approve
    )


def test_hundreds_are_proposed_once_and_work_only_once_another_person_says_so() -> None:
    done = propose_file(actor=FIRST, lines=_lines(range(300)))
    assert (done.rows, done.proposed, done.refused_rows) == (300, 300, 0)
    assert propose_file(actor=FIRST, lines=_lines(range(300))).standing == 300
    assert _group(FIRST, 300) == 0, "nobody decides on what they proposed"
    with pytest.raises(Refused, match="since you opened"):
        _group(SECOND, 299)
    assert _group(SECOND, 300) == 300
    assert ItemLink.objects.filter(state="approved").count() == 300
    assert Leaf.objects.filter(action="items.decide").count() == 300


def test_a_group_is_of_the_own_office_to_an_officer_and_of_all_to_the_centre() -> None:
    propose_file(actor=FIRST, lines=_lines(range(10)))
    load(
        actor=Actor("system:test", "test", "system"),
        lines=[
            "code,name,department,office,division,subject_kinds,basis",
            "t1,烟草许可,tobacco,烟草局,330305,enterprise,示范",
        ],
    )
    propose_file(actor=CENTRE, lines=_lines(["t1"]))
    for actor, number in ((STRANGER, 1), (SECOND, 10), (CENTRE, 10)):
        assert [group.count for group in queries.groups(actor=actor)] == [number]
    with pytest.raises(Refused, match="since you opened"):
        _group(STRANGER, 11)
    assert _group(STRANGER, 1) == 1
    assert set(ItemLink.objects.filter(state="approved").values_list("item", flat=True)) == {"t1"}
    assert _group(CENTRE, 10) == 10


def test_bad_rows_are_named_by_line_and_the_good_ones_are_proposed() -> None:
    lines = [
        *_lines([1]),
        f"999999,wage_no_bidding,{CLAUSE},适用",
        f"2,no_such_measure,{CLAUSE},适用",
        "3,wage_no_bidding,no_such_law,第一条,适用",
        f"4,wage_no_bidding,{CLAUSE},",
        "5,wage_no_bidding",
    ]
    done = propose_file(actor=FIRST, lines=lines)
    assert (done.proposed, done.refused_rows) == (1, 5)
    assert [problem.where.split(":")[0] for problem in done.refused] == ["3", "4", "5", "6", "7"]
    with pytest.raises(Refused):
        propose_file(actor=FIRST, lines=["a,b"])


def test_the_page_costs_the_same_whatever_waits(django_assert_max_num_queries: Any) -> None:
    propose_file(actor=FIRST, lines=_lines(range(300)))
    with django_assert_max_num_queries(3):
        (group,) = queries.groups(actor=SECOND)
    assert (group.count, group.mine, len(group.items)) == (300, 0, 8)


def test_by_hand_from_file_to_approval() -> None:
    def client(name: str) -> Client:
        account = Account.objects.create(username=name, role="reviewer", display_name=name, department="credit_centre")
        made = Client()
        made.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
        return made

    first, second = client("甲"), client("乙")
    file = SimpleUploadedFile("links.csv", ("\ufeff" + "\r\n".join(_lines([1, 2, 7777]))).encode(), "text/csv")
    page = first.post("/bench/items/links/", {"file": file}).content.decode()
    assert "3 行：提出 2 条，已有 0 条，不能提出 1 条" in page
    assert "4:item" in page
    assert "2 条是您提出的" in first.get("/bench/items/").content.decode()
    page = second.get("/bench/items/").content.decode()
    found = re.findall(r'<input type="hidden" name="(measure|source|article|seen)" value="([^"]*)">', page)
    answer = second.post("/bench/items/links/decide/", {**dict(found), "decision": "approve"}, follow=True)
    assert "2 条关联已审定" in answer.content.decode()
    junk = SimpleUploadedFile("links.csv", b"\xff\xfe\x00", "text/csv")
    assert first.post("/bench/items/links/", {"file": junk}).status_code == 422
