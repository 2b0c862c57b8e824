"""A changed weight on its way: previewed, signed by two persons, announced, in force on its day; old figures still replay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import TestCase

from tests.scores.conftest import Resident
from xinlin.core.log import digest
from xinlin.core.proposals import numbers_of
from xinlin.core.small_cells import coarse
from xinlin.office.actions import people, proposals, scores
from xinlin.office.actions.score_replays import replay
from xinlin.office.models.log import Leaf
from xinlin.office.models.proposals import SchemeProposal
from xinlin.office.models.records import Record
from xinlin.office.models.scores import ScoreRun
from xinlin.office.queries import proposals as read
from xinlin.office.queries import scheme_texts
from xinlin.office.queries import scores as scores_of
from xinlin.office.queries.scheme_texts import ProposalRefused
from xinlin.office.rulebook import adopted_folder, current
from xinlin.office.scopes import Actor, Conflict, NotAllowed, Refused, today

pytestmark = pytest.mark.django_db
ANALYST = Actor("account:1", "许分析", "analyst", "credit_centre")
OTHER = Actor("account:2", "吕分析", "analyst", "credit_centre")
REVIEWER = Actor("account:3", "方审核", "reviewer", "credit_centre")


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, settings: Any) -> None:
    settings.DATA = tmp_path


def text(change: int = 10, version: str = "2026.2", first_day: date | None = None) -> str:
    """The city's scheme with another number of points for each commitment kept."""
    scheme = current().scheme_at(today())
    assert scheme is not None
    number = next(
        n
        for n in numbers_of(scheme, current().kinds)
        if n.owner == "indicator fulfilled_commitment" and "each" in n.path
    )
    day = first_day or today() + timedelta(days=10)
    return scheme_texts.with_numbers(scheme, {number.path: number.value + change}, version, day.isoformat())


