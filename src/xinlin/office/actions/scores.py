"""Runs that freeze a figure for everybody enrolled (评分批次): the monthly one, and any other day's."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from xinlin.core.plan import Plan, compile_scheme
from xinlin.core.records import Fact
from xinlin.core.rulebooks import Kind
from xinlin.core.schemes import Scheme
from xinlin.core.scores import Evaluation, evaluate
from xinlin.engine import scores as engine
from xinlin.engine.figures import Figures
from xinlin.engine.snapshot import Row, Snapshot, SnapshotWriter
from xinlin.engine.streamed import Stream, freeze_stream
from xinlin.office.actions.score_statements import state
from xinlin.office.consent_gate import in_force
from xinlin.office.leaves import write_leaf
from xinlin.office.models.people import Consent, Subject
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.queries import columns
from xinlin.office.queries.histories import Horizon, Past, People, horizon, touched_after
from xinlin.office.queries.recordings import deleted_since
from xinlin.office.queries.records import facts_of_kind
from xinlin.office.queries.score_runs import facts_of, through_kinds_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, now, today

Progress = Callable[[int, int], None]
SAMPLE = 500
"""How many people of each run are scored again by the plain evaluator; all of them where there are fewer."""

SILENT_AFTER = timedelta(days=1)
"""A run that has not ended by then was ended."""
REPLAYS = "replay-"
"""How the folders begin in which runs are worked out again."""
MAY_RUN = frozenset({"system", "operator", "reviewer"})


class EnginesDiffer(RuntimeError):
    """The sample scored again by the plain evaluator differs: nothing was published."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a run works on: the snapshot, and who is in it."""

    snapshot: Snapshot
    keys: dict[int, int]
    """Dense number -> primary key of the subject."""


def consents_to(scheme: Scheme) -> QuerySet[Consent]:
    """The live consents to this very score: the city's own, or that of one trade."""
    step = Consent.Step.TRADE if scheme.extends else Consent.Step.SCORE
    scene = scheme.code if scheme.extends else ""
    return Consent.objects.filter(in_force(), step=step, scene=scene)


def _live(scheme: Scheme) -> dict[int, int]:
    """Subject key -> consent key, for every live consent to this score."""
    return dict(consents_to(scheme).values_list("subject_id", "pk"))


def enrolled(scheme: Scheme) -> dict[int, int]:
    """Subject key -> dense number of everybody with a live consent to this score."""
    giving = consents_to(scheme).values("subject_id")
    return dict(Subject.objects.filter(register=Subject.Register.PERSON, pk__in=giving).values_list("pk", "number"))


def freeze(
    plans: Sequence[Plan], folder: Path, numbers: dict[int, int], keys: QuerySet[Any, Any], past: Past
) -> Frozen:
    """Write what the plans read of these people (subject key -> number) to columns, as it was known; nobody else's leaves the database.

    ``keys`` finds the same people in the database.
    """
    codes = list(dict.fromkeys(code for plan in plans for code in plan.kinds))
    kinds, through = [current().kinds[code] for code in codes], through_kinds_of(plans)
    writer = SnapshotWriter(folder)
    writer.subjects(numbers.values())
    stream = Stream(columns.records(kinds, through, keys, past.horizon), columns.relations(keys, past.horizon), numbers)
    freeze_stream(
        stream, kinds, _rows_since(kinds, through, People(keys, numbers.keys()), numbers, past.horizon), writer
    )
    return Frozen(writer.seal(), {number: key for key, number in numbers.items()})


def _rows_since(
    kinds: Iterable[Kind], through: set[str], people: People, numbers: dict[int, int], known: Horizon
) -> dict[str, list[Row]]:
    """By kind, the records that changed after the horizon, as they were known at it."""
    past, rows = Past.at(known), {}
    for kind in kinds if past.changes else ():
        facts = facts_of_kind(kind, kind.code in through, people, past, changed=True)
        rows[kind.code] = [_row(numbers[key], fact) for key, fact in facts]
    return rows


