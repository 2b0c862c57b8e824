"""What a score means, case by case: ends, limits, repeats, steps, the firm's records, and the class rules."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from xinlin.core.explain import explain
from xinlin.core.records import Fact
from xinlin.core.schemes import Award, Scheme
from xinlin.core.scores import Evaluation, award, evaluate
from xinlin.core.terms import add_term, first_day_within

WORDS = {"zh": "文", "en": "text"}
DAY = date(2026, 3, 1)


def scheme(*indicators: dict[str, Any], **changes: Any) -> Scheme:
    """A scheme of one dimension; whatever is not given has no effect."""
    filled = [
        {
            "code": f"i{at}",
            "name": WORDS,
            "text": WORDS,
            "kind": "deed",
            "sign": "positive",
            "measure": {"take": "count"},
            "absent": WORDS,
            "basis": "demonstration",
            **indicator,
        }
        for at, indicator in enumerate(indicators)
    ]
    whole = {
        "code": "test",
        "version": "1",
        "effective_from": date(2020, 1, 1),
        "unit": WORDS,
        "base": 1000,
        "scale": {},
        "dimensions": [
            {
                "code": "only",
                "name": WORDS,
                "text": WORDS,
                "indicators": filled,
                "basis": "demonstration",
                "limits": changes.pop("limits", {}),
            }
        ],
        "tiers": [
            {"code": code, "name": WORDS, "at_least": least, "basis": "demonstration"}
            for code, least in (("D", 0), ("C", 801), ("B", 950), ("A", 1000), ("AA", 1050), ("AAA", 1150))
        ],
        "basis": "demonstration",
        **changes,
    }
    return Scheme.model_validate(whole)


def deed(record: str = "r1", on: date = date(2026, 1, 15), **changes: Any) -> Fact:
    """A record of the kind ``deed``."""
    return Fact(**{"record": record, "kind": "deed", "occurred_on": on, **changes})


def points(evaluation: Evaluation) -> dict[str, int]:
    """Points by record."""
    return {given.record: given.points for given in evaluation.contributions}


@pytest.mark.parametrize(
    ("hours", "score"), [(20, 1020), (80, 1050), (200, 1090), (240, 1100), (0, 1000), (21, 1020), (22, 1021)]
)
def test_published_volunteering_steps_fall_in_value(hours: int, score: int) -> None:
    steps = [
        {"up_to": 20, "per": 1, "points": 1},
        {"up_to": 80, "per": 2, "points": 1},
        {"up_to": 200, "per": 3, "points": 1},
        {"per": 4, "points": 1},
    ]
    rule = scheme({"measure": {"take": "sum", "of": "hours"}, "points": {"steps": steps}})
    assert evaluate(rule, [deed(fields={"hours": hours})], DAY).score == score


@pytest.mark.parametrize(
    ("score", "tier"),
    [(800, "D"), (801, "C"), (949, "C"), (950, "B"), (999, "B"), (1000, "A"), (1049, "A"), (1050, "AA"), (1150, "AAA")],
)
def test_tiers_begin_exactly_at_their_threshold(score: int, tier: str) -> None:
    assert evaluate(scheme({"points": {"each": {"points": 0}}}, base=score), [], DAY).tier == tier


@pytest.mark.parametrize(
    ("as_of", "counts"),
    [(date(2026, 4, 14), True), (date(2026, 4, 15), False), (date(2026, 4, 16), False), (date(2026, 1, 14), False)],
)
def test_a_record_counts_from_its_day_to_the_day_before_its_end(as_of: date, counts: bool) -> None:
    rule = scheme({"points": {"each": {"points": 5}}, "term": "P3M"})
    assert (evaluate(rule, [deed()], as_of).score == 1005) is counts


def test_the_records_own_end_comes_first_when_it_is_earlier() -> None:
    rule = scheme({"points": {"each": {"points": 5}}, "term": "P3M"})
    assert evaluate(rule, [deed(ends_on=DAY)], DAY).contributions[0].no_effect == "expired"


@pytest.mark.parametrize("status", ["disputed", "repaired", "withdrawn"])
def test_what_is_not_active_counts_as_if_it_had_not_been(status: str) -> None:
    rule = scheme({"points": {"each": {"points": -5}}})
    evaluation = evaluate(rule, [deed(status=status)], DAY)
    assert evaluation.score == evaluate(rule, [], DAY).score
    assert evaluation.contributions[0].no_effect == status


def test_a_term_by_class_needs_the_class() -> None:
    rule = scheme({"points": {"each": {"points": -5}}, "terms": {"minor": "P3M", "serious": "P3Y"}})
    evaluation = evaluate(rule, [deed("a", record_class="serious"), deed("b")], DAY)
    assert points(evaluation) == {"a": -5, "b": 0}
    assert evaluation.contributions[1].no_effect == "no_class"


def test_leap_day_ends_on_the_last_day_of_february() -> None:
    assert add_term(date(2024, 2, 29), "P1Y") == date(2025, 2, 28)
    assert add_term(date(2026, 1, 31), "P1M") == date(2026, 2, 28)
    assert first_day_within(date(2025, 2, 27), "P1Y") == date(2024, 2, 28)


@pytest.mark.parametrize("term", ["", "P", "3M", "P1W", "PT1H", "P-1Y"])
def test_what_is_no_calendar_term_is_said_to_be_none(term: str) -> None:
    with pytest.raises(ValueError, match="calendar term"):
        add_term(DAY, term)


def test_a_repeat_within_the_period_weighs_double() -> None:
    rule = scheme(
        {
            "measure": {"take": "count", "over": "record"},
            "points": {"each": {"points": -10}},
            "repeat": {"within": "P1Y", "factor": 2},
        }
    )
    facts = [deed("a", date(2024, 1, 1)), deed("b", date(2024, 12, 31)), deed("c", date(2025, 12, 31))]
    assert points(evaluate(rule, facts, DAY)) == {"a": -10, "b": -20, "c": -10}


def test_only_the_highest_of_several_honours_counts() -> None:
    rule = scheme(
        {
            "measure": {"take": "latest", "of": "level", "over": "record"},
            "points": {"table": {"county": 10, "city": 30, "national": 100}},
            "highest_only": True,
        }
    )
    facts = [
        deed("a", fields={"level": "county"}),
        deed("b", fields={"level": "national"}),
        deed("c", fields={"level": "city"}),
    ]
    evaluation = evaluate(rule, facts, DAY)
    assert points(evaluation) == {"a": 0, "b": 100, "c": 0}
    assert {given.no_effect for given in evaluation.contributions} == {None, "outweighed"}


def test_years_without_the_highest_record_get_no_yearly_floor() -> None:
    rule = scheme(
        {
            "measure": {"take": "latest", "of": "level", "over": "record"},
            "points": {"table": {"county": 10, "city": 30}},
            "highest_only": True,
            "per_year": {"floor": 20},
        }
    )
    facts = [deed("a", date(2024, 5, 1), fields={"level": "county"}), deed("b", fields={"level": "city"})]
    assert points(evaluate(rule, facts, DAY)) == {"a": 0, "b": 30}


def test_the_yearly_cap_holds_year_by_year_and_the_overall_cap_over_all() -> None:
    rule = scheme(
        {
            "measure": {"take": "count", "over": "record"},
            "points": {"each": {"points": 30}},
            "per_year": {"cap": 40},
            "overall": {"cap": 70},
        }
    )
    facts = [
        deed("a", date(2024, 1, 1)),
        deed("b", date(2024, 6, 1)),
        deed("c", date(2025, 1, 1)),
        deed("d", date(2025, 2, 1)),
    ]
    evaluation = evaluate(rule, facts, DAY)
    assert points(evaluation) == {"a": 30, "b": 10, "c": 30, "d": 0}
    assert evaluation.contributions[3].no_effect == "limit"


def test_a_firms_record_counts_only_for_the_representative_whom_it_names() -> None:
    rule = scheme({"points": {"each": {"points": -20}}, "through": "legal_representative"})
    firm = {"of": "organisation"}
    facts = [
        deed("named", represented=True, named=True, **firm),
        deed("unnamed", represented=True, **firm),
        deed("elsewhere", named=True, **firm),
    ]
    evaluation = evaluate(rule, facts, DAY)
    assert points(evaluation) == {"named": -20, "unnamed": 0, "elsewhere": 0}
    assert [given.no_effect for given in evaluation.contributions] == ["not_represented", None, "not_named"]


def test_without_a_through_clause_no_firms_record_counts() -> None:
    rule = scheme({"points": {"each": {"points": -20}}})
    evaluation = evaluate(rule, [deed(of="organisation", represented=True, named=True)], DAY)
    assert (evaluation.score, evaluation.contributions[0].no_effect) == (1000, "not_through")


def test_class_rules_come_last_and_end_with_the_record() -> None:
    rules = [
        {"kind": "judgment", "tier_at_most": "C", "text": WORDS, "basis": "demonstration"},
        {"kind": "default", "tier_exactly": "D", "text": WORDS, "basis": "demonstration"},
    ]
    rule = scheme({"points": {"each": {"points": 0}}}, base=1200, class_rules=rules)
    judgment = Fact("j", "judgment", date(2026, 1, 1), ends_on=date(2026, 6, 1))
    default = Fact("d", "default", date(2026, 1, 1), ends_on=date(2026, 6, 1))
    assert evaluate(rule, [judgment], DAY).tier == "C"
    assert evaluate(rule, [judgment, default], DAY).tier == "D"
    assert evaluate(rule, [judgment], date(2026, 6, 1)).tier == "AAA"


def test_an_absent_field_meets_no_comparison_not_even_unequal() -> None:
    where = {"all": [{"field": "level", "equals": "a"}]}
    rule = scheme({"points": {"each": {"points": 5}}, "where": where})
    negated = scheme({"points": {"each": {"points": 5}}, "where": {"not": {"field": "level", "equals": "a"}}})
    assert evaluate(rule, [deed()], DAY).score == 1000
    assert evaluate(negated, [deed()], DAY).score == 1005


def test_each_rounds_towards_zero_on_both_sides() -> None:
    form = Award.model_validate({"each": {"units": 10, "points": 3}})
    assert [award(form, value) for value in (29, 30, -29, -30)] == [6, 9, -6, -9]


def test_the_lines_of_the_explanation_sum_to_the_score_and_name_every_record() -> None:
    rule = scheme(
        {"points": {"each": {"points": 90}}, "overall": {"cap": 150}},
        limits={"cap": 120},
        scale={"maximum": 1100},
    )
    facts = [deed("a"), deed("b", date(2026, 1, 16)), Fact("other", "permit", date(2026, 1, 1))]
    result = evaluate(rule, facts, DAY)
    lines = explain(rule, facts, result)
    assert result.score == 1100 == sum(line.points for line in lines)
    assert [(line.kind, line.points) for line in lines] == [
        ("base", 1000),
        ("record", 90),
        ("record", 60),
        ("limit", -30),
        ("limit", -20),
        ("record", 0),
    ]
    assert lines[-1].no_effect == "not_scored"


def test_a_record_of_a_kind_that_nothing_reads_is_named_where_another_kind_has_its_handle() -> None:
    rule = scheme({"points": {"each": {"points": 90}}})
    facts = [deed("a"), Fact("a", "permit", date(2026, 1, 1))]
    lines = explain(rule, facts, evaluate(rule, facts, DAY))
    assert [(line.record, line.no_effect) for line in lines[1:]] == [("a", ""), ("a", "not_scored")]
