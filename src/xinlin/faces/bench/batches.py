"""The department clerk's pages: send a file, follow it, name its columns, correct what was refused (数据报送)."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinlin.core.rulebooks import Kind
from xinlin.core.values import Problem, Text
from xinlin.faces.bench.grid import column_choices, corrections, grid, sampled
from xinlin.faces.bench.home import department_name
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office import rulebook as books
from xinlin.office.actions import batches as actions
from xinlin.office.actions import waiting_files as waiting
from xinlin.office.actions.deliveries import Receipt
from xinlin.office.layouts import DELIMITERS, ENCODINGS
from xinlin.office.queries import batches as queries
from xinlin.office.queries import refused_workbooks
from xinlin.office.scopes import Actor, Refused, today

UNITS = ("元", "万元", "亿元")
"""Units of money that a column may come in."""
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DELIMITER_NAMES = {"\t": gettext_lazy("制表符"), " ": gettext_lazy("空格")}
RUNNING = frozenset({"received", "judging"})
SHRANK = actions.SHRANK
"""The finding by which a full list waits for a person to say that it is whole."""
CLOSING = ("corrected", "details_changed")
"""Findings that count the earlier versions which a file closes."""


def own_kinds(actor: Actor) -> list[Kind]:
    """What the actor's department may send, in the order of the catalogue; what is captured from pages comes otherwise."""
    kinds = books.current().kinds.values()
    return [kind for kind in kinds if actor.department in kind.providers and kind.source == "duty"]


@staff_required("clerk")
@require_GET
def batches(request: ActorRequest) -> HttpResponse:
    """``/bench/intake/``: what the department has sent, newest first, with state and counts."""
    page = _whole(request.GET.get("page", ""), 1)
    shown = queries.batches(actor=request.actor, page=page)
    context = {
        "batches": shown,
        "page": page,
        "more": len(shown) == queries.PAGE,
        "department": department_name(request.actor.department),
    }
    return render(request, "bench/batches.html", context)


def _upload_form(request: ActorRequest, problem: Problem | None = None, status: int = 200) -> HttpResponse:
    kinds = own_kinds(request.actor)
    context = {
        "kinds": kinds,
        "correctable": [kind.code for kind in kinds if kind.identity_fields() is not None],
        "manner": request.POST.get("manner", ""),
        "trial": request.POST.get("trial", ""),
        "full_lists": any(kind.delivery == "full_list" for kind in kinds),
        "chosen": request.POST.get("kind") or request.GET.get("kind") or (kinds[0].code if len(kinds) == 1 else ""),
        "valid_on": request.POST.get("valid_on") or today().isoformat(),
        "department": department_name(request.actor.department),
        "problem": problem,
    }
    return render(request, "bench/upload.html", context, status=status)


def _refusal(where: str, zh: str, en: str, cure_zh: str, cure_en: str, raw: str = "") -> Problem:
    return Problem(f"{where}_missing", where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en), raw)


def _day(text: str) -> date | None:
    """The day typed; None where none is. Raises ValueError."""
    return date.fromisoformat(text) if text else None


@staff_required("clerk")
@require_http_methods(["GET", "POST"])
def upload(request: ActorRequest) -> HttpResponse:
    """``/bench/intake/new/``: choose what it is, drop the file, get the receipt at once."""
    if request.method == "GET":
        return _upload_form(request)
    sent = request.FILES.get("file")
    if sent is None:
        problem = _refusal(
            "file", "没有选择文件", "No file was chosen", "请选择一份 CSV 或 XLSX 文件", "Choose a CSV or XLSX file"
        )
        return _upload_form(request, problem, 422)
    kind = next((kind for kind in own_kinds(request.actor) if kind.code == request.POST.get("kind")), None)
    try:
        valid_on = _day(request.POST.get("valid_on", "")) if kind and kind.delivery == "full_list" else None
        receipt = actions.receive(
            actor=request.actor,
            kind=request.POST.get("kind", ""),
            filename=sent.name or "file",
            chunks=sent.chunks(),
            valid_on=valid_on,
            delivery="corrections" if kind and request.POST.get("manner") == "corrections" else None,
            trial=bool(request.POST.get("trial")),
        )
    except Refused as refused:
        return _upload_form(request, refused.problem, 422)
    except ValueError:
        typed = request.POST.get("valid_on", "")[:20]
        problem = _refusal(
            "valid_on", "日期看不懂", "The day cannot be read", "请写成 2026-11-22", "Write it as 2026-11-22", typed
        )
        return _upload_form(request, problem, 422)
    return _received(request, receipt, trial=bool(request.POST.get("trial")))


