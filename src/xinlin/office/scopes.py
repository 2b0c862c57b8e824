"""Who acts, and what an actor may see: one scoped query per noun, used by lists and detail pages alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.utils import timezone

from xinlin.core.values import Problem


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
    powers: frozenset[str] = frozenset()
    """For a helper (role ``helper``): what was entrusted, of ``see``, ``object``, ``report``, ``leave``."""
    mandate: str = ""
    """For a helper: the number of the mandate under which they act."""
    assurance: str = ""
    """For a person who signed in: the assurance level that the identity service stated."""
    items: tuple[str, ...] = ()
    """For a machine: the approval items at which it may ask; empty for all of its department."""


class NotAllowed(PermissionError):
    """The actor may not do this. Carries a sentence for the actor."""


class NotFound(LookupError):
    """There is no such thing, or none that this actor may see; the two look the same from outside."""


class Refused(ValueError):
    """What was asked for cannot be done as asked. Carries the `Problem`: what, where, and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.what.zh} {problem.what.en}")
        self.problem = problem


class Conflict(Refused):
    """It stands against something done before, such as another input under the same key."""


def now() -> datetime:
    """The moment, with its time zone. The office's one clock."""
    return timezone.now()


def today() -> date:
    """The date in the city's time zone."""
    return timezone.localdate()


def start_of(day: date) -> datetime:
    """The first moment of a day in the city."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
