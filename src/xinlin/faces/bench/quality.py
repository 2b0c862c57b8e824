"""How well departments deliver, and what must add up (数据质量, 对账)."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from xinlin.core.stated_figures import TABLE
from xinlin.core.values import Problem
from xinlin.faces.kit import labels
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import stated_figures as actions
from xinlin.office.queries import quality as queries
from xinlin.office.queries.stated_figures import stated_figures
from xinlin.office.scopes import Refused, today


@staff_required("clerk", "reviewer", "auditor", "operator", "analyst")
@require_GET
def quality(request: ActorRequest) -> HttpResponse:
    """``/bench/quality/``: who delivers what, when last, in time or silent, how much is refused and why; twelve months."""
    shown = queries.quality(actor=request.actor)
    standing = request.GET.get("standing", "")
    lines = [line for line in shown.lines if standing in ("", line.standing)]
    context = {"quality": shown, "lines": lines, "standing": standing}
    return render(request, "bench/quality.html", context)


@staff_required("reviewer", "auditor", "operator", "analyst")
@require_GET
def reconciliation(request: ActorRequest) -> HttpResponse:
    """``/bench/quality/reconciliation/?code=F1``: totals beside their parts, what remains, and by which causes."""
    return _page(request)


def _page(
    request: ActorRequest,
    *,
    problem: Problem | None = None,
    refused: list[tuple[int, list[Problem]]] | None = None,
    status: int = 200,
) -> HttpResponse:
    counted_at, tables = queries.reconciliations(actor=request.actor)
    found = stated_figures(actor=request.actor)
    chosen = next((line for line in found.lines if line.code == request.GET.get("code")), None)
    new = {"stated_on": today().isoformat()}
    context = {
        "tables": tables,
        "counted_at": counted_at,
        "stated": found,
        "typed": request.POST or (vars(chosen) | {"stated_on": chosen.stated_on.isoformat()} if chosen else new),
        "roles": labels.FIGURE_ROLE.items(),
        "today": today(),
        "problem": problem,
        "refused": refused or [],
    }
    return render(request, "bench/reconciliation.html", context, status=status)


@staff_required("reviewer", "operator")
@require_POST
def enter(request: ActorRequest) -> HttpResponse:
    """A figure published elsewhere is entered, or said anew under its code."""
    said = {spec.code: request.POST.get(spec.code, "") for spec in TABLE.fields}
    try:
        changed = actions.enter_row(actor=request.actor, said=said)
    except Refused as refused:
        return _page(request, problem=refused.problem, status=422)
    messages.success(request, gettext("已登记。") if changed else gettext("与已登记的相同，没有改动。"))
    return redirect("bench:reconciliation")


@staff_required("reviewer", "operator")
@require_POST
def load(request: ActorRequest) -> HttpResponse:
    """A table of figures is loaded; what is no figure is told row by row."""
    sent = request.FILES.get("file")
    try:
        day = date.fromisoformat(request.POST.get("stated_on", ""))
    except ValueError:
        day = today()
    try:
        done = actions.load(actor=request.actor, chunks=sent.chunks() if sent else [], stated_on=day)
    except Refused as refused:
        return _page(request, problem=refused.problem, status=422)
    words = gettext("读到 %(read)s 行：登记 %(entered)s，未变 %(unchanged)s，没有登记 %(refused)s。")
    told = {"read": done.read, "entered": done.entered, "unchanged": done.unchanged, "refused": len(done.refused)}
    messages.success(request, words % told)
    return _page(request, refused=done.refused) if done.refused else redirect("bench:reconciliation")


@staff_required("reviewer", "operator")
@require_POST
def remove(request: ActorRequest) -> HttpResponse:
    """A figure to which nothing belongs is taken away."""
    try:
        actions.remove(actor=request.actor, code=request.POST.get("code", "")[:80])
    except Refused as refused:
        return _page(request, problem=refused.problem, status=422)
    messages.success(request, gettext("已移去。"))
    return redirect("bench:reconciliation")
