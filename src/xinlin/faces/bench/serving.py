"""The counter (信用窗口): serving a person without a phone, and entering a child's guardian."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from xinlin.core.mandates import COUNTER_MINUTES
from xinlin.faces.kit import acting
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import mandates
from xinlin.office.scopes import Refused


def _given(request: ActorRequest, who: str) -> tuple[str, str]:
    return request.POST.get(f"{who}identifier", ""), request.POST.get(f"{who}name", "")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required("reviewer")
def serve(request: ActorRequest) -> HttpResponse:
    """``/bench/serve/``: number, name, purpose, card checked; then the residents' pages open for that person."""
    problem, purpose = None, request.POST.get("purpose", "")
    checked = request.POST.get("document") == "checked"
    if request.method == "POST":
        try:
            if "guardian" in request.POST:
                mandates.name_guardian(
                    actor=request.actor,
                    ward=_given(request, "ward_"),
                    guardian=_given(request, "guardian_"),
                    document_checked=checked,
                    purpose=purpose,
                )
                messages.success(request, _("监护人已登记，本人年满 18 周岁时自动终止。"))
                return redirect("bench:serve")
            identifier, name = _given(request, "")
            number = mandates.serve(
                actor=request.actor, identifier=identifier, name=name, document_checked=checked, purpose=purpose
            )
        except Refused as refused:
            problem = refused.problem
        else:
            acting.begin(request, number)
            return redirect("portal:home")
    context = {"problem": problem, "typed": request.POST if problem else {}, "minutes": COUNTER_MINUTES}
    return render(request, "bench/serving.html", context, status=422 if problem else 200)
