"""Works a frozen run out again from the records as they were known then, and compares it bit for bit (评分复算)."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from xinlin.core.log import canonical, commitment_to
from xinlin.core.notes import Checkpoint, Refused, open_note
from xinlin.core.plan import Plan, compile_scheme
from xinlin.core.scores import evaluate
from xinlin.core.tree import HASH_BYTES
from xinlin.engine import scores as engine
from xinlin.engine.figures import Part
from xinlin.office.actions.score_statements import identity, tree_root
from xinlin.office.actions.scores import REPLAYS, freeze
from xinlin.office.leaves import write_leaf
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.queries.enrolment import registered
from xinlin.office.queries.histories import Horizon, Past
from xinlin.office.queries.recordings import deleted_since
from xinlin.office.queries.score_runs import Bodies, commitments_of, each_commitment, facts_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound
from xinlin.office.signing import scores_key, verify

MAY_REPLAY = frozenset({"system", "operator", "reviewer", "analyst", "auditor"})
Figure = tuple[int, str, dict[str, int]]
"""(score, tier, points by dimension)."""
Figures = list[Figure | None]
CHUNK = 5000


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of working a run out again."""

    number: str
    people: int
    """Figures that the run published."""
    replayed: int
    """Figures still there, worked out again."""
    left: int
    """People who left since; their figures and salts are deleted, their commitments stay in the tree and say nothing."""
    erased: int
    """People who had records of theirs deleted since, as is their right: their figures stay and cannot be worked out again."""
    rules_hold: bool
    """The scheme in the rulebook is still the one of the run, by its hash."""
    signature_holds: bool
    """The statement is signed by this installation, and is about these very commitments and this run."""
    other_commitments: int
    """Figures whose row and salt no longer give their commitment."""
    other_figures: int
    """Figures that came out otherwise."""
    inputs_hold: bool | None
    """Whether the frozen columns have the same hash; None where people left, or had records changed meanwhile or deleted."""

    @property
    def holds(self) -> bool:
        """Whether everything came out the same."""
        same = not self.other_commitments and not self.other_figures and self.inputs_hold is not False
        return self.rules_hold and self.signature_holds and same


@dataclass(slots=True)
class _Tally:
    """What is counted while rows are compared."""

    rows: int = 0
    closing: int = 0
    erased: int = 0
    other_commitments: int = 0
    other_figures: int = 0


class _Comparison:
    """Compares a run's rows, as they stand, with their commitments and with figures that were worked out again."""

    def __init__(self, run: ScoreRun, plan: Plan) -> None:
        self.run, self.tally = run, _Tally()
        self.erased, self.commitments = deleted_since(run.started_at), commitments_of(run)
        self._bodies = Bodies(run, (one.code for one in plan.dimensions))

    def rows(self, found: QuerySet[Score], figures_of: Callable[[Sequence[int], Sequence[int]], Figures]) -> None:
        """``figures_of`` is asked with subject keys and numbers, some thousand at once."""
        rows = found.values_list(
            "subject_id", "subject__number", "score", "tier", "dimensions", "at_close", "place", "salt"
        ).iterator(chunk_size=CHUNK)
        while some := list(islice(rows, CHUNK)):
            again = figures_of([row[0] for row in some], [row[1] for row in some])
            for (key, _number, score, tier, points, closing, place, salt), expected in zip(some, again, strict=True):
                self.tally.rows += 1
                self.tally.closing += closing
                text = self._bodies.text(self._dimensions(points), score, tier)
                self.tally.other_commitments += not self._committed(text, place, salt)
                if key in self.erased:
                    self.tally.erased += 1
                else:
                    self.tally.other_figures += expected != (score, tier, points)

    def _dimensions(self, points: dict[str, int]) -> str:
        if points.keys() == set(self._bodies.codes):
            return self._bodies.dimensions % tuple(points[code] for code in self._bodies.codes)
        return canonical(points).decode()

    def _committed(self, text: bytes, place: int | None, salt: bytes | memoryview | None) -> bool:
        if salt is None or place is None:
            return False
        kept = self.commitments[place * HASH_BYTES : (place + 1) * HASH_BYTES]
        return commitment_to(bytes(salt), text) == kept


