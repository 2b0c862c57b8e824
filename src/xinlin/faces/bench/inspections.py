"""Grades of supervision at the desk: how many firms stand where, one firm's reasons, the year's draw (分级监管, 双随机抽查)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from xinlin.core.values import Problem, Text
from xinlin.faces.kit.errors import said
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import inspections as actions
from xinlin.office.queries import inspections as queries
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
    context = {
        "counts": queries.counts(actor=request.actor),
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
    """``/bench/inspections/<number>/``: the firms drawn, each with its reasons on that day; prints as a list to take along."""
    shown, lines = queries.plan(actor=request.actor, number=number)
    return render(request, "bench/inspection_plan.html", {"plan": shown, "lines": lines})
