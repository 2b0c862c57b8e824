"""The resident of whom a source tells comes out as told on any day: in Baiyun 212 points and five stars."""

from __future__ import annotations

from datetime import date, timedelta

from xinlin import shelf
from xinlin.core.scores import evaluate
from xinlin.demo.told import lived, told_case


def test_baiyuns_resident_has_212_points_and_five_stars_whenever_the_demo_runs() -> None:
    rulebook = shelf.read("baiyun")
    for days in range(0, 800, 9):
        day = date(2026, 11, 26) + timedelta(days=days)
        case, scheme = told_case(rulebook, day), rulebook.scheme_at(day)
        assert case is not None and scheme is not None
        facts = lived(rulebook, case, day)
        result = evaluate(scheme, facts, day)
        assert (result.score, result.tier) == (212, "five_stars"), day
        assert all(fact.occurred_on <= day for fact in facts)


def test_other_cities_tell_of_nobody() -> None:
    day = date(2026, 11, 26)
    assert [code for code in shelf.names() if told_case(shelf.read(code), day)] == ["baiyun"]
