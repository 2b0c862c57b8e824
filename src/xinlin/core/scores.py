"""What a score means: the plain evaluator, and the oracle of every engine (评分).

The order of meaning: records in force → an indicator takes those that meet its conditions → measures them → turns the
measure into points within its limits → dimensions sum indicators within theirs → base plus dimensions within the scale
→ tier by half-open thresholds → class rules last. Integers throughout; divisions round towards zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from xinlin.core.conditions import holds
from xinlin.core.records import Fact, Hindrance, Value, hindrance
from xinlin.core.schemes import Award, ClassRule, Condition, Indicator, Limits, Scheme, Tier
from xinlin.core.terms import add_term

NoEffect = (
    Hindrance | Literal["conditions", "not_represented", "not_named", "not_through", "outweighed", "limit", "no_value"]
)
"""Why a record of an indicator's kind gives no points."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one record gives under one indicator. ``points`` may be 0; then ``no_effect`` says why."""

    indicator: str
    record: str
    points: int
    no_effect: NoEffect | None = None
    doubled: bool = False


@dataclass(frozen=True, slots=True)
class DimensionResult:
    """The points of a dimension: what its indicators sum to, and what remains within its limits."""

    code: str
    summed: int
    points: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The whole result for one subject on one day; all points are in the scheme's unit."""

    score: int
    tier: str
    tier_by_score: str
    dimensions: tuple[DimensionResult, ...]
    contributions: tuple[Contribution, ...]
    unlimited: int
    """Base plus dimensions, before the ends of the scale."""
    rules_met: tuple[int, ...]
    """Positions of the class rules that hold."""


def meets(fact: Fact, condition: Condition | None) -> bool:
    """Whether the record meets the condition. An absent field meets no comparison, only ``exists: false``."""
    return holds(condition, fact.value)


def award(points: Award, value: Value) -> int:
    """The points for one measured value. ``each``, ``bands`` and ``steps`` measure integers, a ``table`` any value."""
    if points.table is not None:
        key = str(value).lower() if isinstance(value, bool) else str(value)
        return points.table.get(key, 0)
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    if points.each is not None:
        full = abs(value) // points.each.units
        return points.each.points * (full if value >= 0 else -full)
    if points.bands is not None:
        return next((band.points for band in reversed(points.bands) if band.at_least <= value), 0)
    total, reached = 0, 0
    for step in points.steps or []:
        upper = value if step.up_to is None else min(value, step.up_to)
        if upper <= reached:
            break
        total += (upper - reached) // step.per * step.points
        reached = upper
    return total


def clamp(value: int, limits: Limits) -> int:
    """``value`` within the limits."""
    if limits.cap is not None:
        value = min(value, limits.cap)
    if limits.floor is not None:
        value = max(value, limits.floor)
    return value


def _taken(indicator: Indicator, fact: Fact, as_of: date) -> NoEffect | None:
    """Why the indicator does not take this record of its kind; None where it does."""
    if fact.of == "organisation":
        if indicator.through is None:
            return "not_through"
        if not fact.represented:
            return "not_represented"
        if not fact.named:
            return "not_named"
    hindered = hindrance(fact, as_of, indicator.term, indicator.terms)
    if hindered is not None:
        return hindered
    return None if meets(fact, indicator.where) else "conditions"


