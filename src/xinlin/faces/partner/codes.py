"""A recipient enters or scans a code for once, and learns what its owner agreed to have told (核验一次性码)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from xinlin.office.actions import benefits
from xinlin.office.scopes import Actor, Refused

ASKER = Actor("recipient", "", "recipient")
"""Whoever holds a code that they were shown; nobody signs in for it."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def scan(request: HttpRequest) -> HttpResponse:
    """``/scan/``: opening it uses nothing up; the button asks, once."""
    given = request.POST if request.method == "POST" else request.GET
    code = benefits.plain(given.get("code", "")[:40])
    context: dict[str, object] = {"code": code}
    if request.method != "POST":
        return render(request, "partner/scan.html", context)
    try:
        context["answered"] = benefits.answer_code(actor=ASKER, code=code)
    except Refused as refused:
        return render(request, "partner/scan.html", {**context, "problem": refused.problem}, status=422)
    return render(request, "partner/scan.html", context)
