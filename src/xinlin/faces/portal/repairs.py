"""Pages about repair: from which day which record may be repaired, and the application (信用修复)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from xinlin.faces.kit import papers
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office.actions import repairs as actions
from xinlin.office.queries import people
from xinlin.office.queries import repairs as queries
from xinlin.office.scopes import NotFound, Refused


@require_safe
@resident_required
def repairs(request: ActorRequest) -> HttpResponse:
    """Every record of one's own, and of the organisations one represents, with its day."""
    return render(request, "portal/repairs.html", {"tab": "home", "repairs": queries.mine(actor=request.actor)})


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def repair(request: ActorRequest, reference: str) -> HttpResponse:
    """The application for one record, drafted; two papers and nothing else."""
    shown = next((view for view in queries.mine(actor=request.actor) if view.reference == reference), None)
    if shown is None:
        raise NotFound(reference)
    problem, status = None, 200
    if request.method == "POST":
        try:
            number = actions.apply_for(
                actor=request.actor,
                reference=reference,
                words=request.POST.get("words", ""),
                fulfilled="fulfilled" in request.POST,
                committed="committed" in request.POST,
            )
        except Refused as refused:
            problem, status = refused.problem, 422
        else:
            papers.take(request, number)
            return redirect("portal:appeal", number=number)
    context = {
        "tab": "home",
        "repair": shown,
        "problem": problem,
        "words_given": request.POST.get("words", ""),
        "accept": papers.ACCEPT,
    }
    return render(request, "portal/repair.html", context, status=status)


@require_safe
@resident_required
def form(request: ActorRequest, reference: str) -> HttpResponse:
    """The same application and the commitment, to print and hand in at the counter."""
    shown = next((view for view in queries.mine(actor=request.actor) if view.reference == reference), None)
    if shown is None or shown.own_exit is not None:
        raise NotFound(reference)
    context = {"tab": "home", "repair": shown, "me": people.me(actor=request.actor)}
    return render(request, "portal/repair_form.html", context)
