"""The resident of whom a city's source tells: the life of a worked case, lived so that it comes out the same today."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from xinlin.core.records import Fact
from xinlin.core.rulebooks import Rulebook
from xinlin.core.sample_cases import WorkedCase
from xinlin.core.scores import evaluate
from xinlin.core.values import Text
from xinlin.core.worked_cases import facts_of, otherwise
from xinlin.demo.rows import Party, Row, Writer

TRIES = 366


def told_case(rulebook: Rulebook, as_of: date) -> WorkedCase | None:
    """The worked case that a source tells of, where it is about the scheme in force on the day."""
    scheme = rulebook.scheme_at(as_of)
    return next(
        (
            case
            for case in rulebook.cases
            if case.told and scheme is not None and (case.scheme, case.version) == (scheme.code, scheme.version)
        ),
        None,
    )


def lived(rulebook: Rulebook, case: WorkedCase, as_of: date) -> list[Fact]:
    """Its records moved to the latest days on which they come out as the case expects: years have caps, and terms end."""
    scheme = rulebook.scheme_at(as_of)
    facts = facts_of(rulebook, case)
    if scheme is None:
        return facts
    for back in range(TRIES):
        moved = timedelta(days=(as_of - case.as_of).days - back)
        found = [replace(fact, occurred_on=fact.occurred_on + moved) for fact in facts]
        if not otherwise(case, evaluate(scheme, found, as_of)):
            return found
    return facts


def told_rows(writer: Writer, party: Party, case: WorkedCase) -> dict[str, list[Row]]:
    """The rows of that life, by kind."""
    rows: dict[str, list[Row]] = {}
    for fact in lived(writer.rulebook, case, writer.as_of):
        kind = writer.rulebook.kinds[fact.kind]
        rows.setdefault(fact.kind, []).append(writer.row(kind, party, fact.occurred_on, fact.fields))
    return rows


def told_story(rulebook: Rulebook, case: WorkedCase, as_of: date) -> Text:
    """One line for the sign-in page."""
    scheme = rulebook.scheme_at(as_of)
    tier = next(tier.name for tier in scheme.tiers if tier.code == case.expect_tier) if scheme else Text(zh="", en="")
    return Text(
        zh=f"报道里的那位居民：{case.expect_score} 分，{tier.zh}",
        en=f"The resident of whom the source tells: {case.expect_score} points, {tier.en}",
    )
