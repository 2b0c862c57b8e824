"""Consents given and taken back while something else is under way, and who may enter them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.scores.conftest import Resident
from xinlin.office.actions import cases, people, recordings, scores
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Consent, Look
from xinlin.office.models.records import Record
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.queries import people as people_of
from xinlin.office.queries import scores as scores_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, Refused, now, today

pytestmark = pytest.mark.django_db
Make = Callable[..., Resident]


def test_a_scene_agreed_to_while_leaving_is_not_left_open(resident: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    shown = people.terms_of_scene

    def leaves_meanwhile(*given: Any) -> Any:
        people.leave(actor=someone.actor)
        return shown(*given)

    monkeypatch.setattr(people, "terms_of_scene", leaves_meanwhile)
    with pytest.raises(Refused, match="score is not open"):
        people.open_scene(actor=someone.actor, scene=next(iter(current().scenes)), via="portal")
    assert not Consent.objects.filter(withdrawn_at__isnull=True).exists()


def test_a_scene_that_lapsed_ends_with_a_leaf_when_it_is_opened_anew(resident: Make) -> None:
    someone = resident()
    people.open_score(actor=someone.actor, via="portal")
    scene = next(iter(current().scenes))
    first = people.open_scene(actor=someone.actor, scene=scene, via="portal")
    Consent.objects.filter(number=first).update(expires_at=now() - timedelta(seconds=1))
    assert people.open_scene(actor=someone.actor, scene=scene, via="portal") != first
    assert Leaf.objects.filter(action="people.lapsed").count() == 1


def test_records_frozen_under_a_consent_that_ended_give_no_figure_under_the_next(resident: Make, system: Actor) -> None:
    someone = resident()
    left: list[people.Leaving] = []
    people.open_score(actor=someone.actor, via="portal")

    def leaves_and_comes_back(done: int, total: int) -> None:
        if not left:
            left.append(people.leave(actor=someone.actor))
            people.open_score(actor=someone.actor, via="portal")

    scores.run(actor=system, progress=leaves_and_comes_back)
    assert left
    assert not Score.objects.exists()


@pytest.mark.parametrize("what", ["leaves", "deletes"])
def test_who_leaves_or_deletes_while_a_run_begins_stops_nobody_elses_figure(
    resident: Make,
    record: Callable[..., Record],
    system: Actor,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    someone, other = resident(), resident("陈大海")
    for each in (someone, other):
        people.open_score(actor=each.actor, via="portal")
        record(each.subject, "volunteer_service", today() - timedelta(days=10), fields={"hours": 30})
    mine = Record.objects.get(subject=someone.subject)

    freeze = scores.freeze

    def meanwhile(*given: Any) -> Any:
        if what == "leaves":
            people.leave(actor=someone.actor)
        frozen = freeze(*given)
        if what == "deletes":
            recordings.delete_own(actor=someone.actor, reference=mine.reference)
        return frozen

    monkeypatch.setattr(scores, "freeze", meanwhile)
    number = scores.run(actor=system)
    figures = dict(Score.objects.filter(run__number=number).values_list("subject_id", "score"))
    assert other.subject.pk in figures
    assert (someone.subject.pk in figures) is (what == "deletes")
    assert ScoreRun.objects.get(number=number).checked == 1, "the one whose records stood still is checked"


def test_a_record_disputed_during_a_run_counts_nothing_in_it(
    resident: Make, record: Callable[..., Record], system: Actor
) -> None:
    someone, other = resident(), resident("陈大海")
    for each in (someone, other):
        people.open_score(actor=each.actor, via="portal")
        record(each.subject, "volunteer_service", today() - timedelta(days=10), fields={"hours": 30})
    mine = Record.objects.get(subject=someone.subject)
    filed: list[str] = []

    def objects_meanwhile(done: int, total: int) -> None:
        if not filed:
            filed.append(cases.object_to(actor=someone.actor, reference=mine.reference, reason="not_me", words=""))

    scores.run(actor=system, progress=objects_meanwhile)
    figures = dict(Score.objects.values_list("subject_id", "score"))
    card = scores_of.mine(actor=someone.actor)
    assert card is not None
    assert figures[someone.subject.pk] == card.score == card.base < figures[other.subject.pk]
    assert Score.objects.get(subject=someone.subject).dimensions == {d.code: d.points for d in card.dimensions}


@pytest.mark.parametrize("role", ["resident", "clerk", "officer", "machine"])
def test_only_the_centre_enters_consents_given_on_paper(resident: Make, role: str) -> None:
    someone = resident()
    with pytest.raises(NotAllowed):
        people.open_scores_in_bulk(
            actor=Actor("account:7", "某人", role, "court"), subjects=[someone.subject.pk], via="paper"
        )
    assert not Consent.objects.exists()


def test_ones_own_looks_never_crowd_out_an_officers(resident: Make) -> None:
    someone = resident()
    officer = Actor("account:7", "审批员", "officer", "court")
    common = {"subjects": [someone.subject.pk], "clause": "", "kinds": [], "result": ""}
    people_of.write_look(actor=officer, purpose="目的甲", **common)  # type: ignore[arg-type]  # one value per name
    for _ in range(5):
        people_of.write_look(actor=someone.actor, purpose="本人查询", **common)  # type: ignore[arg-type]  # the same
    assert [look.purpose for look in people_of.looks(actor=someone.actor, limit=2, own=False)] == ["目的甲"]
    assert people_of.own_looks(actor=someone.actor) == 5
    assert [look.purpose for look in people_of.looks(actor=someone.actor, limit=5, page=2)] == ["目的甲"]
    assert Look.objects.count() == 6


def test_what_an_ended_run_left_on_disk_goes_with_the_next(
    resident: Make, system: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds records of people who may have left since."""
    monkeypatch.setattr("django.conf.settings.DATA", tmp_path)
    killed = ScoreRun.objects.get(number=scores.run(actor=system))
    ScoreRun.objects.update(state="running", started_at=now() - timedelta(days=2))
    (tmp_path / "snapshots" / killed.number / "records").mkdir(parents=True)
    scores.run(actor=system)
    assert list((tmp_path / "snapshots").iterdir()) == []
    killed.refresh_from_db()
    assert killed.state == "failed"
