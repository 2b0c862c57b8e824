"""Runs that freeze a figure for everybody enrolled (评分批次): the monthly one, and any other day's."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from xinlin.core.plan import Plan, compile_scheme
from xinlin.core.records import Fact
from xinlin.core.scores import evaluate
from xinlin.engine import scores as engine
from xinlin.engine.figures import Figures
from xinlin.engine.snapshot import Row, Snapshot, SnapshotWriter
from xinlin.office.leaves import write_leaf
from xinlin.office.models.people import Consent, Subject
from xinlin.office.models.records import Record
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.queries.records import facts_of_kind, history
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, now, today

Progress = Callable[[int, int], None]
SAMPLE = 500
"""How many people of each run are scored again by the plain evaluator; all of them where there are fewer."""

SILENT_AFTER = timedelta(days=1)
"""A run that has not ended by then was ended."""
MAY_RUN = frozenset({"system", "operator", "reviewer"})


class EnginesDiffer(RuntimeError):
    """The sample scored again by the plain evaluator differs: nothing was published."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a run works on: the snapshot, who is in it, and the facts of the sample."""

    snapshot: Snapshot
    keys: dict[int, int]
    """Dense number -> primary key of the subject."""
    sample: dict[int, list[Fact]]
    consents: dict[int, int]
    """Subject key -> the consent under which its records were frozen."""
    at: datetime


def _live() -> dict[int, int]:
    """Subject key -> consent key, for every live consent to a score."""
    standing = Consent.objects.filter(step=Consent.Step.SCORE, withdrawn_at__isnull=True)
    return dict(standing.values_list("subject_id", "pk"))


