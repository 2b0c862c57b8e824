"""Deliveries by machine: send a file, see how it fared, fetch refused rows, send corrections (数据报送接口)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import ConfigDict, Field, StringConstraints

from xinlin.core.values import Text
from xinlin.faces.api.auth import MachineAuth, machine_actor
from xinlin.faces.api.problems import ApiRefused, problem_of
from xinlin.faces.api.proofs import HEADERS, is_signed, proof_of
from xinlin.office.actions import batches as actions
from xinlin.office.actions import waiting_files
from xinlin.office.actions.deliveries import Receipt
from xinlin.office.queries import batches as queries
from xinlin.office.queries import refused_workbooks

router = Router(tags=["batches"])
WRITE, READ = "batches:write", "batches:read"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHUNK = 1 << 20
_FILENAME = re.compile(r"filename\*=UTF-8''([^;]+)|filename=\"?([^\";]+)\"?", re.IGNORECASE)
Number = Annotated[str, StringConstraints(max_length=32, pattern=r"^B[0-9A-F-]+$")]


class StrictSchema(Schema):
    """Input that refuses unknown fields and silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ReceiptOut(Schema):
    """The file lies safe under ``number``. ``already``: the same file had come before; this is its first receipt."""

    number: str
    job: str
    already: bool
    department: str
    kind: str
    delivery: str
    filename: str
    sha256: str
    size: int
    received_at: datetime
    valid_on: date
    state: str


class JobOut(Schema):
    """How far the work is; ``done`` of ``total`` rows, ``rate`` of them in a second."""

    number: str
    state: str
    done: int
    total: int
    rate: int
    message: str


class LineOut(Schema):
    """A delivery. read = accepted + refused once it is ``done``; ``repeated`` are among the accepted."""

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


class FindingOut(Schema):
    """Something about the delivery that its sender should know."""

    code: str
    where: str
    count: int
    rows: list[int]
    raw: str
    what: Text
    cure: Text


class BatchOut(LineOut):
    """A delivery in full. ``awaits``: tables for which a full list waits before what is missing from it ends."""

    sha256: str
    finished_at: datetime | None
    job: JobOut | None
    layout: dict[str, Any]
    headers: list[str]
    preview: list[list[str]]
    columns: dict[str, str]
    findings: list[FindingOut]
    mapping: str
    replays: str
    replayed_by: list[str]
    awaits: list[str]


class RefusalOut(Schema):
    """What is wrong with a row: field, column, value as it came, cure."""

    code: str
    where: str
    column: str
    raw: str
    what: Text
    cure: Text


class RefusedRowOut(Schema):
    """A row that was not taken."""

    row: int
    cells: dict[str, str]
    problems: list[RefusalOut]
    state: str
    replayed_in: str
    aside_reason: str


class RefusedOut(Schema):
    """A page of refused rows."""

    rows: list[RefusedRowOut]
    page: int
    pages: int
    total: int


class CorrectionIn(StrictSchema):
    """A refused row with corrected cells, by the file's own column names; the other cells stay."""

    row: Annotated[int, Field(ge=1)]
    cells: dict[str, Annotated[str, StringConstraints(max_length=100_000)]]


class CorrectionsIn(StrictSchema):
    """Corrected rows; they become a delivery of their own."""

    rows: Annotated[list[CorrectionIn], Field(min_length=1, max_length=5_000)]


class ColumnIn(StrictSchema):
    """A column of the file (with the unit of its amounts, if need be), or a constant for all rows."""

    column: str | None = None
    unit: Literal["元", "万元", "亿元", "千元", "分"] | None = None
    constant: str | None = None


