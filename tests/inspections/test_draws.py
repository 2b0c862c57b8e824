"""The draw, one firm's grade, and the pages: what officers, the firm itself and everybody see of them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.test import Client

from tests.checks.conftest import Listed, make_entry, make_subject
from tests.public.conftest import days_ago, make_record
from xinlin.core.checks import Applicant
from xinlin.core.inspections import lot, seed_of
from xinlin.office import vault
from xinlin.office.actions.cases import object_to
from xinlin.office.actions.checks import answer
from xinlin.office.actions.inspections import announce_plan
from xinlin.office.jobs import inspections as jobs
from xinlin.office.jobs import log
from xinlin.office.models.inspections import DrawnFirm, InspectionPlan
from xinlin.office.models.log import Leaf, LeafOpening
from xinlin.office.models.people import Look, Relation
from xinlin.office.models.staff import Account
from xinlin.office.queries import inspection_results as results
from xinlin.office.queries import inspections as queries
from xinlin.office.queries import log as heads
from xinlin.office.queries.staff import actor_of
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused

pytestmark = pytest.mark.django_db
OFFICER = Actor("account:71", "王检查", "officer", department="market_regulation")
REVIEWER = Actor("account:72", "李审核", "reviewer")


@pytest.fixture(autouse=True)
def _national(settings: Any) -> None:
    settings.CITY = "national"


def _firms(number: int) -> list[Listed]:
    return [make_subject(f"示例{n}号有限公司", person=False) for n in range(number)]


def _drawn() -> str:
    """Announced by the officer, and drawn by the worker once the log has signed a head."""
    number = announce_plan(actor=OFFICER)
    log.sequence()
    jobs.draw()
    return number


def _seed(number: str) -> str:
    """The seed of a plan, from its root and the key whose hash was announced."""
    row = InspectionPlan.objects.get(number=number)
    key = vault.unseal(row.key_sealed, queries.KEY_PLACE)
    assert row.key_sha256 == hashlib.sha256(key.encode()).hexdigest()
    return seed_of(row.root, key, row.department, row.year)


def _browser(role: str, department: str = "", subject: Any = None) -> Client:
    made = Account.objects.create(
        username=f"{role}-{department}", role=role, display_name="某人", department=department, subject=subject
    )
    client = Client()
    client.force_login(made, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def _led(firm: Listed) -> Any:
    """The person who leads the firm."""
    boss = make_subject("陈大海", person=True)
    record = make_record(firm.subject, "enterprise_registration", record_class="", document="登记")
    Relation.objects.create(organisation=firm.subject, person=boss.subject, from_on=days_ago(400), record=record)
    return boss.subject


def test_a_draw_follows_the_rates_and_anybody_finds_the_same_firms() -> None:
    firms = _firms(60)
    for firm in firms[:20]:
        make_entry(firm.subject)
    for firm in firms[20:40]:
        make_record(firm.subject)
    shown = results.page(actor=OFFICER, number=_drawn())
    plan, lines = shown.plan, shown.lines
    taken = {row.name.en: (row.firms, row.drawn) for row in plan.grades}
    assert InspectionPlan.objects.get().grades[3] | {"last_lot": ""} == {
        "grade": "most", "per_mille": 300, "firms": 20, "drawn": 6, "last_lot": "",
    }  # fmt: skip
    assert taken["Drawn most often"][0] == 20 and taken["Drawn more often"][0] == 20
    last = {row["grade"]: row["last_lot"] for row in InspectionPlan.objects.get().grades}
    seed = _seed(plan.number)
    again = {firm.identifier for firm in firms[:20] if lot(seed, firm.identifier) <= last["most"]}
    again |= {firm.identifier for firm in firms[20:40] if lot(seed, firm.identifier) <= last["more"]}
    again |= {firm.identifier for firm in firms[40:] if lot(seed, firm.identifier) <= last["usual"]}
    assert {line.code for line in lines} == again and len(again) == 6 + 2 + 1
    assert lines[0].grade.en == "Drawn most often" and lines[0].reasons


def test_a_second_press_finds_the_same_plan_and_the_leaf_names_no_firm() -> None:
    (firm,) = _firms(1)
    number = _drawn()
    root = InspectionPlan.objects.get().root
    assert announce_plan(actor=OFFICER) == number and jobs.draw() == 0
    log.sequence()
    assert jobs.draw() == 0 and InspectionPlan.objects.get().root == root
    assert (InspectionPlan.objects.count(), DrawnFirm.objects.count()) == (1, 1)
    assert Leaf.objects.filter(action__startswith="inspections.").count() == 2
    said = repr([*LeafOpening.objects.values(), *InspectionPlan.objects.values()])
    assert firm.identifier not in said and firm.name not in said


def test_nothing_is_announced_without_a_firm_or_the_right() -> None:
    with pytest.raises(Refused, match="单位"):
        announce_plan(actor=OFFICER)
    for actor in (REVIEWER, Actor("account:9", "某", "clerk", department="tax"), Actor("account:8", "某", "officer")):
        with pytest.raises(NotAllowed):
            announce_plan(actor=actor)
    assert not InspectionPlan.objects.exists()


def test_the_seed_is_the_first_head_after_the_announcement_whenever_it_is_drawn() -> None:
    _firms(5)
    number = announce_plan(actor=OFFICER)
    assert jobs.draw() == 0, "no head covers the announcement yet"
    assert "等待抽取" in _browser("officer", "market_regulation").get(f"/bench/inspections/{number}/").content.decode()
    log.sequence()
    first = heads.latest()
    announce_plan(actor=Actor("account:74", "钱环保", "officer", department="ecology"))
    log.sequence()
    assert jobs.draw() == 2
    plan = InspectionPlan.objects.get(number=number)
    assert first is not None and plan.root == first.root


def test_an_officer_reads_the_list_of_their_own_department_alone() -> None:
    _firms(3)
    number = _drawn()
    other = Actor("account:73", "赵税务", "officer", department="tax")
    with pytest.raises(NotFound):
        results.page(actor=other, number=number)
    assert queries.plans(actor=other) == []
    assert results.page(actor=REVIEWER, number=number).lines
    with pytest.raises(NotAllowed):
        queries.counts(actor=Actor("account:1", "居民", "resident"))


def test_few_firms_are_not_counted_out() -> None:
    firms = _firms(40)
    for firm in firms[:3]:
        make_entry(firm.subject)
    shown = {one.grade.code: one.firms for one in queries.counts(actor=REVIEWER)[0]}
    assert shown["most"] is None and shown["usual"] is None  # 40 - 37 would tell the three


def test_one_firm_is_found_by_its_code_and_is_told_and_a_person_has_no_grade() -> None:
    firm, person = make_subject("示例食品有限公司", person=False), make_subject("林小满", person=True)
    make_record(firm.subject, record_class="serious")
    found = queries.of_firm(actor=OFFICER, identifier=firm.identifier)
    assert (found.grade.code, len(found.reasons)) == ("most", 1)
    assert Look.objects.get().subject == firm.subject
    make_entry(person.subject)
    for nobody in (person.identifier, "91330305MA99999998"):
        with pytest.raises(NotFound):
            queries.of_firm(actor=OFFICER, identifier=nobody)
    assert person.subject.pk not in queries.graded_apart()
    desk = _browser("officer", "market_regulation")
    page = desk.post("/bench/inspections/", {"identifier": firm.identifier}).content.decode()
    assert "示例食品有限公司" in page and "重点抽查" in page
    assert desk.post("/bench/inspections/", {"identifier": person.identifier}).status_code == 422


def test_the_firm_sees_why_and_this_is_wrong_takes_the_reason_away_at_once(settings: Any) -> None:
    settings.CITY = "guizhou"
    firm = make_subject("示例海产有限公司", person=False)
    boss, penalty = _led(firm), make_record(firm.subject)
    client = _browser("resident", subject=boss)
    page = client.get("/me/grades/").content.decode()
    assert "增加抽查" in page and "10 %" in page and f"/records/{penalty.reference}/wrong/" in page
    assert client.get(f"/records/{penalty.reference}/wrong/").status_code == 200
    assert client.get(f"/repairs/{penalty.reference}/").status_code == 200
    assert client.get(f"/records/{penalty.reference}/").status_code == 200
    account = Account.objects.get(subject=boss)
    object_to(actor=actor_of(account), reference=penalty.reference, reason="wrong_fact", words="")
    assert "常规抽查" in client.get("/me/grades/").content.decode()
    assert "/me/grades/" in client.get("/report/").content.decode()
    stranger = _browser("resident", department="x", subject=make_subject("王五", person=True).subject)
    assert "示例海产有限公司" not in stranger.get("/me/grades/").content.decode()


def test_a_grade_changes_no_answer_of_a_check() -> None:
    good, bad = make_subject("示例甲有限公司", person=False), make_subject("示例乙有限公司", person=False)
    make_record(bad.subject, record_class="serious")
    trading = Actor("machine:1", "公共资源交易系统", "machine", department="public_resource_trading")
    given = answer(
        actor=trading,
        item="bidding_qualification",
        purpose="投标资格审查",
        officer="陈思远",
        applicants=[Applicant(good.identifier, good.name), Applicant(bad.identifier, bad.name)],
        idempotency_key="k1",
    )
    assert len({(one.verdict, len(one.reasons), one.hold) for one in given.answers}) == 1


def test_everybody_reads_grades_and_draws_and_no_firm() -> None:
    firms = _firms(30)
    for firm in firms[:12]:
        make_entry(firm.subject)
    desk = _browser("officer", "market_regulation")
    answered = desk.post("/bench/inspections/", {"draw": "yes"})
    assert answered.status_code == 302
    log.sequence()
    jobs.draw()
    drawn = desk.get(answered.headers["Location"]).content.decode()
    assert sum(firm.name in drawn for firm in firms) == 4 + 1
    assert "抽取本年度检查对象" not in desk.get("/bench/inspections/").content.decode()
    page = Client().get("/inspections/").content.decode()
    plan = InspectionPlan.objects.get()
    key = vault.unseal(plan.key_sealed, queries.KEY_PLACE)
    assert plan.root in page and plan.key_sha256 in page and key not in page + drawn, "or firms would know"
    InspectionPlan.objects.update(year=plan.year - 1)
    assert f"{plan.root}:{key}:market_regulation:{plan.year - 1}" in Client().get("/inspections/").content.decode()
    assert plan.grades[3]["last_lot"] in page and "30 %" in page
    assert not [firm for firm in firms if firm.name in page or firm.identifier in page]
