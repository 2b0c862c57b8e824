"""Pages about notices: one's own messages, and where one wishes to be told (通知)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office.actions import notices as actions
from xinlin.office.queries import notices as queries
from xinlin.office.scopes import Refused


def _language() -> str:
    return get_language() or "zh-hans"


@require_safe
@resident_required
def messages(request: ActorRequest) -> HttpResponse:
    """Everything that one was told, newest first."""
    shown = queries.mine(actor=request.actor, language=_language())
    return render(request, "portal/messages.html", {"tab": "me", "told": shown})


@require_safe
@resident_required
def message(request: ActorRequest, number: str) -> HttpResponse:
    """One message; opening it marks it as read."""
    shown = queries.one(actor=request.actor, number=number, language=_language())
    actions.read(actor=request.actor, number=number)
    return render(request, "portal/message.html", {"tab": "me", "message": shown})


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def contacts(request: ActorRequest) -> HttpResponse:
    """Where one wishes to be told; empty takes it back. Nothing depends on giving one."""
    problem = None
    if request.method == "POST":
        try:
            actions.give_contact(
                actor=request.actor,
                channel=request.POST.get("channel", ""),
                address=request.POST.get("address", ""),
                language=_language(),
            )
        except Refused as refused:
            problem = refused.problem
        else:
            return redirect("portal:contacts")
    held = {view.channel: view.hidden for view in queries.contacts(actor=request.actor)}
    context = {"tab": "me", "sms": held.get("sms", ""), "email": held.get("email", ""), "problem": problem}
    return render(request, "portal/contacts.html", context, status=422 if problem else 200)
