"""Counts that may be shown: cells under ten are hidden, and none can be found again from sums (小于10不显示)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

SMALLEST_CELL = 10
"""A cell that counts fewer is hidden (DESIGN right 8)."""
K = TypeVar("K", bound=Hashable)


def hide_small(cells: Mapping[K, int]) -> dict[K, int | None]:
    """The same cells, those of 1 to 9 hidden (None), so that no hidden one can be found by taking shares from a sum.

    Zero stays. Where the hidden cells together count fewer than ten, the smallest shown one is hidden with them.
    """
    hidden = {key for key, count in cells.items() if 0 < count < SMALLEST_CELL}
    shown = sorted((key for key in cells if key not in hidden and cells[key] > 0), key=lambda key: cells[key])
    while hidden and shown and sum(cells[key] for key in hidden) < SMALLEST_CELL:
        hidden.add(shown.pop(0))
    return {key: None if key in hidden else count for key, count in cells.items()}


def coarse(count: int) -> int | None:
    """A count that may stand in any table beside any sum: 1 to 9 hidden (None), others to the nearest ten.

    For tables whose rows and columns are known elsewhere, and for figures worked out again and again on slightly other rules: what
    is taken from one another then says nothing exact of a few people. Zero stays.
    """
    if 0 < count < SMALLEST_CELL:
        return None
    return (count + 5) // 10 * 10 if count else 0
