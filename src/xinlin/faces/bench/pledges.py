"""The board of promises: due, kept, late, excused, broken; the government's own among them (承诺看板)."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from xinlin.faces.kit.charts import trend
from xinlin.faces.kit.errors import said
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import pledges as actions
from xinlin.office.queries import pledges as queries
from xinlin.office.scopes import Refused


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _record(request: ActorRequest) -> None:
    posted = request.POST
    if "template" in posted:
        due = _day(posted.get("due", ""))
        actions.promise(
            actor=request.actor,
            template=posted["template"],
            duty=posted.get("duty", ""),
            due=due or date.min,
        )
        messages.success(request, gettext("政务承诺已登记。"))
        return
    actions.result(
        actor=request.actor,
        number=posted.get("number", ""),
        done_on=_day(posted.get("done_on", "")),
        outcome=posted.get("outcome", ""),
        words=posted.get("words", ""),
    )
    messages.success(request, gettext("履约结果已记录。"))


@staff_required("officer", "reviewer", "auditor")
@require_http_methods(["GET", "POST"])
def pledges(request: ActorRequest) -> HttpResponse:
    """``/bench/pledges/``: the board; an officer records results and the office's own promises."""
    if request.method == "POST":
        try:
            _record(request)
        except Refused as refused:
            messages.error(request, said(refused.problem))
        return redirect("bench:pledges")
    applicants, government = queries.board(actor=request.actor)
    months = queries.kept_by_month(actor=request.actor)
    context = {
        "pledges": queries.watched(actor=request.actor),
        "applicants": applicants,
        "government": government,
        "months": months,
        "trend": trend(months),
        "templates": queries.templates(government=True),
        "may_edit": request.actor.role in ("officer", "reviewer"),
    }
    return render(request, "bench/pledges.html", context)