def proposed(given: str) -> str:
    """The number of a proposal whose preview is worked out."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        return proposals.propose(actor=ANALYST, text=given, reason="履约更应鼓励")


def signed(number: str, *actors: Actor) -> bool:
    preview = SchemeProposal.objects.get(number=number).preview
    done = False
    for actor in actors:
        with TestCase.captureOnCommitCallbacks(execute=True):
            done = proposals.sign(actor=actor, number=number, preview_sha256=digest(preview))
    return done


@pytest.fixture
def town(resident: Callable[..., Resident], record: Callable[..., Record]) -> list[Resident]:
    """Thirty people in two districts and two ages; half of them have kept commitments."""
    everybody = []
    for n in range(30):
        someone = resident(f"居民{n}", born=date(1990, 5, 17) if n % 3 else date(1960, 5, 17))
        someone.subject.region = "330305" if n < 25 else "330302"
        someone.subject.save()
        people.open_score(actor=someone.actor, via="portal")
        if n % 2:
            record(someone.subject, "fulfilled_commitment", today() - timedelta(days=9), fields={"commitment": "x"})
        everybody.append(someone)
    return everybody


def test_a_changed_weight_goes_all_the_way_into_force_and_old_figures_still_replay(
    town: list[Resident], system: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = scores.run(actor=system)
    number = proposed(text())
    draft = read.proposal(actor=ANALYST, number=number)
    assert [(c.name.en, int(c.after) - int(c.before)) for c in draft.changes] == [("each", 10)]
    assert draft.preview is not None and draft.preview["people"] == 30
    assert draft.preview["changed"] == 20
    assert len(draft.preview["examples"]) == 20
    assert read.announced() == []

    assert not signed(number, ANALYST)
    assert current().scheme_at(today() + timedelta(days=30)).version == "2026.1"  # type: ignore[union-attr]  # there is one
    assert signed(number, REVIEWER)
    assert [one.number for one in read.announced()] == [number]
    mine = scores_of.mine(actor=town[1].actor)
    assert mine is not None and mine.version == "2026.1"

    day = today() + timedelta(days=10)
    for module in ("office.queries.scores", "office.actions.scores", "office.queries.proposals"):
        monkeypatch.setattr(f"xinlin.{module}.today", lambda: day)
    later = scores_of.mine(actor=town[1].actor)
    assert later is not None
    assert (later.version, later.score) == ("2026.2", mine.score + 10)
    assert read.announced()[0].in_force
    after = scores.run(actor=system)
    assert ScoreRun.objects.get(number=after).version == "2026.2"
    assert replay(actor=system, number=before).holds
    assert replay(actor=system, number=after).holds
    assert Leaf.objects.filter(action__startswith="proposals.").count() == 3


def test_the_same_person_never_signs_twice_and_one_of_the_two_is_a_reviewer(town: list[Resident]) -> None:
    number = proposed(text())
    signed(number, ANALYST)
    with pytest.raises(Refused, match="signed already"):
        signed(number, ANALYST)
    with pytest.raises(Refused, match="reviewer"):
        signed(number, OTHER)
    with pytest.raises(NotAllowed):
        signed(number, Actor("account:9", "某", "operator"))
    assert not SchemeProposal.objects.filter(state="announced").exists()
    assert not adopted_folder().exists()


def test_nobody_signs_what_they_have_not_seen(town: list[Resident]) -> None:
    number = proposed(text())
    with pytest.raises(Refused, match="preview"):
        proposals.sign(actor=ANALYST, number=number, preview_sha256="0" * 64)


def test_small_groups_are_hidden_and_others_coarse(town: list[Resident]) -> None:
    preview = read.proposal(actor=ANALYST, number=proposed(text())).preview
    assert preview is not None
    for table in ("tiers", "districts", "ages"):
        for row in preview[table]:
            assert all(cell is None or cell % 10 == 0 for cell in row["cells"])
    district = {row["row"]: row["cells"] for row in preview["districts"]}
    assert all(cell in (None, 0) for cell in district["330302"])


def test_a_coarse_count_never_tells_of_a_few() -> None:
    assert [coarse(n) for n in (0, 1, 9, 10, 14, 15, 1204)] == [0, None, None, 10, 10, 20, 1200]


def test_what_cannot_be_proposed_is_said_with_its_place(town: list[Resident]) -> None:
    with pytest.raises(NotAllowed):
        proposals.propose(actor=REVIEWER, text=text(), reason="x")
    with pytest.raises(ProposalRefused) as refused:
        proposals.propose(actor=ANALYST, text=text().replace("base: ", "bas: "), reason="x")
    assert any("bas" in problem.what.en and ".yaml:" in problem.where for problem in refused.value.problems)
    with pytest.raises(Refused, match="7 days"):
        proposals.propose(actor=ANALYST, text=text(first_day=today() + timedelta(days=2)), reason="x")
    with pytest.raises(Refused, match="changes nothing"):
        proposals.propose(actor=ANALYST, text=text(change=0), reason="x")
    with pytest.raises(Refused, match="no reason"):
        proposals.propose(actor=ANALYST, text=text(), reason=" ")
    with pytest.raises(Conflict):
        proposals.propose(actor=ANALYST, text=text(version="2026.1"), reason="x")
    proposed(text())
    with pytest.raises(Conflict):
        proposed(text(change=11))


def test_an_announced_version_that_was_changed_on_disk_is_refused(town: list[Resident]) -> None:
    signed(proposed(text()), ANALYST, REVIEWER)
    path = next(adopted_folder().glob("sincerity-*.yaml"))
    path.write_text(path.read_text(encoding="utf-8").replace("base: 600", "base: 700"), encoding="utf-8")
    path.rename(path.with_suffix(".x"))
    path.with_suffix(".x").rename(path)
    with pytest.raises(Exception, match="was changed"):
        current()


def test_announced_versions_can_be_laid_down_again_from_the_record(town: list[Resident]) -> None:
    signed(proposed(text()), ANALYST, REVIEWER)
    for path in adopted_folder().iterdir():
        path.unlink()
    adopted_folder().rmdir()
    assert {one.version for one in current().schemes if one.code == "sincerity"} == {"2026.1"}
    proposals.keep_adopted()
    assert {one.version for one in current().schemes if one.code == "sincerity"} == {"2026.1", "2026.2"}


def test_an_announced_version_can_be_taken_back_until_its_day_and_the_notice_stays(
    town: list[Resident], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = proposed(text())
    with pytest.raises(Refused, match="not announced"):
        proposals.recall(actor=REVIEWER, number=number, reason="x")
    signed(number, ANALYST, REVIEWER)
    later = today() + timedelta(days=30)
    assert current().scheme_at(later).version == "2026.2"  # type: ignore[union-attr]  # there is one
    with pytest.raises(NotAllowed):
        proposals.recall(actor=ANALYST, number=number, reason="居民意见很大")
    with pytest.raises(Refused, match="no reason"):
        proposals.recall(actor=REVIEWER, number=number, reason=" ")
    with TestCase.captureOnCommitCallbacks(execute=True):
        proposals.recall(actor=REVIEWER, number=number, reason="居民意见很大")
    assert current().scheme_at(later).version == "2026.1"  # type: ignore[union-attr]  # the former goes on
    notice = read.announced()[0]
    assert notice.recalled is not None
    assert (notice.recalled.name, notice.recalled.reason, notice.in_force) == ("方审核", "居民意见很大", False)
    proposals.keep_adopted()
    assert current().scheme_at(later).version == "2026.1"  # type: ignore[union-attr]  # the worker lays nothing down again
    with pytest.raises(Conflict):
        proposed(text())
    proposed(text(version="2026.3"))
    assert Leaf.objects.filter(action="proposals.recall").count() == 1


def test_what_is_in_force_is_not_taken_back(town: list[Resident], monkeypatch: pytest.MonkeyPatch) -> None:
    number = proposed(text())
    signed(number, ANALYST, REVIEWER)
    day = today() + timedelta(days=10)
    monkeypatch.setattr("xinlin.office.actions.proposals.today", lambda: day)
    with pytest.raises(Refused, match="yet to come"):
        proposals.recall(actor=REVIEWER, number=number, reason="x")
    assert {one.version for one in current().schemes if one.code == "sincerity"} == {"2026.1", "2026.2"}


def test_a_version_on_which_another_is_built_goes_last(town: list[Resident]) -> None:
    first = proposed(text())
    signed(first, ANALYST, REVIEWER)
    second = proposed(text(change=20, version="2026.3", first_day=today() + timedelta(days=20)))
    signed(second, ANALYST, REVIEWER)
    with pytest.raises(Refused, match="built upon"):
        proposals.recall(actor=REVIEWER, number=first, reason="x")
    for number in (second, first):
        with TestCase.captureOnCommitCallbacks(execute=True):
            proposals.recall(actor=REVIEWER, number=number, reason="x")
    assert {one.version for one in current().schemes if one.code == "sincerity"} == {"2026.1"}
