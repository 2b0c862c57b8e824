"""Why a score is what it is: one line per cause, and the lines sum to the score (评分说明)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from xinlin.core.records import Fact
from xinlin.core.schemes import Basis, Dimension, Indicator, Scheme
from xinlin.core.scores import Contribution, Evaluation, NoEffect
from xinlin.core.values import Text


@dataclass(frozen=True, slots=True)
class Line:
    """One cause: the base, a record under an indicator, or a limit. ``points`` are in the scheme's unit.

    ``record`` is the record's handle, which another kind's record may have too, or empty.
    """

    kind: Literal["base", "record", "limit"]
    points: int
    why: Text
    indicator: str = ""
    indicator_name: Text | None = None
    dimension: str = ""
    rule: Text | None = None
    record: str = ""
    no_effect: str = ""
    demonstration: bool = False


NO_EFFECT: dict[NoEffect | Literal["not_scored"], Text] = {
    "disputed": Text(zh="异议处理中，暂不计分", en="Under objection: counts 0 until it is settled"),
    "repaired": Text(zh="已修复，不再计分", en="Repaired: no longer counts"),
    "withdrawn": Text(zh="已撤回，不计分", en="Withdrawn: does not count"),
    "ended": Text(zh="已移出名单，不计分", en="Off its list: does not count"),
    "unlinked": Text(zh="尚未确认归属，不计分", en="Not yet known whose it is: does not count"),
    "superseded": Text(zh="已由更正后的版本代替，不计分", en="Replaced by a corrected version: does not count"),
    "future": Text(zh="日期未到，尚不计分", en="Its day has not come: does not count yet"),
    "expired": Text(zh="计分周期已满，自动修复", en="Its period is over: it has ended by itself"),
    "no_class": Text(zh="未载明等级，不计分", en="Its class is not stated: does not count"),
    "conditions": Text(zh="不符合该指标的条件，不计分", en="Does not meet the indicator's conditions"),
    "not_represented": Text(
        zh="事发时您不是该单位法定代表人，不计分", en="You were not its legal representative on that day"
    ),
    "not_named": Text(zh="决定书未指明您为责任人，不计分", en="The decision does not name you as responsible"),
    "not_through": Text(zh="单位的记录，不计入个人", en="A record of the organisation; it does not count for a person"),
    "outweighed": Text(zh="同类只计一项，以另一记录为准", en="Only one record of its kind counts, and another is it"),
    "limit": Text(zh="已达上限，不再增减", en="The limit is reached: it changes nothing more"),
    "no_value": Text(zh="尚未达到计分单位", en="Too little by itself to give a point"),
    "not_scored": Text(zh="该类记录不计分", en="Records of this kind are not scored"),
}

_COUNTED = Text(zh="计入", en="Counts")
_DOUBLED = Text(zh="期限内再次发生，加倍计算", en="Happened again within the period: weighs more")


def demonstration(basis: Basis) -> bool:
    """Whether the value has no published source."""
    return basis == "demonstration"


def explain(scheme: Scheme, facts: Iterable[Fact], result: Evaluation) -> list[Line]:
    """Every cause of the score in the order of the scheme; the points of all lines sum to the score.

    Every record appears: with its points, or with why it gives none.
    """
    history = list(facts)
    lines = [
        Line(
            "base",
            scheme.base,
            Text(zh="基础分", en="Base score"),
            demonstration=demonstration(scheme.basis),
        )
    ]
    given: dict[str, list[Contribution]] = {}
    for contribution in result.contributions:
        given.setdefault(contribution.indicator, []).append(contribution)
    for dimension, outcome in zip(scheme.dimensions, result.dimensions, strict=True):
        for indicator in dimension.indicators:
            lines += [_record_line(dimension, indicator, item) for item in given.get(indicator.code, [])]
        if outcome.points != outcome.summed:
            lines.append(_limit_line(dimension, outcome.points - outcome.summed))
    if result.score != result.unlimited:
        why = Text(zh="分数已达量程边界", en="The score ends at the end of the scale")
        lines.append(Line("limit", result.score - result.unlimited, why))
    lines += _unscored(scheme, history)
    return lines


def _record_line(dimension: Dimension, indicator: Indicator, item: Contribution) -> Line:
    why = NO_EFFECT[item.no_effect] if item.no_effect else _DOUBLED if item.doubled else _COUNTED
    return Line(
        "record",
        item.points,
        why,
        indicator=indicator.code,
        indicator_name=indicator.name,
        dimension=dimension.code,
        rule=indicator.text,
        record=item.record,
        no_effect=item.no_effect or "",
        demonstration=demonstration(indicator.basis) or demonstration(indicator.points_basis),
    )


def _limit_line(dimension: Dimension, points: int) -> Line:
    why = Text(zh=f"“{dimension.name.zh}”维度上下限", en=f"Limit of the dimension “{dimension.name.en}”")
    return Line("limit", points, why, dimension=dimension.code, demonstration=demonstration(dimension.basis))


def _unscored(scheme: Scheme, history: list[Fact]) -> list[Line]:
    """Lines for records of kinds that no indicator reads."""
    read = {indicator.kind for dimension in scheme.dimensions for indicator in dimension.indicators}
    rest = sorted((fact for fact in history if fact.kind not in read), key=lambda fact: fact.order)
    return [Line("record", 0, NO_EFFECT["not_scored"], record=fact.record, no_effect="not_scored") for fact in rest]
