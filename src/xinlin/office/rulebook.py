"""The rulebook that this installation runs."""

from __future__ import annotations

from django.conf import settings

from xinlin import shelf
from xinlin.core.rulebooks import Rulebook


def current() -> Rulebook:
    """The rulebook of ``settings.CITY``, loaded once per process. Raises `shelf.RulebookRefused`."""
    return shelf.read(settings.CITY)
