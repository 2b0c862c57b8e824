"""Grades of supervision at the desk: how many firms stand where, one firm's reasons, the year's draw (分级监管, 双随机抽查)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from xinlin.core.inspections import RESULT
from xinlin.core.values import Problem, Text
from xinlin.faces.bench.record_form import entries
from xinlin.faces.kit.errors import said
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import inspections as actions
from xinlin.office.actions.inspection_results import ASKED, record_result
from xinlin.office.queries import inspection_results as results
from xinlin.office.queries import inspections as queries
from xinlin.office.rulebook import current
from xinlin.office.scopes import NotFound, Refused

NOBODY = Problem(
    "no_firm",
    "identifier",
    Text(zh="登记册里没有这家单位", en="There is no such organisation in the register"),
    Text(
        zh="核对统一社会信用代码；自然人没有监管等级", en="Check the unified social credit code; persons have no grade"
    ),
)


def _draw(request: ActorRequest) -> HttpResponse:
    try:
        number = actions.announce_plan(actor=request.actor)
    except Refused as refused:
        messages.error(request, said(refused.problem))
        return redirect("bench:inspections")
    messages.success(request, gettext("已公告。几秒后按公告之后的第一个日志头抽取，谁都无法预知或选择。"))
    return redirect("bench:inspection_plan", number=number)


@staff_required(*queries.SEES)
@require_http_methods(["GET", "HEAD", "POST"])
def inspections(request: ActorRequest) -> HttpResponse:
    """``/bench/inspections/``: firms by grade, one firm by its code (posted, so that no address keeps it), the draw, the plans."""
    if request.method == "POST" and "draw" in request.POST:
        return _draw(request)
    identifier, firm, problem = request.POST.get("identifier", "").strip()[:40], None, None
    if identifier:
        try:
            firm = queries.of_firm(actor=request.actor, identifier=identifier)
        except NotFound:
            problem = NOBODY
    officer = request.actor.role == "officer"
    counts, counted_at = queries.counts(actor=request.actor)
    context = {
        "counts": counts,
        "counted_at": counted_at,
        "plans": queries.plans(actor=request.actor),
        "may_draw": officer and not queries.plan_of_year(request.actor),
        "firm": firm,
        "identifier": identifier,
        "problem": problem,
    }
    return render(request, "bench/inspections.html", context, status=422 if problem else 200)


@staff_required(*queries.SEES)
@require_safe
def plan(request: ActorRequest, number: str) -> HttpResponse:
    """``/bench/inspections/<number>/?after=…``: the firms drawn, each with its reasons on that day and what came of it; prints as a list."""
    after = request.GET.get("after", "")
    shown = results.page(actor=request.actor, number=number, after=int(after) if after.isdecimal() else 0)
    context = {"shown": shown, "plan": shown.plan, "may_record": request.actor.role == "officer"}
    return render(request, "bench/inspection_plan.html", context)


@staff_required("officer")
@require_http_methods(["GET", "HEAD", "POST"])
def result(request: ActorRequest, number: str, reference: str) -> HttpResponse:
    """``/bench/inspections/<number>/<firm>/``: what the inspection found, typed by the officer who was there."""
    problem = None
    if request.method == "POST":
        said = {name: request.POST.get(name, "") for name in ASKED}
        try:
            record_result(actor=request.actor, number=number, reference=reference, said=said)
        except Refused as refused:
            problem = refused.problem
        else:
            messages.success(request, gettext("已记录，单位已被告知。"))
            return redirect("bench:inspection_plan", number=number)
    line, kind = results.one(actor=request.actor, number=number, reference=reference), current().kinds[RESULT]
    asked = [one for one in entries(kind, request.POST, [problem] if problem else []) if one.spec.code in ASKED]
    beside = any(one.problems for one in asked)
    context = {"line": line, "number": number, "entries": asked, "problem": None if beside else problem}
    return render(request, "bench/inspection_result.html", context, status=422 if problem else 200)