def _received(request: ActorRequest, receipt: Receipt, *, trial: bool = False) -> HttpResponse:
    if trial and not receipt.already:
        messages.success(request, gettext("正在试读，什么都不会入库。"))
    elif receipt.already:
        messages.warning(request, gettext("这份文件以前收到过，这是第一次的回执；没有重复接收。"))
    else:
        messages.success(request, gettext("已收到，编号 %(number)s。") % {"number": receipt.number})
    return redirect("bench:batch", number=receipt.number)


def _batch_page(request: ActorRequest, number: str, problem: Problem | None = None, status: int = 200) -> HttpResponse:
    view = queries.batch(actor=request.actor, number=number)
    running = view.line.state in RUNNING
    if request.headers.get("HX-Request") == "true":
        response = render(request, "bench/_progress.html", {"batch": view})
        if not running:
            response["HX-Refresh"] = "true"
        return response
    kind = books.current().kinds.get(view.line.kind)
    needs_columns = view.line.state == "needs_mapping" and kind is not None
    context = {
        "batch": view,
        "running": running,
        "problem": problem,
        "choices": column_choices(kind, view, request.POST) if needs_columns and kind else [],
        "columns": sampled(view),
        "labels": {spec.code: spec.label for spec in kind.fields} if kind else {},
        "units": UNITS,
        "encodings": ENCODINGS,
        "delimiters": [(one, DELIMITER_NAMES.get(one, one)) for one in DELIMITERS],
        "name": request.POST.get("name") or view.line.filename.rsplit(".", 1)[0],
        "decisions": kind is not None and kind.sign == "negative" and view.line.state == "done",
        "closed": sum(finding["count"] for finding in view.findings if finding["code"] in CLOSING),
        "shrank": view.line.state == "failed" and any(f["code"] == SHRANK for f in view.findings),
    }
    return render(request, "bench/batch.html", context, status=status)


@staff_required("clerk")
@require_GET
def batch(request: ActorRequest, number: str) -> HttpResponse:
    """``/bench/intake/<number>/``: receipt, progress (polled), what was found, first rows, counts that add up."""
    return _batch_page(request, number)


@staff_required("clerk")
@require_POST
def mapping(request: ActorRequest, number: str) -> HttpResponse:
    """Which column feeds which field; kept by name for the next file of this shape."""
    columns: dict[str, dict[str, str]] = {}
    view = queries.batch(actor=request.actor, number=number)
    for spec in books.current().kinds[view.line.kind].fields:
        column = request.POST.get(f"column:{spec.code}", "")
        constant = request.POST.get(f"constant:{spec.code}", "").strip()
        unit = request.POST.get(f"unit:{spec.code}", "")
        if column:
            columns[spec.code] = {"column": column, **({"unit": unit} if unit else {})}
        elif constant:
            columns[spec.code] = {"constant": constant}
    try:
        waiting.set_mapping(
            actor=request.actor, number=number, columns=columns, name=request.POST.get("name", "").strip()
        )
    except Refused as refused:
        return _batch_page(request, number, refused.problem, 422)
    messages.success(request, gettext("列已认好并保存，同样的文件下次不再询问。"))
    return redirect("bench:batch", number=number)


@staff_required("clerk")
@require_POST
def reading(request: ActorRequest, number: str) -> HttpResponse:
    """How the file is to be read, where it was read wrongly: sheet, header row, encoding, delimiter."""
    said: dict[str, str | int] = {name: request.POST.get(name, "") for name in ("table", "encoding", "delimiter")}
    row = request.POST.get("header_row", "").strip()
    if row:
        said["header_row"] = int(row) if row.isdecimal() and len(row) < 6 else -1
    try:
        waiting.set_reading(actor=request.actor, number=number, reading=said)
    except Refused as refused:
        return _batch_page(request, number, refused.problem, 422)
    messages.success(request, gettext("正在按您所说重新读取。"))
    return redirect("bench:batch", number=number)


