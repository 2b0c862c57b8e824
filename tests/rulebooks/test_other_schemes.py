"""Schemes beside the city's own: a trade's takes dimensions over whole, districts are counted; what does not fit is refused."""

from __future__ import annotations

from datetime import date

import pytest

from tests.rulebooks import example
from xinlin import shelf
from xinlin.core.loading import load
from xinlin.core.records import Fact
from xinlin.core.rulebooks import Rulebook
from xinlin.core.scores import evaluate

TRADE = """\
code: gardeners
version: "1"
effective_from: "2026-01-01"
name: {zh: 园丁行业分, en: Gardeners' score}
purpose: {zh: 向雇主说明, en: To show to employers}
unit: {zh: 分, en: points}
base: 50
scale: {minimum: 0, maximum: 100}
extends: {scheme: sincerity, version: "1", dimensions: [parks]}
basis: demonstration
dimensions:
  - code: garden
    name: {zh: 园艺, en: Gardening}
    text: {zh: 园艺, en: Gardening}
    basis: demonstration
    indicators:
      - code: led
        name: {zh: 组织活动, en: Led}
        text: {zh: 每次3分, en: 3 points each}
        kind: park_volunteering
        sign: positive
        where: {field: led, equals: true}
        measure: {take: count}
        points: {each: {points: 3}}
        term: P1Y
        absent: {zh: 不加分, en: Nothing added}
        basis: demonstration
tiers:
  - {code: gardener, name: {zh: 园丁, en: Gardener}, at_least: 0, basis: demonstration}
  - {code: good_gardener, name: {zh: 好园丁, en: Good gardener}, at_least: 40, basis: demonstration}
"""
FILE = "schemes/gardeners-1.yaml"
COUNT = """\
name: {zh: 座椅损坏计数, en: Damage counted}
effect: count
counts: bench_damage
providers: [parks_office]
subject_kinds: [district]
sign: negative
purpose: {zh: 区域指数, en: For the index}
openness: public
retention: P3Y
update_interval: P1M
fields:
  - {code: district, label: {zh: 区县, en: Division}, type: region, required: true, role: subject}
  - {code: month_end, label: {zh: 月末, en: Month}, type: date, required: true, role: occurred_on}
  - {code: records, label: {zh: 记录数, en: Records}, type: integer, required: true, minimum: 0}
  - {code: organisations, label: {zh: 组织数, en: Organisations}, type: integer, required: true, minimum: 10}
  - {code: per_thousand, label: {zh: 每千家, en: Per thousand}, type: integer, required: true, minimum: 0}
basis: demonstration
"""
COUNT_FILE = "kinds/damage_counted.yaml"


def _said(file: str, text: str) -> list[tuple[str, str, str]]:
    problems = example.problems({**example.texts(), file: text})
    return [(p.code, p.where.removeprefix("rulebooks/example/"), p.cure.en) for p in problems]


def _city() -> Rulebook:
    return load("example", {**example.texts(), FILE: TRADE}, example.parent()).rulebook


def test_a_trade_s_score_works_its_own_and_the_dimensions_taken_over_out_anew() -> None:
    city, day = _city(), date(2026, 6, 15)
    (trade,) = city.trade_schemes_at(day)
    own = city.scheme_at(day)
    assert own is not None and own.code == "sincerity"
    assert [dimension.code for dimension in trade.dimensions] == ["garden", "parks"]
    assert trade.dimensions[1] == own.dimensions[0]
    facts = [
        Fact("1", "park_volunteering", date(2026, 5, 1), fields={"hours": 10, "led": True}),
        Fact("2", "park_volunteering", date(2026, 5, 2), fields={"hours": 14}),
    ]
    result = evaluate(trade, facts, day)
    assert [(d.code, d.points) for d in result.dimensions] == [("garden", 3), ("parks", 12)]
    assert result.score == 65
    assert evaluate(own, facts, day).score == 112


