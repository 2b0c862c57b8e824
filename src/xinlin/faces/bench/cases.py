"""Objections by deadline, for the credit centre's reviewer and the department that provided the record (异议)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.queries import cases as queries


@staff_required("reviewer", "clerk")
@require_GET
def cases(request: ActorRequest) -> HttpResponse:
    """``/bench/cases/``: open objections, the nearest deadline first. Opening the list is a look at each applicant."""
    return render(request, "bench/cases.html", {"cases": queries.for_office(actor=request.actor)})
