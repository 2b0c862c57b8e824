"""How pages show what a value rests on: its citations, or that it is a demonstration value."""

from __future__ import annotations

from dataclasses import dataclass

from xinlin.core.rulebooks import Rulebook, Source
from xinlin.core.schemes import Basis
from xinlin.core.values import Text


@dataclass(frozen=True)
class CitationView:
    """One cited place."""

    source: str
    title: Text
    article: str
    number: str
    url: str
    verified: bool
    """True once a person has compared the entry with the official text."""


@dataclass(frozen=True)
class BasisView:
    """What a value rests on. ``demonstration`` and no citations where no published source gives it."""

    demonstration: bool
    citations: list[CitationView]


def basis_view(basis: Basis, rulebook: Rulebook) -> BasisView:
    """The basis of a rulebook entry with the titles of its sources; a source that is not listed shows its id."""
    if basis == "demonstration":
        return BasisView(True, [])
    return BasisView(False, [_citation(c.source, c.article, rulebook.sources.get(c.source)) for c in basis])


def _citation(code: str, article: str, source: Source | None) -> CitationView:
    if source is None:
        return CitationView(code, Text(zh=code, en=code), article, "", "", False)
    return CitationView(code, source.title, article, source.number or "", source.url or "", source.verified)
