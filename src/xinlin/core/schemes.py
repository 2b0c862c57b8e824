"""The scheme language: how a city writes its score as data (评分方案).

Integers only, in one named unit. Every date term is an ISO 8601 calendar term (``P3M``, ``P2Y``).
Meaning: `xinlin.core.scores`. Loading and its errors: `xinlin.core.loading`.
"""

from __future__ import annotations

import itertools
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from xinlin.core.values import Strict, Text, misfit

Scalar = str | int | bool
SchemeSubject = Literal["person", "organisation", "district"]
"""Whom a scheme scores: 自然人, 法人和其他组织, 区县."""
Role = Literal["legal_representative"]
"""In which an organisation's record may count for a person (角色)."""
Demonstration = Literal["demonstration"]
"""Marks a value that no published source gives; every page that shows it says so."""


class Citation(Strict):
    """A place in a listed source: what a value rests on."""

    source: str
    article: str
    effective_from: date | None = None
    effective_to: date | None = None


Basis = Demonstration | Annotated[list[Citation], Field(min_length=1)]


class FieldTest(Strict):
    """One test of one field of a record. Exactly one comparison is given; an absent field meets only ``exists: false``."""

    field: str
    equals: Scalar | None = None
    among: list[Scalar] | None = None
    at_least: int | date | None = None
    below: int | date | None = None
    exists: bool | None = None

    @model_validator(mode="after")
    def _one_comparison(self) -> FieldTest:
        given = [k for k in ("equals", "among", "at_least", "below", "exists") if getattr(self, k) is not None]
        if not given:
            raise misfit(
                "字段条件缺少比较",
                "a field test makes no comparison",
                "写 equals、among、at_least、below、exists 之一",
                "give one of equals, among, at_least, below, exists",
            )
        if len(given) > 1 and set(given) != {"at_least", "below"}:
            listed = ", ".join(given)
            raise misfit(
                f"字段条件同时写了 {listed}",
                f"a field test makes several comparisons: {listed}",
                "只留一个（at_least 与 below 可同用），其余用 all 连接",
                "keep one (at_least may go with below) and join others with all",
            )
        return self


class AllOf(Strict):
    """Holds when every part holds."""

    all: Annotated[list[Condition], Field(min_length=1)]


class AnyOf(Strict):
    """Holds when some part holds."""

    any: Annotated[list[Condition], Field(min_length=1)]


class NotOf(Strict):
    """Holds when its part does not."""

    not_: Condition = Field(alias="not")


Condition = FieldTest | AllOf | AnyOf | NotOf


class Measure(Strict):
    """How an indicator measures the records it takes.

    ``of`` names the integer or money field for ``sum``, ``max`` and ``latest``; with a ``table``, a code or boolean field.
    ``over`` says on what: all records together, each calendar year of ``occurred_on``, or each record by itself.
    """

    take: Literal["count", "sum", "max", "latest", "exists"]
    of: str | None = None
    over: Literal["all", "calendar_year", "record"] = "all"

    @model_validator(mode="after")
    def _field_where_needed(self) -> Measure:
        if self.take in ("sum", "max", "latest") and self.of is None:
            raise misfit(
                f"{self.take} 未写量哪个字段",
                f"{self.take} does not say which field it measures",
                "补上 of: 字段代码",
                "add of: the code of the field",
            )
        if self.take in ("count", "exists") and self.of is not None:
            raise misfit(f"{self.take} 不量字段", f"{self.take} measures no field", "删去 of", "remove of")
        return self


class Each(Strict):
    """So many points for each full ``units`` of the measure, rounded towards zero."""

    units: int = Field(default=1, ge=1)
    points: int


class Band(Strict):
    """Points for a measure from ``at_least`` up to the next band (half-open)."""

    at_least: int
    points: int


class Step(Strict):
    """A marginal rate: within (previous ``up_to``, ``up_to``], ``points`` per full ``per`` units, rounded down once per step."""

    up_to: int | None = None
    per: int = Field(ge=1)
    points: int


