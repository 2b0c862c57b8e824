"""Consent, leaving and objection, as the resident notices them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.scores.conftest import Resident
from xinlin.office.actions import cases, people, scores
from xinlin.office.models.cases import Case
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Consent, Look, Subject
from xinlin.office.models.records import Record
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.queries import benefits as benefits_of
from xinlin.office.queries import consents as consents_of
from xinlin.office.queries import people as people_of
from xinlin.office.queries import records as records_of
from xinlin.office.queries import scores as scores_of
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, today

pytestmark = pytest.mark.django_db
Make = Callable[..., Resident]


def test_without_consent_there_is_no_score_and_no_row(resident: Make, system: Actor) -> None:
    someone = resident()
    assert scores_of.mine(actor=someone.actor) is None
    scores.run(actor=system)
    assert not Score.objects.exists()
    assert all(not offer.open for offer in benefits_of.mine(actor=someone.actor))


def test_the_database_takes_no_score_without_a_consent(resident: Make, system: Actor) -> None:
    run = ScoreRun.objects.get(number=scores.run(actor=system))
    with pytest.raises(IntegrityError), transaction.atomic():
        Score.objects.create(run=run, subject=resident().subject, as_of=today(), score=1, tier="x", dimensions={})


def test_opening_twice_gives_one_receipt(resident: Make) -> None:
    someone = resident()
    first = people.open_score(actor=someone.actor, via="portal")
    assert people.open_score(actor=someone.actor, via="portal") == first
    receipt = consents_of.receipt(actor=someone.actor, number=first)
    assert receipt.live
    assert receipt.number.startswith(f"XC{today():%Y%m%d}-"), (
        "the day in the number is the city's, as the page shows it"
    )
    assert receipt.notice["purpose"]["zh"]
    assert len(receipt.receipt_sha256) == 64


def test_under_eighteen_is_refused_until_the_birthday(resident: Make) -> None:
    day = today()
    born_18_years_ago = date(day.year - 18, day.month, day.day) if (day.month, day.day) != (2, 29) else day
    child = resident(born=born_18_years_ago + timedelta(days=1))
    with pytest.raises(Refused, match="18"):
        people.open_score(actor=child.actor, via="portal")
    assert not Consent.objects.exists()
    assert people.open_score(actor=resident(born=born_18_years_ago).actor, via="portal")


def test_leaving_deletes_every_figure_and_closes_every_scene(resident: Make, system: Actor) -> None:
    someone, other = resident(), resident("陈大海")
    for each in (someone, other):
        people.open_score(actor=each.actor, via="portal")
    scene = next(iter(people_of.current().scenes))
    people.open_scene(actor=someone.actor, scene=scene, via="portal")
    scores.run(actor=system)
    leaving = people.leave(actor=someone.actor)
    assert (leaving.consents_ended, leaving.rows_deleted) == (2, 1)
    assert [score.subject_id for score in Score.objects.all()] == [other.subject.pk]
    assert scores_of.mine(actor=someone.actor) is None
    assert not any(consent.live for consent in consents_of.mine(actor=someone.actor))
    scores.run(actor=system, as_of=today() - timedelta(days=1))
    assert not Score.objects.filter(subject=someone.subject).exists()


def test_a_consent_taken_back_during_a_run_leaves_no_figure(resident: Make, system: Actor) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    left = []

    def leave_in_the_middle(done: int, total: int) -> None:
        if not left:
            left.append(people.leave(actor=someone.actor))

    scores.run(actor=system, progress=leave_in_the_middle)
    assert left
    assert not Score.objects.exists()


def test_a_scene_needs_the_score_first(resident: Make) -> None:
    someone = resident()
    scene = next(iter(people_of.current().scenes))
    with pytest.raises(Refused, match="score is not open"):
        people.open_scene(actor=someone.actor, scene=scene, via="portal")
    with pytest.raises(NotFound):
        people.open_scene(actor=someone.actor, scene="no_such_scene", via="portal")


def test_each_change_leaves_its_leaf(resident: Make) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    people.leave(actor=someone.actor)
    assert list(Leaf.objects.order_by("pk").values_list("action", flat=True)) == ["people.consent", "people.leave"]


def test_the_score_moves_with_the_record_and_its_lines_sum(resident: Make, record: Callable[..., Record]) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    before = scores_of.mine(actor=someone.actor)
    record(someone.subject, "volunteer_service", today() - timedelta(days=10), fields={"hours": 30})
    after = scores_of.mine(actor=someone.actor)
    assert before is not None and after is not None
    assert after.score > before.score == before.base
    for card in (before, after):
        assert sum(line.points for line in card.lines) == card.score


def test_an_objection_marks_the_record_at_once_and_it_counts_nothing(
    resident: Make, record: Callable[..., Record]
) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    fault = record(
        someone.subject,
        "ebike_violation",
        today() - timedelta(days=10),
        record_class="minor",
        authority="示例交警大队",
        article="示例条",
        notice_on=today() - timedelta(days=9),
    )
    clean = scores_of.mine(actor=resident().actor)
    assert clean is None
    burdened = scores_of.mine(actor=someone.actor)
    assert burdened is not None and burdened.score < burdened.base
    number = cases.object_to(actor=someone.actor, reference=fault.reference, reason="not_me", words="车不是我的")
    assert cases.object_to(actor=someone.actor, reference=fault.reference, reason="other", words="") == number
    relieved = scores_of.mine(actor=someone.actor)
    assert relieved is not None and relieved.score == relieved.base
    line = next(line for line in relieved.lines if line.record and line.record.reference == fault.reference)
    assert (line.points, line.no_effect) == (0, "disputed")
    assert line.record is not None and line.record.case is not None and line.record.case.number == number
    assert Case.objects.get().due_on > today()


def test_nobody_objects_to_anothers_record_or_reads_it(resident: Make, record: Callable[..., Record]) -> None:
    owner, other = resident(), resident("陈大海")
    theirs = record(owner.subject, "volunteer_service", today(), fields={"hours": 1})
    with pytest.raises(NotFound):
        cases.object_to(actor=other.actor, reference=theirs.reference, reason="not_me", words="")
    with pytest.raises(NotFound):
        records_of.one(actor=other.actor, reference=theirs.reference)
    clerk = Actor(handle="account:99", name="报送员", role="clerk", department="civil_affairs")
    with pytest.raises(NotAllowed):
        records_of.mine(actor=clerk)
    assert Record.objects.get(pk=theirs.pk).status == "active"


def test_a_firms_hazard_counts_for_the_representative_it_names_and_no_other(
    resident: Make, firm: Callable[..., Subject], record: Callable[..., Record]
) -> None:
    boss, partner = resident(), resident("陈大海")
    since = today() - timedelta(days=400)
    organisation = firm(boss, since)
    firm(partner, since)
    for someone in (boss, partner):
        people.open_score(actor=someone.actor, via="portal")
    facts = {
        "record_class": "general",
        "authority": "示例应急管理局",
        "article": "示例条",
        "notice_on": today() - timedelta(days=20),
    }
    record(organisation, "uncorrected_hazard", today() - timedelta(days=20), named_person=boss.subject, **facts)
    named, unnamed = scores_of.mine(actor=boss.actor), scores_of.mine(actor=partner.actor)
    assert named is not None and unnamed is not None
    assert named.score < named.base
    assert unnamed.score == unnamed.base
    line = next(line for line in named.lines if line.points < 0)
    assert line.record is not None and line.record.about_organisation == "示例海产有限公司"


def test_a_former_representative_sees_nothing_of_what_the_firm_did_later(
    resident: Make, firm: Callable[..., Subject], record: Callable[..., Record]
) -> None:
    boss = resident()
    organisation = firm(boss, today() - timedelta(days=400), until=today() - timedelta(days=100))
    during = record(organisation, "uncorrected_hazard", today() - timedelta(days=200), record_class="general")
    record(organisation, "uncorrected_hazard", today() - timedelta(days=50), record_class="general")
    assert [seen.reference for seen in records_of.mine(actor=boss.actor)] == [during.reference]


def test_the_frozen_figure_equals_the_one_shown(
    resident: Make, firm: Callable[..., Subject], record: Callable[..., Record], system: Actor
) -> None:
    boss = resident()
    organisation = firm(boss, today() - timedelta(days=400))
    people.open_score(actor=boss.actor, via="portal")
    record(boss.subject, "volunteer_service", today() - timedelta(days=10), fields={"hours": 30})
    record(
        organisation,
        "uncorrected_hazard",
        today() - timedelta(days=20),
        named_person=boss.subject,
        record_class="general",
    )
    scores.run(actor=system)
    card = scores_of.mine(actor=boss.actor)
    assert card is not None
    frozen = Score.objects.get()
    assert frozen.score == card.score == card.trend[-1][1]
    assert frozen.tier == card.tier.code
    assert frozen.dimensions == {dimension.code: dimension.points for dimension in card.dimensions}


def test_only_the_system_operators_and_reviewers_start_runs(resident: Make) -> None:
    with pytest.raises(NotAllowed):
        scores.run(actor=resident().actor)
    assert not ScoreRun.objects.exists()


def test_reading_ones_own_score_is_a_look_too(resident: Make) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    scores_of.mine(actor=someone.actor)
    look = Look.objects.get()
    assert (look.subject_id, look.actor, look.refused) == (someone.subject.pk, someone.actor.handle, False)
    assert people_of.looks(actor=someone.actor)[0].purpose == "本人查询"
