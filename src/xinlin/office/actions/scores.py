"""Runs that freeze a figure for everybody enrolled (评分批次): the monthly one, and any other day's."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Q, QuerySet

from xinlin.core.plan import Plan, compile_scheme
from xinlin.core.records import Fact
from xinlin.core.rulebooks import Kind
from xinlin.core.schemes import Scheme
from xinlin.core.scores import evaluate
from xinlin.engine import scores as engine
from xinlin.engine.figures import Figures
from xinlin.engine.folder_records import Demands
from xinlin.engine.snapshot import Row, Snapshot, SnapshotWriter
from xinlin.engine.streamed import Stream, freeze_stream
from xinlin.engine.workplaces import HELD, held, removed_if_left
from xinlin.office.actions.score_publication import Publication, publish
from xinlin.office.failpoints import reached
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.queries import columns
from xinlin.office.queries.enrolment import Enrolment, consents_to, enrolled
from xinlin.office.queries.histories import Horizon, Past, People, horizon
from xinlin.office.queries.recordings import deleted_since
from xinlin.office.queries.records import facts_of_kind
from xinlin.office.queries.score_runs import facts_of, through_kinds_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, now, today

Progress = Callable[[int, int], None]
SAMPLE = 500
"""How many people of each run are scored again by the plain evaluator; all of them where there are fewer."""

SILENT_AFTER = timedelta(days=1)
"""A run on another machine that has not ended by then was ended; of one on this machine it is seen at once."""
MANY = 8
"""Where there is one person to so many records or fewer, all records are passed through: a look-up costs so many rows read."""
REPLAYS = "replay-"
"""How the folders begin in which runs are worked out again."""
MAY_RUN = frozenset({"system", "operator", "reviewer"})


class EnginesDiffer(RuntimeError):
    """The sample scored again by the plain evaluator differs: nothing was published."""


def freeze(
    plans: Sequence[Plan],
    folder: Path,
    numbers: Mapping[int, int],
    keys: QuerySet[Any, Any],
    past: Past,
    *,
    bare: bool = False,
) -> Snapshot:
    """Write what the plans read of these people (subject key -> number) to columns, as it was known; nobody else's leaves the database.

    ``keys`` finds the same people in the database. ``bare``: of a record's own fields those alone that rules read, where nobody
    will ask again for a snapshot with the same hash.
    """
    codes = list(dict.fromkeys(code for plan in plans for code in plan.kinds))
    kinds, through = [current().kinds[code] for code in codes], through_kinds_of(plans)
    kinds = [_bare(kind, plans) for kind in kinds] if bare else kinds
    writer = SnapshotWriter(folder)
    writer.subjects(numbers.values())
    sweep = len(numbers) * MANY > past.horizon.records
    records = columns.records(kinds, through, keys, past.horizon, sweep=sweep)
    stream = Stream(records, columns.relations(keys, past.horizon), numbers)
    people = People(keys, numbers.keys())
    freeze_stream(stream, kinds, partial(_rows_since, kinds, through, people, numbers, past.horizon), writer)
    return writer.seal()


def _bare(kind: Kind, plans: Sequence[Plan]) -> Kind:
    """The kind with no more fields of its own than the plans' rules read."""
    read = frozenset().union(*(Demands.of(plan).fields.get(kind.code, frozenset()) for plan in plans))
    return kind.model_copy(update={"fields": [one for one in kind.fields if not one.scored or one.code in read]})


def _rows_since(
    kinds: Iterable[Kind], through: set[str], people: People, numbers: Mapping[int, int], known: Horizon
) -> dict[str, list[Row]]:
    """By kind, the records that changed after the horizon, as they were known at it."""
    past, rows = Past.at(known), {}
    for kind in kinds if past.changes else ():
        facts = facts_of_kind(kind, kind.code in through, people, past, changed=True)
        rows[kind.code] = [_row(numbers[key], fact) for key, fact in facts]
    return rows


def _sample(plan: Plan, people: Enrolment, past: Past, since: datetime) -> dict[int, list[Fact]]:
    """The facts of some people by number, read one by one: they judge the columns as well as the engine.

    Whoever left or had records deleted after the run began at ``since`` judges nothing: columns and facts were read one after
    the other, and one of them may have come too late.
    """
    step = max(1, len(people) // SAMPLE)
    some, given = (column[::step][:SAMPLE].tolist() for column in (people.subjects, people.consents))
    found = facts_of(plan, some, past)
    standing = consents_to(plan.scheme).filter(pk__in=given).values_list("subject_id", flat=True)
    still = set(standing) - deleted_since(since)
    return {people[key]: facts for key, facts in found.items() if key in still}


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


def _differences(plan: Plan, sample: Mapping[int, list[Fact]], figures: Figures) -> list[str]:
    """Where the plain evaluator disagrees with the engine on the sample; empty where it nowhere does."""
    found = []
    for number in sorted(sample):
        at = int(np.searchsorted(figures.subjects, number))
        if at == len(figures.subjects) or figures.subjects[at] != number:
            continue
        expected = evaluate(plan.scheme, sample[number], plan.as_of)
        tier = plan.scheme.tiers[int(figures.tiers[at])].code
        if (expected.score, expected.tier) != (int(figures.scores[at]), tier):
            found.append(
                f"subject {number}: engine {figures.scores[at]} {tier}, evaluator {expected.score} {expected.tier}"
            )
    return found


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
    silent, running = now() - SILENT_AFTER, ScoreRun.objects.filter(state=ScoreRun.State.RUNNING)
    killed = [one.name for one in folder.glob("PF*") if (one / HELD).exists() and removed_if_left(one)]
    ended = running.filter(Q(started_at__lt=silent) | Q(number__in=killed))
    ended.update(state=ScoreRun.State.FAILED, finished_at=now())
    Score.objects.filter(run__in=ScoreRun.objects.filter(state=ScoreRun.State.FAILED)).delete()
    living = set(running.values_list("number", flat=True))
    for left in folder.iterdir() if folder.is_dir() else ():
        gone = left.name.startswith("PF") and left.name not in living
        if gone or (left.name.startswith(REPLAYS) and left.stat().st_mtime < silent.timestamp()):
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
    people, known = enrolled(scheme), horizon()
    score_run = _begin(plan, known)
    folder = snapshots / score_run.number
    try:
        with held(folder):
            snapshot = freeze([plan], folder, people, consents_to(scheme).values("subject_id"), Past.at(known))
            score_run.inputs_sha256, score_run.frozen = snapshot.sha256, snapshot.people
            sample = _sample(plan, people, Past.at(known), score_run.started_at)
            publication = Publication(score_run, plan, people, folder)
            reached("scores.frozen")
            for part in engine.parts(plan, folder, progress=progress):
                differences = _differences(plan, sample, part.figures)
                if differences:
                    raise EnginesDiffer("; ".join(differences[:5]))
                publication.put(part.figures)
                reached("scores.put")
            score_run.checked = len(sample)
            publish(publication, actor=actor)
    except BaseException as error:
        score_run.state = ScoreRun.State.REFUSED if isinstance(error, EnginesDiffer) else ScoreRun.State.FAILED
        score_run.finished_at = now()
        score_run.save()
        Score.objects.filter(run=score_run).delete()
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return score_run.number