class Award(Strict):
    """How the measure becomes points: exactly one of the four forms."""

    each: Each | None = None
    bands: Annotated[list[Band], Field(min_length=1)] | None = None
    steps: Annotated[list[Step], Field(min_length=1)] | None = None
    table: dict[str, int] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Award:
        given = [k for k in ("each", "bands", "steps", "table") if getattr(self, k) is not None]
        if len(given) != 1:
            raise misfit(
                "计分方式应恰有一种",
                "points takes exactly one form",
                "写 each、bands、steps、table 之一",
                "give one of each, bands, steps, table",
            )
        if self.bands and any(a.at_least >= b.at_least for a, b in itertools.pairwise(self.bands)):
            raise misfit(
                "分段未递增（分段左闭右开）",
                "bands do not rise (each begins where the one before ends)",
                "使每段 at_least 大于前一段",
                "make each at_least greater than the one before",
            )
        if self.steps:
            limits = [s.up_to for s in self.steps]
            if any(limit is None for limit in limits[:-1]):
                raise misfit(
                    "只有最后一级可以不封顶",
                    "a step before the last is open",
                    "为前面各级写 up_to",
                    "give each step before the last its up_to",
                )
            closed = [limit for limit in limits if limit is not None]
            if any(a >= b for a, b in itertools.pairwise(closed)) or (closed and closed[0] <= 0):
                raise misfit(
                    "各级 up_to 未从 0 起递增",
                    "steps do not rise from 0",
                    "使每级 up_to 大于前一级，第一级大于 0",
                    "make each up_to greater than the one before, the first above 0",
                )
        return self


class Limits(Strict):
    """Bounds on points: ``cap`` from above, ``floor`` from below."""

    cap: int | None = None
    floor: int | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Limits:
        if self.cap is not None and self.floor is not None and self.floor > self.cap:
            raise misfit(
                f"下限 {self.floor} 高于上限 {self.cap}",
                f"the floor {self.floor} lies above the cap {self.cap}",
                "调换或改正两者",
                "swap or correct the two",
            )
        return self


class Repeat(Strict):
    """Repeats weigh more: a record that follows another of the same indicator within ``within`` counts ``factor`` times.

    Only with ``over: record``.
    """

    within: str
    factor: int = Field(ge=2)


class Indicator(Strict):
    """A scored rule (指标) on the records of one kind."""

    code: str
    name: Text
    text: Text
    """The rule in plain words, as one numbered line of the city's published list."""
    improve: Text | None = None
    """What a person can freely do about it."""
    kind: str
    sign: Literal["positive", "negative"]
    where: Condition | None = None
    measure: Measure
    points: Award
    highest_only: bool = False
    repeat: Repeat | None = None
    per_year: Limits = Limits()
    overall: Limits = Limits()
    term: str | None = None
    """How long a record counts, where its class does not decide."""
    terms: dict[str, str] | None = None
    """How long a record counts, by the record's class."""
    through: Role | None = None
    """Counts for the legal representative when the document names that person (指标穿透)."""
    absent: Text
    """What it means to have no such record. Absent is not zero."""
    basis: Basis
    """What the indicator itself rests on."""
    points_basis: Basis = "demonstration"
    """What its numbers rest on: points, limits and terms. Most cities publish none."""

    @model_validator(mode="after")
    def _coherent(self) -> Indicator:
        if self.term is not None and self.terms is not None:
            raise misfit("term 与 terms 同时出现", "term and terms are both given", "只留一个", "keep one of the two")
        if self.measure.over != "record" and (self.highest_only or self.repeat):
            raise misfit(
                "highest_only 与 repeat 只能逐条计量",
                "highest_only and repeat work record by record",
                "写 measure.over: record",
                "set measure.over: record",
            )
        if self.points.table is not None and self.measure.take != "latest":
            raise misfit(
                "table 按一个值查表",
                "a table looks up one value",
                "写 measure.take: latest 与 of",
                "set measure.take: latest with of: the field",
            )
        if self.per_year != Limits() and self.measure.over == "all":
            raise misfit(
                "按年限额不能用于合并计量",
                "yearly limits do not work over all records together",
                "写 measure.over: calendar_year 或 record",
                "set measure.over: calendar_year or record",
            )
        return self


