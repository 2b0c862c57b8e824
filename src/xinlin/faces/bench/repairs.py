"""The notice that goes with a decision: how and from when it can be repaired (两书同达)."""

from __future__ import annotations

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.faces.kit.labels import RECORD_CLASS
from xinlin.office.queries import repairs as queries
from xinlin.office.scopes import today


@staff_required("clerk", "officer", "reviewer")
@require_GET
def notice(request: ActorRequest) -> HttpResponse:
    """``/bench/repair-notices/``: document, day and class give the printed notice; nobody's data are looked up."""
    chosen, document = request.GET.get("class", ""), request.GET.get("document", "")
    try:
        decided_on = date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        decided_on = today()
    shown = []
    if chosen in RECORD_CLASS:
        shown = [queries.notice_for(actor=request.actor, document=document, decided_on=decided_on, record_class=chosen)]
    context = {
        "notices": shown,
        "classes": RECORD_CLASS,
        "chosen": chosen,
        "document": document,
        "decided_on": decided_on.isoformat(),
        "form": True,
    }
    return render(request, "bench/repair_notices.html", context)


@staff_required("clerk")
@require_GET
def notices(request: ActorRequest, number: str) -> HttpResponse:
    """``/bench/intake/NUMBER/repair-notices/``: one sheet for each decision of a delivery, to serve with it."""
    shown = queries.notices_of(actor=request.actor, number=number)
    return render(request, "bench/repair_notices.html", {"notices": shown, "form": False, "number": number})
