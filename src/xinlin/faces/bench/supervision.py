"""The loop from above: the funnel from checks to measures, and each office's feedback (监督)."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.queries import funnel
from xinlin.office.queries import supervision as queries
from xinlin.office.rulebook import current
from xinlin.office.scopes import today

DAYS = (7, 30, 90, 365)


def _period(request: ActorRequest) -> tuple[date, date, int]:
    wanted = request.GET.get("days", "")
    days = int(wanted) if wanted.isascii() and wanted.isdigit() and int(wanted) in DAYS else DAYS[1]
    return today() - timedelta(days=days - 1), today(), days


@staff_required("officer", "reviewer", "auditor", "operator", "analyst")
@require_GET
def supervision(request: ActorRequest) -> HttpResponse:
    """``/bench/supervision/?days=30``: the funnel and the offices of the last days."""
    since, until, days = _period(request)
    seen = queries.loop(actor=request.actor, since=since, until=until)
    context = {
        "funnel": seen.funnel,
        "offices": seen.offices,
        "since": since,
        "until": until,
        "days": days,
        "choices": DAYS,
    }
    return render(request, "bench/supervision.html", context)


@staff_required("officer", "reviewer", "auditor", "operator", "analyst")
@require_GET
def behind(request: ActorRequest, number: str) -> HttpResponse:
    """``/bench/supervision/hits/?days=30&office=…``: the list behind a number. Writes looks where it shows people."""
    since, until, days = _period(request)
    before, office = request.GET.get("before", ""), request.GET.get("office", "")
    opened = funnel.opened(
        actor=request.actor,
        number=number,
        since=since,
        until=until,
        office=office,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
    )
    departments = current().departments
    context = {
        "number": number,
        "opened": opened,
        "checks": opened.checks,
        "office": office,
        "office_name": departments[office].name if office in departments else None,
        "linked": request.actor.role == "officer",
        "since": since,
        "until": until,
        "days": days,
    }
    return render(request, "bench/behind.html", context)
