"""A frozen run comes out again bit for bit, whatever happened since: objections, corrections, leavers, new records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from tests.scores.conftest import Resident
from xinlin.cli import main
from xinlin.core.notes import open_note
from xinlin.office.actions import cases, people, recordings, scores
from xinlin.office.actions.score_replays import replay
from xinlin.office.amendments import amend
from xinlin.office.models.people import Relation, Subject
from xinlin.office.models.records import Record
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.queries import score_runs
from xinlin.office.queries import scores as scores_of
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today
from xinlin.office.signing import scores_key, verify

pytestmark = pytest.mark.django_db
Make = Callable[..., Resident]
MakeRecord = Callable[..., Record]


@pytest.fixture
def town(resident: Make, record: MakeRecord) -> list[Resident]:
    """Twelve people with a score, each with volunteering and a class-bearing record."""
    everybody = [resident(f"居民{n}") for n in range(12)]
    for n, someone in enumerate(everybody):
        people.open_score(actor=someone.actor, via="portal")
        record(someone.subject, "volunteer_service", today() - timedelta(days=10), fields={"hours": 5 + n})
        record(someone.subject, "ebike_violation", today() - timedelta(days=5), record_class="minor")
    return everybody


def test_a_run_comes_out_again_the_same(town: list[Resident], system: Actor) -> None:
    said = replay(actor=system, number=scores.run(actor=system))
    assert said.holds
    assert (said.replayed, said.left, said.inputs_hold) == (12, 0, True)


def test_what_happened_after_the_freeze_does_not_break_the_replay(
    town: list[Resident], system: Actor, record: MakeRecord, firm: Callable[..., Subject]
) -> None:
    company = firm(town[0], since=today() - timedelta(days=400))
    record(
        company,
        "uncorrected_hazard",
        today() - timedelta(days=20),
        record_class="general",
        named_person=town[0].subject,
    )
    number = scores.run(actor=system)
    before = dict(Score.objects.values_list("subject_id", "score"))

    objected = Record.objects.get(subject=town[1].subject, kind="ebike_violation")
    cases.object_to(actor=town[1].actor, reference=objected.reference, reason="not_me", words="")
    moved = Record.objects.get(subject=town[2].subject, kind="volunteer_service")
    ended = Record.objects.get(subject=town[3].subject, kind="ebike_violation")
    with transaction.atomic():
        amend(
            actor=system,
            records=[moved.pk],
            change={"subject_id": town[4].subject.pk},
            reason="merged",
            happened_on=today(),
        )
        amend(
            actor=system,
            records=[ended.pk],
            change={"ends_on": today() - timedelta(days=1)},
            reason="corrected",
            happened_on=today(),
        )
    record(town[5].subject, "volunteer_service", today() - timedelta(days=1), fields={"hours": 9})
    newer = record(company, "enterprise_registration", today() - timedelta(days=30))
    Relation.objects.filter(organisation=company).update(until_on=today() - timedelta(days=30))
    Relation.objects.create(
        organisation=company, person=town[6].subject, from_on=today() - timedelta(days=30), record=newer
    )
    people.leave(actor=town[7].actor)

    said = replay(actor=system, number=number)
    assert said.holds, said
    assert (said.replayed, said.left, said.inputs_hold) == (11, 1, None)
    assert dict(Score.objects.values_list("subject_id", "score")) == {
        key: score for key, score in before.items() if key != town[7].subject.pk
    }
    again = scores.run(actor=system)
    assert dict(Score.objects.filter(run__number=again).values_list("subject_id", "score")) != before
    assert replay(actor=system, number=again).holds
    assert replay(actor=system, number=number).holds


def test_a_record_changed_while_the_run_went_on_is_replayed_as_it_was_published(
    town: list[Resident], system: Actor
) -> None:
    mine = Record.objects.get(subject=town[0].subject, kind="volunteer_service")
    filed: list[str] = []

    def objects_meanwhile(done: int, total: int) -> None:
        if not filed:
            filed.append(cases.object_to(actor=town[0].actor, reference=mine.reference, reason="not_me", words=""))
            people.leave(actor=town[1].actor)

    number = scores.run(actor=system, progress=objects_meanwhile)
    assert list(Score.objects.filter(at_close=True).values_list("subject_id", flat=True)) == [town[0].subject.pk]
    said = replay(actor=system, number=number)
    assert said.holds, said
    assert (said.replayed, said.left, said.inputs_hold) == (11, 0, None)


def test_a_figure_that_was_tampered_with_is_found(town: list[Resident], system: Actor) -> None:
    number = scores.run(actor=system)
    row = Score.objects.filter(run__number=number).order_by("pk")[3]
    Score.objects.filter(pk=row.pk).update(score=row.score + 100)
    said = replay(actor=system, number=number)
    assert not said.holds
    assert (said.other_figures, said.other_commitments) == (1, 1)


def test_a_record_changed_behind_the_platform_s_back_is_found(town: list[Resident], system: Actor) -> None:
    number = scores.run(actor=system)
    Record.objects.filter(subject=town[0].subject, kind="volunteer_service").update(fields={"hours": 1})
    said = replay(actor=system, number=number)
    assert not said.holds
    assert (said.other_figures, said.other_commitments, said.inputs_hold) == (1, 0, False)


def test_the_statement_is_signed_and_a_changed_one_is_found(town: list[Resident], system: Actor) -> None:
    run = ScoreRun.objects.get(number=scores.run(actor=system))
    text = open_note(run.statement, [scores_key()], verify)
    assert text.split("\n")[1] == "12"
    assert f"run {run.number}\n" in text
    assert run.inputs_sha256 in text
    ScoreRun.objects.update(as_of=today() - timedelta(days=1))
    assert not replay(actor=system, number=run.number).signature_holds


def test_the_salt_goes_with_the_figure_and_the_commitment_says_nothing_more(
    town: list[Resident], system: Actor
) -> None:
    number = scores.run(actor=system)
    people.leave(actor=town[0].actor)
    assert not Score.objects.filter(subject=town[0].subject).exists()
    assert replay(actor=system, number=number).signature_holds


def test_a_new_record_moves_the_live_value_at_once_and_the_frozen_one_never(
    town: list[Resident], system: Actor, record: MakeRecord
) -> None:
    scores.run(actor=system)
    frozen = dict(Score.objects.values_list("subject_id", "score"))
    before, others = scores_of.mine(actor=town[0].actor), scores_of.mine(actor=town[1].actor)
    record(town[0].subject, "volunteer_service", today(), fields={"hours": 3})
    after = scores_of.mine(actor=town[0].actor)
    assert before is not None and after is not None and others is not None
    assert after.score > before.score
    same = scores_of.mine(actor=town[1].actor)
    assert same is not None and same.score == others.score
    assert dict(Score.objects.values_list("subject_id", "score")) == frozen
    assert after.trend[-1] == (today(), frozen[town[0].subject.pk])


def test_who_may_replay_and_what_cannot_be(town: list[Resident], system: Actor) -> None:
    scores.run(actor=system)
    with pytest.raises(NotAllowed):
        replay(actor=town[0].actor, number="PF1")
    with pytest.raises(NotFound):
        replay(actor=system, number="PF1")


def test_the_command_says_so_and_ends_with_1_where_something_differs(
    town: list[Resident], system: Actor, capsys: pytest.CaptureFixture[str]
) -> None:
    scores.run(actor=system)
    assert main(["replay"]) == 0
    assert "一致 the same; 12 figures worked out again, 0 other" in capsys.readouterr().out
    Score.objects.update(tier="other")
    assert main(["replay"]) == 1
    assert "DIFFERENT" in capsys.readouterr().out
    assert main(["replay", "PF0"]) == 2


def test_records_deleted_by_their_owner_are_said_and_break_nothing(town: list[Resident], system: Actor) -> None:
    number = scores.run(actor=system)
    mine = Record.objects.get(subject=town[0].subject, kind="volunteer_service")
    recordings.delete_own(actor=town[0].actor, reference=mine.reference)
    said = replay(actor=system, number=number)
    assert said.holds, said
    assert (said.replayed, said.erased, said.inputs_hold) == (11, 1, None)
    with pytest.raises(NotFound, match="receipt still holds"):
        score_runs.bundle(actor=town[0].actor, number=number)
    assert score_runs.receipt(actor=town[0].actor, number=number)
