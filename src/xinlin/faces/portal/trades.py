"""Pages about scores of trades (行业信用分), each with a consent of its own, and about frozen figures of earlier days."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from xinlin.faces.kit.charts import gauge
from xinlin.faces.kit.gates import ActorRequest, resident_required, vouched_for
from xinlin.office.actions import people as actions
from xinlin.office.queries import people, score_runs, scores
from xinlin.office.scopes import Refused


@require_safe
@resident_required
def trades(request: ActorRequest) -> HttpResponse:
    """What trades have a score here, what each reads, and which the resident opened."""
    return render(request, "portal/trades.html", {"tab": "score", "trades": scores.trades(actor=request.actor)})


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
@vouched_for("agree")
def trade(request: ActorRequest, code: str) -> HttpResponse:
    """One trade's score with every line of it; without its own consent the notice that asks for it."""
    card = scores.my_trade(actor=request.actor, code=code)
    shown = next(one for one in scores.trades(actor=request.actor) if one.code == code)
    problem, unread = None, False
    if request.method == "POST" and "close" in request.POST:
        number = actions.close_trade(actor=request.actor, scheme=code)
        return redirect("portal:deletion", number=number) if number else redirect("portal:trades")
    if request.method == "POST":
        unread = request.POST.get("agree") != "yes"
        try:
            if not unread:
                given = actions.open_trade(actor=request.actor, scheme=code, via="portal")
                return redirect(reverse("portal:receipt", args=[given]) + "?new=1")
        except Refused as refused:
            problem = refused.problem
    context = {
        "tab": "score",
        "trade": shown,
        "card": card,
        "notice": people.notice(),
        "problem": problem,
        "unread": unread,
        "gauge": card and gauge(card.score, card.minimum, card.maximum, [tier.at_least for tier in card.tiers]),
    }
    return render(request, "portal/trade.html", context, status=422 if problem or unread else 200)


@require_safe
@resident_required
def history(request: ActorRequest) -> HttpResponse:
    """The resident's frozen figures, newest first, each with a receipt to take away."""
    figures = scores.history_of(actor=request.actor)
    context = {"tab": "score", "figures": figures, "key": score_runs.statement_key()}
    return render(request, "portal/history.html", context)


@require_safe
@resident_required
def bundle(request: ActorRequest, number: str) -> HttpResponse:
    """The whole proof of one frozen figure as a file: receipt, rules, and the records as they were known."""
    text = score_runs.bundle(actor=request.actor, number=number)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{number}.proof.json"'
    return response


@require_safe
@resident_required
def receipt(request: ActorRequest, number: str) -> HttpResponse:
    """The receipt of one frozen figure as a file."""
    response = HttpResponse(
        score_runs.receipt(actor=request.actor, number=number), content_type="text/plain; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{number}.tlog-proof"'
    return response
