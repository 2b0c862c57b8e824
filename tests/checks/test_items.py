"""The service catalogue: loaded by file, found by words, linked with four eyes, checked at like any item."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tests.checks.conftest import OFFICER, Listed, make_entry
from xinlin.core.checks import Applicant
from xinlin.office.actions.checks import answer
from xinlin.office.actions.feedback import give_feedback
from xinlin.office.actions.items import decide, load, propose
from xinlin.office.actions.measures import lift_lapsed
from xinlin.office.models.items import ItemLink, ServiceItem
from xinlin.office.models.measures import MeasureUse
from xinlin.office.models.staff import Account
from xinlin.office.queries import catalogue_items as queries
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, Conflict, NotAllowed, NotFound, Refused, today

pytestmark = pytest.mark.django_db
OPERATOR = Actor("account:1", "运维", "operator")
FIRST = Actor("account:2", "甲审批", "officer", "housing")
SECOND = Actor("account:3", "乙审批", "officer", "housing")
STRANGER = Actor("account:4", "丙审批", "officer", "tobacco")
CENTRE = Actor("account:5", "丁审核", "reviewer", "credit_centre")
SYSTEM = Actor("machine:9", "住建系统", "machine", "housing")
HEADER = "code,name,department,office,division,subject_kinds,basis"
ROWS = [
    "520001,城镇燃气经营许可,housing,住建局,520000,enterprise institution,城镇燃气管理条例 第十五条",
    "520002,商品房预售许可,housing,住建局,520000,enterprise,城市房地产管理法 第四十五条",
    "520003,烟草专卖零售许可,tobacco,烟草局,520000,person enterprise,烟草专卖法 第十六条",
]
CLAUSE = {"source": "wage_regulation", "article": "第四十八条", "reason": "条例限制其参与相关经营活动"}


@pytest.fixture
def catalogue() -> None:
    load(actor=OPERATOR, lines=[f"{line}\n" for line in [HEADER, *ROWS]])


def test_a_file_loads_once_and_again_changes_nothing(catalogue: None) -> None:
    again = load(actor=OPERATOR, lines=[f"{line}\n" for line in [HEADER, *ROWS]])
    assert (again.rows, again.added, again.changed, again.refused_rows) == (3, 0, 0, 0)
    renamed = load(actor=OPERATOR, lines=[HEADER + "\n", ROWS[0].replace("经营许可", "经营许可（新）") + "\n"])
    assert (renamed.added, renamed.changed) == (0, 1)
    assert ServiceItem.objects.count() == 3


def test_bad_rows_are_named_by_line_and_the_good_ones_stand() -> None:
    lines = [
        HEADER,
        ROWS[0],
        "520009,,housing,住建局,,enterprise,某法",
        "520010,名称,housing,住建局,,alien,某法",
        "a,b",
    ]
    done = load(actor=OPERATOR, lines=[f"{line}\n" for line in lines])
    assert (done.added, done.refused_rows) == (1, 3)
    assert [problem.where.split(":")[0] for problem in done.refused] == ["3", "4", "5"]
    with pytest.raises(Refused):
        load(actor=OPERATOR, lines=["code,name\n"])
    with pytest.raises(NotAllowed):
        load(actor=FIRST, lines=[])


@pytest.mark.parametrize(
    ("words", "codes"),
    [("燃气", ["520001"]), ("住建 许可", ["520001", "520002"]), ("5200", ["520001", "520002", "520003"]), ("无此", [])],
)
def test_words_of_any_length_are_found_anywhere(catalogue: None, words: str, codes: list[str]) -> None:
    assert [item.code for item in queries.search(actor=FIRST, words=words)] == codes


def test_a_page_costs_a_fixed_number_of_queries(catalogue: None, django_assert_num_queries: Any) -> None:
    reach = 1 if connection.vendor == "postgresql" else 0  # how far names are read on before the index is asked
    with django_assert_num_queries(2 + reach):
        queries.search(actor=FIRST, words="许可", after="520001")


def _linked() -> int:
    number = propose(actor=FIRST, item="520001", measure="wage_no_bidding", **CLAUSE)
    decide(actor=SECOND, number=number, approve=True, words="同意")
    return number


def test_a_link_needs_a_second_person_and_the_database_says_so_too(catalogue: None) -> None:
    number = propose(actor=FIRST, item="520001", measure="wage_no_bidding", **CLAUSE)
    with pytest.raises(Conflict):
        propose(actor=SECOND, item="520001", measure="wage_no_bidding", **CLAUSE)
    with pytest.raises(Refused, match="another person"):
        decide(actor=FIRST, number=number, approve=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        ItemLink.objects.filter(pk=number).update(state="approved", decided_by=FIRST.handle)
    assert decide(actor=SECOND, number=number, approve=True) == "approved"
    assert decide(actor=SECOND, number=number, approve=False) == "ended"


def test_only_the_office_of_the_item_or_the_centre_decides(catalogue: None, client: Client) -> None:
    number = propose(actor=FIRST, item="520001", measure="wage_no_bidding", **CLAUSE)
    with pytest.raises(NotFound, match="your department"):
        decide(actor=STRANGER, number=number, approve=True)
    account = Account.objects.create(username="s", role="officer", display_name="丙审批", department="tobacco")
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "审定生效" not in client.get("/bench/items/520001/").content.decode()
    assert client.post(f"/bench/items/520001/links/{number}/", {"decision": "approve"}).status_code == 404
    assert ItemLink.objects.get().state == "proposed"
    assert decide(actor=CENTRE, number=number, approve=True) == "approved"
    with pytest.raises(NotFound):
        decide(actor=STRANGER, number=number, approve=False)


@pytest.mark.parametrize(
    ("role", "department", "offered"),
    [("officer", "housing", True), ("officer", "tobacco", False), ("reviewer", "credit_centre", True)],
)
def test_a_link_is_offered_where_it_may_be_proposed(
    catalogue: None, client: Client, role: str, department: str, offered: bool
) -> None:
    account = Account.objects.create(username=role, role=role, display_name="周审批", department=department)
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert ("提出关联" in client.get("/bench/items/520001/").content.decode()) == offered


@pytest.mark.parametrize(
    "wrong",
    [
        {"measure": "nonsense"},
        {"source": "nonsense"},
        {"source": "shenzhen_credit_regulation"},
        {"article": " "},
        {"reason": ""},
    ],
    ids=["measure", "no source", "a local one", "article", "reason"],
)
def test_a_link_without_a_clause_of_law_is_refused(catalogue: None, wrong: dict[str, str]) -> None:
    with pytest.raises(Refused):
        propose(actor=FIRST, **{"item": "520001", "measure": "wage_no_bidding", **CLAUSE, **wrong})
    with pytest.raises(NotFound):
        propose(actor=FIRST, item="520003", measure="wage_no_bidding", **CLAUSE)


def test_a_check_at_a_linked_item_answers_with_the_links_clause(catalogue: None, firm: Callable[..., Listed]) -> None:
    listed = firm()
    make_entry(listed.subject)

    def ask(key: str) -> Any:
        question = {"item": "520001", "purpose": "燃气许可", "officer": OFFICER, "idempotency_key": key}
        return answer(actor=SYSTEM, applicants=[Applicant(listed.identifier, listed.name)], **question).answers[0]

    assert ask("before").verdict == "no"
    number = _linked()
    after = ask("after")
    assert after.verdict == "yes"
    assert "第四十八条" in after.hits[0].measures[0].article.zh
    decide(actor=SECOND, number=number, approve=False, words="条款不再适用")
    assert ask("ended").verdict == "no"


def test_a_measure_ends_with_the_clause_that_linked_it_to_its_item(
    catalogue: None, firm: Callable[..., Listed], monkeypatch: pytest.MonkeyPatch
) -> None:
    clause = {"source": "enforcement_law", "article": "第一条", "reason": "示范"}
    book = current()
    base = book.sources["wage_regulation"]
    law = base.model_copy(update={"id": "enforcement_law"})

    def edition(until: date | None) -> None:
        sources = {**book.sources, "enforcement_law": law.model_copy(update={"effective_to": until})}
        monkeypatch.setattr("xinlin.shelf.read", lambda _code: book.model_copy(update={"sources": sources}))

    edition(None)
    decide(
        actor=SECOND,
        number=propose(actor=FIRST, item="520001", measure="wage_no_bidding", **clause),
        approve=True,
    )
    listed = firm()
    held = make_entry(listed.subject)
    question = {"item": "520001", "purpose": "燃气许可", "officer": OFFICER, "idempotency_key": "linked"}
    found = answer(actor=SYSTEM, applicants=[Applicant(listed.identifier, listed.name)], **question).answers[0]
    give_feedback(
        actor=SYSTEM, answer_number=found.number, decision="measure_applied", measure="wage_no_bidding",
        entry=held.record.reference, reason="在名单期限内", officer=OFFICER,
    )  # fmt: skip
    worker = Actor("system:test", "test", "system")
    assert lift_lapsed(actor=worker) == 0
    edition(today())
    assert lift_lapsed(actor=worker) == 1
    assert MeasureUse.objects.get().lifted_because == "article_repealed"
