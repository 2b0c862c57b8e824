"""Reading deliveries: lists, one delivery with its findings, refused rows and their workbook (报送批次的查询)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.columns import read_columns
from xinlin.core.people import identifier_problem, normalise_identifier
from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.core.slips import proposal
from xinlin.core.values import Text
from xinlin.office import rulebook, vault
from xinlin.office.models.batches import Batch, Job, Mapping, RefusedRow
from xinlin.office.models.people import Subject
from xinlin.office.queries.people import write_look
from xinlin.office.scopes import Actor, NotAllowed, NotFound

PAGE = 50
SEES_ALL = frozenset({"reviewer", "operator", "auditor"})
SEES_OWN = frozenset({"clerk", "machine", "officer"})
REFUSED_PLACE, ASIDE_PLACE = "refused_row.raw", "refused_row.aside_reason"
FILE_ASIDE_PLACE = "batch.aside_reason"


@dataclass(frozen=True)
class JobView:
    """How far a job is."""

    number: str
    state: str
    done: int
    total: int
    rate: int
    """Rows judged in a second."""
    message: str
    attempts: int
    heartbeat_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True)
class BatchLine:
    """A delivery in a list."""

    number: str
    department: str
    kind: str
    kind_name: Text
    delivery: str
    filename: str
    size: int
    received_at: datetime
    valid_on: date
    state: str
    rows_read: int
    rows_accepted: int
    rows_repeated: int
    rows_refused: int
    rows_open: int
    rows_aside: int
    entries_added: int
    entries_ended: int
    list_waits: bool
    """A full list of which other tables are still to be added."""


@dataclass(frozen=True)
class FieldLine:
    """A field of the kind and the column that feeds it."""

    code: str
    label: Text
    type: str
    required: bool
    column: str
    unit: str
    constant: str


@dataclass(frozen=True)
class RefusedLine:
    """A refused row: cells as they came, and what is wrong: code, where, label, raw, what, cure, column.

    ``aside_reason``: why it is not to be taken in, where it was set aside.
    """

    row: int
    cells: dict[str, str]
    problems: list[dict[str, Any]]
    state: str
    replayed_in: str
    aside_reason: str


@dataclass(frozen=True)
class RefusedPage:
    """Some of a delivery's refused rows."""

    rows: list[RefusedLine]
    page: int
    pages: int
    total: int
    headers: list[str]


@dataclass(frozen=True)
class BatchView:
    """One delivery: receipt, layout, first rows (personal values masked), columns, counts, findings."""

    line: BatchLine
    sha256: str
    sent_by: str
    finished_at: datetime | None
    job: JobView | None
    layout: dict[str, Any]
    headers: list[str]
    preview: list[list[str]]
    """[row number, cells…], at most ten."""
    fields: list[FieldLine]
    findings: list[dict[str, Any]]
    """code, where, count, rows, raw, what {zh, en}, cure {zh, en}."""
    mapping: str
    replays: str
    replayed_by: list[str]
    only_tried: bool
    aside_reason: str
    awaits: list[str]
    """Tables for which a full list waits before what is missing from it ends."""
    absent: int
    """Entries that are missing from it so far."""


def visible(actor: Actor) -> QuerySet[Batch]:
    """The deliveries that the actor may see: a department its own, the centre and auditors all. Raises `NotAllowed`."""
    if actor.role in SEES_ALL or actor.handle.startswith("system:"):
        return Batch.objects.all()
    if actor.role in SEES_OWN and actor.department:
        return Batch.objects.filter(department=actor.department)
    raise NotAllowed("您的角色不能查看报送批次。Your role may not see deliveries.")


def one_of(actor: Actor, number: str) -> Batch:
    """The delivery, if the actor may see it. Raises `NotFound`, `NotAllowed`."""
    batch = visible(actor).select_related("job", "mapping", "replays").filter(number=number).first()
    if batch is None:
        raise NotFound(number)
    return batch


def _job_view(job: Job | None) -> JobView | None:
    if job is None:
        return None
    done = min(job.done, job.total) if job.total else job.done
    took = (job.heartbeat_at - job.started_at).total_seconds() if job.heartbeat_at and job.started_at else 0.0
    return JobView(
        job.number,
        job.state,
        done,
        job.total,
        round(done / took) if took > 0 else 0,
        job.message,
        job.attempts,
        job.heartbeat_at,
        job.finished_at,
    )


