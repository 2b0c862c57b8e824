"""Works a frozen run out again from the records as they were known then, and compares it bit for bit (评分复算)."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from xinlin.core.log import commitment
from xinlin.core.notes import Checkpoint, Refused, open_note
from xinlin.core.plan import Plan, compile_scheme
from xinlin.core.scores import evaluate
from xinlin.engine import scores as engine
from xinlin.office.actions.score_statements import identity, tree_root
from xinlin.office.actions.scores import REPLAYS, freeze
from xinlin.office.leaves import write_leaf
from xinlin.office.models.people import Subject
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.queries.histories import Horizon, Past
from xinlin.office.queries.recordings import deleted_since
from xinlin.office.queries.score_runs import body_of, commitments_of, facts_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound
from xinlin.office.signing import scores_key, verify

MAY_REPLAY = frozenset({"system", "operator", "reviewer", "analyst", "auditor"})
Figure = tuple[int, str, dict[str, int]]
"""(score, tier, points by dimension)."""


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


def _figure(row: Score) -> Figure:
    return row.score, row.tier, row.dimensions


def _again_in_bulk(run: ScoreRun, plan: Plan) -> tuple[dict[int, Figure], str]:
    """The figures of all rows of the snapshot, by subject key, and the hash of the snapshot."""
    keys = Score.objects.filter(run=run, at_close=False).values("subject_id")
    numbers = dict(Subject.objects.filter(pk__in=keys).values_list("pk", "number"))
    folder = Path(settings.DATA) / "snapshots" / f"{REPLAYS}{run.number}-{secrets.token_hex(4)}"
    try:
        frozen = freeze([plan], folder, numbers, keys, Past.at(Horizon(run.records_to, run.events_to)))
        figures = engine.run(plan, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = {
        frozen.keys[int(number)]: (
            int(figures.scores[at]),
            plan.scheme.tiers[int(figures.tiers[at])].code,
            {code: int(vector[at]) for code, vector in figures.dimensions.items()},
        )
        for at, number in enumerate(figures.subjects)
    }
    return found, frozen.snapshot.sha256


def _again_one_by_one(run: ScoreRun, plan: Plan, keys: Iterable[int]) -> dict[int, Figure]:
    """The figures of those who were scored again when the run was published."""
    past = Past.at(Horizon(run.closing_records_to, run.closing_events_to))
    results = {key: evaluate(plan.scheme, facts, plan.as_of) for key, facts in facts_of(plan, list(keys), past).items()}
    return {
        key: (result.score, result.tier, {dimension.code: dimension.points for dimension in result.dimensions})
        for key, result in results.items()
    }


def _signed(run: ScoreRun, commitments: list[bytes]) -> bool:
    """Whether the statement is ours and is about these commitments and this run."""
    key = scores_key()
    head = Checkpoint(key.name, len(commitments), tree_root(commitments))
    try:
        return open_note(run.statement, [key], verify) == f"{head}{identity(run)}"
    except Refused:
        return False


def _committed(row: Score, run: ScoreRun, commitments: list[bytes]) -> bool:
    if row.salt is None or row.place is None or row.place >= len(commitments):
        return False
    return commitment(bytes(row.salt), body_of(row, run)) == commitments[row.place]


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
    rows = {row.subject_id: row for row in Score.objects.filter(run=run)}
    closing = {key for key, row in rows.items() if row.at_close}
    figures, inputs = _again_in_bulk(run, plan)
    if closing:
        figures |= _again_one_by_one(run, plan, closing)
    commitments = commitments_of(run)
    erased = deleted_since(run.started_at) & rows.keys()
    result = Replay(
        number=run.number,
        people=run.people,
        replayed=len(rows) - len(erased),
        left=run.people - len(rows),
        erased=len(erased),
        rules_hold=(plan.scheme_sha256, plan.sha256) == (run.scheme_sha256, run.plan_sha256),
        signature_holds=_signed(run, commitments),
        other_commitments=sum(not _committed(row, run, commitments) for row in rows.values()),
        other_figures=sum(figures.get(key) != _figure(row) for key, row in rows.items() if key not in erased),
        inputs_hold=inputs == run.inputs_sha256 if len(rows) - len(closing | erased) == run.frozen else None,
    )
    with transaction.atomic():
        facts = {"holds": result.holds, "replayed": result.replayed, "left": result.left, "other": result.other_figures}
        write_leaf(actor=actor, action="scores.replay", table="score_run", key=run.number, facts=facts)
    return result
