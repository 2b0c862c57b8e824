"""A changed copy of a scheme before it is published (方案修订): its numbers, what differs, and who would move (影响预演)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from xinlin.core.rulebooks import FieldSpec, Kind
from xinlin.core.schemes import Award, Indicator, Limits, Scheme
from xinlin.core.strict_yaml import Path, Tree
from xinlin.core.values import Text


@dataclass(frozen=True, slots=True)
class Number:
    """A number that an analyst may change: where it stands in the file, whose it is, and what it is called."""

    path: Path
    value: int
    owner: str
    """The code of the indicator, dimension, tier or mark that it belongs to, with its sort; empty for the scheme itself."""
    of: Text
    name: Text

    @property
    def key(self) -> str:
        """The path as one word, for a form."""
        return ".".join(str(part) for part in self.path)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions: a number, or something that came, went or was written otherwise."""

    of: Text
    name: Text
    before: str
    after: str


BASE = Text(zh="整个方案", en="The scheme")
COME, GONE = Text(zh="新增", en="added"), Text(zh="删去", en="removed")
OTHER = Text(zh="条件、期限或文字有改动", en="conditions, terms or words changed")
BEGINS = Text(zh="起点", en="begins at")
Named = tuple[str, Text]
"""(owner, how it is called)."""


def _limits(limits: Limits, path: Path, whose: Named, zh: str, en: str) -> Iterator[Number]:
    for key, word_zh, word_en in (("cap", "上限", "cap"), ("floor", "下限", "floor")):
        value = getattr(limits, key)
        if value is not None:
            yield Number((*path, key), value, *whose, Text(zh=zh + word_zh, en=en + word_en))


def _amount(value: int, spec: FieldSpec | None) -> Text:
    """A measured amount with its unit: money is kept in 分 and said in yuan."""
    if spec is not None and spec.type == "money":
        yuan = f"{value // 100}" if value % 100 == 0 else f"{value // 100}.{value % 100:02}"
        return Text(zh=f"{yuan} 元", en=f"{yuan} yuan")
    return Text(zh=str(value), en=str(value))


def _points(points: Award, path: Path, whose: Named, spec: FieldSpec | None) -> Iterator[Number]:
    if points.each is not None:
        per = _amount(points.each.units, spec)
        one = points.each.units == 1
        name = Text(zh="每一个" if one else f"每 {per.zh}", en="each" if one else f"per {per.en}")
        yield Number((*path, "each", "points"), points.each.points, *whose, name)
    for at, band in enumerate(points.bands or ()):
        start = _amount(band.at_least, spec)
        yield Number(
            (*path, "bands", at, "points"), band.points, *whose, Text(zh=f"{start.zh} 起", en=f"from {start.en}")
        )
    for at, step in enumerate(points.steps or ()):
        per, end = _amount(step.per, spec), _amount(step.up_to or 0, spec)
        upper = (f"至 {end.zh}", f"up to {end.en}") if step.up_to else ("以上", "beyond")
        name = Text(zh=f"{upper[0]}，每 {per.zh}", en=f"{upper[1]}, per {per.en}")
        yield Number((*path, "steps", at, "points"), step.points, *whose, name)
    for key, value in (points.table or {}).items():
        name = (spec.codes or {}).get(key, Text(zh=key, en=key)) if spec is not None else Text(zh=key, en=key)
        yield Number((*path, "table", key), value, *whose, name)


def _measured(indicator: Indicator, kinds: Mapping[str, Kind]) -> FieldSpec | None:
    kind, of = kinds.get(indicator.kind), indicator.measure.of
    fields = kind.fields if kind is not None else []
    return next((spec for spec in fields if spec.code == of or (of == "class" and spec.role == "class")), None)


def _indicator(indicator: Indicator, path: Path, kinds: Mapping[str, Kind]) -> Iterator[Number]:
    whose = (f"indicator {indicator.code}", indicator.name)
    yield from _points(indicator.points, (*path, "points"), whose, _measured(indicator, kinds))
    yield from _limits(indicator.per_year, (*path, "per_year"), whose, "每年", "yearly ")
    yield from _limits(indicator.overall, (*path, "overall"), whose, "合计", "overall ")
    if indicator.repeat is not None:
        name = Text(zh="再次发生的倍数", en="factor of a repeat")
        yield Number((*path, "repeat", "factor"), indicator.repeat.factor, *whose, name)


