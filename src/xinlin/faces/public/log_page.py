"""The log for people: its newest head, what it proves, and how to check it without asking us (存证日志)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xinlin.office.queries import log as queries

SHOWN = 10


def log_page(request: HttpRequest) -> HttpResponse:
    """``/log/``: for everybody. Nothing personal is in the log."""
    heads = queries.heads(SHOWN)
    wanted, asked = queries.witnesses_wanted()
    context = {
        "heads": heads,
        "head": heads[0] if heads else None,
        "key": queries.verification_key(),
        "wanted": wanted,
        "asked": asked,
    }
    return render(request, "public/log.html", context)
