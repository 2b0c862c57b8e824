"""What an objection may change: facts corrected or added, whom it reaches, and who may decide it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tests.cases.conftest import REVIEWER, SECOND, clerk
from tests.scores.conftest import Resident, firm, make_record, record, resident, system
from xinlin.office.actions import cases, objections, outcomes, people, repairs
from xinlin.office.models.cases import Case, Telling
from xinlin.office.models.checks import Check, CheckAnswer, CheckFeedback
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.queries import cases as cases_of
from xinlin.office.queries import desks as desks_of
from xinlin.office.queries import office_clocks as clocks_of
from xinlin.office.queries import own_checks
from xinlin.office.queries import records as records_of
from xinlin.office.queries import scores as scores_of
from xinlin.office.scopes import NotFound, Refused, now, today

pytestmark = pytest.mark.django_db
__all__ = ["firm", "record", "resident", "system"]
MakeResident = Callable[..., Resident]
MakeRecord = Callable[..., Record]
KIND = "uncivil_conduct"
DEBTOR = "dishonest_judgment_debtor"


def _status(row: Record) -> str:
    return Record.objects.values_list("status", flat=True).get(pk=row.pk)


def _listed(subject: Subject, number: str = "（2026）浙0305执1号") -> Record:
    row = make_record(subject, DEBTOR, today() - timedelta(days=20), document=number, record_class="serious")
    parts = {"authority": "洞头区人民法院", "article": "第一条", "remedy": "向执行法院申请", "document": number}
    ListEntry.objects.create(
        record=row, subject=subject, list=DEBTOR, entered_on=row.occurred_on, notice_on=row.occurred_on,
        ends_on=today() + timedelta(days=500), **parts,
    )  # fmt: skip
    return row


def _checked(subject: Subject, rows: list[Record], *, applied: bool = False) -> CheckAnswer:
    question = Check.objects.create(
        number=f"HC{Check.objects.count()}", applicants=1, client="machine:x", department="market_regulation", item="enterprise_registration",
        purpose="设立登记", officer="赵审批", idempotency_key=f"k{Check.objects.count()}", input_sha256="0" * 64, asked_at=now(),
        as_of=today(),
    )  # fmt: skip
    hits = [
        {
            "entry": row.reference, "list_code": DEBTOR, "list_name": {"zh": "名单", "en": "list"}, "document": row.document,
            "authority": row.authority, "article": row.article, "entered_on": row.occurred_on.isoformat(), "notice_on": None,
            "ends_on": (today() + timedelta(days=500)).isoformat(), "remedy": row.remedy, "severity": "serious",
            "fix": {"zh": "履行", "en": "fulfil"}, "measures": [],
        }
        for row in rows
    ]  # fmt: skip
    answer: CheckAnswer = CheckAnswer.objects.create(
        number=f"{question.number}-1", question=question, position=0, subject=subject, applicant_sealed="",
        verdict="yes" if rows else "unsure", hits=hits,
    )  # fmt: skip
    if applied:
        CheckFeedback.objects.create(
            answer=answer, decision="measure_applied", measure="m", entry=ListEntry.objects.get(record=rows[0]),
            reason="依据判决", officer="赵审批", at=now(),
        )  # fmt: skip
    return answer


def test_a_correction_is_a_new_version_that_counts_and_the_old_one_is_kept(
    resident: MakeResident, record: MakeRecord
) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    row = record(someone.subject, KIND, today() - timedelta(days=5), record_class="serious")
    before = scores_of.mine(actor=someone.actor)
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="wrong_fact", words="是轻微")
    changes = {"class": "轻微", "document": ""}
    with pytest.raises(Refused, match="代码表"):
        objections.decide(actor=REVIEWER, number=number, outcome="correct", reasons="改", changes={"class": "很坏"})
    with pytest.raises(Refused, match="is missing"):
        objections.decide(actor=REVIEWER, number=number, outcome="correct", reasons="改", changes={})
    objections.answer(
        actor=clerk(row.department), number=number, outcome="correct", reasons="决定书写的是轻微", changes=changes
    )
    assert "轻微" in [claim.proposed for claim in desks_of.desk(actor=REVIEWER, number=number).claims]
    objections.decide(actor=REVIEWER, number=number, outcome="correct", reasons="更正", changes=changes)
    row.refresh_from_db()
    anew = row.superseded_by
    assert anew is not None
    assert (row.status, anew.status, anew.record_class, anew.document) == (
        "superseded",
        "active",
        "minor",
        row.document,
    )
    after = scores_of.mine(actor=someone.actor)
    assert before is not None and after is not None
    assert after.score > before.score, "it weighs as a minor one"
    assert Telling.objects.get().outcome == "correct"


def test_whose_record_it_is_cannot_be_corrected(resident: MakeResident, record: MakeRecord) -> None:
    someone = resident()
    row = record(someone.subject, KIND, today() - timedelta(days=5), record_class="minor")
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="not_me", words="")
    with pytest.raises(Refused, match="cannot be corrected"):
        objections.decide(
            actor=REVIEWER,
            number=number,
            outcome="correct",
            reasons="改",
            changes={"resident_id": "33030519900517000X"},
        )


def test_a_corrected_list_entry_takes_its_place(resident: MakeResident) -> None:
    someone = resident()
    row = _listed(someone.subject)
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="wrong_fact", words="期限写错")
    kind_end = (today() + timedelta(days=30)).isoformat()
    objections.decide(actor=REVIEWER, number=number, outcome="correct", reasons="更正", changes={"ends_on": kind_end})
    (standing,) = ListEntry.objects.filter(removed_at__isnull=True)
    assert (standing.ends_on, standing.record.status) == (date.fromisoformat(kind_end), "active")
    assert ListEntry.objects.get(record=row).removed_at is not None


def test_an_addition_stands_beside_the_record(resident: MakeResident, record: MakeRecord) -> None:
    someone = resident()
    row = record(someone.subject, KIND, today() - timedelta(days=5), record_class="minor")
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="other", words="已当场改正")
    with pytest.raises(Refused, match="What is to be added"):
        objections.decide(actor=REVIEWER, number=number, outcome="supplement", reasons="补")
    objections.decide(
        actor=REVIEWER, number=number, outcome="supplement", reasons="补充", changes={"note": "当事人当场改正。"}
    )
    assert records_of.one(actor=someone.actor, reference=row.reference).notes == ["当事人当场改正。"]
    assert cases_of.own(actor=someone.actor, number=number).note == "当事人当场改正。"
    assert _status(row) == "active"


def test_an_objection_to_a_check_marks_every_record_it_rests_on_and_each_is_settled(resident: MakeResident) -> None:
    someone, stranger = resident(), resident("陈大海")
    rows = [_listed(someone.subject), _listed(someone.subject, "（2026）浙0305执2号")]
    answer = _checked(someone.subject, rows)
    with pytest.raises(NotFound):
        cases.object_to_check(actor=stranger.actor, answer=answer.number, reason="not_me", words="")
    first = cases.object_to_check(actor=someone.actor, answer=answer.number, reason="not_me", words="")
    assert cases.object_to_check(actor=someone.actor, answer=answer.number, reason="not_me", words="") == first
    assert [_status(row) for row in rows] == ["disputed", "disputed"]
    assert own_checks.mine(actor=someone.actor)[0].case_number
    for case in Case.objects.all():
        objections.decide(actor=REVIEWER, number=case.number, outcome="reject", reasons="号码一致")
    assert [_status(row) for row in rows] == ["active", "active"]


def test_an_unsure_answer_can_be_objected_to_too(resident: MakeResident) -> None:
    someone = resident()
    answer = _checked(someone.subject, [])
    number = cases.object_to_check(actor=someone.actor, answer=answer.number, reason="not_me", words="")
    assert set(desks_of.desk(actor=REVIEWER, number=number).outcomes) == {"reject", "unresolved"}


def test_who_used_a_measure_is_told_at_once_that_it_is_suspended_and_then_what_came_of_it(
    resident: MakeResident,
) -> None:
    someone = resident()
    row = _listed(someone.subject)
    _checked(someone.subject, [row], applied=True)
    _checked(someone.subject, [row])
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="repaired", words="已履行")
    (suspended,) = Telling.objects.all()
    assert (suspended.outcome, suspended.department) == ("disputed", "market_regulation")
    cases.take_back(actor=someone.actor, number=number)
    assert list(Telling.objects.order_by("pk").values_list("outcome", flat=True)) == ["disputed", "withdrawn"]
    again = cases.object_to(actor=someone.actor, reference=row.reference, reason="repaired", words="有收据")
    objections.decide(actor=REVIEWER, number=again, outcome="remove_from_list", reasons="已履行")
    told = Telling.objects.filter(case__number=again, outcome="remove_from_list")
    assert sorted(told.values_list("department", flat=True)) == sorted([row.department, *["market_regulation"] * 2])
    assert ListEntry.objects.get(record=row).removed_at is not None


def test_two_people_concerned_each_have_their_own_case(resident: MakeResident, firm: Callable[..., Subject]) -> None:
    leader, named = resident(), resident("陈大海")
    company = firm(leader, today() - timedelta(days=400))
    row = make_record(
        company, "uncorrected_hazard", today() - timedelta(days=30), record_class="general", named_person=leader.subject
    )
    first = cases.object_to(actor=leader.actor, reference=row.reference, reason="wrong_fact", words="")
    with pytest.raises(NotFound):
        cases.object_to(actor=named.actor, reference=row.reference, reason="wrong_fact", words="")
    assert Case.objects.get(number=first).subject == company
    assert records_of.one(actor=leader.actor, reference=row.reference).status == "disputed"


def test_objecting_again_for_the_same_reason_needs_something_new(resident: MakeResident, record: MakeRecord) -> None:
    someone = resident()
    row = record(someone.subject, KIND, today() - timedelta(days=5), record_class="minor")
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="wrong_fact", words="")
    objections.decide(actor=REVIEWER, number=number, outcome="reject", reasons="一致")
    with pytest.raises(Refused, match="examined for the same reason"):
        cases.object_to(actor=someone.actor, reference=row.reference, reason="wrong_fact", words=" ")
    again = cases.object_to(actor=someone.actor, reference=row.reference, reason="wrong_fact", words="有监控录像")
    assert _status(row) == "disputed"
    assert desks_of.desk(actor=REVIEWER, number=again).times == 2


def test_handing_over_moves_the_office_and_not_the_applicant_s_day(resident: MakeResident, record: MakeRecord) -> None:
    someone = resident()
    row = record(someone.subject, KIND, today() - timedelta(days=5), record_class="minor")
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="wrong_fact", words="")
    due = Case.objects.get(number=number).due_on
    with pytest.raises(Refused, match="No department"):
        objections.hand_over(actor=clerk(row.department), number=number, department="nowhere", reasons="不归我管")
    objections.hand_over(actor=clerk(row.department), number=number, department="traffic_police", reasons="归交警管")
    case = Case.objects.get(number=number)
    assert (case.department, case.state, case.due_on) == ("traffic_police", "forwarded", due)
    with pytest.raises(NotFound):
        objections.answer(actor=clerk(row.department), number=number, outcome="reject", reasons="x")
    objections.answer(actor=clerk("traffic_police"), number=number, outcome="reject", reasons="一致")
    assert Case.objects.get(number=number).answered_on == today()


def test_papers_awaited_are_nobody_s_lateness_and_a_late_answer_stays_counted(
    resident: MakeResident, record: MakeRecord
) -> None:
    someone = resident()
    row = record(someone.subject, KIND, today() - timedelta(days=5), record_class="minor")
    number = repairs.apply_for(actor=someone.actor, reference=row.reference, words="", fulfilled=False, committed=True)
    repairs.ask_papers(actor=REVIEWER, number=number, words="缺少履行证明")
    Case.objects.filter(number=number).update(due_on=today() - timedelta(days=9))
    assert [clock.late for clock in clocks_of.clocks()] == [0]
    assert desks_of.day_list(actor=REVIEWER).overdue == 0
    wrong = cases.object_to(actor=someone.actor, reference=row.reference, reason="wrong_fact", words="")
    Case.objects.filter(number=wrong).update(provider_due_on=today() - timedelta(days=1))
    late = {clock.department: (clock.late, clock.longest) for clock in clocks_of.clocks()}
    assert late[row.department] == (1, 1)
    objections.answer(actor=clerk(row.department), number=wrong, outcome="reject", reasons="一致")
    answered = {clock.department: clock.closed_late for clock in clocks_of.clocks()}
    assert answered[row.department] == 1, "the department was late, whoever closes the case"


def test_lateness_is_public_and_small_numbers_are_not(client: Any, resident: MakeResident, record: MakeRecord) -> None:
    someone = resident()
    row = record(someone.subject, KIND, today() - timedelta(days=5), record_class="minor")
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="wrong_fact", words="")
    Case.objects.filter(number=number).update(provider_due_on=today() - timedelta(days=3))
    page = client.get("/offices/").content.decode()
    assert "1 件逾期，最长 3 天" in page
    assert "在办 &lt; 10" in page
    assert number not in page and "林小满" not in page


def test_a_review_is_not_settled_by_the_old_unsettled_objection(resident: MakeResident, record: MakeRecord) -> None:
    someone = resident()
    row = record(someone.subject, KIND, today() - timedelta(days=5), record_class="minor")
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="wrong_fact", words="")
    objections.decide(actor=REVIEWER, number=number, outcome="unresolved", reasons="材料灭失")
    assert "无法核实" in records_of.one(actor=someone.actor, reference=row.reference).notes[0]
    review = cases.ask_review(actor=someone.actor, number=number, words="")
    objections.decide(actor=SECOND, number=review, outcome="reject", reasons="已找到原件")
    assert _status(row) == "active"


def test_what_was_taken_back_has_no_review(resident: MakeResident, record: MakeRecord) -> None:
    someone = resident()
    row = record(someone.subject, KIND, today() - timedelta(days=5), record_class="minor")
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="wrong_fact", words="")
    cases.take_back(actor=someone.actor, number=number)
    assert not cases_of.own(actor=someone.actor, number=number).can_ask_review
    with pytest.raises(Refused, match="review"):
        cases.ask_review(actor=someone.actor, number=number, words="")


def test_telling_is_acknowledged_by_the_office_that_was_told(resident: MakeResident) -> None:
    someone = resident()
    row = _listed(someone.subject)
    _checked(someone.subject, [row])
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="expired", words="")
    objections.decide(actor=REVIEWER, number=number, outcome="remove_from_list", reasons="已届满")
    told = Telling.objects.get(department="market_regulation")
    with pytest.raises(NotFound):
        outcomes.acknowledge(actor=clerk("tax"), number=told.number)
    outcomes.acknowledge(actor=clerk("market_regulation"), number=told.number)
    assert own_checks.mine(actor=someone.actor)[0].corrected == ["remove_from_list"]
