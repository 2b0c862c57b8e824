"""Numbers that a source states, kept as they stand there (公开数字)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from xinlin.core.schemes import Basis
from xinlin.core.values import Strict, Text


class FigurePart(Strict):
    """One class of a published total."""

    name: Text
    count: int = Field(ge=0)


class PublishedFigure(Strict):
    """A total that a source states, with the classes into which it divides it (公开数字): shown with what does not add up."""

    code: str
    name: Text
    total: int = Field(ge=0)
    parts: Annotated[list[FigurePart], Field(min_length=1)]
    basis: Basis

    @property
    def remainder(self) -> int:
        """The total less the sum of its classes: 0 where the source's own numbers add up."""
        return self.total - sum(part.count for part in self.parts)
