"""Whose a row is: only an exact identifier links; a person answers the rest, with a reason, and can take it back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.intake.conftest import Send, firm, resident, table
from xinlin.office.actions import linking, subjects
from xinlin.office.models.linking import LinkQuestion, SubjectChange
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Consent, Look, Subject
from xinlin.office.models.records import Record, RecordEvent
from xinlin.office.queries import linking as queries
from xinlin.office.queries.lists import known
from xinlin.office.scopes import Actor, NotAllowed, Refused, now

from .conftest import REVIEWER

DEEDS = "公民身份号码,姓名,发生日期"
FIRMS = "统一社会信用代码,企业名称,注册日期"
WHY = "已查验身份证原件"


def deed(number: int, name: str, day: str = "2024-05-01") -> str:
    return f"{resident(number)},{name},{day}"


@pytest.fixture
def asked(send: Send) -> LinkQuestion:
    """A person is known as 王小明; a second delivery calls them 王晓明."""
    send("deeds", table(DEEDS, deed(1, "王小明")))
    batch = send("deeds", table(DEEDS, deed(1, "王晓明", "2024-06-01")))
    assert (batch.rows_accepted, batch.rows_refused) == (0, 1)
    return LinkQuestion.objects.get()


@pytest.fixture
def after(django_capture_on_commit_callbacks: Any) -> Any:
    """Do something, and what it queued."""

    def run(action: Any, **words: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return action(actor=REVIEWER, **words)

    return run


def test_the_same_number_under_another_name_is_a_question_that_shows_both(asked: LinkQuestion) -> None:
    page = queries.queue(actor=REVIEWER)
    line = page.names[0]
    assert (line.registered_name, line.sent_name, page.names_total) == ("王小明", "王晓明", 1)
    assert resident(1) not in line.masked_identifier
    assert Look.objects.filter(subject=asked.subject).exists(), "the person sees that somebody looked"


def test_only_a_reviewer_answers_and_only_with_a_reason(asked: LinkQuestion) -> None:
    clerk = Actor(handle="account:1", name="报送员", role="clerk", department="office")
    with pytest.raises(NotAllowed):
        linking.same(actor=clerk, question=asked.pk, reason=WHY)
    with pytest.raises(Refused) as refused:
        linking.same(actor=REVIEWER, question=asked.pk, reason=" 是 ")
    assert refused.value.problem.code == "reason_missing"


def test_it_is_the_same_person_the_row_comes_in_and_so_do_later_ones(
    asked: LinkQuestion, after: Any, send: Send
) -> None:
    number = after(linking.same, question=asked.pk, reason=WHY)
    asked.refresh_from_db()
    assert (asked.state, asked.refused_row.state) == ("same", "replayed")
    assert Record.objects.filter(subject=asked.subject, status="active").count() == 2
    assert send("deeds", table(DEEDS, deed(1, "王晓明", "2024-07-01"))).rows_accepted == 1
    subjects.take_back(actor=REVIEWER, number=number, reason="认错了人")
    assert send("deeds", table(DEEDS, deed(1, "王晓明", "2024-08-01"))).rows_refused == 1, "the name asks again"
    assert Leaf.objects.filter(action__in=["linking.answer", "subjects.name", "subjects.take_back"]).count() == 3
    with pytest.raises(Refused):
        subjects.take_back(actor=REVIEWER, number=number, reason="再撤一次")


def test_taking_an_accepted_name_back_takes_its_record_away(asked: LinkQuestion, after: Any) -> None:
    number = after(linking.same, question=asked.pk, reason=WHY)
    subjects.take_back(actor=REVIEWER, number=number, reason="认错了人")
    loose = Record.objects.get(status="unlinked")
    assert loose.subject is None
    assert [event.reason for event in RecordEvent.objects.filter(record=loose)] == ["unlinked"]


def test_the_row_is_anothers(asked: LinkQuestion, after: Any, send: Send) -> None:
    send("deeds", table(DEEDS, deed(2, "王晓明")))
    after(linking.another, question=asked.pk, identifier=resident(2), reason=WHY)
    assert Record.objects.filter(subject__number=2).count() == 2
    assert Record.objects.filter(subject__number=1).count() == 1


def test_the_row_is_nobodys_here_and_lies_aside(asked: LinkQuestion, after: Any) -> None:
    after(linking.nobody, question=asked.pk, reason=WHY)
    asked.refused_row.refresh_from_db()
    assert asked.refused_row.state == "aside"
    assert queries.queue(actor=REVIEWER).names_total == 0
    with pytest.raises(Refused):
        linking.same(actor=REVIEWER, question=asked.pk, reason=WHY)


def test_a_name_without_a_number_asks_and_is_attached_by_an_exact_number_only(send: Send, after: Any) -> None:
    send("firms", table(FIRMS, f"{firm(1)},甲公司,2019-01-01"))
    send("published", table("名称,所在地,公布日期", "甲公司,温州,2024-01-01"))
    page = queries.queue(actor=REVIEWER)
    line = page.unlinked[0]
    assert [candidate.masked_identifier for candidate in line.candidates] == [firm(1)]
    record = Record.objects.get(reference=line.reference)
    assert record.subject is None, "a name alone never links"
    with pytest.raises(Refused) as refused:
        linking.attach(actor=REVIEWER, reference=line.reference, identifier=firm(2), reason=WHY)
    assert refused.value.problem.code == "unknown_subject"
    number = after(linking.attach, reference=line.reference, identifier=firm(1), reason=WHY)
    record.refresh_from_db()
    assert (record.status, record.subject.public_name) == ("active", "甲公司")
    subjects.take_back(actor=REVIEWER, number=number, reason="认错了")
    record.refresh_from_db()
    assert (record.status, record.subject) == ("unlinked", None)
    linking.leave(actor=REVIEWER, reference=line.reference, reason="查无此人")
    assert queries.queue(actor=REVIEWER).unlinked_total == 0
    after(linking.attach, reference=line.reference, identifier=firm(1), reason=WHY)
    assert Record.objects.get(pk=record.pk).status == "active", "leaving it can be taken back by attaching it"


def consent(subject: Subject, number: str) -> Consent:
    return Consent.objects.create(
        number=number, subject=subject, step="score", notice_version="1", notice={}, given_at=now(), via="test",
        assurance="", receipt_sha256="0" * 64,
    )  # fmt: skip


def test_two_subjects_become_one_and_two_again(send: Send) -> None:
    send("deeds", table(DEEDS, deed(1, "王小明"), deed(2, "王小明")))
    first, second = Subject.objects.order_by("number")
    consent(first, "XC1")
    theirs = consent(second, "XC2")
    number = subjects.merge(actor=REVIEWER, keep=first.pseudonym, other=second.pseudonym, reason="一人两号，公安已更正")
    assert Record.objects.filter(subject=first).count() == 2
    assert Consent.objects.filter(subject=first, withdrawn_at__isnull=True).count() == 1
    assert send("deeds", table(DEEDS, deed(2, "王小明", "2025-01-01"))).rows_accepted == 1
    assert Record.objects.filter(subject=first).count() == 3, "the other number leads to the one that stays"
    assert known([resident(2)], [])[resident(2)].subject_id == first.pk
    subjects.take_back(actor=REVIEWER, number=number, reason="查实为两人")
    theirs.refresh_from_db()
    assert (theirs.subject, theirs.withdrawn_at) == (second, None)
    assert Record.objects.filter(subject=second).count() == 1
    assert known([resident(2)], [])[resident(2)].subject_id == second.pk
    assert {event.reason for event in RecordEvent.objects.all()} == {"merged", "taken_back"}


def test_a_consent_taken_back_after_a_merge_does_not_come_back_with_its_undoing(send: Send) -> None:
    send("deeds", table(DEEDS, deed(1, "王小明"), deed(2, "王小明")))
    first, second = Subject.objects.order_by("number")
    consent(first, "XC1")
    consent(second, "XC2")
    number = subjects.merge(actor=REVIEWER, keep=first.pseudonym, other=second.pseudonym, reason=WHY)
    Consent.objects.filter(subject=first).update(withdrawn_at=now())
    subjects.take_back(actor=REVIEWER, number=number, reason="查实为两人")
    assert not Consent.objects.filter(withdrawn_at__isnull=True).exists()


def test_records_of_somebody_else_are_moved_to_them_and_back(send: Send) -> None:
    send("deeds", table(DEEDS, deed(1, "王小明"), deed(1, "王小明", "2024-06-01")))
    first = Subject.objects.get()
    wrong = Record.objects.order_by("pk")[0]
    number = subjects.split(
        actor=REVIEWER, pseudonym=first.pseudonym, references=[wrong.reference], identifier=resident(2), name="李四", reason=WHY
    )  # fmt: skip
    wrong.refresh_from_db()
    assert wrong.subject.number == 2
    subjects.take_back(actor=REVIEWER, number=number, reason="原来没错")
    wrong.refresh_from_db()
    assert wrong.subject == first


def test_a_wrong_registered_name_is_corrected_so_that_the_person_may_sign_in(send: Send) -> None:
    from xinlin.office.actions.staff import SignInRefused, signed_in

    send("deeds", table(DEEDS, deed(1, "王小朋")))
    subject = Subject.objects.get()
    who: dict[str, Any] = {"issuer": "https://id", "subject_claim": "1", "resident_id": resident(1), "acr": "urn:x"}
    from django.conf import settings

    who |= {"acr": next(iter(settings.IDENTITY_ACCEPTED_ASSURANCE)), "auth_time": now(), "name": "王小明"}
    with pytest.raises(SignInRefused):
        signed_in(**who)
    number = subjects.rename(actor=REVIEWER, pseudonym=subject.pseudonym, name="王小明", reason=WHY, former=False)
    assert signed_in(**who).subject == subject
    assert send("deeds", table(DEEDS, deed(1, "王小朋", "2025-01-01"))).rows_refused == 1
    subjects.take_back(actor=REVIEWER, number=number, reason="原名无误")
    assert send("deeds", table(DEEDS, deed(1, "王小朋", "2025-02-01"))).rows_accepted == 1


def test_a_former_name_still_links(send: Send) -> None:
    send("firms", table(FIRMS, f"{firm(1)},甲公司,2019-01-01"))
    subject = Subject.objects.get()
    subjects.rename(actor=REVIEWER, pseudonym=subject.pseudonym, name="甲集团", reason="已办更名登记", former=True)
    assert send("firms", table(FIRMS, f"{firm(1)},甲公司,2020-01-01")).rows_accepted == 1
    assert send("firms", table(FIRMS, f"{firm(1)},甲集团,2021-01-01")).rows_accepted == 1
    assert SubjectChange.objects.get().sort == "rename"