def _line(batch: Batch, by_state: dict[str, int]) -> BatchLine:
    kind = rulebook.current().kinds.get(batch.kind)
    return BatchLine(
        number=batch.number,
        department=batch.department,
        kind=batch.kind,
        kind_name=kind.name if kind else Text(zh=batch.kind, en=batch.kind),
        delivery=batch.delivery,
        filename=batch.filename,
        size=batch.size,
        received_at=batch.received_at,
        valid_on=batch.valid_on,
        state=batch.state,
        rows_read=batch.rows_read,
        rows_accepted=batch.rows_accepted,
        rows_repeated=batch.rows_repeated,
        rows_refused=batch.rows_refused,
        rows_open=by_state.get(RefusedRow.State.OPEN, 0),
        rows_aside=by_state.get(RefusedRow.State.ASIDE, 0),
        entries_added=batch.entries_added,
        entries_ended=batch.entries_ended,
        list_waits=bool(batch.awaits),
    )


def batches(*, actor: Actor, page: int = 1, kind: str = "", state: str = "") -> list[BatchLine]:
    """The newest deliveries first, a page of 50. Two statements however many there are, and however many rows."""
    seen = visible(actor)
    seen = seen.filter(kind=kind) if kind else seen
    seen = seen.filter(state=state) if state else seen
    chosen = list(seen.order_by("-received_at", "-pk")[(page - 1) * PAGE : page * PAGE])
    rows = _rows_by_state(chosen)
    return [_line(batch, rows[batch.pk]) for batch in chosen]


def _rows_by_state(chosen: list[Batch]) -> defaultdict[int, dict[str, int]]:
    """Delivery's key -> state -> its refused rows in it."""
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    told = RefusedRow.objects.filter(batch__in=chosen).values_list("batch", "state").annotate(number=Count("pk"))
    for key, state, number in told.order_by():
        found[key][state] = number
    return found


def batch(*, actor: Actor, number: str) -> BatchView:
    """One delivery. Raises `NotFound`, `NotAllowed`."""
    found = one_of(actor, number)
    kind = rulebook.current().kinds.get(found.kind)
    layout = {key: value for key, value in found.layout.items() if key not in ("preview", "columns", "headers")}
    return BatchView(
        line=_line(found, _rows_by_state([found])[found.pk]),
        sha256=found.sha256,
        sent_by=found.sent_by,
        finished_at=found.finished_at,
        job=_job_view(found.job),
        layout=layout,
        headers=list(found.layout.get("headers", [])),
        preview=list(found.layout.get("preview", [])),
        fields=_fields(kind, found.layout.get("columns", {})) if kind else [],
        findings=found.findings,
        mapping=found.mapping.name if found.mapping else "",
        replays=found.replays.number if found.replays else "",
        replayed_by=_answers_to(found),
        only_tried=found.only_tried,
        aside_reason=file_aside_reason(found),
        awaits=found.awaits.get("tables", []),
        absent=found.absent.values("record__key").distinct().count() if found.awaits else 0,
    )


def file_aside_reason(found: Batch) -> str:
    """Why the file was set aside; empty where it was not."""
    return vault.unseal(found.aside_reason_sealed, FILE_ASIDE_PLACE) if found.aside_reason_sealed else ""


def _answers_to(found: Batch) -> list[str]:
    """The deliveries that answered rows refused in this one, or are about to."""
    answering = Batch.objects.filter(Q(replays=found) | Q(replayed_rows__batch=found))
    return list(answering.order_by("pk").values_list("number", flat=True).distinct())


def _fields(kind: Kind, columns: dict[str, dict[str, str]]) -> list[FieldLine]:
    uses = read_columns(columns)
    lines = []
    for spec in kind.fields:
        use = uses.get(spec.code)
        lines.append(
            FieldLine(
                spec.code,
                spec.label,
                spec.type,
                spec.required,
                (use.column or "") if use else "",
                (use.unit or "") if use else "",
                (use.constant or "") if use else "",
            )
        )
    return lines