def _freeze(plan: Plan, folder: Path) -> Frozen:
    """Write the records of the enrolled to columns; only theirs leave the database."""
    rulebook, consents, moment = current(), _live(), now()
    enrolled = dict(
        Subject.objects.filter(
            register=Subject.Register.PERSON, consents__step=Consent.Step.SCORE, consents__withdrawn_at__isnull=True
        ).values_list("pk", "number")
    )
    keys = {number: key for key, number in enrolled.items()}
    step = max(1, len(enrolled) // SAMPLE)
    sample: dict[int, list[Fact]] = {key: [] for key in sorted(enrolled)[::step][:SAMPLE]}
    through = {i.kind for dimension in plan.dimensions for i in dimension.indicators if i.through}
    writer = SnapshotWriter(folder)
    writer.subjects(enrolled.values())
    for code in plan.kinds:
        rows = []
        for key, fact in facts_of_kind(rulebook.kinds[code], code in through):
            if key not in enrolled:
                continue
            if key in sample:
                sample[key].append(fact)
            rows.append(_row(enrolled[key], fact))
        writer.records(rulebook.kinds[code], rows)
    return Frozen(writer.seal(), keys, sample, consents, moment)


def _row(number: int, fact: Fact) -> Row:
    return Row(
        subject=number,
        via=fact.of == "organisation",
        record=fact.record,
        occurred_on=fact.occurred_on,
        status=fact.status,
        record_class=fact.record_class,
        ends_on=fact.ends_on,
        document=fact.document,
        fields=fact.fields,
    )


def _differences(plan: Plan, frozen: Frozen, figures: Figures) -> list[str]:
    """Where the plain evaluator disagrees with the engine on the sample; empty where it nowhere does."""
    found = []
    for at, number in enumerate(figures.subjects):
        key = frozen.keys[int(number)]
        if key not in frozen.sample:
            continue
        expected = evaluate(plan.scheme, frozen.sample[key], plan.as_of)
        tier = plan.scheme.tiers[int(figures.tiers[at])].code
        if (expected.score, expected.tier) != (int(figures.scores[at]), tier):
            found.append(
                f"subject {number}: engine {figures.scores[at]} {tier}, evaluator {expected.score} {expected.tier}"
            )
    return found


def _disputed_since(frozen: Frozen) -> set[int]:
    """Keys of those who objected to a record after it was frozen: it counts 0 from that moment, in this run too."""
    since = Record.objects.filter(status=Record.Status.DISPUTED, status_changed_at__gte=frozen.at)
    return {key for pair in since.values_list("subject_id", "named_person_id") for key in pair}


def _scored(key: int, plan: Plan, run_of: ScoreRun, consent: int) -> Score:
    """One person's figure from the records as they stand, by the plain evaluator."""
    result = evaluate(plan.scheme, [fact for _, fact in history(key, current(), plan.as_of)], plan.as_of)
    points = {dimension.code: dimension.points for dimension in result.dimensions}
    return Score(
        run=run_of,
        subject_id=key,
        consent_id=consent,
        as_of=plan.as_of,
        score=result.score,
        tier=result.tier,
        dimensions=points,
    )


def _publish(score_run: ScoreRun, plan: Plan, frozen: Frozen, figures: Figures, actor: Actor) -> None:
    """Store the figures of those whose consent still stands: a consent taken back during the run leaves no row.

    Nor does one given anew during the run, since the records were frozen under the one that ended.
    """
    with transaction.atomic():
        list(Consent.objects.select_for_update().filter(step=Consent.Step.SCORE, withdrawn_at__isnull=True).only("pk"))
        standing, disputed = _live(), _disputed_since(frozen)
        rows = []
        for at, number in enumerate(figures.subjects):
            key = frozen.keys[int(number)]
            if key not in standing or standing[key] != frozen.consents.get(key):
                continue
            if key in disputed:
                rows.append(_scored(key, plan, score_run, standing[key]))
            else:
                rows.append(
                    Score(
                        run=score_run,
                        subject_id=key,
                        consent_id=standing[key],
                        as_of=plan.as_of,
                        score=int(figures.scores[at]),
                        tier=plan.scheme.tiers[int(figures.tiers[at])].code,
                        dimensions={code: int(vector[at]) for code, vector in figures.dimensions.items()},
                    )
                )
        Score.objects.bulk_create(rows, batch_size=2000)
        score_run.people, score_run.checked = len(rows), len(frozen.sample)
        score_run.state, score_run.finished_at = ScoreRun.State.DONE, now()
        score_run.inputs_sha256 = frozen.snapshot.sha256
        score_run.save()
        write_leaf(
            actor=actor,
            action="scores.run",
            table="score_run",
            key=score_run.number,
            facts={
                "scheme_sha256": score_run.scheme_sha256,
                "plan_sha256": score_run.plan_sha256,
                "inputs_sha256": frozen.snapshot.sha256,
                "engine": score_run.engine,
                "as_of": plan.as_of.isoformat(),
                "people": len(rows),
            },
        )


def _begin(plan: Plan) -> ScoreRun:
    return ScoreRun.objects.create(
        number=f"PF{today():%Y%m%d}-{secrets.token_hex(4).upper()}",
        rulebook=current().code,
        scheme=plan.scheme.code,
        version=plan.scheme.version,
        scheme_sha256=plan.scheme_sha256,
        plan_sha256=plan.sha256,
        engine=engine.NAME,
        as_of=plan.as_of,
        started_at=now(),
    )


def _sweep(folder: Path) -> None:
    """Delete what runs left behind whose process was ended: records of people, some of whom may have left since."""
    silent = now() - SILENT_AFTER
    ScoreRun.objects.filter(state=ScoreRun.State.RUNNING, started_at__lt=silent).update(
        state=ScoreRun.State.FAILED, finished_at=now()
    )
    running = set(ScoreRun.objects.filter(state=ScoreRun.State.RUNNING).values_list("number", flat=True))
    for left in folder.iterdir() if folder.is_dir() else ():
        if left.name.startswith("PF") and left.name not in running:
            shutil.rmtree(left, ignore_errors=True)


def run(*, actor: Actor, as_of: date | None = None, progress: Progress | None = None) -> str:
    """Score everybody with a live consent on ``as_of`` (default today); returns the run's number.

    Raises `NotAllowed`, `NotFound` where the city has no scheme on that day, and `EnginesDiffer`.
    """
    if actor.role not in MAY_RUN:
        raise NotAllowed(
            "只有系统或运维、审核人员可以启动评分。Only the system, operators and reviewers may start a run."
        )
    day = as_of or today()
    scheme = current().scheme_at(day)
    if scheme is None:
        raise NotFound(f"{day}：本市没有生效的评分方案。No scheme is in force on {day}.")
    plan = compile_scheme(scheme, day)
    snapshots = Path(settings.DATA) / "snapshots"
    _sweep(snapshots)
    score_run = _begin(plan)
    folder = snapshots / score_run.number
    try:
        frozen = _freeze(plan, folder)
        figures = engine.run(plan, folder, progress)
        differences = _differences(plan, frozen, figures)
        if differences:
            raise EnginesDiffer("; ".join(differences[:5]))
        _publish(score_run, plan, frozen, figures, actor)
    except BaseException as error:
        score_run.state = ScoreRun.State.REFUSED if isinstance(error, EnginesDiffer) else ScoreRun.State.FAILED
        score_run.finished_at = now()
        score_run.save()
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return score_run.number
