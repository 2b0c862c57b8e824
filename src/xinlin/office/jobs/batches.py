"""The job of a delivery: open the file, judge each row, store all of it or nothing (报送批次的处理)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from xinlin.core.batches import CONTINUATION, Judge
from xinlin.core.columns import (
    ColumnUse,
    forbidden_problem,
    is_unnamed,
    mapping_problems,
    propose_columns,
    read_columns,
)
from xinlin.core.hints import Hints, hint_of
from xinlin.core.rulebooks import Kind
from xinlin.core.values import Problem, Text
from xinlin.engine.judging import BulkJudge
from xinlin.office import rulebook, vault
from xinlin.office.actions import full_lists, linking, trials
from xinlin.office.actions.batches import queue
from xinlin.office.actions.records import Storing
from xinlin.office.actions.returned_rows import answers, as_returned, close_answered
from xinlin.office.actions.staged_rows import MadeRows, StagedRows
from xinlin.office.actions.uploads import drop_forgotten
from xinlin.office.actions.waiting_files import forget_tried
from xinlin.office.bulk import lock_storing, made_ahead, without_sweeps
from xinlin.office.failpoints import reached
from xinlin.office.jobs.heartbeats import beating
from xinlin.office.jobs.previews import preview
from xinlin.office.layouts import ORIGIN, FileRefused, Layout, Reading, Row, Sheet
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import Batch, Job
from xinlin.office.models.batches import Mapping as ColumnMapping
from xinlin.office.scopes import Actor, Refused, now, today
from xinlin.office.sheets import open_sheet

log = logging.getLogger(__name__)
ACTOR = Actor(handle="system:intake", name="数据受理 Intake", role="system")
CHUNK = 10_000
"""Rows that are judged together."""
SILENT_AFTER = timedelta(seconds=60)
MOST_ATTEMPTS = 5


@task()
def queued(job_number: str) -> None:
    """What the worker runs."""
    work(job_number)


def reap() -> int:
    """Put back to work jobs whose worker has been silent for a minute, and those that nobody was told of; returns how many."""
    drop_forgotten(actor=ACTOR)
    forget_tried(actor=ACTOR)
    return _wake_silent() + _queue_forgotten()


def _queue_forgotten() -> int:
    """Jobs that wait for a minute while the queue is empty: the process that took the file ended before it said so."""
    if DBTaskResult.objects.filter(status=TaskResultStatus.READY).exists():
        return 0
    forgotten = list(Job.objects.filter(kind="batches", state=Job.State.WAITING, created_at__lt=now() - SILENT_AFTER))
    for job in forgotten:
        queue(job)
    return len(forgotten)


def _wake_silent() -> int:
    silent = Job.objects.filter(kind="batches", state=Job.State.RUNNING)
    count = 0
    for job in silent.filter(Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=now() - SILENT_AFTER)):
        with transaction.atomic():
            last = job.attempts >= MOST_ATTEMPTS
            state = Job.State.FAILED if last else Job.State.WAITING
            same = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, heartbeat_at=job.heartbeat_at)
            if not same.update(state=state, message="worker went silent"):
                continue
            count += 1
            if last:
                _fail(Batch.objects.get(job=job), [hint_of(_BROKE)])
            else:
                queue(job)
    return count


def work(job_number: str) -> None:
    """Do the job: idempotent, resumable by doing it again, never half done.

    A delivery that cannot be taken in is marked failed with the reason and stores nothing; only what the machine itself
    did wrong is raised.
    """
    claimed = Job.objects.filter(number=job_number, state=Job.State.WAITING).update(
        state=Job.State.RUNNING, attempts=F("attempts") + 1, heartbeat_at=now(), message=""
    )
    if not claimed:
        return
    job = Job.objects.get(number=job_number)
    batch = Batch.objects.select_related("mapping", "replays").get(number=job.payload["batch"])
    reached("intake.claimed")
    try:
        if batch.state not in (Batch.State.DONE, Batch.State.NEEDS_MAPPING, Batch.State.TRIED, Batch.State.ASIDE):
            _take_in(job, batch)
        _end(job, Job.State.DONE)
    except (FileRefused, Refused) as refusal:
        if isinstance(refusal, FileRefused) and refusal.tables:
            batch.layout = {**batch.layout, "tables": list(refusal.tables)}
        _fail(batch, [hint_of(refusal.problem)])
        _end(job, Job.State.DONE, refusal.problem.what.zh)
    except Exception as error:
        log.exception("delivery %s broke its job", batch.number)
        _fail(batch, [hint_of(_BROKE)])
        told = f": {error}" if isinstance(error, OSError) else ""  # others may quote a row
        _end(job, Job.State.FAILED, f"{type(error).__name__}{told}")
        raise


def _end(job: Job, state: str, message: str = "") -> None:
    Job.objects.filter(pk=job.pk).update(state=state, finished_at=now(), message=message[:500])


@transaction.atomic
def _fail(batch: Batch, findings: list[dict[str, Any]]) -> None:
    """Say why nothing was stored."""
    same = Batch.objects.filter(pk=batch.pk).exclude(state=Batch.State.DONE)
    if same.update(state=Batch.State.FAILED, findings=findings, layout=batch.layout, finished_at=now()):
        facts = {"codes": [finding["code"] for finding in findings]}
        write_leaf(actor=ACTOR, action="batches.fail", table="batch", key=batch.number, facts=facts)


def _take_in(job: Job, batch: Batch) -> None:
    kind = rulebook.current().kinds[batch.kind]
    unfinished = Batch.objects.filter(pk=batch.pk).exclude(state=Batch.State.DONE)
    if not unfinished.update(state=Batch.State.JUDGING):
        return
    with vault.opened(batch.sha256) as path, without_sweeps():
        _take_in_file(job, batch, kind, path)


def _take_in_file(job: Job, batch: Batch, kind: Kind, path: Path) -> None:
    findings = Hints()
    unfinished = Batch.objects.filter(pk=batch.pk).exclude(state=Batch.State.DONE)
    sheet = _open(job, batch, kind, path)
    columns = _columns(batch, kind, sheet.layout, findings)
    batch.layout = {**sheet.layout.as_dict(), "preview": preview(sheet, kind, columns or {})}
    if columns is None:
        with transaction.atomic():
            waiting = {"state": Batch.State.NEEDS_MAPPING, "layout": batch.layout, "findings": findings.as_list()}
            unfinished.update(**waiting)
            write_leaf(actor=ACTOR, action="batches.ask_mapping", table="batch", key=batch.number, facts={})
        return
    batch.layout["columns"] = {code: use.as_dict() for code, use in columns.items()}
    judge = Judge(kind, columns, sheet.layout.headers)
    rows = StagedRows(batch, judge, list(sheet.layout.headers), today(), findings)
    try:
        _judge_all(job, sheet, judge, rows)
        _tell_layout(sheet.layout, findings)
        if not rows.read:
            findings.add("no_rows", "file")
        reached("intake.judged")
        with beating(job):
            store = partial(_store, job, batch, judge, rows, sheet)
            if batch.only_tried:
                trials.tried(batch, store, actor=ACTOR)
            else:
                store()
        reached("intake.committed")
    finally:
        rows.close()
        sheet.close()


def _open(job: Job, batch: Batch, kind: Kind, path: Path) -> Sheet:
    if batch.replays_id:
        return _Replay(batch, path)
    kept = ColumnMapping.objects.filter(department=batch.department, kind=batch.kind).values_list("columns", flat=True)
    labels = {use["column"] for columns in kept for use in columns.values() if "column" in use}

    def alive() -> None:
        Job.objects.filter(pk=job.pk).update(heartbeat_at=now())

    return as_returned(open_sheet(path, kind, labels, Reading.from_dict(batch.reading), alive=alive))


class _Replay(Sheet):
    """Corrected rows, under the columns of the delivery that they came in."""

    def __init__(self, batch: Batch, path: Path) -> None:
        super().__init__(Layout("rows", "utf-8", headers=list(batch.layout["headers"])))
        self.layout.header_sha256 = batch.layout.get("header_sha256", "")
        self._columns = batch.layout.get("columns")
        self._path = path

    def rows(self) -> Iterator[Row]:
        with self._path.open("rb") as stream:
            for line in stream:
                entry = json.loads(line)
                yield entry["row"], [entry["cells"].get(name, "") for name in self.layout.headers]


def _columns(batch: Batch, kind: Kind, layout: Layout, findings: Hints) -> dict[str, ColumnUse] | None:
    """The delivery's mapping: the one it names, the kept one for this header, or the automatic one; None to ask."""
    headers = layout.headers
    forbidden = forbidden_problem(kind, headers)
    if forbidden is not None:
        raise Refused(forbidden)
    if batch.replays_id and "columns" in batch.layout:
        return read_columns(batch.layout["columns"])
    kept = batch.mapping or _kept_mapping(batch, layout)
    if kept is not None:
        columns = read_columns(kept.columns)
        problems = mapping_problems(kind, headers, columns)
        if problems:
            raise Refused(problems[0])
        Batch.objects.filter(pk=batch.pk).update(mapping=kept)
        findings.add("mapping_used", "columns", sample=kept.name)
        used = {use.column for use in columns.values()}
        _tell_leftovers([name for name in headers if name not in used], layout, findings)
        return columns
    proposal = propose_columns(kind, headers)
    _tell_leftovers(proposal.leftovers, layout, findings)
    for name in proposal.twice:
        findings.add("column_twice", name)
    for spec in proposal.missing:
        findings.add("field_without_column", spec.code, sample=spec.label.zh)
    return None if proposal.missing else proposal.columns


