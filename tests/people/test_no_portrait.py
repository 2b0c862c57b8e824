"""Staff have no portrait of a person: the register's page shows what is in question, and counts the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.scores.conftest import Resident
from xinlin.office.actions import cases
from xinlin.office.models.people import Look, Subject
from xinlin.office.models.records import Record
from xinlin.office.queries import subjects
from xinlin.office.scopes import Actor, today

pytestmark = pytest.mark.django_db
REVIEWER = Actor("account:71", "审核员", "reviewer", "credit_centre")
AUDITOR = Actor("account:72", "审计员", "auditor", "credit_centre")
Make = Callable[..., Resident]
MakeRecord = Callable[..., Record]


@pytest.fixture
def someone(resident: Make, record: MakeRecord) -> Resident:
    """A resident with three records that their number joined."""
    made = resident("林小满")
    for days in (3, 4, 5):
        record(made.subject, "volunteer_service", today() - timedelta(days=days), fields={"hours": 2})
    return made


def test_what_is_not_in_question_is_counted_and_not_listed(someone: Resident) -> None:
    page = subjects.subject(actor=REVIEWER, pseudonym=someone.subject.pseudonym)
    assert (page.records, page.unlisted) == ([], 3)
    assert Look.objects.get().kinds == [], "nothing of the records was read"


def test_one_comes_from_a_record_and_finds_that_one(someone: Resident) -> None:
    reference = Record.objects.first().reference  # type: ignore[union-attr]  # there are three
    page = subjects.subject(actor=REVIEWER, pseudonym=someone.subject.pseudonym, record=reference)
    assert [one.reference for one in page.records] == [reference]
    assert page.unlisted == 2


def test_a_record_with_an_open_case_is_listed_until_it_is_closed(someone: Resident) -> None:
    reference = Record.objects.first().reference  # type: ignore[union-attr]  # there are three
    number = cases.object_to(actor=someone.actor, reference=reference, reason="not_me", words="")
    page = subjects.subject(actor=REVIEWER, pseudonym=someone.subject.pseudonym)
    assert [one.reference for one in page.records] == [reference]
    cases.take_back(actor=someone.actor, number=number)
    assert subjects.subject(actor=REVIEWER, pseudonym=someone.subject.pseudonym).records == []


def test_an_auditor_sees_no_whole_name_of_a_person_and_a_reviewer_does(someone: Resident) -> None:
    assert subjects.subject(actor=AUDITOR, pseudonym=someone.subject.pseudonym).name == "林*满"
    assert subjects.subject(actor=REVIEWER, pseudonym=someone.subject.pseudonym).name == "林小满"


def test_anothers_record_is_not_listed_by_naming_it(someone: Resident, resident: Make) -> None:
    other = resident("旁人")
    reference = Record.objects.first().reference  # type: ignore[union-attr]  # there are three
    page = subjects.subject(actor=REVIEWER, pseudonym=other.subject.pseudonym, record=reference)
    assert (page.records, page.unlisted) == ([], 0)


def test_of_an_organisation_every_record_is_listed(
    someone: Resident, firm: Callable[..., Subject], record: MakeRecord
) -> None:
    led = firm(someone, today() - timedelta(days=90))
    page = subjects.subject(actor=AUDITOR, pseudonym=led.pseudonym)
    assert len(page.records) == 1
    assert page.unlisted == 0
