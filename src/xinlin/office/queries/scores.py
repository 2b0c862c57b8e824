"""Reads of scores. The figure a resident sees is computed on the spot from the records; frozen ones make the trend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_noop

from xinlin.core.explain import Line as Cause
from xinlin.core.explain import demonstration, explain
from xinlin.core.records import Fact
from xinlin.core.rulebooks import Rulebook
from xinlin.core.schemes import Scheme
from xinlin.core.scores import Evaluation, evaluate
from xinlin.core.values import Text
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.queries.people import live_consents, look_at_oneself, own_subject
from xinlin.office.queries.records import RecordView, views
from xinlin.office.queries.scheme_texts import name_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, today


@dataclass(frozen=True)
class TierView:
    """A level and whether the score reaches it."""

    code: str
    name: Text
    at_least: int
    reached: bool
    demonstration: bool
    by_points: bool = True
    """False where only an entry on a statutory list gives the level, never a score."""


@dataclass(frozen=True)
class MarkView:
    """Something to show, held or not. There is no third state."""

    code: str
    name: Text
    at_least: int
    held: bool
    demonstration: bool


@dataclass(frozen=True)
class DimensionView:
    """A dimension's points. ``cap`` and ``floor`` are its limits; ``base`` is not shared out among dimensions."""

    code: str
    name: Text
    text: Text
    points: int
    cap: int | None
    floor: int | None


@dataclass(frozen=True)
class Line:
    """One cause of the score, with the record behind it."""

    kind: str
    points: int
    indicator: str
    indicator_name: Text
    dimension: str
    rule: Text
    why: Text
    no_effect: str
    record: RecordView | None
    demonstration: bool


@dataclass(frozen=True)
class Card:
    """A score with its whole explanation; ``Σ line.points == score`` always."""

    scheme: str
    name: Text
    version: str
    unit: Text
    as_of: date
    base: int
    score: int
    tier: TierView
    tiers: list[TierView]
    minimum: int | None
    maximum: int | None
    marks: list[MarkView]
    dimensions: list[DimensionView]
    lines: list[Line]
    trend: list[tuple[date, int]]
    to_next: int | None
    demonstration: bool


@dataclass(frozen=True)
class Standing:
    """What an offer may see of a score: the tiers and marks reached, the tier and the figure, and nothing else."""

    reached: frozenset[str]
    tier: Text
    score: int


NOTHING = Text(zh="", en="")


def _tiers(scheme: Scheme, position: int) -> list[TierView]:
    below = scheme.tiers_below_the_scale()
    return [
        TierView(tier.code, tier.name, tier.at_least, at <= position, demonstration(tier.basis), tier.code not in below)
        for at, tier in enumerate(scheme.tiers)
    ]


def _invented(scheme: Scheme) -> bool:
    """Whether some of the scheme's numbers rest on no published source."""
    indicators = [indicator for dimension in scheme.dimensions for indicator in dimension.indicators]
    return demonstration(scheme.basis) or any(demonstration(indicator.points_basis) for indicator in indicators)


def _marks(scheme: Scheme, score: int) -> list[MarkView]:
    return [
        MarkView(mark.code, mark.name, mark.at_least, score >= mark.at_least, demonstration(mark.basis))
        for mark in scheme.marks
    ]


def _line(cause: Cause, records: dict[str, RecordView]) -> Line:
    record = records.get(cause.record)
    return Line(
        kind=cause.kind,
        points=cause.points,
        indicator=cause.indicator,
        indicator_name=cause.indicator_name or (record.kind_name if record else cause.why),
        dimension=cause.dimension,
        rule=cause.rule or NOTHING,
        why=cause.why,
        no_effect=cause.no_effect,
        record=record,
        demonstration=cause.demonstration,
    )


def _card(
    scheme: Scheme,
    day: date,
    records: dict[str, RecordView],
    result: Evaluation,
    causes: list[Cause],
    frozen: list[tuple[date, int]],
) -> Card:
    position = next(at for at, tier in enumerate(scheme.tiers) if tier.code == result.tier)
    tiers = _tiers(scheme, position)
    above = next((tier.at_least for tier in scheme.tiers if tier.at_least > result.score), None)
    return Card(
        scheme=scheme.code,
        name=name_of(scheme, current()),
        version=scheme.version,
        unit=scheme.unit,
        as_of=day,
        base=scheme.base,
        score=result.score,
        tier=tiers[position],
        tiers=tiers,
        minimum=scheme.scale.minimum,
        maximum=scheme.scale.maximum,
        marks=_marks(scheme, result.score),
        dimensions=[
            DimensionView(d.code, d.name, d.text, outcome.points, d.limits.cap, d.limits.floor)
            for d, outcome in zip(scheme.dimensions, result.dimensions, strict=True)
        ],
        lines=[_line(cause, records) for cause in causes],
        trend=frozen,
        to_next=above - result.score if above is not None else None,
        demonstration=_invented(scheme),
    )


def trend(subject_id: int, scheme: str) -> list[tuple[date, int]]:
    """Frozen figures under one scheme, oldest first; the newest run wins where a day was run twice."""
    frozen = Score.objects.filter(subject_id=subject_id, run__scheme=scheme, run__state=ScoreRun.State.DONE)
    return sorted(dict(frozen.order_by("run_id").values_list("as_of", "score")).items())


