"""Geometry of the flow diagram old → new (桑基图), drawn as SVG without scripts; the same numbers stand beside it in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, BAR, GAP, TALL = 720, 12, 10, 320
LEFT, RIGHT = 150, WIDTH - 150
LEAST = 2


@dataclass(frozen=True)
class Node:
    """A bar at one side: a level before or after."""

    name: str
    count: int
    x: int
    y: int
    height: int
    label_x: int
    anchor: str


@dataclass(frozen=True)
class Flow:
    """A band from an old level to a new one; ``shape`` is ``up``, ``down`` or ``base``."""

    path: str
    shape: str
    before: str
    after: str
    count: int


@dataclass(frozen=True)
class Sankey:
    """The whole drawing; box ``0 0 720 height``."""

    nodes: list[Node]
    flows: list[Flow]
    height: int
    hidden: int
    """Cells that are hidden, and so not drawn."""


def _stack(sums: Sequence[int], names: Sequence[str], x: int, scale: float, *, left: bool) -> list[Node]:
    nodes, y = [], 0
    for name, count in zip(names, sums, strict=True):
        height = max(LEAST, round(count * scale)) if count else 0
        label, anchor = (x - 8, "end") if left else (x + BAR + 8, "start")
        nodes.append(Node(name, count, x, y, height, label, anchor))
        y += height + (GAP if height else 0)
    return nodes


def sankey(before: Sequence[str], after: Sequence[str], cells: Sequence[Sequence[int | None]]) -> Sankey:
    """The flows of ``cells`` (old × new, both from high to low; None where hidden). Levels that nobody has are left out."""
    shown = [[count or 0 for count in row] for row in cells]
    total = sum(map(sum, shown)) or 1
    scale = TALL / total
    lefts = _stack([sum(row) for row in shown], before, LEFT, scale, left=True)
    rights = _stack([sum(row[at] for row in shown) for at in range(len(after))], after, RIGHT, scale, left=False)
    down_left, down_right = [node.y for node in lefts], [node.y for node in rights]
    flows = []
    middle, start = (LEFT + BAR + RIGHT) // 2, LEFT + BAR
    for row, old in enumerate(lefts):
        for column, new in enumerate(rights):
            count = shown[row][column]
            if not count:
                continue
            thick = max(1, round(count * scale))
            a, b = down_left[row], down_right[column]
            down_left[row], down_right[column] = a + thick, b + thick
            path = (
                f"M{start} {a}C{middle} {a} {middle} {b} {RIGHT} {b}"
                f"V{b + thick}C{middle} {b + thick} {middle} {a + thick} {start} {a + thick}Z"
            )
            shape = "base" if row == column else "up" if column < row else "down"
            flows.append(Flow(path, shape, old.name, new.name, count))
    nodes = [node for node in (*lefts, *rights) if node.height]
    bottom = max((node.y + node.height for node in nodes), default=0)
    return Sankey(nodes, flows, bottom + 4, sum(count is None for row in cells for count in row))
