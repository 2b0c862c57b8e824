"""The reason that a person gives for what they decide (理由)."""

from __future__ import annotations

from xinlin.core.values import Problem, Text
from xinlin.office.scopes import Refused

SHORTEST = 2
"""Characters of a reason that says anything."""
_NO_REASON = Problem(
    "reason_missing",
    "reason",
    Text(zh="没有写明理由", en="No reason is given"),
    Text(zh="请写明依据，例如查验了什么材料", en="Say what it rests on, such as the papers seen"),
)


def reasoned(reason: str) -> str:
    """The reason, trimmed. Raises `Refused` where none is given."""
    said = reason.strip()[:1_000]
    if len(said) < SHORTEST:
        raise Refused(_NO_REASON)
    return said
