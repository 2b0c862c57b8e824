"""What every page knows: the city's own words, and how this visitor wants pages to look."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from xinlin.core.rulebooks import Rulebook, Words
from xinlin.core.values import Text
from xinlin.office import rulebook
from xinlin.office.scopes import today

SHADE_COOKIE = "xinlin-shade"
"""``light`` or ``dark``; absent: as the device says."""
IDLE = 60
"""Seconds without a touch after which a signed-in kiosk is wiped."""
KIOSK = "kiosk"
"""Under which a kiosk's session says that it is one."""
SIZE_COOKIE = "xinlin-size"
"""``large`` for large type; absent: normal."""
THEMES = {"light": "xinlin", "dark": "xinlin-dark"}


def words_of(book: Rulebook) -> Words:
    """The city's words; a rulebook without its own (the national one) lends its name."""
    if book.words is not None:
        return book.words
    return Words(
        product=Text(zh="信林", en="Xinlin"),
        city=book.name,
        score=Text(zh="信用分", en="Credit score"),
        centre=Text(zh="信用中心", en="Credit centre"),
        slogan=Text(zh="守信有光", en="Trust, plainly shown"),
        mark="信",
    )


def kiosk(request: HttpRequest) -> bool:
    """Whether this is a kiosk's session: big type, and wiped when nobody touches it."""
    session = getattr(request, "session", None)
    return bool(session is not None and session.get(KIOSK))


def words(request: HttpRequest) -> dict[str, Any]:
    """Template context: ``words``, ``shade`` (``light``, ``dark`` or empty), ``theme``, ``large_type``, ``synthetic``.

    ``scored`` is false where the city judges nobody: no page then offers a score.
    """
    book = rulebook.current()
    shade = request.COOKIES.get(SHADE_COOKIE, "")
    theme = THEMES.get(shade, "")
    return {
        "words": words_of(book),
        "scored": book.scheme_at(today()) is not None,
        "shade": shade if theme else "",
        "theme": theme,
        "synthetic": settings.SYNTHETIC,
        "kiosk_idle": IDLE if kiosk(request) else 0,
        "large_type": request.COOKIES.get(SIZE_COOKIE) == "large" or kiosk(request),
    }
