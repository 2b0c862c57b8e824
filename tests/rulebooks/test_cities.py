"""What each city's rulebook promises beyond its worked cases."""

from __future__ import annotations

from datetime import date

import pytest

from tests.rulebooks import example
from xinlin import shelf
from xinlin.core.records import Fact
from xinlin.core.scores import evaluate

DAY = date(2026, 11, 1)
RULES = """class_rules:
  - kind: dishonest_judgment_debtor
    tier_exactly: listed
    text: {zh: 在名单上期间为“失信”, en: While on the list}
    basis: demonstration
tiers:
  - {code: listed, name: {zh: 失信, en: Listed}, at_least: -1, basis: demonstration}
"""


def test_a_tier_below_the_scale_is_lawful_where_a_class_rule_gives_it() -> None:
    files = example.texts()
    files["schemes/sincerity-1.yaml"] = files["schemes/sincerity-1.yaml"].replace("tiers:\n", RULES, 1)
    assert example.problems(files) == []


def test_a_tier_below_the_scale_is_refused_where_no_rule_gives_it() -> None:
    files = example.texts()
    rules = RULES.replace("tier_exactly: listed", "tier_exactly: growing")
    files["schemes/sincerity-1.yaml"] = files["schemes/sincerity-1.yaml"].replace("tiers:\n", rules, 1)
    assert {problem.code for problem in example.problems(files)} == {"tiers", "scale"}


@pytest.mark.parametrize("taken", range(0, 12))
def test_in_baiyun_no_points_lead_to_the_two_lower_classes(taken: int) -> None:
    scheme = shelf.read("baiyun").scheme_at(DAY)
    assert scheme is not None
    broken = [Fact(str(n), "unfulfilled_commitment", date(2026, 3, 1), record_class="serious") for n in range(taken)]
    assert evaluate(scheme, broken, DAY).tier == "honest"
    assert scheme.tiers_below_the_scale() == {"dishonest", "warned"}
