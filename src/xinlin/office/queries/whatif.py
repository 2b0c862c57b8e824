"""Reads of what a resident's score would be: on later days, and with a deed more. Nothing that is tried out is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_noop

from xinlin.core.explain import NO_EFFECT, demonstration
from xinlin.core.records import Fact
from xinlin.core.rulebooks import Rulebook
from xinlin.core.schemes import Indicator, Scheme
from xinlin.core.scores import Evaluation, evaluate
from xinlin.core.values import Problem, Text
from xinlin.core.whatif import Act, Turn, Way, acts, deeds, ends, tier_position, waiting, ways_up, with_deeds
from xinlin.office.queries.people import live_consents, look_at_oneself, own_subject
from xinlin.office.queries.records import RecordView, views
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, Refused, today

TIMES = Text(zh="次数", en="Times")


@dataclass(frozen=True)
class ActView:
    """Something the resident can freely do, and in what it is counted."""

    indicator: str
    name: Text
    rule: Text
    improve: Text
    measured: Text
    """What the amount says: the label of the field, or times."""
    least: int
    most: int
    demonstration: bool


@dataclass(frozen=True)
class WayView:
    """How much of one act reaches the next tier, or gives the most it still can."""

    act: ActView
    amount: int
    gained: int
    reaches: bool
    score: int
    tier: Text
    until: date | None
    endless: bool
    """More gives more without a limit that anybody could reach."""


@dataclass(frozen=True)
class TurnView:
    """A coming day on which records stop or begin to count, and what follows if nothing else happens."""

    day: date
    score: int
    change: int
    tier: Text
    tier_changes: bool
    ends: list[RecordView]
    begins: list[RecordView]


@dataclass(frozen=True)
class Outlook:
    """Where the resident stands, what is missing to the next tier, and what time alone will do."""

    as_of: date
    version: str
    score: int
    unit: Text
    tier: Text
    next_tier: Text | None
    """The tier above; None at the top, or while a class rule holds the tier down."""
    to_next: int
    held_by: list[Text]
    """The class rules that hold the tier below what the points give."""
    acts: list[ActView]
    ways: list[WayView]
    turns: list[TurnView]
    waiting: TurnView | None
    """The first day on which expiry alone gives a higher tier."""
    demonstration: bool


@dataclass(frozen=True)
class Tried:
    """What one act, done today, would change: exactly, and with its dates."""

    as_of: date
    act: ActView
    amount: int
    score_before: int
    score: int
    gained: int
    tier_before: Text
    tier: Text
    rises: bool
    dimensions: list[tuple[Text, int, int]]
    """(name, points before, points after) of the dimensions that change."""
    until: date | None
    later: list[tuple[date, int]]
    """From each later day on, so many points more than without the act; that it gives nothing from ``until`` is left out."""
    why_nothing: Text | None
    """Why it gives nothing today, where it gives nothing."""


def _own(actor: Actor) -> tuple[Rulebook, Scheme, date, dict[str, RecordView], list[Fact]] | None:
    """The live scheme and the resident's records; None without a live consent, or where nobody is scored."""
    subject, rulebook, day = own_subject(actor, "see"), current(), today()
    scheme = rulebook.scheme_at(day)
    if scheme is None or ("score", "") not in live_consents(subject.pk):
        return None
    found = views(subject.pk, rulebook, day)
    return rulebook, scheme, day, {record.reference: record for record, _fact in found}, [fact for _r, fact in found]


def _indicator(scheme: Scheme, code: str) -> Indicator:
    return next(i for dimension in scheme.dimensions for i in dimension.indicators if i.code == code)


def _act_view(rulebook: Rulebook, scheme: Scheme, act: Act) -> ActView:
    indicator = _indicator(scheme, act.indicator)
    labels = {spec.code: spec.label for spec in rulebook.kinds[act.kind].fields}
    return ActView(
        indicator=act.indicator,
        name=indicator.name,
        rule=indicator.text,
        improve=indicator.improve or indicator.text,
        measured=labels[act.field] if act.field else TIMES,
        least=act.least,
        most=act.most,
        demonstration=demonstration(indicator.points_basis),
    )


def _tier_name(scheme: Scheme, code: str) -> Text:
    return scheme.tiers[tier_position(scheme, code)].name


def _way_view(rulebook: Rulebook, scheme: Scheme, way: Way) -> WayView:
    return WayView(
        act=_act_view(rulebook, scheme, way.act),
        amount=way.amount,
        gained=way.gained,
        reaches=way.reaches,
        score=way.score,
        tier=_tier_name(scheme, way.tier),
        endless=way.endless,
        until=way.until,
    )


def _turn_views(scheme: Scheme, turns: Iterable[Turn], tier: str, records: dict[str, RecordView]) -> list[TurnView]:
    """The turns with their records; ``tier`` is the one held before the first."""
    shown = []
    for turn in turns:
        seen = TurnView(
            day=turn.day,
            score=turn.score,
            change=turn.change,
            tier=_tier_name(scheme, turn.tier),
            tier_changes=turn.tier != tier,
            ends=[records[reference] for reference in turn.ends],
            begins=[records[reference] for reference in turn.begins],
        )
        shown.append(seen)
        tier = turn.tier
    return shown


