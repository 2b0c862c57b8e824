"""The page of the track through time, with its slider (信用轨迹)."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xinlin.core.terms import moved
from xinlin.faces.kit.charts import track as picture
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office.queries import reports, tracks


@require_safe
@resident_required
def track(request: ActorRequest) -> HttpResponse:
    """``/track/``: how the resident's records stood, stand and will stand; ``?m=`` months from today, or ``?day=``; ``?firm=`` of an organisation."""
    day, month = None, 0
    with suppress(ValueError):
        day = date.fromisoformat(request.GET.get("day", ""))
    with suppress(ValueError):
        month = int(request.GET.get("m", "0")[:5])
    firms, firm = reports.firms(actor=request.actor, power="see"), request.GET.get("firm", "")
    found = tracks.mine(actor=request.actor, month=month, day=day, firm=firm)
    first, last = (moved(found.today, months) for months in found.months)
    spans = [
        (max(record.occurred_on, first), min(record.ends_on or last, last), record.sign)
        for record in found.records
        if record.status in ("active", "disputed") and (record.ends_on or last) > first
    ]
    context = {
        "tab": "score",
        "firms": firms,
        "firm": next((one for one in firms if one.reference == firm), None),
        "kept": f"firm={firm}&" if firm else "",
        "track": found,
        "around": tracks.around(found),
        "picture": picture(spans, first, last, found.today, found.as_of),
        "first": first,
        "last": last,
    }
    return render(request, "portal/track.html", context)
