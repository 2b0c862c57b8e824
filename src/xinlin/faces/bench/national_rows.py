"""The rows of the national basic list beside the official text: a person says whether the words are the same (措辞核对)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from xinlin.faces.kit.errors import said
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import national_rows as actions
from xinlin.office.queries import national_rows as queries
from xinlin.office.scopes import Refused


@staff_required("reviewer", "auditor")
@require_http_methods(["GET", "POST"])
def national_rows(request: ActorRequest) -> HttpResponse:
    """``/bench/national-rows/``: every row with a form for a reviewer; an auditor reads."""
    if request.method == "POST":
        given = request.POST.get
        try:
            actions.compare(
                actor=request.actor,
                row=given("row", ""),
                wording=given("wording", ""),
                outcome=given("outcome", ""),
                compared_with=given("compared_with", ""),
                words=given("words", ""),
            )
            messages.success(request, gettext("核对结果已记录，公开页面随之更新。"))
        except Refused as refused:
            messages.error(request, said(refused.problem))
        return redirect("bench:national_rows")
    context = {"rows": queries.rows(), "may_edit": request.actor.role == "reviewer"}
    return render(request, "bench/national_rows.html", context)
