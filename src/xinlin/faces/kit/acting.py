"""Acting for somebody else in a session: which mandate, asked anew at every request (代办)."""

from __future__ import annotations

from django.http import HttpRequest

from xinlin.office.queries import mandates
from xinlin.office.queries.mandates import MandateView
from xinlin.office.scopes import Actor

KEY = "acting_for"
"""Under which the session holds the mandate's number; nothing of the person represented is in it."""


def begin(request: HttpRequest, number: str) -> None:
    """From now on the residents' pages show the person represented."""
    request.session[KEY] = number


def stop(request: HttpRequest) -> str:
    """Be oneself again; returns the mandate's number, empty where there was none."""
    return str(request.session.pop(KEY, ""))


def acting(request: HttpRequest, actor: Actor) -> tuple[Actor, MandateView] | None:
    """The helper that the session's actor is now; None for oneself. A mandate that ended is forgotten."""
    number = request.session.get(KEY)
    if not number:
        return None
    found = mandates.acting(actor=actor, number=number)
    if found is None:
        stop(request)
    return found
