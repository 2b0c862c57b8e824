"""Deadlines of objections in five jurisdictions over real holidays, and terms of repair."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinlin import shelf
from xinlin.core.calendar import PUBLISHED
from xinlin.core.procedures import (
    ObjectionProcedure,
    Pause,
    objection_due,
    provider_due,
    repairable_from,
    review_due,
    stops_on,
)

NATIONAL = shelf.read("national")
EVE = date(2026, 9, 30)
"""The day before the National Day holidays of 2026: 1 to 7 October free, Saturday 10 October worked."""


def _due(code: str, received: date, forwarded: date | None = None, **more: object) -> date:
    found = objection_due(
        NATIONAL.procedures[code], PUBLISHED, received_on=received, forwarded_on=forwarded, today=received, **more
    )  # type: ignore[arg-type]  # the options are given by name in each case below
    return found.day


@pytest.mark.parametrize(
    ("code", "forwarded", "more", "expected"),
    [
        ("shenzhen", None, {}, date(2026, 10, 8)),
        ("shenzhen", date(2026, 10, 8), {}, date(2026, 10, 10)),
        ("shenzhen", date(2026, 10, 8), {"extended": True}, date(2026, 10, 14)),
        ("shanghai", None, {}, date(2026, 10, 13)),
        ("shanghai", date(2026, 10, 9), {}, date(2026, 10, 15)),
        ("zhejiang", None, {}, date(2026, 10, 13)),
        ("zhejiang", date(2026, 10, 12), {}, date(2026, 10, 19)),
        ("zhejiang", date(2026, 10, 12), {"extended": True}, date(2026, 11, 3)),
        ("shandong", None, {}, date(2026, 10, 10)),
        ("shandong", date(2026, 10, 10), {}, date(2026, 10, 15)),
        ("henan", None, {}, date(2026, 10, 10)),
        ("henan", date(2026, 10, 8), {}, date(2026, 10, 15)),
        ("credit_reporting", None, {}, date(2026, 10, 20)),
    ],
)
def test_an_objection_received_on_the_eve_of_national_day(
    code: str, forwarded: date | None, more: dict[str, object], expected: date
) -> None:
    assert _due(code, EVE, forwarded, **more) == expected


def test_days_with_experts_do_not_run_in_henan_and_run_in_shandong() -> None:
    pause = Pause(date(2026, 10, 9), date(2026, 10, 16))
    assert _due("henan", EVE, date(2026, 10, 8), pauses=[pause]) == date(2026, 10, 23)
    assert _due("shandong", EVE, date(2026, 10, 8), pauses=[pause]) == date(2026, 10, 15)


def test_the_provider_answers_before_the_whole_is_due() -> None:
    henan = NATIONAL.procedures["henan"]
    day = date(2026, 10, 8)
    found = provider_due(henan, PUBLISHED, received_on=EVE, forwarded_on=day, today=day)
    assert found.day == date(2026, 10, 12), "three working days after it was passed on, Saturday 10 October worked"
    late = date(2026, 10, 14)
    found = provider_due(henan, PUBLISHED, received_on=EVE, forwarded_on=late, today=late)
    assert found.day == date(2026, 10, 15), "passed on late, yet the applicant has the answer in seven working days"


def test_a_deadline_in_a_year_without_arrangement_is_provisional_until_it_is_entered() -> None:
    zhejiang, received = NATIONAL.procedures["zhejiang"], date(2026, 12, 30)
    found = objection_due(zhejiang, PUBLISHED, received_on=received, today=received)
    assert found.provisional
    assert found.day == date(2027, 1, 7)
    stated = {date(2027, month, day): False for month, day in ((5, 1), (10, 1), (10, 2), (10, 3))}
    decided = PUBLISHED.with_days({date(2027, 1, 1): False, date(2027, 1, 2): True, date(2027, 1, 4): False, **stated})
    found = objection_due(zhejiang, decided, received_on=received, today=received)
    assert not found.provisional
    assert found.day == date(2027, 1, 7), "Saturday 2 January worked in exchange for Monday 4 January"


def test_a_review_where_the_jurisdiction_knows_one() -> None:
    due = review_due(NATIONAL.procedures["zhejiang"], PUBLISHED, EVE)
    assert due is not None and due.day == date(2026, 10, 13)
    assert review_due(NATIONAL.procedures["shanghai"], PUBLISHED, EVE) is None


PROCEDURES = st.sampled_from(sorted(NATIONAL.procedures))
DAYS = st.dates(date(2020, 1, 1), date(2026, 11, 1))


@given(PROCEDURES, DAYS, st.integers(0, 10), st.booleans())
def test_law_extensions_only_lengthen_and_never_beyond_the_longest(
    code: str, received: date, passing: int, extended: bool
) -> None:
    procedure: ObjectionProcedure = NATIONAL.procedures[code]
    forwarded = received + timedelta(days=passing)
    plain = _due(code, received, forwarded)
    longer = _due(code, received, forwarded, extended=extended)
    assert longer >= plain
    if procedure.longest is not None:
        assert longer <= procedure.longest.after(received, PUBLISHED)
    provider = provider_due(
        procedure, PUBLISHED, received_on=received, forwarded_on=forwarded, extended=extended, today=forwarded
    )
    assert provider.day <= longer


@pytest.mark.parametrize(
    ("record_class", "document_on", "earliest", "stops"),
    [
        ("minor", date(2026, 1, 31), date(2026, 1, 31), date(2026, 4, 30)),
        ("general", date(2025, 11, 30), date(2026, 2, 28), date(2026, 11, 30)),
        ("serious", date(2024, 2, 29), date(2025, 2, 28), date(2027, 2, 28)),
    ],
)
def test_terms_of_publicity_run_from_the_document(
    record_class: str, document_on: date, earliest: date, stops: date
) -> None:
    terms = NATIONAL.repair_classes[record_class]
    assert repairable_from(terms, document_on) == earliest
    assert stops_on(terms, document_on) == stops


def test_a_longer_restriction_by_law_keeps_it_published_until_it_ends() -> None:
    terms = NATIONAL.repair_classes["general"]
    until = date(2028, 5, 1)
    assert repairable_from(terms, date(2026, 1, 1), until) == until
    assert stops_on(terms, date(2026, 1, 1), until) == until


def test_passing_it_on_late_does_not_move_the_applicant_s_day() -> None:
    in_time, late = date(2026, 10, 9), date(2026, 11, 20)
    assert _due("shanghai", EVE, late) == _due("shanghai", EVE, in_time) == date(2026, 10, 15)


def test_a_department_to_which_it_was_handed_over_has_its_own_days_within_the_whole() -> None:
    henan = NATIONAL.procedures["henan"]
    day, over = date(2026, 10, 8), date(2026, 10, 10)
    found = provider_due(henan, PUBLISHED, received_on=EVE, forwarded_on=day, handed_over_on=over, today=over)
    assert found.day == date(2026, 10, 14), "three working days after it was handed over on a worked Saturday"
    later = date(2026, 10, 14)
    found = provider_due(henan, PUBLISHED, received_on=EVE, forwarded_on=day, handed_over_on=later, today=later)
    assert found.day == date(2026, 10, 15), "the applicant still has the answer in seven working days"


def test_a_namesake_does_not_wait_as_long_where_the_jurisdiction_promises_so() -> None:
    common, received = NATIONAL.procedures["common"], date(2026, 11, 2)

    def due(reason: str, forwarded: date | None = None) -> date:
        return objection_due(
            common, PUBLISHED, received_on=received, forwarded_on=forwarded, today=received, reason=reason
        ).day

    assert due("not_me") == date(2026, 11, 4)
    for code, procedure in NATIONAL.procedures.items():
        assert procedure.sooner or procedure.own.after(received, PUBLISHED) <= date(2026, 11, 4), code
        assert not procedure.sooner or procedure.sooner_basis == "demonstration", "no jurisdiction's text promises it"
    assert due("wrong_fact") == date(2026, 11, 11)
    assert due("not_me", received) == due("wrong_fact", received), "once a department is asked, its days run"
    for code, procedure in NATIONAL.procedures.items():
        for span in procedure.sooner.values():
            assert span.after(received, PUBLISHED) <= procedure.own.after(received, PUBLISHED), code
