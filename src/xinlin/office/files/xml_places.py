"""Elements of an XML file that may be its rows, by their paths; rows that bear their number in their names are one place (XML 行)."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field

MOST_PLACES = 1_000
EACH = "*"
NUMBERED = re.compile(r"(.*?[^0-9])([0-9]{1,9})")
"""``row12``: the word and the number."""


def joined(path: list[str], last: str) -> str:
    """The path of an element: ``/data/row``."""
    return "/" + "/".join([*path, last])


@dataclass
class Place:
    """An element that may be the row: how often, and under which names its leaves come."""

    count: int = 0
    keys: Counter[str] = field(default_factory=Counter)


class Numbers:
    """Looks out for rows that bear their number in their names, each a larger one than the row before."""

    def __init__(self) -> None:
        """None seen yet."""
        self._runs: dict[str, list[str]] = {}
        self._newest: dict[str, float] = {}

    def note(self, path: list[str]) -> None:
        """An element with parts or attributes of its own."""
        found = NUMBERED.fullmatch(path[-1])
        if found is None:
            return
        name = joined(path[:-1], found[1] + EACH)
        if name not in self._runs and len(self._runs) >= MOST_PLACES:
            return
        rows = self._runs.setdefault(name, [])
        if len(rows) < 2:
            rows.append(joined(path[:-1], path[-1]))
        rising = int(found[2]) > self._newest.get(name, -1)
        self._newest[name] = int(found[2]) if rising else math.inf  # came twice: these are tables, not rows

    def rows(self, places: dict[str, Place]) -> frozenset[str]:
        """Paths of those that are rows of one table: the first two share most of their columns."""
        return frozenset(
            name
            for name, (first, *others) in self._runs.items()
            if self._newest[name] < math.inf and others and _alike(places.get(first), places.get(others[0]))
        )


def _alike(one: Place | None, other: Place | None) -> bool:
    if one is None or other is None:
        return False
    return 2 * len(one.keys.keys() & other.keys.keys()) >= max(len(one.keys), len(other.keys))
