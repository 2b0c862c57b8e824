"""Pages about cases: objecting to a record, and the resident's own cases."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.faces.kit.labels import REASON
from xinlin.office.actions import cases as actions
from xinlin.office.queries import cases, records
from xinlin.office.scopes import NotFound, Refused


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def wrong(request: ActorRequest, reference: str) -> HttpResponse:
    """“This is wrong”: a reason and, if wished, words. Filing makes the record count 0 at once."""
    shown = records.one(actor=request.actor, reference=reference)
    problem, words = None, request.POST.get("words", "").strip()
    if request.method == "POST":
        try:
            number = actions.object_to(
                actor=request.actor, reference=reference, reason=request.POST.get("reason", ""), words=words
            )
        except Refused as refusal:
            problem = refusal.problem
        else:
            return redirect("portal:appeal", number=number)
    context = {
        "tab": "score",
        "record": shown,
        "reasons": REASON,
        "chosen": request.POST.get("reason", ""),
        "words_given": words,
        "problem": problem,
    }
    return render(request, "portal/wrong.html", context, status=422 if problem else 200)


@require_safe
@resident_required
def appeals(request: ActorRequest) -> HttpResponse:
    """我要申诉: the resident's cases with their clocks, and the way to file another."""
    return render(request, "portal/appeals.html", {"tab": "home", "cases": cases.mine(actor=request.actor)})


@require_safe
@resident_required
def appeal(request: ActorRequest, number: str) -> HttpResponse:
    """One case: number, what it is about, who answers by when, what holds meanwhile."""
    case = next((case for case in cases.mine(actor=request.actor) if case.number == number), None)
    if case is None:
        raise NotFound(number)
    shown = records.one(actor=request.actor, reference=case.record_reference)
    return render(request, "portal/appeal.html", {"tab": "home", "case": case, "record": shown})