def _held_by(scheme: Scheme, result: Evaluation) -> list[Text]:
    """The rules behind a tier that is lower than the points give."""
    if tier_position(scheme, result.tier) >= tier_position(scheme, result.tier_by_score):
        return []
    return [scheme.class_rules[at].text for at in result.rules_met]


def mine(*, actor: Actor) -> Outlook | None:
    """What is missing to the next tier, the ways there, and what expiry alone will do; None as for the score."""
    own = _own(actor)
    if own is None:
        return None
    rulebook, scheme, day, records, facts = own
    look_at_oneself(actor, (fact.kind for fact in facts), gettext_noop("本人试算评分"))
    result = evaluate(scheme, facts, day)
    held = _held_by(scheme, result)
    above = scheme.tiers[tier_position(scheme, result.tier) + 1 :]
    coming = ends(scheme, facts, day)
    turns, rise = _turn_views(scheme, coming, result.tier, records), waiting(scheme, coming, result.tier)
    return Outlook(
        as_of=day,
        version=scheme.version,
        score=result.score,
        unit=scheme.unit,
        tier=_tier_name(scheme, result.tier),
        next_tier=above[0].name if above and not held else None,
        to_next=above[0].at_least - result.score if above and not held else 0,
        held_by=held,
        acts=[_act_view(rulebook, scheme, act) for act in acts(scheme, rulebook.kinds)],
        ways=[_way_view(rulebook, scheme, way) for way in ways_up(scheme, facts, day, rulebook.kinds)],
        turns=turns,
        waiting=next((turn for turn in turns if rise is not None and turn.day == rise.day), None),
        demonstration=demonstration(scheme.basis),
    )


def _refusal(code: str, where: str, what: Text, cure: Text, raw: str = "") -> Refused:
    return Refused(Problem(code=code, where=where, what=what, cure=cure, raw=raw))


def _chosen(scheme: Scheme, rulebook: Rulebook, indicator: str, amount: str) -> tuple[Act, int]:
    """The act and its amount as typed. Raises `Refused` where there is no such act, or the amount is not a whole number
    within its bounds.
    """
    act = next((act for act in acts(scheme, rulebook.kinds) if act.indicator == indicator), None)
    if act is None:
        raise _refusal(
            "unknown_act",
            "indicator",
            Text(zh="没有这项可以试算的指标。", en="There is no such rule to try out."),
            Text(zh="请从列表中选择一项。", en="Choose one from the list."),
            indicator,
        )
    typed = amount.strip()
    whole = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 9 else 0
    if not act.least <= whole <= act.most:
        raise _refusal(
            "amount_out_of_bounds",
            "amount",
            Text(zh="数量不对，无法试算。", en="This amount cannot be tried out."),
            Text(
                zh=f"请填 {act.least} 到 {act.most} 之间的整数。",
                en=f"Give a whole number from {act.least} to {act.most}.",
            ),
            amount,
        )
    return act, whole


def _why_nothing(result: Evaluation, act: Act, done: list[Fact]) -> Text:
    """What the explanation says of the deeds; where they count, only a limit further up can have taken it all."""
    handles = {fact.record for fact in done}
    reasons = {g.no_effect for g in result.contributions if g.indicator == act.indicator and g.record in handles}
    return NO_EFFECT[next((reason for reason in reasons if reason and None not in reasons), "limit")]


def try_out(*, actor: Actor, indicator: str, amount: str) -> Tried:
    """What doing so much of one act today would change. ``amount`` as typed.

    Raises `Refused` without a score, for an act that cannot be tried out, or for an amount out of bounds.
    """
    own = _own(actor)
    if own is None:
        raise _refusal(
            "no_score",
            "score",
            Text(zh="您没有开通评分，无从试算。", en="You have no score, so there is nothing to try out."),
            Text(zh="开通与否由您决定。", en="Whether to open one is up to you."),
        )
    rulebook, scheme, day, _records, facts = own
    act, whole = _chosen(scheme, rulebook, indicator, amount)
    look_at_oneself(actor, (fact.kind for fact in facts), gettext_noop("本人试算评分"))
    done = deeds(act, whole, day)
    added = with_deeds(scheme, facts, done, day)
    before, after = added.before, added.after
    outcomes = zip(scheme.dimensions, before.dimensions, after.dimensions, strict=True)
    return Tried(
        as_of=day,
        act=_act_view(rulebook, scheme, act),
        amount=whole,
        score_before=before.score,
        score=after.score,
        gained=added.gained,
        tier_before=_tier_name(scheme, before.tier),
        tier=_tier_name(scheme, after.tier),
        rises=tier_position(scheme, after.tier) > tier_position(scheme, before.tier),
        dimensions=[(d.name, old.points, new.points) for d, old, new in outcomes if old.points != new.points],
        until=added.until,
        later=[(since, more) for since, more in added.course[1:] if more or since != added.until],
        why_nothing=None if added.gained else _why_nothing(after, act, done),
    )
