"""Declared deeds: shown by a picture, a code or neighbours, found true by a person, capped, and no rings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.conftest import REVIEWER, clerk
from tests.scores.conftest import Resident, record, resident, system
from xinlin import shelf
from xinlin.core.calendar import add_working_days
from xinlin.core.deed_limits import findings, most
from xinlin.core.deeds import ring
from xinlin.core.scores import evaluate
from xinlin.office.actions import cases, deeds, people
from xinlin.office.models.cases import Case
from xinlin.office.models.deeds import Confirmation, Deed, OrganiserCode
from xinlin.office.models.records import Record
from xinlin.office.queries import deeds as deeds_of
from xinlin.office.queries import desks as desks_of
from xinlin.office.queries import scores as scores_of
from xinlin.office.scopes import NotAllowed, NotFound, Refused, today

pytestmark = pytest.mark.django_db
__all__ = ["record", "resident", "system"]
MakeResident = Callable[..., Resident]
VERIFIER = clerk("youth_league")
HOURS = {"hours": "3", "project": "海岛净滩"}


def _declared(someone: Resident, days_ago: int = 1, **more: str) -> str:
    return deeds.declare(
        actor=someone.actor,
        sort="volunteering",
        happened_on=today() - timedelta(days=days_ago),
        values=HOURS,
        **more,
    )


def _code(uses: int = 2) -> str:
    return deeds.make_code(
        actor=VERIFIER,
        sort="volunteering",
        title="十月净滩",
        held_on=today() - timedelta(days=2),
        values={"hours": "2", "project": "十月净滩"},
        uses=uses,
        ends_on=today() + timedelta(days=10),
    )


def _invitation(number: str) -> str:
    return Deed.objects.get(case__number=number).invitation


def test_two_neighbours_then_a_person_then_a_record_that_counts(resident: MakeResident) -> None:
    someone, one, other = resident(), resident("陈大海"), resident("林一诺")
    people.open_score(actor=someone.actor, via="portal")
    before = scores_of.mine(actor=someone.actor)
    number = _declared(someone)
    case = Case.objects.get(number=number)
    assert (case.department, case.due_on) == ("youth_league", add_working_days(today(), 3))
    with pytest.raises(Refused, match="no picture"):
        deeds.decide(actor=VERIFIER, number=number, outcome="accepted", reasons="属实")
    for neighbour in (one, other, other):
        deeds.confirm(actor=neighbour.actor, handle=_invitation(number))
    assert Confirmation.objects.count() == 2
    shown = desks_of.desk(actor=VERIFIER, number=number).deed
    assert shown is not None
    assert (shown.confirmed, shown.in_ring, shown.confirmers) == (2, 0, ["陈*海", "林*诺"])
    deeds.decide(actor=VERIFIER, number=number, outcome="accepted", reasons="经核实属实")
    kept = Record.objects.get(kind="volunteer_service")
    assert (kept.subject, kept.department, kept.document, kept.fields["hours"]) == (
        someone.subject, "youth_league", number, 3,
    )  # fmt: skip
    after = scores_of.mine(actor=someone.actor)
    assert before is not None and after is not None
    assert after.score == before.score + 3


def test_what_is_not_shown_counts_nothing_and_costs_nothing(resident: MakeResident) -> None:
    someone = resident()
    number = _declared(someone)
    deeds.decide(actor=VERIFIER, number=number, outcome="not_shown", reasons="没有材料")
    assert not Record.objects.exists()
    assert _declared(someone) != number, "with more, it may be declared again"


def test_an_organiser_s_code_states_day_and_hours_and_has_an_end(resident: MakeResident) -> None:
    code = _code(uses=1)
    someone, late = resident(), resident("陈大海")
    number = _declared(someone, code=f" {code[:4].lower()}-{code[4:]} ")
    deed = Deed.objects.get(case__number=number)
    assert deed.happened_on == today() - timedelta(days=2)
    assert _declared(someone, code=code) == number
    with pytest.raises(Refused, match="used up"):
        _declared(late, code=code)
    with pytest.raises(Refused, match="no such code"):
        _declared(late, code="ABCDEFGH")
    OrganiserCode.objects.update(ends_on=today(), uses=5)
    with pytest.raises(Refused, match="no such code"):
        _declared(late, code=code)
    deeds.decide(actor=VERIFIER, number=number, outcome="accepted", reasons="签到属实")
    assert Record.objects.get().fields["hours"] == 2


def test_nobody_confirms_for_themselves_and_rings_do_not_count(resident: MakeResident) -> None:
    first, second, third = resident(), resident("陈大海"), resident("林一诺")
    circle = {}
    for someone in (first, second, third):
        circle[someone.subject.pk] = _declared(someone)
        with pytest.raises(Refused, match="themselves"):
            deeds.confirm(actor=someone.actor, handle=_invitation(circle[someone.subject.pk]))
    for by, whom in ((first, second), (second, third), (third, first), (second, first)):
        deeds.confirm(actor=by.actor, handle=_invitation(circle[whom.subject.pk]))
    number = circle[first.subject.pk]
    shown = desks_of.desk(actor=VERIFIER, number=number).deed
    assert shown is not None and (shown.confirmed, shown.in_ring) == (2, 2)
    with pytest.raises(Refused, match="not enough neighbours"):
        deeds.decide(actor=VERIFIER, number=number, outcome="accepted", reasons="属实")


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20),
    st.integers(0, 6),
    st.sets(st.integers(0, 6)),
)
def test_law_a_ring_is_a_chain_back_and_nothing_else(
    edges: list[tuple[int, int]], doer: int, confirmers: set[int]
) -> None:
    found = ring(edges, doer, confirmers)
    assert found <= confirmers - {doer}
    direct = {whom for by, whom in edges if by == doer and whom != doer}
    assert direct & confirmers <= found, "whoever the doer confirmed before"
    if not any(by == doer for by, _ in edges):
        assert not found


@pytest.mark.parametrize(
    ("days_ago", "hours", "said"),
    [(-1, "3", "not come"), (200, "3", "too long ago"), (1, "9", "at most"), (1, "很多", "number")],
)
def test_what_cannot_be_declared_says_why(resident: MakeResident, days_ago: int, hours: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        deeds.declare(
            actor=resident().actor,
            sort="volunteering",
            happened_on=today() - timedelta(days=days_ago),
            values={"hours": hours},
        )
    assert not Case.objects.exists()


def test_a_year_has_room_for_so_many_and_the_same_day_is_one(resident: MakeResident) -> None:
    someone = resident()
    number = _declared(someone, 1)
    assert _declared(someone, 1) == number
    _declared(someone, 2)
    _declared(someone, 3)
    (volunteering, _village) = deeds_of.sorts(actor=someone.actor)
    assert volunteering.left == 0
    with pytest.raises(Refused, match="At most 3"):
        _declared(someone, 4)
    cases.take_back(actor=someone.actor, number=number)
    assert _declared(someone, 4)


def test_what_a_department_sent_already_is_not_counted_twice(
    resident: MakeResident, record: Callable[..., Record]
) -> None:
    someone = resident()
    record(someone.subject, "volunteer_service", today() - timedelta(days=2), fields={"hours": 5})
    number = _declared(someone, code=_code())
    with pytest.raises(Refused, match="already"):
        deeds.decide(actor=VERIFIER, number=number, outcome="accepted", reasons="属实")


def test_only_the_verifier_decides_and_strangers_see_nothing(resident: MakeResident) -> None:
    someone, stranger = resident(), resident("陈大海")
    number = _declared(someone)
    with pytest.raises(NotAllowed):
        deeds.decide(actor=REVIEWER, number=number, outcome="accepted", reasons="x")
    with pytest.raises(NotFound):
        deeds.decide(actor=clerk("tax"), number=number, outcome="accepted", reasons="x")
    with pytest.raises(NotFound):
        deeds_of.own(actor=stranger.actor, number=number)
    with pytest.raises(NotFound):
        deeds_of.invitation(actor=stranger.actor, handle="nothing")
    with pytest.raises(NotAllowed):
        deeds.make_code(
            actor=clerk("tax"), sort="volunteering", title="x", held_on=today(), values={}, uses=1, ends_on=date.max
        )


@pytest.mark.parametrize("city", [name for name in shelf.names(shelf.ROOT) if shelf.read(name).deeds])
def test_law_neither_money_nor_idle_time_buys_a_tier(city: str) -> None:
    rulebook = shelf.read(city)
    for year in (2026, 2027, 2031):
        assert not list(findings(rulebook, date(year, 12, 31)))
    scheme = rulebook.scheme_at(date(2026, 12, 31))
    assert scheme is not None
    facts = most(rulebook, date(2026, 12, 31))
    assert evaluate(scheme, facts, date(2026, 12, 31)).score > scheme.base, "yet they do count"
    more = rulebook.model_copy(
        update={"deeds": {code: sort.model_copy(update={"per_year": 60}) for code, sort in rulebook.deeds.items()}}
    )
    assert list(findings(more, date(2026, 12, 31))), "a rulebook without a cap is refused"
