"""What a score will be if nothing else happens, and what a good deed would change: the evaluator asked about other days.

Nothing here knows a rule. Every figure is `xinlin.core.scores.evaluate` on another day or with one record more, so that
what is promised is what happens. The promise is about the scheme given: a city may publish another before the day comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from xinlin.core.records import Fact, effective_end, hindrance
from xinlin.core.rulebooks import Kind
from xinlin.core.schemes import AllOf, AnyOf, Award, Condition, FieldTest, Indicator, NotOf, Scheme
from xinlin.core.scores import Evaluation, evaluate, meets

MOST_TIMES = 400
"""How many times, or how much of a field without a maximum, is looked at: more in one day is no advice."""
LAST_OF_ITS_DAY = "~"
"""Handles of supposed deeds begin with this, so that they come after the records of the same day."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A day on which records stop or begin to count, and the score from that day on if nothing else happens."""

    day: date
    score: int
    change: int
    """Against the day before."""
    tier: str
    ends: tuple[str, ...]
    begins: tuple[str, ...]
    """Records known today whose own day has not come."""


@dataclass(frozen=True, slots=True)
class Added:
    """What supposed deeds change, on the day and later."""

    before: Evaluation
    after: Evaluation
    until: date | None
    """First day on which none of them counts any more; None where they never end or never count."""
    course: tuple[tuple[date, int], ...]
    """From each day on, so many points more (or fewer) than without the deeds; the first pair is the day itself."""

    @property
    def gained(self) -> int:
        """Points more on the day itself."""
        return self.after.score - self.before.score


@dataclass(frozen=True, slots=True)
class Act:
    """Something a person can freely do, and how it is counted."""

    indicator: str
    kind: str
    field: str
    """The integer field that is summed; empty where times are counted."""
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Way:
    """The least amount of one act that reaches a higher tier, or else that gives the most it still can."""

    act: Act
    amount: int
    gained: int
    reaches: bool
    score: int
    tier: str
    until: date | None
    endless: bool = False
    """More gives more without a limit that anybody could reach."""


def _indicators(scheme: Scheme) -> Iterator[Indicator]:
    return (indicator for dimension in scheme.dimensions for indicator in dimension.indicators)


def _ends_of(indicators: Sequence[Indicator], fact: Fact) -> set[date]:
    """Every day on which the record may stop counting somewhere: its own end, and that of each indicator's term."""
    days = {fact.ends_on}
    for indicator in indicators:
        if indicator.kind == fact.kind and (indicator.terms is None or (fact.record_class or "") in indicator.terms):
            days.add(effective_end(fact, indicator.term, indicator.terms))
    return {day for day in days if day is not None}


def _turning_days(scheme: Scheme, facts: Sequence[Fact], as_of: date, until: date) -> list[date]:
    """The days after ``as_of`` up to ``until`` on which a record may stop or begin to count; on no other can it."""
    indicators = list(_indicators(scheme))
    days = {day for fact in facts if fact.status == "active" for day in {fact.occurred_on, *_ends_of(indicators, fact)}}
    return sorted(day for day in days if as_of < day <= until)


def _in_force(scheme: Scheme, facts: Sequence[Fact], result: Evaluation, day: date) -> set[tuple[str, str]]:
    """(indicator, record) for every record that an indicator takes on the day; a class rule has its position instead."""
    taken = ("outweighed", "limit", "no_value", None)
    counted = {(given.indicator, given.record) for given in result.contributions if given.no_effect in taken}
    ruling = {
        (f"{at}", fact.record)
        for at, rule in enumerate(scheme.class_rules)
        for fact in facts
        if fact.kind == rule.kind and fact.of == "self" and hindrance(fact, day) is None and meets(fact, rule.where)
    }
    return counted | ruling


def ends(scheme: Scheme, facts: Sequence[Fact], as_of: date, until: date = date.max) -> list[Turn]:
    """What expiry alone will do after ``as_of``, up to and with ``until``; between two turns nothing changes."""
    order = {fact.record: fact.order for fact in facts}
    result = evaluate(scheme, facts, as_of)
    score, held, turns = result.score, _in_force(scheme, facts, result, as_of), []
    for day in _turning_days(scheme, facts, as_of, until):
        result = evaluate(scheme, facts, day)
        now = _in_force(scheme, facts, result, day)
        if now != held:
            over, new = ({record for _rule, record in one - other} for one, other in ((held, now), (now, held)))
            turn = Turn(
                day=day,
                score=result.score,
                change=result.score - score,
                tier=result.tier,
                ends=tuple(sorted(over, key=order.__getitem__)),
                begins=tuple(sorted(new, key=order.__getitem__)),
            )
            turns.append(turn)
        score, held = result.score, now
    return turns


def tier_position(scheme: Scheme, code: str) -> int:
    """Place of a tier in the ladder, from 0 at the foot."""
    return next(at for at, tier in enumerate(scheme.tiers) if tier.code == code)


def waiting(scheme: Scheme, turns: Sequence[Turn], tier: str) -> Turn | None:
    """The first of the coming turns that gives a higher tier than ``tier``, today's; None where waiting never does."""
    here = tier_position(scheme, tier)
    return next((turn for turn in turns if tier_position(scheme, turn.tier) > here), None)


def with_deeds(scheme: Scheme, facts: Sequence[Fact], deeds: Sequence[Fact], as_of: date) -> Added:
    """What changes when these records are added: on ``as_of``, and on every later day until it all has ended."""
    together = [*facts, *deeds]
    before, after = evaluate(scheme, facts, as_of), evaluate(scheme, together, as_of)
    course = [(as_of, after.score - before.score)]
    for day in _turning_days(scheme, together, as_of, date.max):
        more = evaluate(scheme, together, day).score - evaluate(scheme, facts, day).score
        if more != course[-1][1]:
            course.append((day, more))
    return Added(before, after, _last_end(scheme, deeds), tuple(course))


