"""The small city of docs/rulebooks.md, as the texts of a rulebook folder."""

from __future__ import annotations

import re
from pathlib import Path

from xinlin import shelf
from xinlin.core import lint
from xinlin.core.loading import Loaded, RulebookRefused, load
from xinlin.core.values import Problem

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "rulebooks.md"


def texts() -> dict[str, str]:
    """Every YAML block of the document by the path that its first line names."""
    blocks = re.findall(r"^```yaml\n# (\S+\.yaml)\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)
    return dict(blocks)


def parent() -> Loaded:
    """The national rulebook, which the example extends."""
    return shelf.read_with_places("national")


def problems(files: dict[str, str]) -> list[Problem]:
    """What loading and the linter say of the files."""
    try:
        loaded = load("example", files, parent())
    except RulebookRefused as refused:
        return refused.problems
    return lint.findings(loaded.rulebook, loaded.places)
