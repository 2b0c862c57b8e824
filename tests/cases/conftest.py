"""People and offices around a case."""

from __future__ import annotations

from xinlin.office.scopes import Actor

REVIEWER = Actor(handle="account:901", name="审核员甲", role="reviewer", department="credit_centre")
SECOND = Actor(handle="account:902", name="审核员乙", role="reviewer", department="credit_centre")


def clerk(department: str) -> Actor:
    """A clerk of that department."""
    return Actor(handle=f"account:{department}", name=f"{department} clerk", role="clerk", department=department)
