"""Counts that may be shown: cells under ten are hidden, and none can be found again from sums (小于10不显示)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

SMALLEST_CELL = 10
"""A cell that counts fewer is hidden (DESIGN right 8)."""
K = TypeVar("K", bound=Hashable)
R = TypeVar("R", bound=Hashable)
C = TypeVar("C", bound=Hashable)


def hide_small(cells: Mapping[K, int]) -> dict[K, int | None]:
    """The same cells, those of 1 to 9 hidden (None), so that no hidden one can be found by taking shares from a sum.

    Zero stays. Where the hidden cells together count fewer than ten, the smallest shown one is hidden with them.
    """
    hidden = {key for key, count in cells.items() if 0 < count < SMALLEST_CELL}
    shown = sorted((key for key in cells if key not in hidden and cells[key] > 0), key=lambda key: cells[key])
    while hidden and shown and sum(cells[key] for key in hidden) < SMALLEST_CELL:
        hidden.add(shown.pop(0))
    return {key: None if key in hidden else count for key, count in cells.items()}


def hide_small_table(cells: Mapping[tuple[R, C], int]) -> dict[tuple[R, C], int | None]:
    """A table's cells, small ones hidden so that neither a row's nor a column's known sum gives one away.

    In every row and every column with a hidden cell, at least two are hidden (where there are two) and they count ten or more
    together.
    """
    hidden = {key for key, count in cells.items() if 0 < count < SMALLEST_CELL}
    lines = [{key for key in cells if key[side] == name} for side in (0, 1) for name in {key[side] for key in cells}]
    changed = True
    while changed:
        changed = False
        for line in lines:
            within = hidden & line
            shown = sorted((key for key in line - hidden if cells[key] > 0), key=lambda key: (cells[key], str(key)))
            while within and shown and (len(within) < 2 or sum(cells[key] for key in within) < SMALLEST_CELL):
                within.add(shown.pop(0))
                changed = True
            hidden |= within
    return {key: None if key in hidden else count for key, count in cells.items()}
