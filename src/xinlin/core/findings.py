"""A finding in a rulebook: what does not fit or may not stand, by its path in the rulebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel

from xinlin.core.strict_yaml import Path, dotted
from xinlin.core.terms import add_term
from xinlin.core.values import Problem, Text

_ANY_DAY = date(2001, 1, 1)
TERM_KEYS = ("term", "retention", "update_interval", "longest_term", "publicity_term", "lasts", "within")
"""Keys whose value is a calendar term, wherever they stand."""


@dataclass(frozen=True)
class Finding:
    """Something wrong at ``path`` (section, code, key …); ``at`` makes it a problem with its file and line."""

    code: str
    path: Path
    what: Text
    cure: Text

    def at(self, where: str, key: Path | None = None) -> Problem:
        """The problem at ``where`` (``file:line``), its key as it stands in that file: schemes and kinds have one each.

        ``key`` is its path there where the file counts otherwise than the rulebook.
        """
        path = key or self.path
        apart = path[:1] == ("schemes",) or (path[:1] == ("kinds",) and len(path) > 2)
        named = dotted(path[2:] if apart else path)
        what = Text(zh=f"{named}：{self.what.zh}", en=f"{named}: {self.what.en}")
        return Problem(self.code, where, what, self.cure, detail={"path": dotted(self.path)})


def found(code: str, path: Path, what: tuple[str, str], cure: tuple[str, str]) -> Finding:
    """A finding from texts in Chinese and English."""
    return Finding(code, path, Text(zh=what[0], en=what[1]), Text(zh=cure[0], en=cure[1]))


def absent(path: Path, name: str, section: str, there: Iterable[str]) -> Finding:
    """The finding that ``name`` is no entry of ``section``."""
    listed = ", ".join(sorted(there)) or "—"
    return found(
        "reference",
        path,
        (f"{section} 中没有 {name}", f"there is no {name} in {section}"),
        (f"改为现有的一个，或先添加：{listed}", f"use one that exists, or add it first: {listed}"),
    )


def nearest(places: Mapping[Path, str], path: Path) -> str:
    """``file:line`` of the longest beginning of ``path`` that has one; the path itself where none has."""
    for length in range(len(path), -1, -1):
        if path[:length] in places:
            return places[path[:length]]
    return dotted(path)


def models_in(value: object, path: Path) -> Iterator[tuple[Path, BaseModel]]:
    """Every typed value inside ``value`` with its path, outermost first."""
    if isinstance(value, BaseModel):
        yield path, value
        for name, spec in type(value).model_fields.items():
            yield from models_in(getattr(value, name), (*path, spec.alias or name))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from models_in(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from models_in(inner, (*path, position))


def terms_in(model: BaseModel) -> Iterator[tuple[Path, str]]:
    """The calendar terms that a typed value holds by itself, with their paths inside it."""
    for name in TERM_KEYS:
        value: Any = getattr(model, name, None)
        if isinstance(value, str):
            yield (name,), value
    by_class: Any = getattr(model, "terms", None)
    for record_class, value in by_class.items() if isinstance(by_class, dict) else ():
        if isinstance(value, str):
            yield ("terms", record_class), value


def reaches_beyond(term: str, limit: str) -> bool:
    """Whether one calendar term is longer than another; False where either is no term, which is found elsewhere."""
    try:
        return add_term(_ANY_DAY, term) > add_term(_ANY_DAY, limit)
    except ValueError:
        return False
