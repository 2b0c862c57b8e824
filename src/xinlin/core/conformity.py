"""How well a delivery, and a department, keeps to the catalogue; and figures that must add up (数据质量, 对账)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from xinlin.core.terms import add_term
from xinlin.core.values import Text

Standing = Literal["kept", "due", "silent", "never"]
"""``kept``: within the interval; ``due``: the next is expected within its last tenth; ``silent``: overdue; ``never``: nothing came."""


def standing(last: date | None, interval: str, day: date) -> tuple[Standing, date | None]:
    """Where a provider stands on ``day``, and by when the next delivery is due. Raises ValueError for no interval."""
    if last is None:
        return "never", None
    due = add_term(last, interval)
    if day > due:
        return "silent", due
    near = (due - last) / 10
    return ("due" if day >= due - near else "kept"), due


def per_mille(part: int, whole: int) -> int | None:
    """``part`` of ``whole`` in thousandths, rounded down; None of nothing."""
    return part * 1_000 // whole if whole else None


@dataclass(frozen=True)
class Item:
    """One summand of a reconciliation, or one cause of what remains."""

    name: Text
    value: int


@dataclass(frozen=True)
class Reconciliation:
    """A total, the parts that should make it up, what remains, and the causes that explain it."""

    name: Text
    total_name: Text
    total: int
    parts: Sequence[Item]
    causes: Sequence[Item] = ()

    @property
    def summed(self) -> int:
        """What the parts sum to."""
        return sum(part.value for part in self.parts)

    @property
    def remainder(self) -> int:
        """Total less parts: shown, never hidden."""
        return self.total - self.summed

    @property
    def unexplained(self) -> int:
        """What remains after every cause."""
        return self.remainder - sum(cause.value for cause in self.causes)


def by_cause(
    name: Text, total_name: Text, total: int, parts: Sequence[Item], causes: Mapping[Text, int]
) -> Reconciliation:
    """A reconciliation whose remainder is listed by cause, largest first; causes of nothing are left out."""
    listed = sorted(((cause, value) for cause, value in causes.items() if value), key=lambda pair: -pair[1])
    return Reconciliation(name, total_name, total, parts, [Item(cause, value) for cause, value in listed])