def numbers_of(scheme: Scheme, kinds: Mapping[str, Kind], own: int | None = None) -> list[Number]:
    """Every number of a scheme that weighs, in the order of its file, with names from the kinds that it reads.

    ``own`` is how many dimensions stand in its file; those after them are taken over from another scheme.
    """
    found = [Number(("base",), scheme.base, "", BASE, Text(zh="基础分", en="base"))]
    for at, dimension in enumerate(scheme.dimensions[:own]):
        whose = (f"dimension {dimension.code}", dimension.name)
        found += _limits(dimension.limits, ("dimensions", at, "limits"), whose, "", "")
        for position, indicator in enumerate(dimension.indicators):
            found += _indicator(indicator, ("dimensions", at, "indicators", position), kinds)
    for at, tier in enumerate(scheme.tiers):
        found.append(Number(("tiers", at, "at_least"), tier.at_least, f"tier {tier.code}", tier.name, BEGINS))
    for at, mark in enumerate(scheme.marks):
        found.append(Number(("marks", at, "at_least"), mark.at_least, f"mark {mark.code}", mark.name, BEGINS))
    return found


def amended(tree: Mapping[str, Any], numbers: Mapping[Path, int], version: str, effective_from: str) -> dict[str, Tree]:
    """A copy of a scheme's file, as values, with these numbers, another version and another first day.

    Raises KeyError or IndexError for a path that the file does not have.
    """
    changed = copy.deepcopy(dict(tree))
    for path, value in numbers.items():
        inner: Any = changed
        for key in path[:-1]:
            inner = inner[key]
        if path[-1] not in inner:
            raise KeyError(path)
        inner[path[-1]] = value
    return {**changed, "version": version, "effective_from": effective_from}


def as_yaml(tree: Mapping[str, Tree]) -> str:
    """A scheme's file as text that the strict reader reads back to the same values."""
    text: str = yaml.safe_dump(dict(tree), allow_unicode=True, sort_keys=False, width=150)
    return text


def _parts(scheme: Scheme) -> dict[str, tuple[Text, object]]:
    """Everything that can come, go or be written otherwise, by owner."""
    parts: dict[str, tuple[Text, object]] = {}
    for dimension in scheme.dimensions:
        bare = dimension.model_copy(update={"indicators": [], "limits": Limits()})
        parts[f"dimension {dimension.code}"] = (dimension.name, bare)
        for indicator in dimension.indicators:
            parts[f"indicator {indicator.code}"] = (indicator.name, indicator)
    parts |= {f"tier {tier.code}": (tier.name, tier) for tier in scheme.tiers}
    parts |= {f"mark {mark.code}": (mark.name, mark) for mark in scheme.marks}
    return parts | {f"rule {rule.kind}": (rule.text, rule) for rule in scheme.class_rules}


def changes(before: Scheme, after: Scheme, kinds: Mapping[str, Kind]) -> list[Change]:
    """What differs between two versions of a scheme, number by number, as the public notice lists it."""
    were, are = _parts(before), _parts(after)
    old = {(number.owner, number.name.zh): number for number in numbers_of(before, kinds)}
    found: list[Change] = []
    told: set[str] = set()
    for number in numbers_of(after, kinds):
        former = old.get((number.owner, number.name.zh))
        if former is not None and former.value != number.value:
            told.add(number.owner)
            found.append(Change(number.of, number.name, str(former.value), str(number.value)))
    found += [Change(name, COME, "", "") for owner, (name, _) in are.items() if owner not in were]
    found += [Change(name, GONE, "", "") for owner, (name, _) in were.items() if owner not in are]
    for owner, (name, part) in are.items():
        if owner in were and were[owner][1] != part and owner not in told:
            found.append(Change(name, OTHER, "", ""))
    if before.scale != after.scale or before.unit != after.unit:
        found.append(Change(BASE, OTHER, "", ""))
    return found