class Dimension(Strict):
    """A first-level group of indicators (一级指标)."""

    code: str
    name: Text
    text: Text
    limits: Limits = Limits()
    indicators: list[Indicator]
    basis: Basis


class Tier(Strict):
    """A level of the score, from ``at_least`` up to the next tier (half-open)."""

    code: str
    name: Text
    at_least: int
    basis: Basis


class ClassRule(Strict):
    """While a record of ``kind`` is in force, the tier is at most (or exactly) the one named. Comes last."""

    kind: str
    where: Condition | None = None
    tier_at_most: str | None = None
    tier_exactly: str | None = None
    text: Text
    basis: Basis

    @model_validator(mode="after")
    def _one_effect(self) -> ClassRule:
        if (self.tier_at_most is None) == (self.tier_exactly is None):
            raise misfit(
                "判级规则应恰有一种效果",
                "a class rule takes exactly one effect",
                "写 tier_at_most 或 tier_exactly",
                "give tier_at_most or tier_exactly",
            )
        return self


class Scale(Strict):
    """The range of the score; an absent end is open."""

    minimum: int | None = None
    maximum: int | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Scale:
        if self.minimum is not None and self.maximum is not None and self.minimum >= self.maximum:
            raise misfit(
                f"下限 {self.minimum} 不低于上限 {self.maximum}",
                f"the minimum {self.minimum} is not below the maximum {self.maximum}",
                "调换或改正两者",
                "swap or correct the two",
            )
        return self


class Mark(Strict):
    """Something a holder may show from a score upward, such as a green code. There is no mark for those below."""

    code: str
    name: Text
    at_least: int
    basis: Basis


class Extension(Strict):
    """What a scheme takes over from another one: dimensions, whole, with all that they say (行业分取用的维度).

    The version is named, so that what is taken over is as frozen as what is written.
    """

    scheme: str
    version: str
    dimensions: Annotated[list[str], Field(min_length=1)] | None = None
    """Codes of the dimensions taken over; left out: all of them."""


class Scheme(Strict):
    """One published version of a score (评分方案): the city's own, a trade's, one of organisations, or one of districts.

    In a loaded rulebook ``dimensions`` holds the scheme's own ones and, after them, those that it takes over.
    """

    code: str
    version: str
    effective_from: date
    name: Text | None = None
    """How it is called; the city's own score is called by the rulebook's words."""
    purpose: Text | None = None
    """What a trade's score is for, as the person agrees to it."""
    subject: SchemeSubject = "person"
    unit: Text
    base: int
    scale: Scale
    dimensions: Annotated[list[Dimension], Field(min_length=1)]
    tiers: Annotated[list[Tier], Field(min_length=1)]
    class_rules: list[ClassRule] = []
    marks: list[Mark] = []
    extends: Extension | None = None
    """For a trade's score (行业信用分): what it takes over. It has a consent of its own, and no figure flows either way."""
    basis: Basis

    @model_validator(mode="after")
    def _named(self) -> Scheme:
        if self.name is None and (self.extends is not None or self.subject != "person"):
            raise misfit(
                "行业、单位和地区的方案须有名称",
                "a scheme of a trade, of organisations or of districts has a name",
                "写 name: {zh: …, en: …}",
                "add name: {zh: …, en: …}",
            )
        if (self.extends is None) != (self.purpose is None):
            raise misfit(
                "行业分须写明用途，其他方案不写",
                "a trade's score says its purpose, other schemes do not",
                "extends 与 purpose 同时写或同时不写",
                "give extends and purpose together, or neither",
            )
        return self

    def tiers_below_the_scale(self) -> frozenset[str]:
        """The tiers that no points reach, since they lie below the scale's minimum: only a class rule gives them."""
        low = self.scale.minimum
        return frozenset(tier.code for tier in self.tiers if low is not None and tier.at_least < low)