def test_a_trade_s_score_is_never_the_city_s_and_has_no_part_before_its_first_day() -> None:
    city = _city()
    assert city.trade_schemes_at(date(2025, 12, 31)) == []
    assert all(scheme.extends is None for scheme in city.schemes if scheme is city.scheme_at(date(2026, 6, 15)))


def test_the_good_ones_are_accepted() -> None:
    assert _said(FILE, TRADE) == []
    assert _said(COUNT_FILE, COUNT) == []


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "cure"),
    [
        ("scheme: sincerity", "scheme: lost", "reference", 9, "sincerity-1"),
        ("scheme: sincerity", "scheme: gardeners", "reference", 9, "sincerity-1"),
        ("dimensions: [parks]", "dimensions: [lakes]", "reference", 9, "parks"),
        ("dimensions: [parks]", "dimensions: []", "value", 9, "at least one"),
        ("- code: garden\n", "- code: parks\n", "duplicate_code", 12, "another code"),
        ("- code: led\n", "- code: park_volunteering\n", "duplicate_code", 17, "another code"),
        ("name: {zh: 园丁行业分, en: Gardeners' score}\n", "", "rule", 1, "add name"),
        ("purpose: {zh: 向雇主说明, en: To show to employers}\n", "", "rule", 1, "extends and purpose together"),
        ("unit:", "subject: organisation\nunit:", "extends", 10, "of the same subject"),
    ],
)  # fmt: skip
def test_a_trade_s_score_that_does_not_fit_is_refused(old: str, new: str, code: str, line: int, cure: str) -> None:
    assert old in TRADE
    said = _said(FILE, TRADE.replace(old, new, 1))
    assert any(one[0] == code and one[1] == f"{FILE}:{line}" and cure in one[2] for one in said), said


def test_a_scheme_that_extends_another_cannot_be_extended() -> None:
    again = TRADE.replace("code: gardeners", "code: florists").replace("scheme: sincerity", "scheme: gardeners")
    again = again.replace("[parks]", "[garden]").replace("- code: garden\n", "- code: flowers\n")
    again = again.replace("- code: led\n", "- code: led_flowers\n").replace("gardener,", "florist,")
    files = {**example.texts(), FILE: TRADE, "schemes/florists-1.yaml": again}
    assert "extends" in {problem.code for problem in example.problems(files)}


@pytest.mark.parametrize(
    ("old", "new", "code", "cure"),
    [
        ("effect: count\n", "", "count", "give all three"),
        ("counts: bench_damage\n", "", "count", "give all three"),
        ("subject_kinds: [district]", "subject_kinds: [district, person]", "count", "give all three"),
        ("counts: bench_damage", "counts: lost_damage", "reference", "bench_damage"),
        ("counts: bench_damage", "counts: park_volunteering", "count_subjects", "organisations"),
        ("minimum: 10", "minimum: 9", "count_fields", "minimum: 10"),
        ("code: per_thousand", "code: per_hundred", "count_fields", "per_thousand"),
        ("type: region", "type: uscc", "subject_type", "region"),
    ],
)  # fmt: skip
def test_a_count_by_district_that_could_tell_of_somebody_is_refused(old: str, new: str, code: str, cure: str) -> None:
    assert old in COUNT
    said = _said(COUNT_FILE, COUNT.replace(old, new, 1))
    assert any(one[0] == code and one[1].startswith(COUNT_FILE) and cure in one[2] for one in said), said


def test_what_ships_has_one_of_each() -> None:
    day = date(2026, 6, 30)
    assert [scheme.code for scheme in shelf.read("xiamen").trade_schemes_at(day)] == ["housekeeping"]
    assert shelf.read("weihai").scheme_at(day, "organisation") is not None
    guizhou = shelf.read("guizhou")
    assert guizhou.scheme_at(day) is None
    assert guizhou.scheme_at(day, "district") is not None
