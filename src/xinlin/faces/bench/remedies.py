"""A cause put right at once: said with a proof by the office that asked, confirmed by the office that keeps the entry (立即整改)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from xinlin.faces.kit import papers
from xinlin.faces.kit.errors import said
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import holds as actions
from xinlin.office.queries import evidence
from xinlin.office.queries import remedies as queries
from xinlin.office.scopes import Refused


@staff_required("officer")
@require_POST
def put_right(request: ActorRequest, number: str, answer: str) -> HttpResponse:
    """The applicant has paid or shows a proof: the list's authority is asked to confirm, the proof goes with it."""
    try:
        made = actions.put_right(
            actor=request.actor,
            answer_number=answer,
            entry=request.POST.get("entry", ""),
            way=request.POST.get("way", ""),
            words=request.POST.get("words", ""),
        )
        papers.take(request, remedy=made)
        messages.success(request, gettext("已转列入部门确认，确认后当即放行。"))
    except Refused as refused:
        messages.error(request, said(refused.problem))
    return redirect("bench:check", number=number)


@staff_required("clerk", "reviewer")
@require_http_methods(["GET", "POST"])
def remedies(request: ActorRequest) -> HttpResponse:
    """``/bench/remedies/``: what was put right and waits for this department, with its proofs."""
    if request.method == "POST":
        try:
            actions.confirm(
                actor=request.actor,
                number=request.POST.get("number", ""),
                confirmed=request.POST.get("decision") == "confirm",
                words=request.POST.get("words", ""),
            )
            messages.success(request, gettext("已记录，申请人可以看到。"))
        except Refused as refused:
            messages.error(request, said(refused.problem))
        return redirect("bench:remedies")
    found = queries.waiting(actor=request.actor)
    proofs = evidence.of_remedies(actor=request.actor, numbers=[one.number for one in found])
    return render(request, "bench/remedies.html", {"remedies": found, "proofs": proofs})
