"""How well departments deliver, and what must add up (数据质量, 对账)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.queries import quality as queries


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
    """``/bench/quality/reconciliation/``: totals beside their parts, what remains, and by which causes."""
    counted_at, tables = queries.reconciliations(actor=request.actor)
    return render(request, "bench/reconciliation.html", {"tables": tables, "counted_at": counted_at})
