"""The page 意见: a resident says what they think of the score or of a change, and sees what came of it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office.actions import opinions as actions
from xinlin.office.queries import opinions, proposals
from xinlin.office.scopes import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def opinion(request: ActorRequest) -> HttpResponse:
    """One's own opinions with their answers, and the form; what was typed stays where it is refused."""
    problem, about = None, request.POST.get("about", request.GET.get("about", ""))
    if request.method == "POST":
        try:
            number = actions.say(
                actor=request.actor,
                text=request.POST.get("text", ""),
                about=about,
                named=request.POST.get("unnamed") != "yes",
            )
            return redirect(f"{reverse('portal:opinion')}?said={number}")
        except Refused as refused:
            problem = refused.problem
    context = {
        "tab": "score",
        "mine": opinions.mine(actor=request.actor),
        "changes": proposals.announced(),
        "about": about,
        "said": request.GET.get("said", ""),
        "text": request.POST.get("text", ""),
        "problem": problem,
    }
    return render(request, "portal/opinion.html", context, status=422 if problem else 200)
