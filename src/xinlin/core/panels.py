"""The three panels of a configuration (数据＋模型＋应用), each with what it says and a hash over it.

Each is versioned and approved apart: who answers for the catalogue does not thereby approve a scheme or an offer.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal, get_args

from xinlin.core.levels import Change, changes
from xinlin.core.rulebooks import Rulebook

Panel = Literal["data", "model", "application"]
PANELS: tuple[Panel, ...] = get_args(Panel)
_SECTIONS: dict[Panel, tuple[str, ...]] = {
    "data": ("departments", "editions", "themes", "kinds", "connections"),
    "model": ("lists", "national_measures", "measures", "repair_classes", "clocks", "procedures"),
    "application": ("merchants", "offers", "scenes", "approval_items", "incentives", "pledges", "deeds", "publicity"),
}
"""The sections of the rulebook in each panel; the model has the schemes besides."""

Content = dict[str, Any]


def content(rulebook: Rulebook, panel: Panel) -> Content:
    """What the panel says, as plain JSON: section → code → row; defaults left out."""
    told: Content = {
        section: {code: _plain(row) for code, row in sorted(getattr(rulebook, section).items())}
        for section in _SECTIONS[panel]
    }
    if panel == "model":
        told["schemes"] = {f"{one.code} {one.version}": _plain(one) for one in rulebook.schemes}
    return told


def _plain(row: Any) -> Any:
    return row.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def sha256(told: Content) -> str:
    """Hash of the content as JSON with sorted keys and no spaces, UTF-8."""
    plain = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def differences(before: Content, after: Content) -> list[Change]:
    """Every value that differs, in the order of the sections."""
    return list(changes(before, after))