def job(*, actor: Actor, number: str) -> JobView:
    """The job of the delivery ``number``, for its progress bar. Raises `NotFound`."""
    view = _job_view(one_of(actor, number).job)
    if view is None:
        raise NotFound(number)
    return view


def mappings(*, actor: Actor, kind: str) -> list[str]:
    """Names of the column mappings kept for the actor's department and a kind."""
    kept = Mapping.objects.filter(kind=kind, department=actor.department)
    return list(kept.order_by("name").values_list("name", flat=True))


def refused_rows(*, actor: Actor, number: str, page: int = 1, only_open: bool = False) -> RefusedPage:
    """A page of 50 refused rows as they came; the people among them who are in the register see the look.

    Of a file that was only tried, the first rows that would be refused.
    """
    found = one_of(actor, number)
    rows: QuerySet[RefusedRow] | list[RefusedRow]
    if found.state == Batch.State.TRIED:
        rows = [RefusedRow(batch=found, state=RefusedRow.State.CLOSED, **row) for row in found.tried_rows]
        total = len(rows)
    else:
        rows = found.refused_rows.select_related("replayed_in").order_by("row")
        rows = rows.filter(state=RefusedRow.State.OPEN) if only_open else rows
        total = rows.count()
    lines = opened(found, rows[(page - 1) * PAGE : page * PAGE])
    note_looks(actor, found, lines)
    return RefusedPage(lines, page, max(1, -(-total // PAGE)), total, list(found.layout.get("headers", [])))


def opened(found: Batch, rows: Iterable[RefusedRow]) -> list[RefusedLine]:
    """Refused rows unsealed, each problem with the label of its field and what may be meant."""
    kind = rulebook.current().kinds.get(found.kind)
    specs = {spec.code: spec for spec in kind.fields} if kind else {}
    labels = {code: spec.label for code, spec in specs.items()}
    lines = []
    for row in rows:
        cells: dict[str, str] = json.loads(vault.unseal(row.raw_sealed, REFUSED_PLACE))
        problems = []
        for problem in row.problems:
            label = labels.get(problem["where"])
            shown = {"label": label.model_dump()} if label else {"label": {"zh": "", "en": ""}}
            raw = cells.get(problem.get("column", ""), "")
            spec = specs.get(problem["where"])
            meant = proposal(kind, spec, raw) if kind and spec and raw else ""
            problems.append({**problem, **shown, "raw": raw, "proposal": meant})
        lines.append(
            RefusedLine(
                row.row,
                cells,
                problems,
                row.state,
                row.replayed_in.number if row.replayed_in else "",
                aside_reason(row),
            )
        )
    return lines


def aside_reason(row: RefusedRow) -> str:
    """Why a row was set aside; empty where it was not."""
    return vault.unseal(row.aside_reason_sealed, ASIDE_PLACE) if row.aside_reason_sealed else ""


def _subject_columns(kind: Kind, found: Batch) -> list[str]:
    codes = {spec.code for spec in kind.fields if _names_somebody(spec)}
    columns = found.layout.get("columns", {})
    return [use["column"] for code, use in columns.items() if code in codes and "column" in use]


def _names_somebody(spec: FieldSpec) -> bool:
    return spec.role in ("subject", "named_person", "representative") or spec.type in ("resident_id", "identifier")


def note_looks(actor: Actor, found: Batch, lines: Sequence[RefusedLine]) -> None:
    """The people among these rows who are in the register see that they were looked at."""
    kind = rulebook.current().kinds.get(found.kind)
    if kind is None or actor.handle.startswith("system:"):
        return
    columns = _subject_columns(kind, found)
    values = {normalise_identifier(line.cells.get(column, "")) for line in lines for column in columns}
    keys = [vault.identifier_key(value) for value in values if value and identifier_problem(value) is None]
    people = Subject.objects.filter(identifier_key__in=keys, register=Subject.Register.PERSON)
    write_look(
        actor=actor,
        subjects=people.values_list("pk", flat=True),
        purpose=gettext_noop("更正退回的报送行"),
        clause=gettext_noop("个人信息保护法 第八条"),
        kinds=[found.kind],
        result=gettext_noop("查看本部门报送文件的退回行"),
    )
