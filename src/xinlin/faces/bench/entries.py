"""A department's entries on its lists: found by exact identifier, suspended, let stand again, taken off (名单条目变动)."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from xinlin.faces.kit.errors import said
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import lists as actions
from xinlin.office.queries import own_entries as queries
from xinlin.office.scopes import Refused


@staff_required("clerk")
@require_http_methods(["GET", "POST"])
def entries(request: ActorRequest) -> HttpResponse:
    """``/bench/entries/``: one's own entries about one identifier. It is posted, so that no address keeps it."""
    identifier = request.POST.get("identifier", "").strip()[:40]
    found = queries.of_identifier(actor=request.actor, identifier=identifier) if identifier else None
    return render(request, "bench/entries.html", {"found": found, "identifier": identifier})


@staff_required("clerk")
@require_POST
def change(request: ActorRequest, reference: str) -> HttpResponse:
    """Suspend an entry, let it stand again, or take it off, with a day and a reason."""
    try:
        happened_on = date.fromisoformat(request.POST.get("happened_on", ""))
    except ValueError:
        happened_on = date.max
    try:
        actions.change_entry(
            actor=request.actor,
            reference=reference,
            change=request.POST.get("change", ""),
            happened_on=happened_on,
            reason=request.POST.get("reason", ""),
        )
        messages.success(request, gettext("已记录。用过这一条目的部门收到告知，只因它而暂缓的申请当即放行。"))
    except Refused as refused:
        messages.error(request, said(refused.problem))
    return redirect("bench:record", reference=reference)
