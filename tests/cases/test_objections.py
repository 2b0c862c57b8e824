"""An objection from the first tap to its outcome, as the resident, the department and the centre notice it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.cases.conftest import REVIEWER, SECOND, clerk
from tests.scores.conftest import Resident, record, resident, system
from xinlin.office.actions import cases, objections, outcomes
from xinlin.office.models.cases import Case, CaseStep, Telling
from xinlin.office.models.log import Leaf
from xinlin.office.models.notices import Contact
from xinlin.office.models.people import Look
from xinlin.office.models.records import Record, RecordEvent
from xinlin.office.queries import cases as cases_of
from xinlin.office.queries import desks as desks_of
from xinlin.office.queries import office_clocks as clocks_of
from xinlin.office.queries import people as people_of
from xinlin.office.queries import tellings as tellings_of
from xinlin.office.scopes import NotAllowed, NotFound, Refused, now, today

pytestmark = pytest.mark.django_db
__all__ = ["record", "resident", "system"]
MakeResident = Callable[..., Resident]
MakeRecord = Callable[..., Record]
KIND = "ebike_violation"


@pytest.fixture
def disputed(resident: MakeResident, record: MakeRecord) -> tuple[Resident, Record, str]:
    """A resident, their record, and the case in which they say that its facts are wrong."""
    someone = resident()
    row = record(someone.subject, KIND, today() - timedelta(days=30))
    number = cases.object_to(actor=someone.actor, reference=row.reference, reason="wrong_fact", words="那天我在外地")
    return someone, row, number


def _status(row: Record) -> str:
    return Record.objects.values_list("status", flat=True).get(pk=row.pk)


def test_wrong_facts_go_to_the_department_at_once_with_its_own_clock(disputed: tuple[Resident, Record, str]) -> None:
    someone, row, number = disputed
    case = Case.objects.get(number=number)
    assert (case.state, case.department, case.forwarded_on) == ("forwarded", row.department, today())
    assert case.provider_due_on is not None and today() < case.provider_due_on <= case.due_on
    assert _status(row) == "disputed"
    shown = cases_of.own(actor=someone.actor, number=number)
    assert shown.words == "那天我在外地"
    assert [step.step for step in shown.steps] == ["open"]


def test_this_is_not_me_stays_with_the_centre_and_stands_first(
    disputed: tuple[Resident, Record, str], resident: MakeResident, record: MakeRecord
) -> None:
    namesake = resident("陈大海")
    row = record(namesake.subject, KIND, today() - timedelta(days=3))
    number = cases.object_to(actor=namesake.actor, reference=row.reference, reason="not_me", words="")
    day_list = desks_of.day_list(actor=REVIEWER).rows
    assert [view.case.number for view in day_list] == [number, disputed[2]]
    assert day_list[0].fast and not day_list[1].fast


def test_the_department_answers_and_the_centre_decides(disputed: tuple[Resident, Record, str]) -> None:
    someone, row, number = disputed
    office = clerk(row.department)
    objections.answer(actor=office, number=number, outcome="reject", reasons="与决定书一致")
    assert Case.objects.get(number=number).state == "answered"
    assert _status(row) == "disputed", "only the centre's decision changes anything"
    objections.decide(actor=REVIEWER, number=number, outcome="reject", reasons="经核实，维持原记录")
    assert _status(row) == "active"
    shown = cases_of.own(actor=someone.actor, number=number)
    assert shown.case.outcome == "reject"
    assert shown.reasons == "经核实，维持原记录"
    assert [step.step for step in shown.steps] == ["open", "answer", "close"]
    assert shown.can_ask_review
    assert not Telling.objects.exists()


def test_a_deletion_waits_for_a_second_person(disputed: tuple[Resident, Record, str]) -> None:
    _, row, number = disputed
    assert objections.decide(actor=REVIEWER, number=number, outcome="delete", reasons="同名不同人") == "proposed"
    assert _status(row) == "disputed"
    with pytest.raises(Refused, match="Another reviewer"):
        objections.sign(actor=REVIEWER, number=number)
    objections.sign(actor=SECOND, number=number)
    assert _status(row) == "withdrawn"
    told = Telling.objects.get()
    assert (told.department, told.outcome, told.acknowledged_at) == (row.department, "delete", None)
    assert list(RecordEvent.objects.order_by("pk").values_list("reason", flat=True)) == [
        "objection_opened",
        "objection_delete",
    ]


def test_the_second_person_may_send_it_back(disputed: tuple[Resident, Record, str]) -> None:
    _, row, number = disputed
    objections.decide(actor=REVIEWER, number=number, outcome="delete", reasons="同名不同人")
    objections.send_back(actor=SECOND, number=number, reasons="请补充核对身份证号")
    objections.decide(actor=SECOND, number=number, outcome="reject", reasons="身份证号一致")
    assert _status(row) == "active"


def test_what_cannot_be_settled_stays_marked(disputed: tuple[Resident, Record, str]) -> None:
    _, row, number = disputed
    objections.decide(actor=REVIEWER, number=number, outcome="unresolved", reasons="原始材料已灭失")
    assert _status(row) == "disputed"


def test_a_review_marks_it_again_until_it_is_answered(disputed: tuple[Resident, Record, str]) -> None:
    someone, row, number = disputed
    with pytest.raises(Refused, match="review"):
        cases.ask_review(actor=someone.actor, number=number, words="")
    objections.decide(actor=REVIEWER, number=number, outcome="reject", reasons="维持")
    review = cases.ask_review(actor=someone.actor, number=number, words="请再看")
    assert _status(row) == "disputed"
    assert cases.ask_review(actor=someone.actor, number=number, words="") == review
    with pytest.raises(Refused, match="somebody else"):
        objections.decide(actor=REVIEWER, number=review, outcome="reject", reasons="复核维持")
    objections.decide(actor=SECOND, number=review, outcome="reject", reasons="复核维持")
    assert _status(row) == "active"


def test_taking_it_back_lets_the_record_count_again(disputed: tuple[Resident, Record, str]) -> None:
    someone, row, number = disputed
    cases.take_back(actor=someone.actor, number=number)
    assert _status(row) == "active"
    assert cases_of.own(actor=someone.actor, number=number).case.outcome == "withdrawn"


def test_a_late_office_leaves_the_mark_and_is_counted(disputed: tuple[Resident, Record, str]) -> None:
    _, row, number = disputed
    yesterday = today() - timedelta(days=1)
    Case.objects.filter(number=number).update(due_on=yesterday, provider_due_on=yesterday)
    assert _status(row) == "disputed"
    (office,) = clocks_of.clocks()
    assert (office.department, office.open, office.late) == (row.department, 1, 1)
    assert desks_of.day_list(actor=REVIEWER).rows[0].overdue


def test_more_time_once_with_reasons(disputed: tuple[Resident, Record, str]) -> None:
    someone, _, number = disputed
    before = Case.objects.get(number=number).due_on
    with pytest.raises(Refused, match="reasons"):
        objections.extend(actor=REVIEWER, number=number, reasons=" ")
    objections.extend(actor=REVIEWER, number=number, reasons="须到外地取证")
    assert Case.objects.get(number=number).due_on > before
    with pytest.raises(Refused, match="no \\(further\\) extension"):
        objections.extend(actor=REVIEWER, number=number, reasons="再延")
    assert cases_of.own(actor=someone.actor, number=number).steps[-1].words == "须到外地取证"


def test_strangers_see_and_handle_nothing(disputed: tuple[Resident, Record, str], resident: MakeResident) -> None:
    _, _, number = disputed
    with pytest.raises(NotFound):
        cases_of.own(actor=resident("陈大海").actor, number=number)
    with pytest.raises(NotFound):
        desks_of.desk(actor=clerk("tax"), number=number)
    with pytest.raises(NotFound):
        objections.answer(actor=clerk("tax"), number=number, outcome="reject", reasons="x")
    with pytest.raises(NotAllowed):
        objections.decide(actor=clerk("traffic_police"), number=number, outcome="reject", reasons="x")
    with pytest.raises(Refused, match="outcome"):
        objections.decide(actor=REVIEWER, number=number, outcome="burn", reasons="x")


def test_the_desk_shows_document_beside_claim_and_writes_a_look(disputed: tuple[Resident, Record, str]) -> None:
    someone, row, number = disputed
    desk = desks_of.desk(actor=REVIEWER, number=number)
    assert desk.row.words == "那天我在外地"
    assert desk.row.document == row.document
    assert row.document in [claim.value for claim in desk.claims]
    assert desk.may == {"decide", "extend", "hand_over"}
    assert Look.objects.filter(subject=someone.subject, actor=REVIEWER.handle).exists()


def test_suggested_wording_is_in_the_applicant_s_language_not_the_desk_s(
    disputed: tuple[Resident, Record, str],
) -> None:
    someone, row, number = disputed
    said = desks_of.desk(actor=REVIEWER, number=number).suggestions["delete"]
    assert said.startswith("经核查")
    Contact.objects.create(
        subject=someone.subject, channel="email", address_sealed="sealed", language="en", given_at=now()
    )
    assert desks_of.desk(actor=REVIEWER, number=number).suggestions["delete"].startswith(f"The record ({row.document})")


def test_a_look_may_be_questioned_and_is_answered(disputed: tuple[Resident, Record, str]) -> None:
    someone, _, number = disputed
    desks_of.desk(actor=REVIEWER, number=number)
    look = Look.objects.filter(subject=someone.subject, actor=REVIEWER.handle).latest("pk")
    assert people_of.looks(actor=someone.actor)
    asked = cases.challenge_look(actor=someone.actor, look=look.pk, words="为什么查我")
    assert cases.challenge_look(actor=someone.actor, look=look.pk, words="") == asked
    objections.decide(actor=SECOND, number=asked, outcome="lawful", reasons="办理您的异议")
    assert cases_of.own(actor=someone.actor, number=asked).case.outcome == "lawful"


def test_every_step_has_its_leaf(disputed: tuple[Resident, Record, str]) -> None:
    _, _, number = disputed
    objections.decide(actor=REVIEWER, number=number, outcome="delete", reasons="同名")
    objections.sign(actor=SECOND, number=number)
    steps = list(CaseStep.objects.order_by("pk").values_list("step", flat=True))
    leaves = Leaf.objects.filter(action__startswith="cases.").order_by("pk").values_list("action", flat=True)
    assert [f"cases.{step}" for step in steps] == list(leaves) == ["cases.open", "cases.propose", "cases.close"]


def test_who_was_told_the_wrong_thing_takes_note_of_the_right_one(disputed: tuple[Resident, Record, str]) -> None:
    _, row, number = disputed
    objections.decide(actor=REVIEWER, number=number, outcome="delete", reasons="同名")
    objections.sign(actor=SECOND, number=number)
    office = clerk(row.department)
    (told,) = tellings_of.mine(actor=office)
    assert (told.outcome, told.document, told.acknowledged_at) == ("delete", row.document, None)
    with pytest.raises(NotFound):
        outcomes.acknowledge(actor=clerk("tax"), number=told.number)
    outcomes.acknowledge(actor=office, number=told.number)
    assert tellings_of.mine(actor=office)[0].acknowledged_at is not None
    assert tellings_of.mine(actor=clerk("tax")) == []
