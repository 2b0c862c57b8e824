"""The queue of refused rows, and setting aside those that are never to come in (退回行)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST

from xinlin.faces.kit.errors import said
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import refusals as actions
from xinlin.office.queries import refusals as queries
from xinlin.office.scopes import Refused


@staff_required("clerk", "reviewer", "auditor")
@require_GET
def refused_queue(request: ActorRequest) -> HttpResponse:
    """``/bench/refused/``: every refused row that waits, by department and kind, and what was set aside with its reason."""
    actor = request.actor
    context = {
        "waiting": queries.waiting(actor=actor),
        "aside": queries.aside(actor=actor),
        "files": queries.files_aside(actor=actor),
        "own": actor.role == "clerk",
    }
    return render(request, "bench/refused_queue.html", context)


@staff_required("clerk")
@require_POST
def set_aside(request: ActorRequest, number: str) -> HttpResponse:
    """The ticked rows are not to be taken in, for the reason given."""
    rows = [int(row) for row in request.POST.getlist("row") if row.isdecimal() and len(row) < 10]
    try:
        done = actions.set_aside(actor=request.actor, number=number, rows=rows, reason=request.POST.get("reason", ""))
    except Refused as refused:
        messages.error(request, said(refused.problem))
    else:
        words = ngettext("已搁置 %(count)s 行，原样留存，可以取回。", "已搁置 %(count)s 行，原样留存，可以取回。", done)
        messages.success(request, words % {"count": done})
    return _back(request, number)


@staff_required("clerk")
@require_POST
def take_back(request: ActorRequest, number: str) -> HttpResponse:
    """A row set aside waits again."""
    row = request.POST.get("row", "")
    try:
        actions.take_back(
            actor=request.actor, number=number, rows=[int(row)] if row.isdecimal() and len(row) < 10 else []
        )
    except Refused as refused:
        messages.error(request, said(refused.problem))
    else:
        messages.success(request, gettext("已取回，这一行重新待更正。"))
    return _back(request, number)


def _back(request: ActorRequest, number: str) -> HttpResponse:
    """To the page of the grid that the person came from."""
    page = request.GET.get("page", "")
    return redirect(reverse("bench:refused", args=[number]) + (f"?page={page}" if page.isdecimal() else ""))
