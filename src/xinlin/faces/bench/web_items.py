"""Pages of the public web: captured with address and hash, verified by two people, then a delivery like any other (网页采集)."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinlin.core.rulebooks import Kind
from xinlin.core.values import Problem, Text
from xinlin.core.web_items import CAPTURE, address_problem, row_of, row_problems, typed_fields
from xinlin.faces.bench.record_form import entries
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import web_items as actions
from xinlin.office.queries import web_items as queries
from xinlin.office.scopes import NotAllowed, Refused

_ANY_HASH = "0" * 64
"""Stands for the page's hash while a row is judged before its page is kept."""
_NO_FILE = Problem(
    "capture_missing",
    CAPTURE,
    Text(zh="没有附上网页", en="The page is not attached"),
    Text(
        zh="在浏览器里把网页另存为 HTML 或文本，再选这个文件",
        en="Save the page as HTML or text in the browser, and choose that file",
    ),
)


def _list(request: ActorRequest, kind: Kind | None = None, problems: list[Problem] | None = None) -> HttpResponse:
    actor, wrong = request.actor, problems or []
    mine = queries.web_kinds(actor.department) if actor.role in ("clerk", "reviewer") else []
    kind = kind or (mine[0] if mine else None)
    typed: Mapping[str, str] = {code: request.POST.get(code, "") for code in typed_fields(kind)} if kind else {}
    state = request.GET.get("state", "waiting")
    asked = [entry for entry in entries(kind, typed, wrong) if entry.spec.code in typed] if kind else []
    context = {
        "items": queries.queue(actor=actor, state=state),
        "state": state,
        "kinds": mine,
        "kind": kind,
        "entries": asked,
        "address": request.POST.get("address", ""),
        "problems": [problem for problem in wrong if problem.where not in typed],
        "wrong": bool(wrong),
        "any": bool(queries.web_kinds()),
    }
    return render(request, "bench/web_items.html", context, status=422 if wrong else 200)


@staff_required("clerk", "reviewer", "auditor")
@require_GET
def web_items(request: ActorRequest) -> HttpResponse:
    """``/bench/web/``: what waits to be verified, and the form for another page."""
    return _list(request)


@staff_required("clerk", "reviewer")
@require_POST
def capture(request: ActorRequest) -> HttpResponse:
    """Keep a page. What is wrong is said beside its field, and nothing is kept of it."""
    actor = request.actor
    asked = request.POST.get("kind", "")
    kind = next((one for one in queries.web_kinds(actor.department) if one.code == asked), None)
    if kind is None:
        raise NotAllowed("本部门不采集这类网页。Your department does not capture pages of this kind.")
    address, file = request.POST.get("address", "").strip(), request.FILES.get("page")
    typed = {code: request.POST.get(code, "") for code in typed_fields(kind)}
    problems = row_problems(kind, row_of(kind, typed, address or "http://", _ANY_HASH))
    if (wrong := address_problem(address)) is not None:
        problems.insert(0, wrong)
    if file is None:
        problems.insert(0, _NO_FILE)
    if problems or file is None:
        return _list(request, kind, problems)
    try:
        number = actions.capture(actor=actor, kind=kind.code, address=address, chunks=file.chunks(), typed=typed)
    except Refused as refused:
        return _list(request, kind, [refused.problem])
    messages.success(request, gettext("已保存原貌，等待另外两人核实。"))
    return redirect("bench:web_item", number=number)


def _item(request: ActorRequest, number: str, problem: Problem | None = None) -> HttpResponse:
    context = {"item": queries.one(actor=request.actor, number=number), "problem": problem, "typed": request.POST}
    return render(request, "bench/web_item.html", context, status=422 if problem else 200)


@staff_required("clerk", "reviewer", "auditor")
@require_GET
def web_item(request: ActorRequest, number: str) -> HttpResponse:
    """``/bench/web/NUMBER/``: the readable text beside the capture, the row read out of it, and who verified it."""
    return _item(request, number)


@staff_required("clerk", "reviewer")
@require_http_methods(["POST"])
def decide(request: ActorRequest, number: str) -> HttpResponse:
    """Find it right, or reject it with a reason."""
    try:
        if request.POST.get("answer") == "verify":
            state = actions.verify(actor=request.actor, number=number)
        else:
            actions.reject(actor=request.actor, number=number, reason=request.POST.get("reason", ""))
            state = "rejected"
    except Refused as refused:
        return _item(request, number, refused.problem)
    said = {
        "waiting": gettext("已核实，还须另一人核实后才会入库。"),
        "delivered": gettext("两人都已核实，已作为一批报送入库。"),
        "rejected": gettext("已退回，原貌仍保留。"),
    }
    messages.success(request, said[state])
    return redirect("bench:web_item", number=number)


@staff_required("clerk", "reviewer", "auditor")
@require_GET
def page(request: ActorRequest, number: str) -> HttpResponse:
    """The capture as a download, byte for byte, never shown as a page."""
    kept = queries.captured(actor=request.actor, number=number)
    answer = HttpResponse(kept, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{number}.html"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
