"""Shorter terms by a change of law: preview, proposal, second signature (规则变动)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.faces.kit.labels import RECORD_CLASS
from xinlin.office import rulebook as books
from xinlin.office.actions import redatings as actions
from xinlin.office.queries import redatings as queries
from xinlin.office.scopes import Refused


@staff_required("reviewer")
@require_http_methods(["GET", "POST"])
def redatings(request: ActorRequest) -> HttpResponse:
    """``/bench/terms/``: what was proposed and put into force; a proposal shows what it would change before anything does."""
    problem, posted = None, request.POST
    if request.method == "POST":
        number = posted.get("number", "")
        try:
            if "sign" in posted:
                changed = actions.sign(actor=request.actor, number=number)
                messages.success(request, gettext("已施行，%(n)s 条记录提前结束。") % {"n": changed})
            elif "drop" in posted:
                actions.drop(actor=request.actor, number=number)
            else:
                actions.propose(
                    actor=request.actor,
                    kind=posted.get("kind", ""),
                    record_class=posted.get("class", ""),
                    term=posted.get("term", "").strip().upper(),
                    document=posted.get("document", ""),
                )
        except Refused as refused:
            problem = refused.problem
        else:
            return redirect("bench:terms")
    context = {
        "changes": queries.listed(actor=request.actor),
        "kinds": {code: kind.name for code, kind in books.current().kinds.items() if kind.sign == "negative"},
        "classes": RECORD_CLASS,
        "typed": posted,
        "problem": problem,
    }
    return render(request, "bench/terms.html", context, status=422 if problem else 200)
