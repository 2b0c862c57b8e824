"""Who acts, and what an actor may see: one scoped query per noun, used by lists and detail pages alike."""

from __future__ import annotations

from dataclasses import dataclass


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


class NotAllowed(PermissionError):
    """The actor may not do this. Carries a sentence for the actor."""
