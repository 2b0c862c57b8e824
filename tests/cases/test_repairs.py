"""Repair: from which day, with two papers, by when, and without any residue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cases.conftest import REVIEWER, SECOND
from tests.people.conftest import let_in
from tests.scores.conftest import Resident, firm, make_record, record, resident, system
from xinlin.core.calendar import add_working_days
from xinlin.office.actions import cases, people, repairs
from xinlin.office.models.cases import Case, Telling
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.people import Subject
from xinlin.office.models.records import Record
from xinlin.office.queries import cases as cases_of
from xinlin.office.queries import repairs as repairs_of
from xinlin.office.queries import scores as scores_of
from xinlin.office.scopes import NotFound, Refused, today

pytestmark = pytest.mark.django_db
__all__ = ["firm", "record", "resident", "system"]
MakeResident = Callable[..., Resident]
MakeRecord = Callable[..., Record]
KIND = "uncivil_conduct"


def _applied(someone: Resident, row: Record) -> str:
    return repairs.apply_for(
        actor=someone.actor, reference=row.reference, words="已改正", fulfilled=True, committed=True
    )


def test_the_wizard_says_from_which_day_and_when_it_stops_by_itself(resident: MakeResident, record: MakeRecord) -> None:
    someone = resident()
    minor = record(someone.subject, KIND, today() - timedelta(days=5), record_class="minor")
    general = record(someone.subject, KIND, today() - timedelta(days=5), record_class="general")
    record(someone.subject, "volunteer_service", today(), fields={"hours": 3})
    record(someone.subject, KIND, today() - timedelta(days=1200), record_class="serious")
    shown = repairs_of.mine(actor=someone.actor)
    assert [view.reference for view in shown] == [minor.reference, general.reference]
    assert [view.open_now for view in shown] == [True, False]
    assert shown[0].from_on < shown[1].from_on < shown[1].stops_on
    assert shown[0].draft.zh and general.document in shown[1].draft.zh
    with pytest.raises(Refused, match="shortest term is not over"):
        _applied(someone, general)


def test_whoever_stands_on_a_list_is_shown_how_to_leave_it(resident: MakeResident, record: MakeRecord) -> None:
    someone = resident()
    held = record(
        someone.subject, "dishonest_judgment_debtor", today() - timedelta(days=50), department="court",
        record_class="", remedy="可申请复议", ends_on=today() + timedelta(days=680),
    )  # fmt: skip
    ListEntry.objects.create(
        record=held, subject=someone.subject, list="dishonest_judgment_debtor", entered_on=held.occurred_on, document="甲",
        authority="法院", article="第一条", notice_on=held.occurred_on, remedy="可申请复议", ends_on=held.ends_on,
    )  # fmt: skip
    (shown,) = repairs_of.mine(actor=someone.actor)
    assert shown.reference == held.reference and shown.own_exit is not None and not shown.open_now
    page = let_in(someone).get(f"/repairs/{held.reference}/").content.decode()
    assert "按名单自身的规则移出" in page and f"/records/{held.reference}/wrong/" in page
    with pytest.raises(Refused):
        _applied(someone, held)


def test_accepted_in_three_working_days_decided_in_ten_and_everybody_is_told(
    resident: MakeResident, record: MakeRecord
) -> None:
    someone = resident()
    row = record(someone.subject, KIND, today() - timedelta(days=5), record_class="minor")
    number = _applied(someone, row)
    assert Case.objects.get(number=number).due_on == add_working_days(today(), 3)
    assert _applied(someone, row) == number, "a second application answers with the first"
    repairs.accept(actor=REVIEWER, number=number)
    assert Case.objects.get(number=number).due_on == add_working_days(today(), 10)
    repairs.decide(actor=REVIEWER, number=number, outcome="repaired", reasons="义务已履行")
    row.refresh_from_db()
    assert row.status == "repaired"
    assert Telling.objects.get().department == row.department
    assert repairs_of.mine(actor=someone.actor) == []


def test_missing_papers_are_named_once(resident: MakeResident, record: MakeRecord) -> None:
    someone = resident()
    row = record(someone.subject, KIND, today() - timedelta(days=5), record_class="minor")
    number = _applied(someone, row)
    repairs.ask_papers(actor=REVIEWER, number=number, words="缺少履行证明")
    assert cases_of.own(actor=someone.actor, number=number).case.state == "papers"
    repairs.hand_in(actor=someone.actor, number=number, words="已补")
    with pytest.raises(Refused, match="named once"):
        repairs.ask_papers(actor=REVIEWER, number=number, words="再补")
    repairs.decide(actor=REVIEWER, number=number, outcome="refused", reasons="义务未履行完毕")
    row.refresh_from_db()
    assert row.status == "active"
    assert _applied(someone, row) != number, "one may apply again"


def test_false_papers_take_two_signatures(resident: MakeResident, record: MakeRecord) -> None:
    someone = resident()
    row = record(someone.subject, KIND, today() - timedelta(days=5), record_class="minor")
    number = _applied(someone, row)
    assert repairs.decide(actor=REVIEWER, number=number, outcome="false_papers", reasons="公章系伪造") == "proposed"
    with pytest.raises(Refused, match="Another reviewer"):
        repairs.sign(actor=REVIEWER, number=number)
    repairs.sign(actor=SECOND, number=number)
    row.refresh_from_db()
    assert row.status == "active"


def test_a_representative_applies_for_the_firm_and_nobody_else(
    resident: MakeResident, firm: Callable[..., Subject]
) -> None:
    someone, stranger = resident(), resident("陈大海")
    company = firm(someone, today() - timedelta(days=400))
    row = make_record(company, "uncorrected_hazard", today() - timedelta(days=200), record_class="general")
    number = _applied(someone, row)
    case = Case.objects.get(number=number)
    assert (case.subject, case.filed_by) == (company, someone.subject)
    with pytest.raises(NotFound):
        _applied(stranger, row)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(
    others=st.lists(st.tuples(st.sampled_from(["volunteer_service", KIND]), st.integers(1, 300)), max_size=5),
    age=st.integers(1, 80),
    also_disputed=st.booleans(),
)
def test_law_a_repaired_record_leaves_the_score_as_if_it_had_not_been(
    others: list[tuple[str, int]], age: int, also_disputed: bool, resident: MakeResident, record: MakeRecord
) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    for kind, days in others:
        fields = {"hours": days % 40} if kind == "volunteer_service" else {}
        record_class = "" if kind == "volunteer_service" else "minor"
        record(someone.subject, kind, today() - timedelta(days=days), fields=fields, record_class=record_class)
    without = scores_of.mine(actor=someone.actor)
    row = record(someone.subject, KIND, today() - timedelta(days=age), record_class="minor")
    if also_disputed:
        cases.object_to(actor=someone.actor, reference=row.reference, reason="repaired", words="")
    number = _applied(someone, row)
    repairs.decide(actor=REVIEWER, number=number, outcome="repaired", reasons="已履行")
    after = scores_of.mine(actor=someone.actor)
    assert without is not None and after is not None
    assert (after.score, after.tier.code) == (without.score, without.tier.code)
    assert [(d.code, d.points) for d in after.dimensions] == [(d.code, d.points) for d in without.dimensions]
