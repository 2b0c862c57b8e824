"""The grade of supervision of the organisations that one represents: why, until when, and what to do about it (监管等级)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office.queries import inspections as queries


@require_safe
@resident_required
def grades(request: ActorRequest) -> HttpResponse:
    """``/me/grades/``: each organisation with its grade and every reason for it."""
    usual = queries.default_grade()
    context = {"tab": "me", "firms": queries.own(actor=request.actor), "usual": usual and usual.grade}
    return render(request, "portal/grades.html", context)