def _tell_leftovers(names: Iterable[str], layout: Layout, findings: Hints) -> None:
    for name in names:
        if layout.format != "zip" or name != ORIGIN:
            findings.add("column_unnamed" if is_unnamed(name, layout.headers) else "leftover_column", name)


def _kept_mapping(batch: Batch, layout: Layout) -> ColumnMapping | None:
    """The mapping kept for this header, else the newest whose columns the file all has."""
    kept = ColumnMapping.objects.filter(department=batch.department, kind=batch.kind).order_by("-created_at")
    exact = next((mapping for mapping in kept if mapping.header_sha256 == layout.header_sha256), None)
    if exact is not None:
        return exact
    headers = set(layout.headers)
    fitting = (m for m in kept if {use["column"] for use in m.columns.values() if "column" in use} <= headers)
    return next(fitting, None)


def _judge_all(job: Job, sheet: Sheet, judge: Judge, staged: StagedRows) -> None:
    """Judge every row; nothing is stored yet."""
    Job.objects.filter(pk=job.pk).update(total=sheet.layout.rows_expected, started_at=now())
    with closing(made_ahead(_made(sheet, judge, staged))) as pieces:
        for made in pieces:
            staged.put(made)
            Job.objects.filter(pk=job.pk).update(done=staged.read, heartbeat_at=now())
            reached("intake.judged_some")


