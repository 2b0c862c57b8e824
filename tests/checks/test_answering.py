"""Answering: who may ask, what is written, how often the database is asked, and what a repetition gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.checks.conftest import BIDDING, HOUSING, OFFICER, TRADING, Listed, make_entry, make_subject, uscc
from xinlin.core.calendar import add_working_days
from xinlin.core.checks import MAXIMUM_APPLICANTS, Applicant
from xinlin.office.actions.checks import answer, answer_as_json
from xinlin.office.models.checks import Check, CheckAnswer, CheckFeedback
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.log import Leaf, LeafOpening
from xinlin.office.models.people import Look
from xinlin.office.queries import checks as queries
from xinlin.office.queries.checks import CheckView
from xinlin.office.scopes import Actor, Conflict, NotAllowed, NotFound, Refused, now, today

Ask = Callable[..., CheckView]
pytestmark = pytest.mark.django_db


def test_a_listed_firm_is_answered_with_everything_that_an_officer_must_know(ask: Ask, firm: Any) -> None:
    listed: Listed = firm()
    held = make_entry(listed.subject)
    view = ask(Applicant(listed.identifier, listed.name))
    (given,) = view.answers
    (hit,) = given.hits
    assert given.verdict == "yes"
    assert view.counts == {"yes": 1, "no": 0, "unsure": 0}
    assert (hit.list_code, hit.document, hit.authority) == ("wage_arrears", held.document, held.authority)
    assert (hit.article, hit.entered_on, hit.ends_on) == (held.article, held.entered_on, held.ends_on)
    assert hit.remedy == held.remedy
    assert hit.entry == held.record.reference
    (measure,) = hit.measures
    assert (measure.code, measure.force, measure.until) == ("wage_no_bidding", "must", held.ends_on)
    assert measure.notice.zh
    assert measure.remedy.en
    assert "第四十八条" in measure.article.zh
    assert given.feedback_due_on == add_working_days(today(), 10)
    assert not given.overdue


@pytest.mark.parametrize(
    ("start", "end", "verdict"),
    [(1, 9, "no"), (0, 9, "yes"), (-9, 1, "yes"), (-9, 0, "no")],
    ids=["the day before entry", "the day of entry", "the last day", "the day of the end"],
)
def test_the_answer_turns_on_the_day_without_any_job(ask: Ask, firm: Any, start: int, end: int, verdict: str) -> None:
    listed = firm()
    day = today()
    make_entry(
        listed.subject,
        entered_on=day + timedelta(days=start),
        ends_on=day + timedelta(days=end),
        notice_on=day - timedelta(days=20),
    )
    assert ask(Applicant(listed.identifier, listed.name)).answers[0].verdict == verdict


@pytest.mark.parametrize("status", ["disputed", "repaired", "withdrawn"])
def test_a_record_that_does_not_stand_gives_no(ask: Ask, firm: Any, status: str) -> None:
    listed = firm()
    make_entry(listed.subject, status=status)
    assert ask(Applicant(listed.identifier, listed.name)).answers[0].verdict == "no"


def test_no_and_another_name_tell_nobody_who_is_registered(firm: Any) -> None:
    listed, stranger = firm(), uscc(4_444_444)
    make_entry(listed.subject, "serious_tax_violation")
    asked = [(listed.identifier, listed.name), (listed.identifier, "错误名称有限公司"), (listed.identifier, "")]
    texts = []
    for number, (identifier, name) in enumerate([*asked, (stranger, "从未登记有限公司")]):
        question = {"item": BIDDING, "purpose": "投标资格审查", "officer": OFFICER, "idempotency_key": f"k{number}"}
        text = answer_as_json(actor=TRADING, applicants=[Applicant(identifier, name)], **question)
        told = json.loads(text)["answers"][0]
        texts.append({key: value for key, value in told.items() if key != "number"})
    assert texts == [texts[-1]] * 4
    assert texts[0]["verdict"] == "no"


def test_a_list_that_the_law_does_not_tie_to_the_item_is_not_looked_at(ask: Ask, firm: Any) -> None:
    listed = firm()
    make_entry(listed.subject, "serious_tax_violation")
    assert ask(Applicant(listed.identifier, listed.name)).answers[0].verdict == "no"


def test_a_person_is_found_by_the_number_and_masked_on_pages(ask: Ask, person: Any) -> None:
    listed = person("林小满")
    make_entry(listed.subject, "dishonest_judgment_debtor")
    (given,) = ask(Applicant(listed.identifier, "林小满")).answers
    assert given.verdict == "yes"
    assert listed.identifier not in given.applicant_masked
    assert "林*满" in given.applicant_masked


def test_everybody_found_sees_who_asked_why_and_what_came_of_it(ask: Ask, firm: Any) -> None:
    hit, clear, other = firm("示例甲建设有限公司"), firm("示例乙建设有限公司"), firm("示例丙建设有限公司")
    make_entry(hit.subject)
    ask(
        Applicant(hit.identifier, hit.name),
        Applicant(clear.identifier, clear.name),
        Applicant(other.identifier, "错名"),
    )
    looks = {look.subject_id: look for look in Look.objects.all()}
    assert set(looks) == {hit.subject.pk, clear.subject.pk, other.subject.pk}
    told = [looks[one.subject.pk].result for one in (hit, clear, other)]
    assert told == ["在有关名单上", "不在有关名单上", "不在有关名单上"]
    seen = looks[hit.subject.pk]
    assert seen.actor == TRADING.handle
    assert OFFICER in seen.actor_name
    assert seen.department == TRADING.department
    assert seen.purpose == "投标资格审查"
    assert "第十八条" in seen.clause
    assert seen.kinds == ["dishonest_judgment_debtor", "wage_arrears"]
    assert not seen.refused


def test_another_departments_item_is_refused_and_the_refusal_is_logged_and_seen(firm: Any) -> None:
    listed = firm()
    make_entry(listed.subject)
    with pytest.raises(NotAllowed, match="may not ask"):
        answer(
            actor=HOUSING,
            item=BIDDING,
            purpose="好奇",
            officer="周某",
            applicants=[Applicant(listed.identifier, listed.name)],
            idempotency_key="k1",
        )
    (look,) = Look.objects.all()
    assert look.refused
    assert look.subject_id == listed.subject.pk
    assert look.department == "housing"
    assert Leaf.objects.get().action == "checks.refuse"
    assert not Check.objects.exists()


@pytest.mark.parametrize("role", ["resident", "clerk", "analyst", "operator"])
def test_a_role_that_decides_nothing_may_not_ask(ask: Ask, firm: Any, role: str) -> None:
    actor = Actor(handle="account:9", name="某某", role=role, department=TRADING.department)
    with pytest.raises(NotAllowed):
        ask(Applicant(firm().identifier), actor=actor)
    assert Look.objects.get().refused


def test_an_officer_may_ask_on_a_page(ask: Ask, firm: Any) -> None:
    actor = Actor(handle="account:3", name=OFFICER, role="officer", department=TRADING.department)
    assert ask(Applicant(firm().identifier), actor=actor).answers[0].verdict == "no"
    assert Look.objects.get().actor_name == OFFICER


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"item": "no_such_item"}, "unknown_item"),
        ({"purpose": "  "}, "text_length"),
        ({"officer": ""}, "text_length"),
        ({"key": " "}, "text_length"),
        ({"purpose": "长" * 201}, "text_length"),
        ({"officer": "陈\x00"}, "text_length"),
    ],
)
def test_a_question_without_its_parts_is_refused_with_a_cure(ask: Ask, changes: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(Applicant(uscc(1)), **changes)
    assert refused.value.problem.code == code
    assert refused.value.problem.cure.en
    assert not Check.objects.exists()
    assert not Leaf.objects.exists()


def test_full_width_spaces_and_pasted_invisible_marks_are_no_hindrance(ask: Ask, firm: Any) -> None:
    listed = firm("示例甲建设有限公司")
    make_entry(listed.subject)
    view = ask(Applicant(f"\u200b{listed.identifier}\u3000", "示例甲\u3000建设有限公司"), purpose="投标\u3000审查")
    assert view.answers[0].verdict == "yes"


@pytest.mark.parametrize("wrong", [Applicant("1" * 65), Applicant(uscc(1), "长" * 301), Applicant("9133\x00", "甲")])
def test_an_applicant_that_no_page_can_show_is_refused(ask: Ask, wrong: Applicant) -> None:
    with pytest.raises(Refused) as refused:
        ask(Applicant(uscc(1)), wrong)
    assert (refused.value.problem.code, refused.value.problem.where) == ("applicant_unreadable", "applicants.1")


def test_none_or_too_many_applicants_are_refused(ask: Ask) -> None:
    for many in ([], [Applicant(uscc(1))] * (MAXIMUM_APPLICANTS + 1)):
        with pytest.raises(Refused) as refused:
            ask(*many)
        assert refused.value.problem.code == "number_of_applicants"


def test_the_same_key_and_input_gives_the_same_answer_even_after_the_entry_is_gone(ask: Ask, firm: Any) -> None:
    listed = firm()
    held = make_entry(listed.subject)
    first = ask(Applicant(listed.identifier, listed.name), key="once")
    ListEntry.objects.filter(pk=held.pk).update(ends_on=today())
    again = ask(Applicant(listed.identifier, listed.name), key="once")
    assert again == first
    assert (Check.objects.count(), CheckAnswer.objects.count(), Look.objects.count(), Leaf.objects.count()) == (
        1,
        1,
        1,
        1,
    )


def test_a_key_that_is_somebodys_number_stands_in_no_leaf(ask: Ask, firm: Any) -> None:
    listed = firm()
    with pytest.raises(NotAllowed):
        ask(Applicant(listed.identifier, listed.name), key=listed.identifier, actor=HOUSING)
    (opening,) = LeafOpening.objects.all()
    assert listed.identifier not in str(opening.body)


def test_the_same_key_much_later_is_another_look(ask: Ask, firm: Any) -> None:
    """Else the answer could be read at will without the person ever seeing it."""
    listed = firm()
    make_entry(listed.subject)
    first = ask(Applicant(listed.identifier, listed.name), key="once")
    Check.objects.update(asked_at=now() - timedelta(minutes=2))
    again = ask(Applicant(listed.identifier, listed.name), key="once")
    assert [replace(one, stages=()) for one in again.answers] == [replace(one, stages=()) for one in first.answers]
    assert Look.objects.filter(subject=listed.subject, result="再次查看核查结果").count() == 1


def test_the_same_key_with_other_input_is_refused(ask: Ask, firm: Any) -> None:
    listed = firm()
    ask(Applicant(listed.identifier, listed.name), key="once")
    for changes in ({"purpose": "另一目的"}, {"officer": "别人"}, {"item": "procurement_qualification"}):
        with pytest.raises(Conflict):
            ask(Applicant(listed.identifier, listed.name), key="once", **changes)
    with pytest.raises(Conflict):
        ask(Applicant(listed.identifier, "别的名称"), key="once")
    assert Check.objects.count() == 1


def test_two_systems_may_use_the_same_key(ask: Ask, firm: Any) -> None:
    listed = firm()
    ask(Applicant(listed.identifier), key="once")
    ask(Applicant(listed.identifier), key="once", actor=Actor("machine:7", "另一系统", "machine", TRADING.department))
    assert Check.objects.count() == 2


def test_nothing_is_left_half_written(ask: Ask, firm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("the log cannot be written")

    monkeypatch.setattr("xinlin.office.actions.checks.prepare_leaf", broken)
    with pytest.raises(RuntimeError):
        ask(Applicant(firm().identifier))
    assert not Check.objects.exists()
    assert not CheckAnswer.objects.exists()
    assert not Look.objects.exists()


def test_ten_thousand_applicants_are_found_by_one_query(ask: Ask) -> None:
    listed = [make_subject(f"示例{n}号建设有限公司", person=False) for n in range(30)]
    for one in listed[:10]:
        make_entry(one.subject)
    strangers = [Applicant(uscc(5_000_000 + n), f"外地{n}号建设有限公司") for n in range(MAXIMUM_APPLICANTS - 30)]
    asked = [*(Applicant(one.identifier, one.name) for one in listed), *strangers]
    with CaptureQueriesContext(connection) as queries_made:
        view = ask(*asked)
    assert view.counts == {"yes": 10, "no": MAXIMUM_APPLICANTS - 10, "unsure": 0}
    finding = [q["sql"] for q in queries_made if "identifier_key" in q["sql"] and q["sql"].startswith("SELECT")]
    assert len(finding) == 1


@pytest.mark.parametrize("many", [1, 20])
def test_golden_number_of_queries(ask: Ask, many: int) -> None:
    listed = [make_subject(f"示例{n}号建设有限公司", person=False) for n in range(many)]
    for one in listed:
        make_entry(one.subject)
    question = {"actor": TRADING, "item": BIDDING, "purpose": "投标资格审查", "officer": OFFICER}
    with CaptureQueriesContext(connection) as queries_made:
        answer_as_json(
            applicants=[Applicant(one.identifier, one.name) for one in listed], idempotency_key="golden", **question
        )
    kinds = [
        next(word for word in q["sql"].split() if word.isupper())
        for q in queries_made
        if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
    ]
    written = ["WITH"] if connection.vendor == "postgresql" else ["INSERT"] * 6
    assert sorted(kinds) == sorted([*written, "SELECT", "SELECT"]), (
        "check, answers, holds, looks, leaf, opening, in one statement where the database can; one search, one calendar"
    )


def test_applicants_are_sealed_and_reasons_name_nobody(ask: Ask, person: Any) -> None:
    listed = person("林小满")
    ask(Applicant(listed.identifier, "林小满"), Applicant(listed.identifier, "王五六"))
    for row in CheckAnswer.objects.all():
        kept = json.dumps([row.reasons, row.hits, row.applicant_sealed], ensure_ascii=False)
        assert listed.identifier not in kept
        assert "林小满" not in kept
        assert "王五六" not in kept


def test_the_leaf_stands_for_the_check_and_holds_nothing_personal(ask: Ask, person: Any) -> None:
    listed = person("林小满")
    view = ask(Applicant(listed.identifier, "林小满"))
    body = LeafOpening.objects.get().body
    assert (body["action"], body["table"], body["key"]) == ("checks.answer", "check_question", view.number)
    assert listed.identifier not in json.dumps(body)
    assert "林小满" not in json.dumps(body, ensure_ascii=False)


def test_a_department_sees_its_own_checks_only(ask: Ask, firm: Any) -> None:
    listed = firm()
    make_entry(listed.subject)
    view = ask(Applicant(listed.identifier, listed.name))
    assert queries.one(actor=TRADING, number=view.number) == view
    assert [one.number for one in queries.mine(actor=TRADING)] == [view.number]
    assert queries.mine(actor=HOUSING) == []
    with pytest.raises(NotFound):
        queries.one(actor=HOUSING, number=view.number)
    with pytest.raises(NotAllowed):
        queries.mine(actor=Actor("account:4", "居民", "resident"))


def test_reading_an_answer_again_is_a_look_too(ask: Ask, firm: Any) -> None:
    listed = firm()
    view = ask(Applicant(listed.identifier))
    queries.one(actor=TRADING, number=view.number)
    assert Look.objects.filter(subject=listed.subject, result="再次查看核查结果").count() == 1


def test_the_items_that_a_department_may_ask_about(db: None) -> None:
    found = {item.code: item for item in queries.items(actor=TRADING)}
    assert set(found) == {"bidding_qualification", "procurement_qualification"}
    assert found[BIDDING].lists == ["dishonest_judgment_debtor", "wage_arrears"]


@pytest.mark.parametrize(
    "without",
    [
        {"list": ""},
        {"document": ""},
        {"authority": ""},
        {"article": ""},
        {"notice_on": None},
        {"remedy": ""},
        {"ends_on": None},
    ],
    ids=lambda without: next(iter(without)),
)
def test_the_database_refuses_an_entry_without_any_one_of_the_seven_parts(firm: Any, without: dict[str, Any]) -> None:
    held = make_entry(firm().subject)
    with pytest.raises(IntegrityError), transaction.atomic():
        ListEntry.objects.filter(pk=held.pk).update(**without)


def test_the_database_refuses_an_entry_that_ends_before_it_begins(firm: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_entry(firm().subject, ends_on=today() - timedelta(days=30))


def test_the_database_refuses_a_measure_without_entry_officer_or_reason(ask: Ask, firm: Any) -> None:
    listed = firm()
    held = make_entry(listed.subject)
    ask(Applicant(listed.identifier, listed.name))
    row = CheckAnswer.objects.get()
    full = {"entry": held, "measure": "wage_no_bidding", "reason": "事实清楚", "officer": OFFICER}
    for part in full:
        lacking = {**full, part: None if part == "entry" else ""}
        with pytest.raises(IntegrityError), transaction.atomic():
            CheckFeedback.objects.create(answer=row, decision="measure_applied", at=row.question.asked_at, **lacking)
