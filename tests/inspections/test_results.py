"""What an inspection found: recorded by who was there, told to the firm, published by its clock, open to objection."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from tests.checks.conftest import Listed, make_subject
from tests.inspections.test_draws import OFFICER, _browser, _drawn, _firms, _led
from tests.inspections.test_draws import _national as national  # noqa: F401  # a fixture
from xinlin.office.actions import inspection_results as actions
from xinlin.office.actions.cases import object_to
from xinlin.office.jobs import inspections as jobs
from xinlin.office.jobs.publicity import publish
from xinlin.office.models.inspections import DrawnFirm, InspectionPlan
from xinlin.office.models.log import Leaf
from xinlin.office.models.notices import Message
from xinlin.office.models.people import Look, Subject
from xinlin.office.models.publicity import Publication
from xinlin.office.models.records import Record
from xinlin.office.models.staff import Account
from xinlin.office.queries import inspection_results as queries
from xinlin.office.queries import inspections as grades
from xinlin.office.queries.calendars import calendar
from xinlin.office.queries.staff import actor_of
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, today

pytestmark = pytest.mark.django_db(transaction=True)


def _said(**changes: str) -> dict[str, str]:
    day = today().isoformat()
    return {"occurred_on": day, "inspectors": "王检查、李检查", "matters": "价格公示", "result": "nothing"} | changes


@pytest.fixture
def drawn() -> tuple[str, Subject]:
    """The number of a plan and a firm that it drew."""
    _firms(12)
    number = _drawn()
    return number, DrawnFirm.objects.filter(plan__number=number).latest("pk").subject


def _record(drawn: tuple[str, Subject], actor: Actor = OFFICER, **changes: str) -> str:
    return actions.record_result(actor=actor, number=drawn[0], reference=drawn[1].pseudonym, said=_said(**changes))


def test_nothing_found_is_recorded_told_and_published_in_time(drawn: tuple[str, Subject], client: Client) -> None:
    _record(drawn)
    record = Record.objects.get(kind="inspection_result")
    assert (record.subject, record.occurred_on, record.department) == (drawn[1], today(), "market_regulation")
    assert Message.objects.get().template == "inspection_result"
    assert Look.objects.filter(subject=drawn[1], purpose="记录抽查检查结果").count() == 1
    assert Leaf.objects.filter(action="inspections.result").count() == 1
    publish()
    shown = Publication.objects.get()
    assert (shown.section, shown.in_time) == ("inspections", True)
    assert shown.due_on == calendar().add_working_days(today(), 20)
    page = client.get(f"/publicity/records/{record.reference}/").content.decode()
    assert "未发现问题" in page
    assert "王检查" not in page


def test_the_same_words_again_are_one_result_and_other_words_correct_it(drawn: tuple[str, Subject]) -> None:
    assert _record(drawn) == _record(drawn)
    assert Message.objects.count() == 1
    _record(drawn, result="corrected", findings="三种商品未标价", document="市监责改〔2026〕8号", next_on=_later(30))
    page = queries.page(actor=OFFICER, number=drawn[0])
    (line,) = [line for line in page.lines if line.reference == drawn[1].pseudonym]
    assert [one.result.zh for one in line.results] == ["发现问题已责令改正"]
    assert (line.results[0].document, page.inspected) == ("市监责改〔2026〕8号", 1)
    assert Record.objects.filter(kind="inspection_result", status="superseded").count() == 1


def _later(days: int) -> str:
    return (today() + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"result": "corrected"}, {"findings", "document"}),
        ({"result": ""}, {"result"}),
        ({"inspectors": ""}, {"inspectors"}),
        ({"occurred_on": "2020-01-01"}, {"occurred_on"}),
        ({"next_on": "2020-01-01"}, {"occurred_on", "next_on"}),
    ],
    ids=["found without a document", "no result", "nobody", "before the draw", "again before"],
)
def test_what_lacks_a_part_is_said_and_not_kept(
    drawn: tuple[str, Subject], wrong: dict[str, str], where: set[str]
) -> None:
    with pytest.raises(Refused) as refused:
        _record(drawn, **wrong)
    assert refused.value.problem.where in where
    assert not Record.objects.filter(kind="inspection_result").exists()
    assert not Message.objects.exists()


def test_only_an_officer_of_the_plans_own_department_records(drawn: tuple[str, Subject]) -> None:
    with pytest.raises(NotAllowed):
        _record(drawn, Actor("account:9", "李审核", "reviewer"))
    with pytest.raises(NotFound):
        _record(drawn, Actor("account:8", "张检查", "officer", department="housing"))
    never: Listed = make_subject("没有抽中的有限公司", person=False)
    with pytest.raises(NotFound):
        _record((drawn[0], never.subject))


@pytest.fixture
def guizhou(settings: Any) -> None:
    """A city whose rulebook names a procedure for objections."""
    settings.CITY = "guizhou"


def test_who_reads_the_list_is_seen_by_the_firm_but_not_before_the_inspector_came(drawn: tuple[str, Subject]) -> None:
    queries.page(actor=OFFICER, number=drawn[0])
    look = Look.objects.get(subject=drawn[1])
    assert (look.purpose, look.shown_from) == ("安排抽查", date(today().year + 1, 1, 1))
    _record(drawn)
    queries.one(actor=OFFICER, number=drawn[0], reference=drawn[1].pseudonym)
    assert Look.objects.filter(subject=drawn[1], purpose="安排抽查").latest("pk").shown_from is None


def test_a_result_under_objection_is_marked_and_cannot_be_written_over(
    guizhou: None, drawn: tuple[str, Subject]
) -> None:
    _record(drawn)
    boss = _led(Listed(drawn[1], "", drawn[1].public_name))
    account = Account.objects.create(username="boss", display_name="陈大海", subject=boss)
    resident = actor_of(account)
    (firm,) = grades.own(actor=resident)
    reference = firm.results[0].reference
    browser = Client()
    browser.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert f"/records/{reference}/wrong/" in browser.get("/me/grades/").content.decode()
    object_to(actor=resident, reference=reference, reason="not_me", words="检查的不是我单位")
    assert grades.own(actor=resident)[0].results[0].disputed
    with pytest.raises(Refused, match="under objection"):
        _record(drawn, matters="价格公示和许可")


def test_who_was_not_inspected_in_the_plans_year_is_overdue(drawn: tuple[str, Subject]) -> None:
    assert not any(line.overdue for line in queries.page(actor=OFFICER, number=drawn[0]).lines)
    InspectionPlan.objects.update(year=today().year - 1)
    lines = queries.page(actor=OFFICER, number=drawn[0]).lines
    assert lines
    assert all(line.overdue for line in lines)
    _record(drawn)
    assert not queries.one(actor=OFFICER, number=drawn[0], reference=drawn[1].pseudonym).overdue


def test_an_officer_types_it_on_a_page(drawn: tuple[str, Subject]) -> None:
    officer = _browser("officer", "market_regulation")
    address = f"/bench/inspections/{drawn[0]}/{drawn[1].pseudonym}/"
    assert address in officer.get(f"/bench/inspections/{drawn[0]}/").content.decode()
    refused = officer.post(address, _said(result="corrected"))
    assert refused.status_code == 422
    assert "价格公示" in refused.content.decode(), "what was typed is kept"
    page = officer.post(address, _said(), follow=True).content.decode()
    assert "未发现问题" in page
    assert "已检查 1 家" in page
    assert _browser("reviewer").get(address).status_code == 403


def test_a_plan_of_many_firms_comes_in_parts(drawn: tuple[str, Subject], monkeypatch: Any) -> None:
    monkeypatch.setattr(queries, "PAGE", 1)
    plan = InspectionPlan.objects.get()
    extra = Subject.objects.exclude(pk=drawn[1].pk).first()
    if not DrawnFirm.objects.exclude(subject=drawn[1]).exists():
        DrawnFirm.objects.create(plan=plan, subject=extra, grade="usual")
    first = queries.page(actor=OFFICER, number=drawn[0])
    second = queries.page(actor=OFFICER, number=drawn[0], after=first.after)
    assert first.lines[0].reference != second.lines[0].reference


def test_grades_are_counted_by_the_worker_and_read_from_what_it_kept(django_assert_max_num_queries: Any) -> None:
    _firms(30)
    auditor = Actor("account:1", "审计", "auditor")
    assert grades.counts(actor=auditor)[1] is None
    assert jobs.count_when_due()
    assert not jobs.count_when_due()
    with django_assert_max_num_queries(1):
        found, at = grades.counts(actor=auditor)
    assert at is not None
    assert sum(one.firms or 0 for one in found) == 30
