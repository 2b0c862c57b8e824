"""Pages about cases: objecting to a record, and the resident's own cases."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.faces.kit.labels import REASON
from xinlin.office.actions import cases as actions
from xinlin.office.actions import repairs
from xinlin.office.queries import cases, people, records
from xinlin.office.scopes import Refused


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


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def appeal(request: ActorRequest, number: str) -> HttpResponse:
    """One case: where it stands, every step, what was decided and why; review, papers or taking it back."""
    shown = cases.own(actor=request.actor, number=number)
    problem = None
    if request.method == "POST":
        words = request.POST.get("words", "")
        try:
            if "review" in request.POST:
                number = actions.ask_review(actor=request.actor, number=number, words=words)
            elif "papers" in request.POST:
                repairs.hand_in(actor=request.actor, number=number, words=words)
            elif "take_back" in request.POST:
                actions.take_back(actor=request.actor, number=number)
        except Refused as refusal:
            problem = refusal.problem
        else:
            return redirect("portal:appeal", number=number)
    reference = shown.case.record_reference
    record = next((view for view in records.mine(actor=request.actor) if view.reference == reference), None)
    context = {"tab": "home", "own": shown, "case": shown.case, "record": record, "problem": problem}
    return render(request, "portal/appeal.html", context, status=422 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def look(request: ActorRequest, look: int) -> HttpResponse:
    """“Why did you look?”: opens a case on that look, which the centre answers."""
    shown = people.look(actor=request.actor, number=look)
    problem = None
    if request.method == "POST":
        try:
            number = actions.challenge_look(actor=request.actor, look=look, words=request.POST.get("words", ""))
        except Refused as refusal:
            problem = refusal.problem
        else:
            return redirect("portal:appeal", number=number)
    context = {"tab": "me", "look": shown, "problem": problem}
    return render(request, "portal/look.html", context, status=422 if problem else 200)
