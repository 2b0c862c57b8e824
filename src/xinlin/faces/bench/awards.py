"""The panel's pages: open a round, read who put themselves forward, sign yes or no with a reason (诚信评选)."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.faces.kit.templatetags.kit import text_filter
from xinlin.office.actions import awards as actions
from xinlin.office.queries import awards as queries
from xinlin.office.rulebook import current
from xinlin.office.scopes import NotAllowed, Refused, today

PANEL = ("reviewer", "clerk", "auditor")
WEEKS = 4


def _closes_on(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min


@staff_required(*PANEL)
@require_http_methods(["GET", "HEAD", "POST"])
def awards(request: ActorRequest) -> HttpResponse:
    """``/bench/awards/``: the rounds; a reviewer opens another."""
    problem = None
    if request.method == "POST":
        posted = request.POST
        try:
            number = actions.open_round(
                actor=request.actor,
                title_zh=posted.get("title_zh", ""),
                title_en=posted.get("title_en", ""),
                tier=posted.get("tier", ""),
                department=posted.get("department", ""),
                closes_on=_closes_on(posted.get("closes_on", "")),
            )
            messages.success(request, gettext("评选已开启，居民可以报名。"))
            return redirect("bench:award", number=number)
        except Refused as refused:
            problem = refused.problem
    context = {
        "rounds": queries.rounds(actor=request.actor),
        "tiers": queries.tiers(),
        "departments": current().departments.values(),
        "closes_on": (today() + timedelta(weeks=WEEKS)).isoformat(),
        "problem": problem,
        "posted": request.POST,
    }
    return render(request, "bench/awards.html", context, status=422 if problem else 200)


@staff_required(*PANEL)
@require_http_methods(["GET", "HEAD", "POST"])
def award(request: ActorRequest, number: str) -> HttpResponse:
    """``/bench/awards/<number>/``: who put themselves forward, and the panel's signatures."""
    if request.method == "POST":
        try:
            posted = request.POST
            actions.vote(
                actor=request.actor,
                number=posted.get("number", ""),
                yes=posted.get("yes") == "yes",
                reason=posted.get("reason", ""),
            )
            messages.success(request, gettext("已签署。"))
        except NotAllowed as refused:
            messages.error(request, str(refused))
        except Refused as refused:
            messages.error(request, text_filter(refused.problem.what))
        return redirect("bench:award", number=number)
    view, nominations = queries.panel(actor=request.actor, number=number)
    return render(request, "bench/award.html", {"round": view, "nominations": nominations})
