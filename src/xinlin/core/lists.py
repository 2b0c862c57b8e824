"""When an entry on a statutory list is in force, and which measures it carries at an approval (名单, 惩戒措施).

Nothing here waits for a job: an entry ends on its day because every question compares dates anew.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from xinlin.core.rulebooks import ListMeasure, Rulebook, StatutoryList
from xinlin.core.schemes import Basis, Citation
from xinlin.core.terms import add_term
from xinlin.core.values import Text

Part = Literal["list", "document", "authority", "article", "notice", "remedy", "end"]
PARTS: tuple[Part, ...] = ("list", "document", "authority", "article", "notice", "remedy", "end")
"""The seven parts without which no measure stands: list entry, decision document, authority, article, notice,
objection and repair route, end (国办发〔2020〕49号; DESIGN right 4)."""

Hindrance = Literal[
    "disputed",
    "repaired",
    "withdrawn",
    "ended",
    "unlinked",
    "superseded",
    "removed",
    "future",
    "expired",
    "not_notified",
    "incomplete",
]

EXIT = "exit: "
"""How the reason of an event begins with which the list's authority took an entry off."""
DUTY_DONE = "duty_done"
"""Reason of an event with which it did so since the duty behind the entry was done."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A subject's entry on a list, as its record states it. Text is empty and a date None where a part is missing."""

    reference: str
    list_code: str
    entered_on: date
    ends_on: date | None
    document: str
    authority: str
    article: str
    notice_on: date | None
    remedy: str
    status: str = "active"
    removed: bool = False


@dataclass(frozen=True, slots=True)
class ItemMeasure:
    """A measure as the law allows it at an item: its articles in force, and the day on which the last one lapses."""

    measure: ListMeasure
    article: Text
    lapses_on: date | None


@dataclass(frozen=True, slots=True)
class StandingMeasure:
    """A measure that may (or must) be used on an entry, and the first day on which it may not."""

    measure: ListMeasure
    until: date
    article: Text


def missing_parts(entry: Entry, rulebook: Rulebook) -> list[Part]:
    """Which of the seven parts the entry lacks; empty where a measure may rest on it."""
    present: dict[Part, bool] = {
        "list": entry.list_code in rulebook.lists,
        "document": bool(entry.document.strip()),
        "authority": bool(entry.authority.strip()),
        "article": bool(entry.article.strip()),
        "notice": entry.notice_on is not None,
        "remedy": bool(entry.remedy.strip()),
        "end": entry.ends_on is not None,
    }
    return [part for part in PARTS if not present[part]]


def end_of(entry: Entry, statutory: StatutoryList) -> date:
    """First day on which the entry no longer counts: its own end or the list's longest term, whichever comes first."""
    longest = add_term(entry.entered_on, statutory.longest_term)
    return longest if entry.ends_on is None else min(entry.ends_on, longest)


def hindrance(entry: Entry, rulebook: Rulebook, as_of: date) -> Hindrance | None:
    """Why the entry carries nothing on ``as_of``, or None where it is in force.

    A disputed entry counts 0 until an authority decides (right 3). An entry of which the subject has not yet been
    told carries nothing before the day of notice (深圳经济特区社会信用条例 69).
    """
    if entry.removed:
        return "removed"
    if entry.status != "active":
        return entry.status  # type: ignore[return-value]  # statuses other than active are hindrances by name
    if missing_parts(entry, rulebook) or entry.notice_on is None:
        return "incomplete"
    if as_of < entry.entered_on:
        return "future"
    if as_of >= end_of(entry, rulebook.lists[entry.list_code]):
        return "expired"
    return "not_notified" if as_of < entry.notice_on else None


def _term(citation: Citation, rulebook: Rulebook) -> tuple[date, date]:
    """First day and first day no longer of a cited article: its own dates and those of its source."""
    source = rulebook.sources.get(citation.source)
    if source is None:
        return date.max, date.min
    starts = [day for day in (citation.effective_from, source.effective_from) if day is not None]
    ends = [day for day in (citation.effective_to, source.effective_to) if day is not None]
    return max(starts, default=date.min), min(ends, default=date.max)


def standing_citations(basis: Basis, rulebook: Rulebook, as_of: date) -> list[Citation]:
    """The citations in force on ``as_of``; none for a basis that no published source gives."""
    if basis == "demonstration":
        return []
    terms = [(citation, *_term(citation, rulebook)) for citation in basis]
    return [citation for citation, starts, ends in terms if starts <= as_of < ends]


def article_text(basis: Basis, rulebook: Rulebook, as_of: date) -> Text | None:
    """The articles of a basis that are in force on ``as_of``, as a person cites them; None where none is left.

    A basis that no published source gives says so in words.
    """
    if basis == "demonstration":
        return Text(zh="示范取值，无公开依据", en="demonstration value without a published source")
    standing = standing_citations(basis, rulebook, as_of)
    if not standing:
        return None
    titles = [(rulebook.sources[citation.source].title, citation.article) for citation in standing]
    return Text(
        zh="；".join(f"《{title.zh.strip('《》')}》{article}" for title, article in titles),
        en="; ".join(f"{title.en}, {article}" for title, article in titles),
    )


