"""Promises in place of papers, signed in two taps; one's own and how they came out (信用承诺)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office import rulebook
from xinlin.office.actions import pledges as actions
from xinlin.office.queries import pledges as queries
from xinlin.office.scopes import Refused


@resident_required
@require_GET
def pledges(request: ActorRequest) -> HttpResponse:
    """``/pledges/``: what one may promise, and what one has."""
    context = {"templates": queries.templates(), "pledges": queries.mine(actor=request.actor)}
    return render(request, "portal/pledges.html", context)


@resident_required
@require_http_methods(["GET", "POST"])
def pledge(request: ActorRequest, code: str) -> HttpResponse:
    """``/pledges/<code>/``: the text of a promise (the first tap led here), and the second tap that signs it."""
    template, problem, status = actions.template_of(code), None, 200
    if request.method == "POST":
        try:
            actions.sign(
                actor=request.actor,
                template=code,
                item=request.POST.get("item", ""),
                papers=request.POST.getlist("papers"),
            )
            messages.success(request, gettext("承诺已签署。到期前三天提醒您。"))
            return redirect("portal:pledges")
        except Refused as refused:
            problem, status = refused.problem, 422
    items = [item for item in rulebook.current().approval_items.values() if item.code in template.items]
    context = {"template": template, "items": items, "problem": problem, "posted": request.method == "POST"}
    return render(request, "portal/pledge.html", context, status=status)


@resident_required
@require_POST
def withdraw(request: ActorRequest, number: str) -> HttpResponse:
    """Take a promise back and go the ordinary way."""
    actions.withdraw(actor=request.actor, number=number)
    messages.success(request, gettext("承诺已撤回，可按普通程序办理。"))
    return redirect("portal:pledges")
