"""Holding on with reasons, correcting what was decided; measures in use with their seven lights (暂缓与措施)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from xinlin.faces.kit.errors import said
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import holds as actions
from xinlin.office.actions.feedback import correct_feedback
from xinlin.office.queries import measures as measure_queries
from xinlin.office.scopes import Refused


def _say(request: HttpRequest, refused: Refused) -> None:
    messages.error(request, said(refused.problem))


@staff_required("officer")
@require_POST
def sign(request: ActorRequest, number: str, answer: str) -> HttpResponse:
    """The officer signs to go on holding."""
    try:
        actions.sign(
            actor=request.actor,
            answer_number=answer,
            officer=request.actor.name,
            reason=request.POST.get("reason", ""),
        )
        messages.success(request, gettext("已签名继续暂缓。请在反馈期限内作出决定。"))
    except Refused as refused:
        _say(request, refused)
    return redirect("bench:check", number=number)


@staff_required("officer")
@require_POST
def correct(request: ActorRequest, number: str, answer: str) -> HttpResponse:
    """Put a feedback right: take a measure back, or say that it was another person."""
    try:
        correct_feedback(
            actor=request.actor,
            answer_number=answer,
            decision=request.POST.get("decision", ""),
            reason=request.POST.get("reason", ""),
            officer=request.actor.name,
            why=request.POST.get("why", ""),
        )
        messages.success(request, gettext("反馈已更正，原来的内容一并留存。"))
    except Refused as refused:
        _say(request, refused)
    return redirect("bench:check", number=number)


@staff_required("officer", "reviewer", "auditor")
@require_GET
def measures(request: ActorRequest) -> HttpResponse:
    """``/bench/measures/``: measures in use, each with its seven lights."""
    uses = measure_queries.in_use(actor=request.actor)
    return render(request, "bench/measures.html", {"uses": uses, "linked": request.actor.role == "officer"})
