"""How many queries each list of the staff takes, however long it is; and that counts hide small cells."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.scores.conftest import make_record, make_subject, resident_id
from xinlin.core.people import uscc_problem
from xinlin.office import vault
from xinlin.office.jobs import kept_counts, record_figures
from xinlin.office.models.batches import Batch
from xinlin.office.models.publicity import PublicMark
from xinlin.office.models.staff import Account
from xinlin.office.queries import answer_views, situation
from xinlin.office.queries.staff import actor_of
from xinlin.office.scopes import NotAllowed, now, today

SESSION = 2
"""Session and account, on every page behind a gate."""
GOLDEN = {
    ("clerk", "/bench/"): 5,
    ("clerk", "/bench/intake/"): 2,
    ("clerk", "/bench/intake/new/"): 0,
    ("clerk", "/bench/cases/"): 4,
    ("officer", "/bench/checks/"): 2,  # the department's checks, and its linked items of the catalogue
    ("officer", "/bench/checks/overdue/"): 1,
    ("reviewer", "/bench/cases/"): 4,
    ("operator", "/bench/alerts/"): 5,
    ("operator", "/bench/trends/"): 1,
    ("operator", "/bench/quality/reconciliation/"): 2,  # what was counted, and what others published
    ("operator", "/bench/scenes/"): 1,
    ("operator", "/bench/operations/"): 5,
    ("auditor", "/bench/log/"): 3,
}
DEPARTMENTS = {"clerk": "youth_league", "officer": "market_regulation"}


def account(role: str) -> Account:
    made: Account = Account.objects.create(
        username=role,
        role=role,
        department=DEPARTMENTS.get(role, "credit_centre"),
        display_name=role,
        verified_at=now(),
    )
    return made


def batches(count: int) -> None:
    for number in range(count):
        Batch.objects.create(
            number=f"B-{number}",
            department="youth_league",
            kind="volunteer_service",
            delivery="additions",
            filename=f"{number}.csv",
            sha256=f"{number:064}",
            size=1,
            sent_by="system:test",
            received_at=now(),
            valid_on=today(),
        )


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "address"), GOLDEN)
def test_golden_counts(client: Client, role: str, address: str, django_assert_num_queries: Any) -> None:
    batches(12)
    subject = make_subject(resident_id(date(1990, 1, 1), 78), "林小满", born=date(1990, 1, 1))
    for _ in range(12):
        make_record(subject, "volunteer_service", today() - timedelta(days=2), department="youth_league")
    record_figures.count()
    client.force_login(account(role), backend="django.contrib.auth.backends.ModelBackend")
    with django_assert_num_queries(GOLDEN[role, address] + SESSION):
        assert client.get(address).status_code == 200


@given(st.binary(max_size=12))
def test_no_hidden_cell_can_be_found_by_taking_shares(counts: bytes) -> None:
    cells = dict(enumerate(counts))
    shown = situation.hide_small(cells)
    hidden = [cells[key] for key, count in shown.items() if count is None]
    assert all(count is None or count == 0 or count >= situation.SMALLEST_CELL for count in shown.values())
    others = [key for key, count in shown.items() if count]
    assert not hidden or sum(hidden) >= situation.SMALLEST_CELL or not others


@pytest.mark.django_db
def test_the_situation_hides_small_cells_and_other_departments() -> None:
    subject = make_subject(resident_id(date(1990, 1, 1), 77), "林小满", born=date(1990, 1, 1))
    for _ in range(12):
        make_record(subject, "volunteer_service", today() - timedelta(days=2), department="youth_league")
    for _ in range(15):
        make_record(subject, "rescue", today() - timedelta(days=2), department="civil_affairs")
    for _ in range(4):
        make_record(subject, "honour", today() - timedelta(days=2), department="civility_office")
    whole = situation.situation(actor=actor_of(account("operator")))
    counts = {kind.kind: kind.count for kind in whole.kinds}
    # the four are hidden, and the smallest shown cell with them, or the sum would tell
    assert counts == {"volunteer_service": None, "rescue": 15, "honour": None}
    assert whole.records == 15
    assert sum(month.count or 0 for month in whole.months) <= 15
    own = situation.situation(actor=actor_of(account("clerk")))
    assert {kind.department for kind in own.kinds} == {"youth_league"}
    assert own.people is None


@pytest.mark.django_db
def test_figures_that_the_worker_counted_stand_until_it_counts_again() -> None:
    subject = make_subject(resident_id(date(1990, 1, 1), 77), "林小满", born=date(1990, 1, 1))
    for _ in range(12):
        make_record(subject, "volunteer_service", today() - timedelta(days=40), department="youth_league")
    reader = actor_of(account("operator"))
    live = situation.situation(actor=reader)
    record_figures.count()
    kept = situation.situation(actor=reader)
    assert live.at is None and kept.at is not None
    assert replace(kept, at=None) == live and live.records == sum(month.count or 0 for month in live.months) == 12
    make_record(subject, "volunteer_service", today(), department="youth_league")
    assert not record_figures.count_when_due()
    assert situation.situation(actor=reader).records == 12
    PublicMark.objects.update(at=now() - kept_counts.EVERY)
    assert record_figures.count_when_due()
    assert situation.situation(actor=reader).records == 13


@pytest.mark.django_db
def test_what_is_dear_to_count_is_counted_seldom() -> None:
    record_figures.count()
    mark = PublicMark.objects.get(name="records")
    mark.figures["seconds"], mark.at = 6, now() - timedelta(minutes=19)
    mark.save()
    assert not record_figures.count_when_due()
    PublicMark.objects.update(at=now() - timedelta(minutes=20))
    assert record_figures.count_when_due()


@pytest.mark.django_db
def test_residents_see_no_counts() -> None:
    resident = actor_of(Account.objects.create(username="resident", role="resident"))
    for query in (situation.alerts, situation.situation, situation.scene_consents, situation.operations):
        with pytest.raises(NotAllowed):
            query(actor=resident)


def test_a_person_whose_number_looks_like_an_organisation_s_stays_masked() -> None:
    numbers = (resident_id(date(1990, 1, 1), serial) for serial in range(1000))
    twofold = next(number for number in numbers if uscc_problem(number) is None)
    sealed = vault.seal(json.dumps([twofold, "苏澄屿"]), answer_views.APPLICANT)
    assert "苏澄屿" not in answer_views.masked_applicant(sealed)