def _made(sheet: Sheet, judge: Judge, staged: StagedRows) -> Iterator[MadeRows]:
    """The rows of the file, judged and made ready for the tables; asks no database."""
    together = BulkJudge(judge)
    for chunk in sheet.chunks(CHUNK):
        numbers, rows = zip(*chunk, strict=True)
        doubtful = (at for at, number in enumerate(numbers) if number in sheet.doubtful) if sheet.doubtful else ()
        yield staged.made(numbers, rows, together(rows, {at: [CONTINUATION] for at in doubtful}))


def _cells_of(sheet: Sheet, numbers: Iterable[int]) -> dict[int, Sequence[str]]:
    """Rows of the file read once more, by their numbers: few are asked for, and all need not be kept for them."""
    wanted, noted = set(numbers), len(sheet.layout.findings)
    found = {number: cells for number, cells in sheet.rows() if number in wanted}
    del sheet.layout.findings[noted:]
    return found


def _tell_layout(layout: Layout, findings: Hints) -> None:
    for code, where, sample in layout.findings:
        findings.add(code, where, sample=sample)
    if layout.titles:
        findings.add("title_rows", "file", sample=" / ".join(layout.titles))


@transaction.atomic
def _store(job: Job, batch: Batch, judge: Judge, staged: StagedRows, sheet: Sheet) -> None:
    """Everything of one delivery, or nothing."""
    lock_storing()
    if Batch.objects.select_for_update().get(pk=batch.pk).state == Batch.State.DONE:
        return
    findings = staged.findings
    found = answers(batch, sheet, findings)
    state = full_lists.standing(batch, corrected=bool(found)) if judge.kind.delivery == "full_list" else None
    storing = Storing(ACTOR, batch, staged, findings, state, partial(_cells_of, sheet), settled=found.settled)
    storing.keep()
    added = ended = 0
    if state is not None:
        state.refused_cells = staged.refused_cells
        positions = {
            "identifier": judge.column_of("subject"),
            "document": judge.column_of("document"),
            "name": judge.column_of("subject_name") if judge.kind.linking == "optional" else -1,
        }
        confirmed = bool(job.payload.get("confirm_short"))
        full_lists.keep_up(ACTOR, state, findings)
        added, ended = full_lists.end_missing(ACTOR, batch, state, positions, confirmed, findings)
    if not found:
        storing.hold()
    linking.ask(actor=ACTOR, batch=batch, questions=storing.questions)
    if storing.repeated:
        findings.add("repeated", "rows", count=storing.repeated)
    counts = {
        "rows_read": staged.read,
        "rows_accepted": storing.accepted,
        "rows_repeated": storing.repeated,
        "rows_refused": storing.refused,
        "entries_added": added,
        "entries_ended": ended,
    }
    answered = close_answered(batch, found, findings)
    Batch.objects.filter(pk=batch.pk).update(
        state=Batch.State.DONE,
        layout=batch.layout,
        findings=findings.as_list(),
        finished_at=now(),
        replays=batch.replays,
        **counts,
    )
    facts = {**counts, "accepted_sha256": storing.digest, **({"answers": answered} if answered else {})}
    write_leaf(actor=ACTOR, action="batches.store", table="batch", key=batch.number, facts=facts)
    reached("intake.before_commit")


_BROKE = Problem(
    "internal_error",
    "batch",
    Text(zh="处理时程序出错，没有存入任何数据", en="The program failed while working on it; nothing was stored"),
    Text(
        zh="请再次报送同一文件；仍出错请告知运维人员",
        en="Send the same file again; tell the operators if it fails again",
    ),
)