class MappingIn(StrictSchema):
    """Which column feeds which field; kept under ``name`` for the next file with this header."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    columns: dict[str, ColumnIn]


def _told(request: HttpRequest, name: str) -> str:
    """What the caller says of the file: in the query, as the header ``Xinlin-Name``, or as a form field.

    Where the call is signed, in the query alone: the signature covers nothing else.
    """
    if is_signed(request):
        return request.GET.get(name, "")
    found = request.GET.get(name) or request.headers.get(f"Xinlin-{name.replace('_', '-')}", "")
    if not found and (request.content_type or "").startswith("multipart/"):
        found = request.POST.get(name, "")
    return unquote(str(found))


def _wrong(name: str, raw: str, what: tuple[str, str], cure: tuple[str, str]) -> ApiRefused:
    return ApiRefused(422, problem_of("invalid_input", what, cure, name, raw[:80]))


def called_on(request: HttpRequest) -> date | None:
    """The day for which the delivery speaks, where the caller names one."""
    raw = _told(request, "valid_on")
    try:
        return date.fromisoformat(raw) if raw else None
    except ValueError as error:
        raise _wrong(
            "valid_on", raw, ("不是日期", "This is no date"), ("请写成 2026-03-01", "Write it like 2026-03-01")
        ) from error


def delivered_as(request: HttpRequest) -> Literal["additions", "corrections", "full_list"] | None:
    """The manner of delivery, where the caller names one."""
    match _told(request, "delivery"):
        case "":
            return None
        case "additions":
            return "additions"
        case "corrections":
            return "corrections"
        case "full_list":
            return "full_list"
        case raw:
            raise _wrong(
                "delivery",
                raw,
                ("没有这种报送方式", "There is no such delivery"),
                ("additions（新增）、corrections（更正）或 full_list（全量）", "additions, corrections or full_list"),
            )


def _body(request: HttpRequest) -> Iterator[bytes]:
    while chunk := request.read(_CHUNK):
        yield chunk


def sent_file(request: HttpRequest) -> tuple[str, Iterator[bytes]]:
    """The name and the bytes of the file, never whole in memory."""
    multipart = (request.content_type or "").startswith("multipart/")
    if multipart and (is_signed(request) or "Content-Digest" in request.headers):
        raise _wrong(
            "Content-Type",
            "",
            ("带摘要或签名的文件不能用表单上传", "A file with a digest or a signature cannot be sent as a form"),
            ("请把文件原样作为正文发送", "Send the file itself as the body"),
        )
    if not multipart:
        match = _FILENAME.search(request.headers.get("Content-Disposition", ""))
        named = unquote(match[1] or match[2]) if match else _told(request, "filename")
        return named or "file", _body(request)
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        raise _wrong(
            "file",
            "",
            ("表单里没有文件", "The form holds no file"),
            ("请用字段名 file 上传", "Send it in the field named file"),
        )
    return upload.name or "file", iter(upload.chunks(_CHUNK))


FILE_BODY = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        "multipart/form-data": {
            "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
        },
    },
}
"""For the description of operations that take a file."""


@router.post(
    "/batches",
    response={200: ReceiptOut, 201: ReceiptOut},
    auth=MachineAuth(WRITE),
    summary="Deliver a file",
    openapi_extra={
        "parameters": [
            {"in": "query", "name": "kind", "required": True, "schema": {"type": "string"}},
            {"in": "query", "name": "delivery", "schema": {"enum": ["additions", "corrections", "full_list"]}},
            {"in": "query", "name": "valid_on", "schema": {"type": "string", "format": "date"}},
            {"in": "query", "name": "mapping", "schema": {"type": "string"}},
            {"in": "query", "name": "table", "schema": {"type": "string"}},
            {"in": "query", "name": "filename", "schema": {"type": "string"}},
            *HEADERS,
        ],
        "requestBody": FILE_BODY,
    },
)
def deliver(request: HttpRequest) -> tuple[int, Receipt]:
    """Send a file of any form that holds a table as the raw body, or as the form field ``file``. What it is stands in the query, in headers
    ``Xinlin-Kind``, ``Xinlin-Delivery``, ``Xinlin-Valid-On``, ``Xinlin-Mapping``, ``Xinlin-Table`` (percent-encoded), or in form fields.
    ``table``: the sheet, member of an archive or table that is meant; another table of the same file is another delivery.

    The same file again gives the first receipt with 200, so a call may be repeated at will.
    """
    actor = machine_actor(request, WRITE)
    kind, delivery, valid_on = _told(request, "kind"), delivered_as(request), called_on(request)
    mapping, table = _told(request, "mapping"), _told(request, "table")
    filename, chunks = sent_file(request)
    receipt = actions.receive(
        actor=actor,
        kind=kind,
        filename=filename,
        chunks=chunks,
        delivery=delivery,
        valid_on=valid_on,
        mapping=mapping,
        reading={"table": table} if table else None,
        proof=proof_of(request, actor),
    )
    return (200 if receipt.already else 201), receipt


@router.get("/batches", response=list[LineOut], auth=MachineAuth(READ), summary="The department's deliveries")
def listed(
    request: HttpRequest, page: Annotated[int, Query(ge=1, le=10_000)] = 1, kind: str = "", state: str = ""
) -> list[queries.BatchLine]:
    """The newest first, fifty to a page."""
    return queries.batches(actor=machine_actor(request, READ), page=page, kind=kind[:64], state=state[:16])


@router.get("/batches/{number}", response=BatchOut, auth=MachineAuth(READ), summary="One delivery")
def one(request: HttpRequest, number: Annotated[Number, Path()]) -> dict[str, Any]:
    """Receipt, progress, counts, layout, columns, findings and the first rows with personal values masked."""
    view = queries.batch(actor=machine_actor(request, READ), number=number)
    columns = {
        field.code: field.column or f"={field.constant}" for field in view.fields if field.column or field.constant
    }
    shown = {name: getattr(view, name) for name in BatchOut.model_fields if hasattr(view, name)}
    return {**vars(view.line), **shown, "columns": columns}


@router.get("/batches/{number}/refused", response=RefusedOut, auth=MachineAuth(READ), summary="Refused rows")
def refused(
    request: HttpRequest, number: Annotated[Number, Path()], page: Annotated[int, Query(ge=1, le=100_000)] = 1
) -> queries.RefusedPage:
    """Fifty to a page, each with every problem and its cure. People in the register see that their rows were looked at."""
    return queries.refused_rows(actor=machine_actor(request, READ), number=number, page=page)


@router.get("/batches/{number}/refused.xlsx", auth=MachineAuth(READ), summary="Refused rows as a workbook")
def refused_workbook(request: HttpRequest, number: Annotated[Number, Path()]) -> HttpResponse:
    """All open refused rows, problems and cures beside the file's own columns. Nothing in it is executed."""
    content = refused_workbooks.refused_workbook(actor=machine_actor(request, READ), number=number)
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{number}-refused.xlsx"'
    return response


