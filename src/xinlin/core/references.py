"""Whether the entries of a rulebook fit together: every name that one entry uses for another must exist and suit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from xinlin.core.rulebooks import Rulebook
from xinlin.core.strict_yaml import Path, dotted
from xinlin.core.values import Problem, Text


@dataclass(frozen=True)
class Finding:
    """Something that does not fit, by its path in the rulebook (section, code, key …)."""

    code: str
    path: Path
    what: Text
    cure: Text

    def at(self, where: str) -> Problem:
        """The problem at ``file:line``."""
        named = dotted(self.path)
        what = Text(zh=f"{named}：{self.what.zh}", en=f"{named}: {self.what.en}")
        return Problem(self.code, where, what, self.cure, detail={"path": named})


def broken_references(rulebook: Rulebook, own: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """Every broken reference. ``own`` names the entries that this rulebook adds to the one it extends."""
    yield from ()