@staff_required("clerk")
@require_POST
def table(request: ActorRequest, number: str) -> HttpResponse:
    """Another table of the same file is sent too, as a delivery of its own."""
    try:
        receipt = waiting.receive_table(actor=request.actor, number=number, table=request.POST.get("table", ""))
    except Refused as refused:
        return _batch_page(request, number, refused.problem, 422)
    return _received(request, receipt)


@staff_required("clerk")
@require_POST
def confirm(request: ActorRequest, number: str) -> HttpResponse:
    """A person says that a list which shrank is whole."""
    try:
        waiting.confirm(actor=request.actor, number=number)
    except Refused as refused:
        return _batch_page(request, number, refused.problem, 422)
    messages.success(request, gettext("已确认名单完整，继续接收。"))
    return redirect("bench:batch", number=number)


@staff_required("clerk")
@require_POST
def send(request: ActorRequest, number: str) -> HttpResponse:
    """What was only tried is sent for real, without choosing the file again."""
    try:
        receipt = waiting.send_tried(actor=request.actor, number=number)
    except Refused as refused:
        return _batch_page(request, number, refused.problem, 422)
    return _received(request, receipt)


@staff_required("clerk")
@require_POST
def set_aside(request: ActorRequest, number: str) -> HttpResponse:
    """A file that waits is never to come in, for the reason given."""
    try:
        waiting.set_file_aside(actor=request.actor, number=number, reason=request.POST.get("reason", ""))
    except Refused as refused:
        return _batch_page(request, number, refused.problem, 422)
    messages.success(request, gettext("这份文件已搁置，原件留存，可以取回。"))
    return redirect("bench:batch", number=number)


@staff_required("clerk")
@require_POST
def take_back(request: ActorRequest, number: str) -> HttpResponse:
    """A file that was set aside is read again."""
    waiting.take_file_back(actor=request.actor, number=number)
    messages.success(request, gettext("已取回，正在重新读取。"))
    return redirect("bench:batch", number=number)


@staff_required("clerk")
@require_http_methods(["GET", "POST"])
def refused(request: ActorRequest, number: str) -> HttpResponse:
    """``/bench/intake/<number>/refused/?page=1&row=12``: the refused rows as a grid; corrected ones are sent again.

    Cells with something wrong can be edited at once, ``row`` opens a whole row.
    """
    page = _whole(request.GET.get("page", ""), 1)
    problem = None
    if request.method == "POST":
        rows = corrections(request.POST)
        try:
            receipt = actions.correct(actor=request.actor, number=number, rows=rows)
        except Refused as failed:
            problem = failed.problem
        else:
            words = gettext("已把 %(count)s 行更正后重报，编号 %(number)s。")
            messages.success(request, words % {"count": len(rows), "number": receipt.number})
            return redirect("bench:batch", number=receipt.number)
    shown = queries.refused_rows(actor=request.actor, number=number, page=page)
    view = queries.batch(actor=request.actor, number=number)
    context = {
        "batch": view,
        "page": shown,
        "rows": grid(shown, opened=_whole(request.GET.get("row", ""), 0), typed=request.POST),
        "problem": problem,
        "tried": view.line.state == "tried",
        "can_correct": any(line.state == "open" for line in shown.rows),
        "can_take_back": any(line.state == "aside" for line in shown.rows),
    }
    return render(request, "bench/refused.html", context, status=422 if problem else 200)


def _whole(text: str, otherwise: int) -> int:
    return max(1, int(text)) if text.isdecimal() and len(text) < 10 else otherwise


@staff_required("clerk")
@require_GET
def workbook(request: ActorRequest, number: str) -> HttpResponse:
    """The refused rows as XLSX, with what is wrong beside each."""
    response = HttpResponse(
        refused_workbooks.refused_workbook(actor=request.actor, number=number), content_type=WORKBOOK
    )
    response["Content-Disposition"] = f'attachment; filename="refused-{number}.xlsx"'
    return response
