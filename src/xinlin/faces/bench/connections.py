"""Systems and offices that are connected, what passed either way, and how much a system may do in a day (接入系统)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from xinlin.core.values import Problem, Text
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import staff as actions
from xinlin.office.queries import connections as queries
from xinlin.office.scopes import Refused


@staff_required("clerk", "officer", "reviewer", "auditor", "operator", "analyst")
@require_GET
def connections(request: ActorRequest) -> HttpResponse:
    """``/bench/connections/``: the systems that the rulebook names and every office, who is heard from and who is silent."""
    return render(request, "bench/connections.html", {"shown": queries.connections(actor=request.actor)})


@staff_required("clerk", "officer", "reviewer", "auditor", "operator", "analyst")
@require_GET
def office(request: ActorRequest, code: str) -> HttpResponse:
    """``/bench/connections/CODE/``: one office, its systems and keys, and the exchange log."""
    given = request.GET.get("page", "1")
    page = int(given) if given.isdecimal() and 0 < int(given) < 10_000 else 1
    return render(
        request, "bench/connected_office.html", {"office": queries.office(actor=request.actor, code=code, page=page)}
    )


@staff_required("operator")
@require_POST
def change(request: ActorRequest, code: str, client: str) -> HttpResponse:
    """Close a system or open it again; set its daily limit."""
    given = request.POST.get("daily_limit", "").strip()
    if given and not (given.isascii() and given.isdigit() and len(given) < 10):
        raise Refused(
            Problem(
                "daily_limit",
                "daily_limit",
                Text(zh="每日额度须为正整数。", en="A daily limit is a whole number."),
                Text(zh="请填 1 以上的整数；不限制则留空。", en="Give a whole number from 1; leave it empty for none."),
                given,
            )
        )
    actions.change_machine(
        actor=request.actor,
        client_id=client,
        active=request.POST.get("active") == "yes",
        daily_limit=int(given) if given else None,
    )
    messages.success(request, gettext("已保存。"))
    return redirect("bench:connected_office", code)