@router.post(
    "/batches/{number}/corrections",
    response={200: ReceiptOut, 201: ReceiptOut},
    auth=MachineAuth(WRITE),
    summary="Send corrected rows",
    openapi_extra={"parameters": HEADERS[1:]},
)
def corrections(request: HttpRequest, number: Annotated[Number, Path()], payload: CorrectionsIn) -> tuple[int, Receipt]:
    """The corrected rows become a delivery of their own, judged like any other. The same again changes nothing."""
    rows, actor = {one.row: one.cells for one in payload.rows}, machine_actor(request, WRITE)
    receipt = actions.correct(actor=actor, number=number, rows=rows, proof=proof_of(request, actor, request.body))
    return (200 if receipt.already else 201), receipt


@router.post("/batches/{number}/mapping", response=ReceiptOut, auth=MachineAuth(WRITE), summary="Name the columns")
def mapping(request: HttpRequest, number: Annotated[Number, Path()], payload: MappingIn) -> Receipt:
    """For a delivery that waits for its columns: say which column feeds which field; the work then goes on."""
    columns = {code: use.model_dump(exclude_none=True) for code, use in payload.columns.items()}
    return waiting_files.set_mapping(
        actor=machine_actor(request, WRITE), number=number, columns=columns, name=payload.name
    )