def _integer(fact: Fact, name: str) -> int | None:
    value = fact.value(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _group_portions(indicator: Indicator, facts: Sequence[Fact]) -> list[tuple[Fact, int]]:
    """Points of one group of records, shared out: sums and counts as they grow, others to the record that decides."""
    measure, points = indicator.measure, indicator.points
    if measure.take in ("count", "sum"):
        portions, measured, before = [], 0, 0
        for fact in facts:
            measured += 1 if measure.take == "count" else (_integer(fact, measure.of or "") or 0)
            after = award(points, measured)
            portions.append((fact, after - before))
            before = after
        return portions
    if measure.take == "exists":
        return [(fact, award(points, 1) if fact is facts[0] else 0) for fact in facts]
    if measure.take == "max":
        sized = [(value, fact) for fact in facts if (value := _integer(fact, measure.of or "")) is not None]
        if not sized:
            return [(fact, 0) for fact in facts]
        highest, decider = max(sized, key=lambda pair: pair[0])
        return [(fact, award(points, highest) if fact is decider else 0) for fact in facts]
    last = next((fact for fact in reversed(facts) if fact.value(measure.of or "") is not None), None)
    latest = last.value(measure.of or "") if last is not None else None
    return [(fact, award(points, latest) if fact is last and latest is not None else 0) for fact in facts]


def _record_portions(indicator: Indicator, facts: Sequence[Fact]) -> tuple[list[tuple[Fact, int]], set[str]]:
    """Points record by record, repeats weighed, only the highest where one counts; and the handles of the repeats."""
    repeats: set[str] = set()
    portions: list[tuple[Fact, int]] = []
    previous: Fact | None = None
    for fact in facts:
        gained = _group_portions(indicator, [fact])[0][1]
        if indicator.repeat and previous and fact.occurred_on < add_term(previous.occurred_on, indicator.repeat.within):
            gained *= indicator.repeat.factor
            repeats.add(fact.record)
        portions.append((fact, gained))
        previous = fact
    if indicator.highest_only and portions:
        portions = [max(portions, key=lambda portion: abs(portion[1]))]
    return portions, repeats


def _limited(portions: list[tuple[Fact, int]], indicator: Indicator) -> list[tuple[Fact, int]]:
    """Apply the yearly and the overall limits along the order of records: each keeps what the limit leaves it."""
    by_year: dict[int, int] = {}
    kept: list[tuple[Fact, int]] = []
    for fact, gained in portions:
        year = fact.occurred_on.year
        before = by_year.get(year)
        by_year[year] = (before or 0) + gained
        earlier = 0 if before is None else clamp(before, indicator.per_year)
        kept.append((fact, clamp(by_year[year], indicator.per_year) - earlier))
    running, held, limited = 0, 0, []
    for fact, gained in kept:
        running += gained
        limited.append((fact, clamp(running, indicator.overall) - held))
        held = clamp(running, indicator.overall)
    return limited


def evaluate_indicator(indicator: Indicator, facts: Iterable[Fact], as_of: date) -> list[Contribution]:
    """The contributions of all records of the indicator's kind, in order; those without effect say why."""
    mine = sorted((fact for fact in facts if fact.kind == indicator.kind), key=lambda fact: fact.order)
    reasons = {fact.record: _taken(indicator, fact, as_of) for fact in mine}
    taken = [fact for fact in mine if reasons[fact.record] is None]
    repeats: set[str] = set()
    if indicator.measure.over == "record":
        raw, repeats = _record_portions(indicator, taken)
    elif indicator.measure.over == "calendar_year":
        years = sorted({fact.occurred_on.year for fact in taken})
        raw = [p for y in years for p in _group_portions(indicator, [f for f in taken if f.occurred_on.year == y])]
    else:
        raw = _group_portions(indicator, taken) if taken else []
    before = {fact.record: gained for fact, gained in raw}
    points = {fact.record: gained for fact, gained in _limited(raw, indicator)}
    results = []
    for fact in mine:
        gained, reason = points.get(fact.record, 0), reasons[fact.record]
        if reason is None and gained == 0:
            reason = _why_none(indicator, before, fact.record)
        results.append(Contribution(indicator.code, fact.record, gained, reason, fact.record in repeats))
    return results


def _why_none(indicator: Indicator, before: dict[str, int], record: str) -> NoEffect:
    """Why a record that was taken leaves no points: cut by a limit, outweighed by another, or too little by itself."""
    if before.get(record):
        return "limit"
    one_decides = indicator.highest_only or indicator.measure.take in ("max", "latest", "exists")
    return "outweighed" if one_decides and any(before.values()) else "no_value"


def tier_of(score: int, tiers: Sequence[Tier]) -> int:
    """Position of the tier that the score reaches; below the lowest threshold it is still the lowest tier."""
    return max((at for at, tier in enumerate(tiers) if tier.at_least <= score), default=0)


def _rule_holds(rule: ClassRule, facts: Iterable[Fact], as_of: date) -> bool:
    return any(
        fact.kind == rule.kind and fact.of == "self" and hindrance(fact, as_of) is None and meets(fact, rule.where)
        for fact in facts
    )


def _ruled(position: int, scheme: Scheme, held: Sequence[ClassRule]) -> int:
    """The tier after the class rules: the lowest of the exact ones if any, never above one that bounds it."""
    order = {tier.code: at for at, tier in enumerate(scheme.tiers)}
    exact = [order[rule.tier_exactly] for rule in held if rule.tier_exactly is not None]
    bounds = [order[rule.tier_at_most] for rule in held if rule.tier_at_most is not None]
    return min([min(exact, default=position), *bounds])


def evaluate(scheme: Scheme, facts: Iterable[Fact], as_of: date) -> Evaluation:
    """The score of one subject on ``as_of``, with what every record gives.

    ``facts`` are the subject's own records and, for persons, those of organisations that name them, in any order; two of one
    kind never share a handle. Records that the scheme does not read change nothing.
    """
    history = list(facts)
    contributions: list[Contribution] = []
    dimensions: list[DimensionResult] = []
    for dimension in scheme.dimensions:
        summed = 0
        for indicator in dimension.indicators:
            given = evaluate_indicator(indicator, history, as_of)
            contributions.extend(given)
            summed += sum(contribution.points for contribution in given)
        dimensions.append(DimensionResult(dimension.code, summed, clamp(summed, dimension.limits)))
    unlimited = scheme.base + sum(result.points for result in dimensions)
    score = clamp(unlimited, Limits.model_construct(cap=scheme.scale.maximum, floor=scheme.scale.minimum))
    position = tier_of(score, scheme.tiers)
    met = tuple(at for at, rule in enumerate(scheme.class_rules) if _rule_holds(rule, history, as_of))
    ruled = _ruled(position, scheme, [scheme.class_rules[at] for at in met])
    return Evaluation(
        score=score,
        tier=scheme.tiers[ruled].code,
        tier_by_score=scheme.tiers[position].code,
        dimensions=tuple(dimensions),
        contributions=tuple(contributions),
        unlimited=unlimited,
        rules_met=met,
    )
