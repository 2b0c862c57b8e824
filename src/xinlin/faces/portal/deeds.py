"""Pages about declared deeds: declaring one, and confirming a neighbour's (我要加分)."""

from __future__ import annotations

from datetime import date

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from xinlin.faces.kit import papers
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office.actions import deeds as actions
from xinlin.office.queries import deeds as queries
from xinlin.office.scopes import NotFound, Refused, today

VALUE = "value_"
"""Fields of the deed stand in the form under this and their code."""


def _day(text: str) -> date:
    """The day as the form gives it; today where it gives none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return today()


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def declare(request: ActorRequest, sort: str) -> HttpResponse:
    """One form: when, what, and a picture, an organiser's code, or neighbours who confirm it later."""
    shown = next((one for one in queries.sorts(actor=request.actor) if one.sort.code == sort), None)
    if shown is None:
        raise NotFound(sort)
    problem = None
    typed = {name.removeprefix(VALUE): str(text) for name, text in request.POST.items() if name.startswith(VALUE)}
    if request.method == "POST":
        try:
            number = actions.declare(
                actor=request.actor,
                sort=sort,
                happened_on=_day(request.POST.get("happened_on", "")),
                values=typed,
                code=request.POST.get("code", ""),
                words=request.POST.get("words", ""),
            )
        except Refused as refused:
            problem = refused.problem
        else:
            papers.take(request, number)
            return redirect("portal:appeal", number=number)
    context = {
        "tab": "home",
        "one": shown,
        "typed": typed,
        "happened_on": request.POST.get("happened_on", today().isoformat()),
        "code": request.POST.get("code", ""),
        "words_given": request.POST.get("words", ""),
        "problem": problem,
        "accept": papers.ACCEPT,
    }
    return render(request, "portal/declare.html", context, status=422 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def confirm(request: ActorRequest, handle: str) -> HttpResponse:
    """A neighbour reads what happened and says that it is so."""
    problem = None
    if request.method == "POST":
        try:
            actions.confirm(actor=request.actor, handle=handle)
        except Refused as refused:
            problem = refused.problem
        else:
            return redirect("portal:confirm", handle=handle)
    shown = queries.invitation(actor=request.actor, handle=handle)
    context = {"tab": "home", "invitation": shown, "problem": problem}
    return render(request, "portal/confirm.html", context, status=422 if problem else 200)
