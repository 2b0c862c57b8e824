"""Codes that organisers hand out at events (活动签到码)."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import deeds as actions
from xinlin.office.queries import deeds as queries
from xinlin.office.scopes import Refused, today

VALUE = "value_"


def _day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise


@staff_required("clerk")
@require_http_methods(["GET", "POST"])
def codes(request: ActorRequest) -> HttpResponse:
    """``/bench/cases/codes/``: make a code for an event, shown once, and see how often each was used."""
    problem, made = None, ""
    uses = request.POST.get("uses", "")
    held_on = _day(request.POST.get("held_on", ""), today())
    if request.method == "POST":
        try:
            made = actions.make_code(
                actor=request.actor,
                sort=request.POST.get("sort", ""),
                title=request.POST.get("title", ""),
                held_on=held_on,
                values={
                    name.removeprefix(VALUE): str(text) for name, text in request.POST.items() if name.startswith(VALUE)
                },
                uses=int(uses) if uses.isdecimal() else 0,
                ends_on=_day(request.POST.get("ends_on", ""), held_on + timedelta(days=14)),
            )
        except Refused as refused:
            problem = refused.problem
    sorts = queries.verified_by(request.actor.department)
    context = {
        "sorts": sorts,
        "codes": queries.codes(actor=request.actor),
        "made": made,
        "problem": problem,
        "typed": {} if made else request.POST,
        "held_on": today().isoformat() if made else held_on.isoformat(),
        "ends_on": (today() + timedelta(days=14)).isoformat(),
    }
    return render(request, "bench/codes.html", context, status=422 if problem else 200)
