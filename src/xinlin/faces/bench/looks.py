"""Pages on unusual looking, for auditors and reviewers (异常查询预警)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import looks as actions
from xinlin.office.queries import look_alarms as queries
from xinlin.office.scopes import NotFound, Refused


@require_safe
@staff_required("auditor", "reviewer")
def look_alarms(request: ActorRequest) -> HttpResponse:
    """``/bench/looks/``: alarms that wait for a person, then those settled."""
    return render(request, "bench/look_alarms.html", {"alarms": queries.alarms(actor=request.actor)})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required("auditor", "reviewer")
def look_alarm(request: ActorRequest, number: int) -> HttpResponse:
    """One alarm with the looks behind it; on POST what came of it."""
    problem = None
    if request.method == "POST":
        try:
            actions.settle(
                actor=request.actor,
                number=number,
                improper=request.POST.get("result") == "improper",
                words=request.POST.get("words", ""),
            )
        except Refused as refused:
            problem = refused.problem
        else:
            return redirect("bench:look_alarms")
    found = queries.alarm(actor=request.actor, number=number)
    if found is None:
        raise NotFound(str(number))
    context = {"alarm": found[0], "looks": found[1], "problem": problem}
    return render(request, "bench/look_alarm.html", context, status=422 if problem else 200)
