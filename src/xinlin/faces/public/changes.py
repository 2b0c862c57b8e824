"""Announced changes of the rules, signed statements of frozen figures, and cities beside one another: for everybody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xinlin.office.queries import opinions, proposals, score_runs


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """``/rules/changes/``: what will change from which day, why, who signed, and how many would move. Nobody is in it."""
    context = {
        "proposals": proposals.announced(),
        "days": proposals.notice_days(),
        "answered": opinions.answered(),
    }
    return render(request, "public/changes.html", context)


@require_safe
def statements(request: HttpRequest) -> HttpResponse:
    """``/runs/``: the signed statements of frozen runs, to be checked without asking us."""
    context = {"runs": score_runs.published(), "key": score_runs.statement_key()}
    return render(request, "public/statements.html", context)
