"""What a city's rulebook adds to the one above it, what it takes over as it stands, and which rows it changes within their bounds (层级差异)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.core.values import Text

SECTIONS = ("departments", "kinds", "lists", "measures", "approval_items", "procedures", "repair_classes", "pledges")
"""What is compared, in the order in which it is shown; offers, scenes and schemes are a city's own in any case."""


@dataclass(frozen=True)
class Change:
    """One value that a row gives otherwise than the row above: a dotted path, both values as the file would have them."""

    path: str
    above: str
    here: str


@dataclass(frozen=True)
class SectionLevels:
    """One section: how many rows stand as above, which are the city's own, which rows of the one above read otherwise here."""

    section: str
    taken_over: int
    added: list[Text]
    changed: list[tuple[Text, list[Change]]]


def levels(above: Rulebook, here: Rulebook) -> list[SectionLevels]:
    """The sections of ``here`` against ``above``, those without any row left out."""
    return [found for section in SECTIONS if (found := _section(section, above, here)) is not None]


def _section(section: str, above: Rulebook, here: Rulebook) -> SectionLevels | None:
    own, parent = getattr(here, section), getattr(above, section)
    if not own:
        return None
    added = [_name(entry) for code, entry in own.items() if code not in parent]
    changed = []
    for code, entry in own.items():
        if code in parent and isinstance(entry, Kind) and entry != parent[code]:
            changed.append((entry.name, list(changes(_plain(parent[code]), _plain(entry)))))
    return SectionLevels(section, len(own) - len(added) - len(changed), added, changed)


def _name(entry: Any) -> Text:
    name = getattr(entry, "name", None)
    return name if isinstance(name, Text) else Text(zh=entry.code, en=entry.code)


def _plain(kind: Kind) -> dict[str, Any]:
    told = kind.model_dump(mode="json", by_alias=True)
    return told | {"fields": {field["code"]: field for field in told["fields"]}}


def changes(above: Any, here: Any, path: str = "") -> Iterator[Change]:
    """Every value in which two trees of plain JSON differ; a list is compared as one value."""
    if isinstance(above, dict) and isinstance(here, dict):
        for key in dict.fromkeys([*above, *here]):
            yield from changes(above.get(key), here.get(key), f"{path}.{key}" if path else key)
    elif above != here:
        yield Change(path, _said(above, here), _said(here, above))


def _said(value: Any, other: Any) -> str:
    """The value as text; of a list only what the other one does not have, so that one added item is seen at once."""
    if isinstance(value, list) and isinstance(other, list):
        return ", ".join(str(item) for item in value if item not in other) or "–"
    return "–" if value is None else str(value)
