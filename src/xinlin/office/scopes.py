"""Who acts, and what an actor may see: one scoped query per noun, used by lists and detail pages alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone


@dataclass(frozen=True)
class Actor:
    """Whoever does something: an account, a machine, or a named job of the system. Never optional.

    ``handle`` is stable and goes into leaves (``account:12``, ``machine:abc``, ``system:expiry``); ``name`` is what the
    person looked at is shown.
    """

    handle: str
    name: str
    role: str
    department: str = ""
    subject_id: int | None = None
    """For a resident: the subject that this account is."""
    assurance: str = ""
    """For a person who signed in: the assurance level that the identity service stated."""


class NotAllowed(PermissionError):
    """The actor may not do this. Carries a sentence for the actor."""


class NotFound(LookupError):
    """There is no such thing, or none that this actor may see; the two look the same from outside."""


def now() -> datetime:
    """The moment, with its time zone. The office's one clock."""
    return timezone.now()


def today() -> date:
    """The date in the city's time zone."""
    return timezone.localdate()
