"""The public roll of awards: how many, and the names whose owners ticked them (评选名录)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xinlin.office.queries import awards as queries


@require_safe
def roll(request: HttpRequest) -> HttpResponse:
    """``/awarded/``: rounds with numbers, and names shown by their owners' own choice."""
    return render(request, "public/awarded.html", {"rounds": queries.roll()})