def lapse_of(basis: Basis, rulebook: Rulebook, as_of: date) -> date | None:
    """First day on which none of the articles in force on ``as_of`` is any longer; None where no end is known."""
    ends = [_term(citation, rulebook)[1] for citation in standing_citations(basis, rulebook, as_of)]
    lapses_on = max(ends, default=date.max)
    return None if lapses_on == date.max else lapses_on


def starts_of(basis: Basis, rulebook: Rulebook) -> date:
    """First day on which an article of the basis is in force; the first of all days where no source states one."""
    return date.min if basis == "demonstration" else min(_term(citation, rulebook)[0] for citation in basis)


def ends_of(basis: Basis, rulebook: Rulebook) -> date:
    """First day on which no article of the basis is in force any longer; the last of all days where no end is known."""
    return date.max if basis == "demonstration" else max(_term(citation, rulebook)[1] for citation in basis)


@dataclass(frozen=True, slots=True)
class Link:
    """A measure tied to a service item by a clause of its own, signed by two people (事项关联)."""

    measure: str
    clause: Citation


def measures_of_item(
    rulebook: Rulebook, item: str, department: str, as_of: date, links: Iterable[Link] = ()
) -> list[ItemMeasure]:
    """The measures that a department may use at an item on ``as_of``, each with its articles in force.

    A measure without its row in the national basic list, or whose every article is repealed, is none; nor is a linked one
    whose clause is repealed.
    """
    named = [(measure, None) for measure in rulebook.measures.values() if item in measure.items]
    linked = [(rulebook.measures[one.measure], one.clause) for one in links if one.measure in rulebook.measures]
    found = []
    for measure, clause in [*named, *linked]:
        article = article_text(measure.basis, rulebook, as_of)
        if article is None or measure.national_row not in rulebook.national_measures:
            continue
        lapses = [lapse_of(measure.basis, rulebook, as_of)]
        if clause is None:
            if department not in measure.departments:
                continue
        else:
            cited = article_text([clause], rulebook, as_of)
            if cited is None:
                continue
            article = Text(zh=f"{article.zh}；{cited.zh}", en=f"{article.en}; {cited.en}")
            lapses.append(lapse_of([clause], rulebook, as_of))
        found.append(ItemMeasure(measure, article, min((day for day in lapses if day is not None), default=None)))
    return found


def lists_at(rulebook: Rulebook, item: str, department: str, as_of: date) -> frozenset[str]:
    """Codes of the lists that the law ties to the item; no other list is looked at there (必要, proportionality)."""
    return frozenset(found.measure.statutory_list for found in measures_of_item(rulebook, item, department, as_of))


_WRITTEN = str.maketrans(
    {"【": "[", "】": "]", "〔": "[", "〕": "]", "(": "[", ")": "]", "{": "[", "}": "]", "《": "", "》": ""}
)


DOCUMENT_NOISE = frozenset("-‐–—_·.,，。")
"""Marks that make no other document of a number."""


def document_identity(document: str) -> str:
    """A decision document's number as it is compared (文书号): width, brackets, spaces and hyphens do not make another document."""
    plain = unicodedata.normalize("NFKC", document).translate(_WRITTEN).casefold()
    return "".join(letter for letter in plain if not letter.isspace() and letter not in DOCUMENT_NOISE)


def once_a_document(entries: Iterable[Entry]) -> list[Entry]:
    """Of the entries that rest on one document and stand on one list, the one that ends first: nobody is hit twice.

    The same decision may arrive from two departments, or from another city. An entry without a document stands for itself.
    """
    kept: dict[tuple[str, str], Entry] = {}
    for entry in sorted(entries, key=lambda one: (one.ends_on or date.max, one.entered_on, one.reference)):
        identity = document_identity(entry.document) or entry.reference
        kept.setdefault((entry.list_code, identity), entry)
    return list(kept.values())


def measures_at(entry: Entry, rulebook: Rulebook, item: str, department: str, as_of: date) -> list[StandingMeasure]:
    """What may or must be done on account of ``entry`` by ``department`` at ``item`` on ``as_of``; ``must`` first."""
    return measures_among(entry, rulebook, measures_of_item(rulebook, item, department, as_of), as_of)


def measures_among(
    entry: Entry, rulebook: Rulebook, candidates: Iterable[ItemMeasure], as_of: date
) -> list[StandingMeasure]:
    """As `measures_at`, with the item's measures already found (one search serves a whole batch of applicants)."""
    if hindrance(entry, rulebook, as_of) is not None:
        return []
    end = end_of(entry, rulebook.lists[entry.list_code])
    found = [
        StandingMeasure(c.measure, end if c.lapses_on is None else min(end, c.lapses_on), c.article)
        for c in candidates
        if c.measure.statutory_list == entry.list_code
    ]
    return sorted(found, key=lambda standing: (standing.measure.force != "must", standing.measure.code))