def _last_end(scheme: Scheme, deeds: Sequence[Fact]) -> date | None:
    """First day on which no indicator counts any of the records; None where one counts for ever, or none ever does."""
    last: set[date | None] = set()
    for indicator in _indicators(scheme):
        for deed in deeds:
            classed = indicator.terms is None or (deed.record_class or "") in indicator.terms
            if deed.kind == indicator.kind and classed and meets(deed, indicator.where):
                last.add(effective_end(deed, indicator.term, indicator.terms))
    return None if None in last else max((day for day in last if day is not None), default=None)


def _never_falls(points: Award) -> bool:
    """Whether more of what is measured never gives fewer points."""
    if points.each is not None:
        return points.each.points >= 0
    if points.bands is not None:
        given = [0, *(band.points for band in points.bands)]
        return given == sorted(given)
    return points.steps is not None and all(step.points >= 0 for step in points.steps)


def _mentions(condition: Condition | None, field: str) -> bool:
    match condition:
        case None:
            return False
        case FieldTest():
            return condition.field == field
        case AllOf():
            return any(_mentions(part, field) for part in condition.all)
        case AnyOf():
            return any(_mentions(part, field) for part in condition.any)
        case NotOf():
            return _mentions(condition.not_, field)


def _act(scheme: Scheme, indicator: Indicator, kind: Kind) -> Act | None:
    """How a person can act on the indicator, or None: not freely, or more could give less (or decide a class)."""
    measure = indicator.measure
    named = measure.of or ""
    spec = next((spec for spec in kind.fields if spec.code == named), None)
    free = indicator.sign == "positive" and indicator.improve is not None and kind.refusable
    bought = any(field.type == "money" for field in kind.fields)
    counted = measure.take in ("count", "exists") or (measure.take == "sum" and spec and spec.type == "integer")
    siblings = [one for one in _indicators(scheme) if one.kind == kind.code]
    rising = all(_never_falls(one.points) and not (named and _mentions(one.where, named)) for one in siblings)
    ruled = any(rule.kind == kind.code for rule in scheme.class_rules)
    if not free or bought or not counted or not rising or ruled:
        return None
    most = 1 if measure.take == "exists" else MOST_TIMES
    if spec is None:
        return Act(indicator.code, kind.code, "", 1, most)
    limit = most if spec.maximum is None else spec.maximum
    return Act(indicator.code, kind.code, named, max(1, spec.minimum or 1), limit)


def acts(scheme: Scheme, kinds: Mapping[str, Kind]) -> list[Act]:
    """What a person can freely do for points, in the scheme's order.

    An act is of a kind that the person may refuse to have recorded, since that is what people give of their own will;
    nobody is told to wait for a judgment or an honour. A kind that holds an amount of money is never one (points are
    not for sale); blood cannot be one, since no rulebook with such a kind loads.
    """
    found = ((indicator, kinds.get(indicator.kind)) for indicator in _indicators(scheme))
    possible = (_act(scheme, indicator, kind) for indicator, kind in found if kind is not None)
    return [act for act in possible if act is not None]


def deeds(act: Act, amount: int, as_of: date) -> list[Fact]:
    """The records that doing so much of the act on ``as_of`` would leave: one with the amount, or one for each time."""
    if act.field:
        return [Fact(f"{LAST_OF_ITS_DAY}1", act.kind, as_of, fields={act.field: amount})]
    return [Fact(f"{LAST_OF_ITS_DAY}{time:04}", act.kind, as_of) for time in range(1, amount + 1)]


def _least(low: int, high: int, enough: Callable[[int], bool]) -> int:
    """The least amount that is enough, given that ``high`` is and that more never spoils it."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _way(scheme: Scheme, facts: Sequence[Fact], act: Act, as_of: date, before: Evaluation) -> Way | None:
    """The least amount that reaches a higher tier, else the least that gives the most; None where it gives nothing.

    Where ever more gives ever more, and no tier is reached, it is the least amount that gives anything.
    """
    here = tier_position(scheme, before.tier)

    def after(amount: int) -> Evaluation:
        return evaluate(scheme, [*facts, *deeds(act, amount, as_of)], as_of)

    full = after(act.most)
    reaches = tier_position(scheme, full.tier) > here
    endless = act.most > MOST_TIMES and after(act.most // 2).score < full.score
    if reaches:
        amount = _least(act.least, act.most, lambda n: tier_position(scheme, after(n).tier) > here)
    elif full.score > before.score:
        wanted = before.score + 1 if endless else full.score
        amount = _least(act.least, act.most, lambda n: after(n).score >= wanted)
    else:
        return None
    result = after(amount)
    until = _last_end(scheme, deeds(act, amount, as_of))
    return Way(act, amount, result.score - before.score, reaches, result.score, result.tier, until, endless)


def ways_up(scheme: Scheme, facts: Sequence[Fact], as_of: date, kinds: Mapping[str, Kind]) -> list[Way]:
    """For each act its way: those that reach a higher tier first, then by points; acts at their limit are left out."""
    before = evaluate(scheme, facts, as_of)
    found = (_way(scheme, facts, act, as_of, before) for act in acts(scheme, kinds))
    return sorted((way for way in found if way is not None), key=lambda way: (not way.reaches, -way.gained))
