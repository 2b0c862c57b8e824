"""A month is published in pieces, by columns: all of it or none, with one tree over all of it, whatever happens between two pieces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.scores.conftest import Resident
from xinlin.core import tree
from xinlin.core.log import canonical
from xinlin.core.notes import open_note
from xinlin.office import vault
from xinlin.office.actions import cases, people, score_publication, scores
from xinlin.office.actions.score_previews import preview
from xinlin.office.actions.score_replays import replay
from xinlin.office.models.records import Record
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.queries import columns, score_runs
from xinlin.office.queries import scores as scores_of
from xinlin.office.queries.enrolment import Enrolment, enrolled
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, now, today
from xinlin.office.signing import scores_key, verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(resident: Callable[..., Resident], record: Callable[..., Record]) -> list[Resident]:
    """Twelve people with a score and a deed each."""
    everybody = [resident(f"居民{n}") for n in range(12)]
    for n, someone in enumerate(everybody):
        people.open_score(actor=someone.actor, via="portal")
        record(someone.subject, "volunteer_service", today() - timedelta(days=10), fields={"hours": 5 + n})
    return everybody


def size_of(run: ScoreRun) -> int:
    """How many commitments the signed head is about."""
    return int(open_note(run.statement, [scores_key()], verify).split("\n")[1])


def test_pieces_make_one_tree_and_each_receipt_fits_it(
    town: list[Resident], system: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_publication, "PIECE", 5)
    number = scores.run(actor=system)
    run = ScoreRun.objects.get(number=number)
    assert (size_of(run), run.people, run.checked) == (12, 12, 12)
    assert sorted(Score.objects.values_list("place", flat=True)) == list(range(12))
    assert replay(actor=system, number=number).holds
    for someone in town:
        assert "c2sp.org/tlog-proof" in score_runs.receipt(actor=someone.actor, number=number)


def test_what_a_commitment_stands_for_is_the_canonical_text(town: list[Resident], system: Actor) -> None:
    run = ScoreRun.objects.get(number=scores.run(actor=system))
    bodies = score_runs.Bodies(run, Score.objects.all()[0].dimensions)
    for row in Score.objects.all():
        text = bodies.dimensions % tuple(row.dimensions[code] for code in bodies.codes)
        assert bodies.text(text, row.score, row.tier) == canonical(score_runs.body_of(row, run))


def test_nobody_sees_a_figure_of_a_run_that_has_not_ended_and_a_broken_one_leaves_none(
    town: list[Resident], system: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def breaks(publication: score_publication.Publication, *, actor: Actor) -> None:
        assert Score.objects.count() == 12
        seen.append(len(scores_of.history_of(actor=town[0].actor)))
        with pytest.raises(NotFound):
            score_runs.receipt(actor=town[0].actor, number=publication.run.number)
        raise OSError("the disk is full")

    monkeypatch.setattr(scores, "publish", breaks)
    with pytest.raises(OSError, match="full"):
        scores.run(actor=system)
    assert seen == [0]
    assert not Score.objects.exists()
    assert ScoreRun.objects.get().state == ScoreRun.State.FAILED


def test_what_happens_between_two_pieces_is_settled_at_the_end(
    town: list[Resident], system: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_publication, "PIECE", 4)
    done: list[str] = []

    def later(publication: score_publication.Publication, *, actor: Actor) -> None:
        people.leave(actor=town[1].actor)
        mine = Record.objects.get(subject=town[2].subject)
        done.append(cases.object_to(actor=town[2].actor, reference=mine.reference, reason="not_me", words=""))
        score_publication.publish(publication, actor=actor)

    monkeypatch.setattr(scores, "publish", later)
    number = scores.run(actor=system)
    run, rows = ScoreRun.objects.get(number=number), {row.subject_id: row for row in Score.objects.all()}
    assert town[1].subject.pk not in rows
    assert (run.people, len(rows)) == (11, 11)
    assert rows[town[2].subject.pk].at_close
    card = scores_of.mine(actor=town[2].actor)
    assert card is not None and rows[town[2].subject.pk].score == card.score == card.base
    assert replay(actor=system, number=number).holds


def test_a_killed_run_s_rows_go_with_the_next(town: list[Resident], system: Actor) -> None:
    killed = scores.run(actor=system)
    ScoreRun.objects.update(state="running", started_at=now() - timedelta(days=2))
    number = scores.run(actor=system)
    assert set(Score.objects.values_list("run__number", flat=True)) == {number}
    assert ScoreRun.objects.get(number=killed).state == "failed"


def test_twice_as_many_people_take_no_more_statements(
    town: list[Resident], system: Actor, resident: Callable[..., Resident]
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            scores.run(actor=system)
        return len(found)

    scores.run(actor=system)
    few = statements()
    for n in range(12):
        people.open_score(actor=resident(f"新居民{n}").actor, via="portal")
    assert statements() == few


def test_the_register_of_the_enrolled_is_a_mapping_in_columns(town: list[Resident]) -> None:
    scheme: Any = current().scheme_at(today())
    found = enrolled(scheme)
    assert dict(found) == {one.subject.pk: one.subject.number for one in town}
    assert -1 not in found and found.get(10**9) is None
    backwards = Enrolment(found.subjects[::-1].copy(), found.numbers.astype("int64"))
    assert [backwards[key] for key in found.subjects.tolist()] == found.numbers[::-1].tolist()


def test_several_readers_find_the_same_people(town: list[Resident], monkeypatch: pytest.MonkeyPatch) -> None:
    scheme: Any = current().scheme_at(today())
    other = scheme.model_copy(update={"base": scheme.base + 40, "version": "other"})
    alone = (dict(enrolled(scheme)), preview(scheme, other, current(), today()))
    monkeypatch.setattr(columns, "SMALL", 0)
    assert (dict(enrolled(scheme)), preview(scheme, other, current(), today())) == alone
    assert len(alone[0]) == 12


@pytest.mark.parametrize("size", [1, 255, 256, 257, 1000, 65_536, 66_049])
def test_a_receipt_reads_two_small_places_and_proves_what_the_whole_tree_proves(size: int) -> None:
    entries = [n.to_bytes(32, "big") for n in range(size)]
    kept, _ = vault.store(entries)
    upper, _ = vault.store(tree.folded(entries))
    whole = tree.grow(0, map(tree.hash_leaf, entries), lambda level, number: b"")
    root = tree.root(size, lambda level, number: whole.get((level, number), b""))
    for above in (upper, ""):
        read = score_runs._tiles_of(ScoreRun(commitments_sha256=kept, upper_sha256=above))
        for place in {0, size // 2, size - 1}:
            proof = tree.inclusion(place, size, read)
            assert tree.verify_inclusion(place, size, tree.hash_leaf(entries[place]), proof, root)
