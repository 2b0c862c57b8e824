"""The files of schemes: those of the shelf, those announced here, and one that is only proposed."""

from __future__ import annotations

from functools import lru_cache

from xinlin import shelf
from xinlin.core import strict_yaml
from xinlin.core.proposals import amended, as_yaml
from xinlin.core.rulebooks import Rulebook
from xinlin.core.schemes import Scheme
from xinlin.core.strict_yaml import Path
from xinlin.core.values import Problem, Text
from xinlin.office.models.proposals import SchemeProposal
from xinlin.office.rulebook import current
from xinlin.office.scopes import Refused

MAY_SIGN = frozenset({"analyst", "reviewer"})
MAY_RECALL = frozenset({"reviewer"})
NOTICE_DAYS = 7
"""So many days at least lie between the announcement and the first day, so that people can speak."""


def name_of(scheme: Scheme, rulebook: Rulebook) -> Text:
    """How a scheme is called."""
    words = rulebook.words
    return scheme.name or (words.score if words is not None else Text(zh=scheme.code, en=scheme.code))


class ProposalRefused(Refused):
    """A version that cannot be proposed: ``problems`` say everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0])
        self.problems = problems


def announced_texts() -> dict[str, str]:
    """The texts of versions announced on this installation, by the stem of their file."""
    done = SchemeProposal.objects.filter(state=SchemeProposal.State.ANNOUNCED, rulebook=current().code)
    return {f"{one.scheme}-{one.version}": one.text for one in done.order_by("pk")}


def recalled_stems() -> set[str]:
    """The stems of versions that were announced here and taken back before their day."""
    back = SchemeProposal.objects.filter(state=SchemeProposal.State.RECALLED, rulebook=current().code)
    return {f"{one.scheme}-{one.version}" for one in back.only("scheme", "version")}


def text_of(scheme: Scheme) -> str:
    """The file of a version in the rulebook, of the shelf or adopted here."""
    stem = f"{scheme.code}-{scheme.version}"
    return {**shelf.scheme_texts(current().code), **announced_texts()}[stem]


def with_numbers(scheme: Scheme, numbers: dict[Path, int], version: str, effective_from: str) -> str:
    """The file of a copy of the scheme with other numbers. Raises KeyError for a number that it does not have."""
    tree = strict_yaml.read(text_of(scheme), scheme.code).tree
    return as_yaml(amended(tree if isinstance(tree, dict) else {}, numbers, version, effective_from))


def said_of(text: str) -> tuple[str, str]:
    """Code and version that the text says, as far as it can be read."""
    tree = strict_yaml.read(text, "").tree
    said = tree if isinstance(tree, dict) else {}
    return str(said.get("code", "")), str(said.get("version", ""))


@lru_cache(maxsize=16)
def _with_version(city: str, stem: str, text: str, others: tuple[tuple[str, str], ...]) -> Rulebook:
    """Loaded once for each text: pages that list drafts ask again and again."""
    return shelf.with_scheme(city, stem, text, dict(others))


def checked(text: str) -> tuple[Rulebook, Scheme]:
    """The rulebook with this version in it, and the version. Raises `ProposalRefused` with everything that is wrong."""
    code, version = said_of(text)
    stem = f"{code or 'scheme'}-{version or '0'}"
    try:
        rulebook = _with_version(current().code, stem, text, tuple(announced_texts().items()))
    except shelf.RulebookRefused as refused:
        raise ProposalRefused(refused.problems) from refused
    return rulebook, next(one for one in rulebook.schemes if (one.code, one.version) == (code, version))