def _sample(plan: Plan, numbers: dict[int, int], past: Past) -> dict[int, list[Fact]]:
    """The facts of some people, read one by one: they judge the columns as well as the engine."""
    step = max(1, len(numbers) // SAMPLE)
    return facts_of(plan, sorted(numbers)[::step][:SAMPLE], past)


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


def _differences(plan: Plan, frozen: Frozen, sample: dict[int, list[Fact]], figures: Figures) -> list[str]:
    """Where the plain evaluator disagrees with the engine on the sample; empty where it nowhere does."""
    found = []
    for at, number in enumerate(figures.subjects):
        key = frozen.keys[int(number)]
        if key not in sample:
            continue
        expected = evaluate(plan.scheme, sample[key], plan.as_of)
        tier = plan.scheme.tiers[int(figures.tiers[at])].code
        if (expected.score, expected.tier) != (int(figures.scores[at]), tier):
            found.append(
                f"subject {number}: engine {figures.scores[at]} {tier}, evaluator {expected.score} {expected.tier}"
            )
    return found


def _figure(run: ScoreRun, key: int, consent: int, plan: Plan, result: Evaluation) -> Score:
    """One person's figure by the plain evaluator, for whom a record changed while the run went on."""
    points = {dimension.code: dimension.points for dimension in result.dimensions}
    return Score(
        run=run,
        subject_id=key,
        consent_id=consent,
        as_of=plan.as_of,
        score=result.score,
        tier=result.tier,
        dimensions=points,
        at_close=True,
    )


def _publish(
    score_run: ScoreRun, plan: Plan, frozen: Frozen, consents: dict[int, int], figures: Figures, actor: Actor
) -> None:
    """Store the figures of those whose consent still stands: a consent taken back during the run leaves no row.

    Nor does one given anew during the run, since the records were frozen under the one that ended. Whoever had a record changed
    meanwhile (disputed, repaired, corrected …) is scored again from what is known now.
    """
    with transaction.atomic():
        list(consents_to(plan.scheme).select_for_update().only("pk"))
        standing, known = _live(plan.scheme), horizon()
        touched = touched_after(Horizon(score_run.records_to, score_run.events_to)) | deleted_since(
            score_run.started_at
        )
        touched &= standing.keys()
        again = facts_of(plan, touched, Past.at(known)) if touched else {}
        rows = []
        for at, number in enumerate(figures.subjects):
            key = frozen.keys[int(number)]
            if key not in standing or standing[key] != consents.get(key):
                continue
            if key in again:
                result = evaluate(plan.scheme, again[key], plan.as_of)
                rows.append(_figure(score_run, key, standing[key], plan, result))
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
        score_run.frozen, score_run.people = len(frozen.keys), len(rows)
        score_run.state, score_run.finished_at = ScoreRun.State.DONE, now()
        score_run.inputs_sha256 = frozen.snapshot.sha256
        score_run.closing_records_to, score_run.closing_events_to = known.records, known.events
        state(score_run, rows)
        Score.objects.bulk_create(rows, batch_size=2000)
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
                "commitments_sha256": score_run.commitments_sha256,
                "statement": score_run.statement,
                "engine": score_run.engine,
                "as_of": plan.as_of.isoformat(),
                "people": len(rows),
            },
        )


def _begin(plan: Plan, known: Horizon) -> ScoreRun:
    return ScoreRun.objects.create(
        number=f"PF{today():%Y%m%d}-{secrets.token_hex(4).upper()}",
        rulebook=current().code,
        scheme=plan.scheme.code,
        version=plan.scheme.version,
        scheme_sha256=plan.scheme_sha256,
        plan_sha256=plan.sha256,
        engine=engine.NAME,
        as_of=plan.as_of,
        records_to=known.records,
        events_to=known.events,
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
        ended = left.name.startswith("PF") and left.name not in running
        if ended or (left.name.startswith(REPLAYS) and left.stat().st_mtime < silent.timestamp()):
            shutil.rmtree(left, ignore_errors=True)


def _scheme(day: date, code: str) -> Scheme:
    """The city's own scheme in force on the day, or that of a trade."""
    rulebook = current()
    own = rulebook.scheme_at(day)
    found = next((one for one in rulebook.trade_schemes_at(day) if one.code == code), None) if code else own
    if found is None:
        raise NotFound(f"{day}：本市没有生效的评分方案。No scheme is in force on {day}.")
    return found


def run(*, actor: Actor, as_of: date | None = None, trade: str = "", progress: Progress | None = None) -> str:
    """Score everybody with a live consent on ``as_of`` (default today); returns the run's number.

    ``trade`` names a trade's score; its own consents count. Raises `NotAllowed`, `NotFound` where there is no scheme on that
    day, and `EnginesDiffer`.
    """
    if actor.role not in MAY_RUN:
        raise NotAllowed(
            "只有系统或运维、审核人员可以启动评分。Only the system, operators and reviewers may start a run."
        )
    day = as_of or today()
    scheme = _scheme(day, trade)
    plan = compile_scheme(scheme, day)
    snapshots = Path(settings.DATA) / "snapshots"
    _sweep(snapshots)
    consents, numbers, known = _live(scheme), enrolled(scheme), horizon()
    score_run = _begin(plan, known)
    folder = snapshots / score_run.number
    try:
        frozen = freeze([plan], folder, numbers, consents_to(scheme).values("subject_id"), Past.at(known))
        figures = engine.run(plan, folder, progress)
        sample = _sample(plan, numbers, Past.at(known))
        differences, score_run.checked = _differences(plan, frozen, sample, figures), len(sample)
        if differences:
            raise EnginesDiffer("; ".join(differences[:5]))
        _publish(score_run, plan, frozen, consents, figures, actor)
    except BaseException as error:
        score_run.state = ScoreRun.State.REFUSED if isinstance(error, EnginesDiffer) else ScoreRun.State.FAILED
        score_run.finished_at = now()
        score_run.save()
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return score_run.number
