"""What the law refuses in a rulebook (规则册法律审查)."""

from __future__ import annotations

from collections.abc import Mapping

from xinlin.core.rulebooks import Rulebook
from xinlin.core.strict_yaml import Path
from xinlin.core.values import Problem


def findings(rulebook: Rulebook, places: Mapping[Path, str] | None = None) -> list[Problem]:
    """Everything in the rulebook that the law refuses, each with its reason and cure."""
    return []