def _of_part(part: Part, plan: Plan) -> Callable[[Sequence[int], Sequence[int]], Figures]:
    """The figures of people of a block; None for whom it has none."""
    figures, tiers = part.figures, [tier.code for tier in plan.scheme.tiers]

    def found(_keys: Sequence[int], numbers: Sequence[int]) -> Figures:
        asked = np.array(numbers, np.int64)
        at = np.minimum(np.searchsorted(figures.subjects, asked), max(len(figures.subjects) - 1, 0))
        if not len(figures.subjects):
            return [None] * len(numbers)
        here = (figures.subjects[at] == asked).tolist()
        points = zip(*(vector[at].tolist() for vector in figures.dimensions.values()), strict=True)
        given = zip(here, figures.scores[at].tolist(), figures.tiers[at].tolist(), points, strict=True)
        codes = list(figures.dimensions)
        return [
            (score, tiers[tier], dict(zip(codes, each, strict=True))) if known else None
            for known, score, tier, each in given
        ]

    return found


def _again_in_bulk(run: ScoreRun, plan: Plan, compared: _Comparison) -> str:
    """Compare the rows of the snapshot, block by block of people; returns the hash of the snapshot."""
    mine = Score.objects.filter(run=run, at_close=False)
    keys = mine.values("subject_id")
    folder = Path(settings.DATA) / "snapshots" / f"{REPLAYS}{run.number}-{secrets.token_hex(4)}"
    try:
        snapshot = freeze([plan], folder, registered(keys), keys, Past.at(Horizon(run.records_to, run.events_to)))
        for part in engine.parts(plan, folder):
            within = mine.filter(subject__number__gte=part.first, subject__number__lt=part.last)
            compared.rows(within, _of_part(part, plan))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return snapshot.sha256


def _again_one_by_one(run: ScoreRun, plan: Plan, compared: _Comparison) -> None:
    """Compare the rows of those who were scored again when the run was published."""
    closing = Score.objects.filter(run=run, at_close=True)
    past = Past.at(Horizon(run.closing_records_to, run.closing_events_to))
    keys = list(closing.values_list("subject_id", flat=True))
    results = {key: evaluate(plan.scheme, facts, plan.as_of) for key, facts in facts_of(plan, keys, past).items()}
    figures: dict[int, Figure] = {
        key: (result.score, result.tier, {dimension.code: dimension.points for dimension in result.dimensions})
        for key, result in results.items()
    }
    compared.rows(closing, lambda asked, _numbers: [figures.get(key) for key in asked])


def _signed(run: ScoreRun, commitments: bytes) -> bool:
    """Whether the statement is ours and is about these commitments and this run."""
    key = scores_key()
    head = Checkpoint(key.name, len(commitments) // HASH_BYTES, tree_root(each_commitment(commitments)))
    try:
        return open_note(run.statement, [key], verify) == f"{head}{identity(run)}"
    except Refused:
        return False


def replay(*, actor: Actor, number: str) -> Replay:
    """Work a published run out again and compare every figure that is still there; the outcome is noted in the log.

    Raises `NotAllowed`, and `NotFound` for no such run, one that published nothing, or one whose scheme is gone.
    """
    if actor.role not in MAY_REPLAY:
        raise NotAllowed("只有信用中心的工作人员可以复算。Only staff of the credit centre may replay a run.")
    run = ScoreRun.objects.filter(number=number, state=ScoreRun.State.DONE, rulebook=current().code).first()
    schemes = {(one.code, one.version): one for one in current().schemes}
    if run is None or not run.statement or (run.scheme, run.version) not in schemes:
        raise NotFound(f"没有可以复算的批次 {number}。There is no run {number} that could be replayed.")
    plan = compile_scheme(schemes[run.scheme, run.version], run.as_of)
    compared = _Comparison(run, plan)
    inputs = _again_in_bulk(run, plan, compared)
    _again_one_by_one(run, plan, compared)
    tally = compared.tally
    untouched = tally.rows - tally.closing - tally.erased == run.frozen
    result = Replay(
        number=run.number,
        people=run.people,
        replayed=tally.rows - tally.erased,
        left=run.people - tally.rows,
        erased=tally.erased,
        rules_hold=(plan.scheme_sha256, plan.sha256) == (run.scheme_sha256, run.plan_sha256),
        signature_holds=_signed(run, compared.commitments),
        other_commitments=tally.other_commitments,
        other_figures=tally.other_figures,
        inputs_hold=inputs == run.inputs_sha256 if untouched else None,
    )
    with transaction.atomic():
        facts = {"holds": result.holds, "replayed": result.replayed, "left": result.left, "other": result.other_figures}
        write_leaf(actor=actor, action="scores.replay", table="score_run", key=run.number, facts=facts)
    return result
