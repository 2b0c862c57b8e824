"""Acting for somebody else in a session: which mandate, asked anew at every request (代办)."""

from __future__ import annotations

from django.http import HttpRequest

from xinlin.office.queries import mandates
from xinlin.office.queries.mandates import MandateView
from xinlin.office.scopes import Actor, NotAllowed

KEY = "acting_for"
"""Under which the session holds the mandate's number; nothing of the person represented is in it."""


def begin(request: HttpRequest, number: str) -> None:
    """From now on the residents' pages show the person represented."""
    request.session[KEY] = number


def stop(request: HttpRequest) -> str:
    """Be oneself again; returns the mandate's number, empty where there was none."""
    return str(request.session.pop(KEY, ""))


def acting(request: HttpRequest, actor: Actor) -> tuple[Actor, MandateView] | None:
    """The helper that the session's actor is now; None for oneself.

    A mandate that has ended is forgotten, and said once (`NotAllowed`): what was sent for the person represented is never
    done to the helper's own affairs, nor their own page taken for the other's.
    """
    number = request.session.get(KEY)
    if not number:
        return None
    found = mandates.acting(actor=actor, number=number)
    if found is None:
        stop(request)
        raise NotAllowed(
            "代办已经结束，刚才的操作没有执行；从这里起是您自己的页面。"
            "You no longer act for this person and nothing was done just now; from here on the pages are your own."
        )
    return found