def mine(*, actor: Actor) -> Card | None:
    """The resident's score today with its whole explanation; None without a live consent, or where nobody is scored."""
    subject, rulebook, day = own_subject(actor, "see"), current(), today()
    scheme = rulebook.scheme_at(day)
    if scheme is None or ("score", "") not in live_consents(subject.pk):
        return None
    return _own_card(actor, subject.pk, scheme, views(subject.pk, rulebook, day))


def _own_card(actor: Actor, subject_id: int, scheme: Scheme, found: list[tuple[RecordView, Fact]]) -> Card:
    """The card from these records; the resident's own look is written."""
    day, facts = today(), [fact for _record, fact in found]
    result = evaluate(scheme, facts, day)
    causes = explain(scheme, facts, result)
    look_at_oneself(actor, (fact.kind for fact in facts), gettext_noop("查看评分"))
    records = {record.reference: record for record, _fact in found}
    return _card(scheme, day, records, result, causes, trend(subject_id, scheme.code))


@dataclass(frozen=True)
class TradeView:
    """A trade's score as the resident sees it: open by a consent of its own, or not."""

    code: str
    name: Text
    purpose: Text
    open: bool
    kinds: list[Text]
    """What it reads, and nothing else."""


def _kinds_of(scheme: Scheme) -> set[str]:
    indicators = [indicator for dimension in scheme.dimensions for indicator in dimension.indicators]
    return {*(indicator.kind for indicator in indicators), *(rule.kind for rule in scheme.class_rules)}


def trades(*, actor: Actor) -> list[TradeView]:
    """The trades' scores of this city, and which the resident opened."""
    live, rulebook = live_consents(own_subject(actor, "see").pk), current()
    return [
        TradeView(
            scheme.code,
            name_of(scheme, rulebook),
            scheme.purpose or NOTHING,
            ("trade", scheme.code) in live,
            [rulebook.kinds[kind].name for kind in sorted(_kinds_of(scheme))],
        )
        for scheme in rulebook.trade_schemes_at(today())
    ]


def my_trade(*, actor: Actor, code: str) -> Card | None:
    """The resident's score of one trade, from records of its kinds alone; None without its own live consent.

    Raises `NotFound` for no such trade.
    """
    subject, rulebook, day = own_subject(actor, "see"), current(), today()
    scheme = next((one for one in rulebook.trade_schemes_at(day) if one.code == code), None)
    if scheme is None:
        raise NotFound(f"没有名为 {code} 的行业分。There is no trade's score {code}.")
    if ("trade", code) not in live_consents(subject.pk):
        return None
    kinds = _kinds_of(scheme)
    found = [(record, fact) for record, fact in views(subject.pk, rulebook, day) if fact.kind in kinds]
    return _own_card(actor, subject.pk, scheme, found)


@dataclass(frozen=True)
class FrozenView:
    """A figure of an earlier day, as it was published."""

    run: str
    as_of: date
    score: int
    change: int | None
    """Against the one before under the same scheme; None for the first."""
    tier: Text
    version: str
    receipt: bool
    """Whether there is a receipt to take away."""
    demonstration: bool


def history_of(*, actor: Actor) -> list[FrozenView]:
    """The resident's own frozen figures under the city's scheme, newest first; empty without a live consent."""
    subject, rulebook = own_subject(actor, "see"), current()
    scheme = rulebook.scheme_at(today())
    if scheme is None or ("score", "") not in live_consents(subject.pk):
        return []
    known = {(s.version, t.code): t for s in rulebook.schemes if s.code == scheme.code for t in s.tiers}
    rows = Score.objects.filter(subject=subject, run__scheme=scheme.code, run__state=ScoreRun.State.DONE)
    newest = {row.as_of: row for row in rows.select_related("run").order_by("run_id")}
    look_at_oneself(actor, (), gettext_noop("查看历史分数"))
    found: list[FrozenView] = []
    for day in sorted(newest):
        row = newest[day]
        tier = known.get((row.run.version, row.tier))
        found.append(
            FrozenView(
                run=row.run.number,
                as_of=day,
                score=row.score,
                change=row.score - found[-1].score if found else None,
                tier=tier.name if tier is not None else Text(zh=row.tier, en=row.tier),
                version=row.run.version,
                receipt=row.salt is not None,
                demonstration=tier is None or demonstration(tier.basis),
            )
        )
    return found[::-1]


def standing(subject_id: int, rulebook: Rulebook, day: date) -> Standing | None:
    """What offers may see: reached tiers and marks. None without a live consent or a scheme."""
    scheme = rulebook.scheme_at(day)
    if scheme is None or ("score", "") not in live_consents(subject_id):
        return None
    result = evaluate(scheme, [fact for _record, fact in views(subject_id, rulebook, day)], day)
    position = next(at for at, tier in enumerate(scheme.tiers) if tier.code == result.tier)
    reached = {tier.code for tier in scheme.tiers[: position + 1]}
    marks = {mark.code for mark in scheme.marks if result.score >= mark.at_least}
    return Standing(frozenset(reached | marks), scheme.tiers[position].name, result.score)
