"""Where the rows of a JSON file are: in an array, under the members of an object, or one level further down (JSON 结构).

One pass over the file makes a tree of what stands where, with arrays and wide objects folded into one; the places that may
be a table are read off it. A place is a way of steps from the root: a member's name, `EACH` item of an array, or `EVERY`
member of an object whose names are data (``{"110000": "北京市", …}``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import ijson

from xinlin.core.columns import label_key
from xinlin.office.layouts import MOST_COLUMNS, FileRefused, refuse

DEEPEST = 32
"""Levels of nesting up to which a file is read at all."""
ROOT = "$"
EACH, EVERY = "[]", "*"
_MOST_SHAPES = 20_000
_MOST_PLACES = 100
_MOST_REPEATS = 3
_ALIKE = 0.6
"""Part of the columns that objects share when they are rows of one table."""
_CODE = re.compile(r"[A-Za-z0-9_./-]*[0-9][A-Za-z0-9_./-]*")
_HEADS = frozenset(["columns", "header", "headers", "fields", "head", "列", "表头", "列名", "字段"])
Steps = tuple[str, ...]


@dataclass
class Shape:
    """What stands in one place of the file: how often as an object, as an array, as a value; and what is inside."""

    maps: int = 0
    arrays: int = 0
    scalars: int = 0
    members: dict[str, Shape] = field(default_factory=dict)
    item: Shape | None = None
    sample: str = ""
    """The first value."""
    wide: bool = False
    """Whether its names were too many to be kept apart; then its one member is `EVERY`."""

    @property
    def empty(self) -> bool:
        """Whether it is nothing but arrays without an item."""
        inside = self.item.maps + self.item.arrays + self.item.scalars if self.item else 0
        return bool(self.arrays) and not (self.maps or self.scalars or inside)


@dataclass(frozen=True)
class Place:
    """A table that the file may mean."""

    steps: Steps
    count: int
    keys: tuple[str, ...]
    lists: bool = False
    """Whether its rows are arrays of cells."""
    head: Steps = ()
    """Where the names of the columns stand, if beside rows that are arrays."""

    @property
    def name(self) -> str:
        """As a person may name it: ``data.list``; the whole file is ``$``."""
        steps = self.steps[:-1] if self.steps[-1:] == (EACH,) else self.steps
        return ".".join(steps).replace(f".{EACH}", EACH) or ROOT

    def hits(self, known: AbstractSet[str]) -> int:
        """How many of its columns have a known label."""
        return sum(1 for key in self.keys if label_key(key) in known)

    def as_choice(self) -> dict[str, object]:
        """What a person sees who chooses."""
        return {"name": self.name, "rows": self.count, "columns": len(self.keys), "visible": True}


class _Survey:
    def __init__(self) -> None:
        self.root = Shape()
        self._made = 0

    def read(self, stream: Any) -> Shape:
        """The tree of the file. Raises what the parser raises, and `FileRefused` for what is nested beyond sense."""
        inside: list[tuple[Shape, bool]] = []
        here = self.root
        for event, value in ijson.basic_parse(stream):
            if event == "map_key":
                here = self._member(inside[-1][0], value)
                continue
            if event in ("end_map", "end_array"):
                inside.pop()
            elif event in ("start_map", "start_array"):
                is_array = event == "start_array"
                here.arrays += is_array
                here.maps += not is_array
                inside.append((here, is_array))
                if len(inside) > DEEPEST:
                    raise _too_deep()
            else:
                here.scalars += 1
                here.sample = here.sample or str(value)[:200]
            if inside and inside[-1][1]:
                here = self._item(inside[-1][0])
        return self.root

    def _item(self, shape: Shape) -> Shape:
        if shape.item is None:
            shape.item = Shape()
        return shape.item

    def _member(self, shape: Shape, name: str) -> Shape:
        if shape.wide:
            return shape.members[EVERY]
        found = shape.members.get(name)
        if found is None:
            self._made += 1
            if len(shape.members) >= MOST_COLUMNS or self._made > _MOST_SHAPES:
                shape.members, shape.wide = {EVERY: merged(shape.members.values())}, True
                return shape.members[EVERY]
            found = shape.members[name] = Shape()
        return found


def merged(shapes: Iterable[Shape]) -> Shape:
    """Several places as one."""
    whole = Shape()
    for shape in shapes:
        whole.maps += shape.maps
        whole.arrays += shape.arrays
        whole.scalars += shape.scalars
        whole.sample = whole.sample or shape.sample
        whole.wide = whole.wide or shape.wide
        for name, member in shape.members.items():
            held = whole.members.get(name)
            whole.members[name] = merged([held, member]) if held else member
        if shape.item:
            whole.item = merged([whole.item, shape.item]) if whole.item else shape.item
    if whole.wide:
        whole.members = {EVERY: merged(whole.members.values())}
    return whole


def survey(stream: Any) -> Shape:
    """The tree of what stands where."""
    return _Survey().read(stream)


def places(root: Shape, known: AbstractSet[str]) -> list[Place]:
    """The tables that the file may mean, the likeliest first.

    By known labels, then objects in arrays, then the outermost, then the longest. The whole file as one record is among
    them where it is one object of values, or has the labels of one.
    """
    found = list(_inside(root, (), known))[:_MOST_PLACES]
    if root.maps and not root.wide:
        whole = Place((), 1, tuple(root.members))
        filled = root.members and not any(member.empty for member in root.members.values())
        if whole.hits(known) > 1 or (filled and (not found or _flat(root))):
            found.append(whole)

    def mark(place: Place) -> tuple[int, int, int, int]:
        sure = 0 if place.steps == () else 1 if EVERY in place.steps else 2
        return place.hits(known), sure, -_repeats(place.steps), place.count

    return sorted(found, key=mark, reverse=True)


def shapes_to(root: Shape, steps: Steps) -> list[Shape]:
    """The objects that lie on the way to a place, as far as there is one of each."""
    met: list[Shape] = []
    for step in steps:
        if step in (EACH, EVERY) or step not in root.members:
            break
        met.append(root)
        root = root.members[step]
    return met


def by_columns(shape: Shape) -> bool:
    """Whether an object holds a column in each member, as arrays of one length or numbered from 0, and no record."""
    members = list(shape.members.values())
    if len(members) < 2 or shape.wide or any(member.scalars for member in members):
        return False
    if all(_CODE.fullmatch(name) for name in shape.members):
        return False
    if all(member.arrays == 1 and member.item and member.item.scalars > 1 for member in members):
        return len({member.item.scalars for member in members if member.item}) == 1
    rows = [tuple(member.members) for member in members]
    return all(member.maps == 1 for member in members) and len(set(rows)) == 1 and rows[0][:2] == ("0", "1")


def _flat(shape: Shape) -> bool:
    return not any(member.maps or member.arrays for member in shape.members.values())


def _repeats(steps: Steps) -> int:
    return sum(1 for step in steps if step in (EACH, EVERY))


def _inside(shape: Shape, steps: Steps, known: AbstractSet[str], head: Steps = ()) -> Iterator[Place]:
    """Places at and below a shape; ``head``: where names of columns stand beside it."""
    if shape.arrays and shape.item:
        yield from _items(shape.item, (*steps, EACH), known, head)
    if not shape.maps:
        return
    if EACH not in steps and (each := _keyed(shape, known)) is not None:
        yield from _members(each, (*steps, EVERY), known)
    elif not shape.wide:
        heads = [name for name in shape.members if name.lower() in _HEADS]
        beside = (*steps, heads[0]) if heads else ()
        for name in [name for name in shape.members if name not in heads]:
            yield from _inside(shape.members[name], (*steps, name), known, beside)
        for name in heads if not any(member.item and member.item.arrays for member in shape.members.values()) else []:
            yield from _inside(shape.members[name], (*steps, name), known)


def _items(item: Shape, steps: Steps, known: AbstractSet[str], head: Steps = ()) -> Iterator[Place]:
    """Places of an array of such items: objects as rows, arrays of cells as rows, and what is inside either."""
    if item.arrays and not item.maps and item.item and item.item.scalars:
        yield Place(steps, item.arrays, (), True, head)
        return
    deeper = list(_inside(item, steps, known)) if _repeats(steps) < _MOST_REPEATS else []
    if item.maps and (item.wide or not deeper or any(member.scalars for member in item.members.values())):
        yield Place(steps, item.maps, tuple(item.members))
    yield from deeper


def _members(each: Shape, steps: Steps, known: AbstractSet[str]) -> Iterator[Place]:
    """Places of an object whose members are each like this."""
    if each.maps and _repeats(steps) < _MOST_REPEATS and _keyed(each, known) is not None:
        yield from _inside(each, steps, known)
    elif each.maps:
        yield Place(steps, each.maps, ("key", *each.members))
    elif each.item and each.item.maps:
        yield from _items(each.item, (*steps, EACH), known)
    else:
        yield Place(steps, each.scalars + each.arrays, ("key", "value"))


def _keyed(shape: Shape, known: AbstractSet[str], least: int = 2) -> Shape | None:
    """What each member is, where the names of an object's members are data and no names of columns; else None."""
    if shape.wide:
        return shape.members[EVERY]
    names = list(shape.members)
    if len(names) < least or any(label_key(name) in known for name in names):
        return None
    each = merged(shape.members.values())
    if bool(each.maps) + bool(each.arrays) + bool(each.scalars) != 1:
        return None
    if all(_CODE.fullmatch(name) for name in names):
        return each
    if each.maps:
        shared = sum(one.maps + one.arrays + one.scalars for one in each.members.values())
        alike = shared >= _ALIKE * each.maps * max(1, len(each.members))
        return each if alike or all(_keyed(member, known, 1) for member in shape.members.values()) else None
    turned = each.scalars and len(names) > 2 and all(_CODE.fullmatch(one.sample) for one in shape.members.values())
    return each if turned else None


def _too_deep() -> FileRefused:
    return refuse(
        "nested_too_deep",
        f"嵌套超过 {DEEPEST} 层，不像表格",
        f"It is nested more than {DEEPEST} levels; this is no table",
        "请导出为对象数组",
        "Export it as an array of objects",
    )
