"""The page 如果: what is missing to the next tier, what a deed would change, and what time alone will do."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office.queries import people, whatif
from xinlin.office.scopes import Refused

SHOWN_TURNS = 6
"""So many coming days are shown at once; the rest unfold."""


@require_safe
@resident_required
def what_if(request: ActorRequest) -> HttpResponse:
    """The outlook; with ``?indicator=…&amount=…`` also what that act would change. Trying out keeps nothing."""
    outlook = whatif.mine(actor=request.actor)
    if outlook is None:
        return render(request, "portal/no_score.html", {"tab": "score", "me": people.me(actor=request.actor)})
    chosen, amount = request.GET.get("indicator", ""), request.GET.get("amount", "")
    tried, problem = None, None
    if chosen or amount:
        try:
            tried = whatif.try_out(actor=request.actor, indicator=chosen, amount=amount)
        except Refused as refusal:
            problem = refusal.problem
    first = next(iter(outlook.ways), None)  # what the form proposes before anything is chosen
    context = {
        "tab": "score",
        "outlook": outlook,
        "chosen": chosen or (first.act.indicator if first else ""),
        "amount": amount or (first.amount if first else ""),
        "tried": tried,
        "problem": problem,
        "soon": outlook.turns[:SHOWN_TURNS],
        "later": outlook.turns[SHOWN_TURNS:],
    }
    return render(request, "portal/what_if.html", context, status=422 if problem else 200)
