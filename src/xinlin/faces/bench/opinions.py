"""The centre's inbox of opinions, and answers that name the change they led to."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from xinlin.core.values import Text
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import opinions as actions
from xinlin.office.queries import opinions as queries
from xinlin.office.scopes import Refused


@staff_required("analyst", "reviewer")
@require_http_methods(["GET", "HEAD", "POST"])
def opinions(request: ActorRequest) -> HttpResponse:
    """``/bench/opinions/``: what people said, unanswered first; each is answered in public, in the centre's own words."""
    problem, number = None, request.POST.get("number", "")
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in ("said_zh", "said_en", "answer_zh", "answer_en")}
        try:
            actions.answer(
                actor=request.actor,
                number=number,
                said=Text(zh=typed["said_zh"], en=typed["said_en"]),
                answered=Text(zh=typed["answer_zh"], en=typed["answer_en"]),
                changed_in=request.POST.get("changed_in", ""),
            )
            messages.success(request, gettext("已答复，公开在规则修订公告页。"))
            return redirect("bench:opinions")
        except Refused as refused:
            problem = refused.problem
    context = {
        "opinions": queries.inbox(actor=request.actor),
        "changes": queries.changes_to_name(),
        "problem": problem,
        "number": number,
        "typed": request.POST,
    }
    return render(request, "bench/opinions.html", context, status=422 if problem else 200)
