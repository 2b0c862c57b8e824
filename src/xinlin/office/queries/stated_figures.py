"""Figures published elsewhere beside what the platform counts: what remains, and by which causes (外部数字对账)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from xinlin.core.conformity import Item, Reconciliation, by_cause
from xinlin.core.stated_figures import MEASURES
from xinlin.core.values import Text
from xinlin.office.models.figures import StatedFigure
from xinlin.office.queries.quality import WHOLE_CITY
from xinlin.office.queries.record_figures import RecordFigures, held
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed

WRITES = frozenset({"reviewer", "operator"})


@dataclass(frozen=True)
class StatedLine:
    """A figure as it was entered, and what of the platform's it is held against."""

    code: str
    source: str
    stated_on: date
    name: str
    value: int
    unit: str
    of: str
    role: str
    measure: str
    measure_name: Text | None
    removable: bool


@dataclass(frozen=True)
class Told:
    """A reconciliation of a figure with its parts or with the platform's count, and where the figure stands."""

    table: Reconciliation
    source: str
    stated_on: date | None


@dataclass(frozen=True)
class StatedFigures:
    """All figures entered, and what could be reconciled of them."""

    reconciled: list[Told]
    lines: list[StatedLine]
    measures: list[tuple[str, Text]]
    """What a figure may be held against."""
    may_write: bool


def stated_figures(*, actor: Actor) -> StatedFigures:
    """What others published, reconciled; the rulebook's own published figures come first. Raises `NotAllowed`."""
    if actor.role not in WHOLE_CITY and not actor.handle.startswith("system:"):
        raise NotAllowed("您的角色不能查看对账。Your role may not see reconciliations.")
    figures = list(StatedFigure.objects.order_by("-stated_on", "source", "code"))
    beneath: defaultdict[int, list[StatedFigure]] = defaultdict(list)
    for one in figures:
        if one.of_id is not None:
            beneath[one.of_id].append(one)
    names = dict(_measures())
    counts = _counts(held()) if any(one.measure for one in figures) else Counter[str]()
    told = [*_of_the_rulebook()]
    for figure in figures:
        told += _reconciled(figure, beneath[figure.pk], counts, names)
    codes = {figure.pk: figure.code for figure in figures}
    lines = [
        StatedLine(
            one.code, one.source, one.stated_on, one.name, one.value, one.unit, codes.get(one.of_id or 0, ""), one.role,
            one.measure, names.get(one.measure), not beneath[one.pk],
        )
        for one in figures
    ]  # fmt: skip
    return StatedFigures(told, lines, _measures(), actor.role in WRITES)


def _of_the_rulebook() -> list[Told]:
    book = current()
    told = []
    for figure in book.published_figures.values():
        cited = figure.basis[0].source if not isinstance(figure.basis, str) else ""
        parts = [Item(part.name, part.count) for part in figure.parts]
        source = book.sources[cited].title.zh if cited in book.sources else ""
        told.append(Told(by_cause(figure.name, figure.name, figure.total, parts, {}), source, None))
    return told


def _reconciled(
    figure: StatedFigure, beneath: Sequence[StatedFigure], counts: Mapping[str, int], names: Mapping[str, Text]
) -> list[Told]:
    """The figure beside its parts, and beside the platform's count; neither, where it has none."""
    name, told = _as_text(figure.name), []
    parts = [Item(_as_text(one.name), one.value) for one in beneath if one.role == "part"]
    if parts:
        told.append(by_cause(name, name, figure.value, parts, _causes(beneath, "cause")))
    if figure.measure:
        ours = [Item(names.get(figure.measure, _as_text(figure.measure)), counts[figure.measure])]
        told.append(by_cause(name, name, figure.value, ours, _causes(beneath, "platform_cause")))
    return [Told(table, figure.source, figure.stated_on) for table in told]


def _causes(beneath: Sequence[StatedFigure], role: str) -> dict[Text, int]:
    found: Counter[str] = Counter()
    for one in beneath:
        if one.role == role:
            found[one.name] += one.value
    return {_as_text(name): value for name, value in found.items()}


def _as_text(words: str) -> Text:
    """What a source says stays in its own words, in either language."""
    return Text(zh=words, en=words)


def _counts(figures: RecordFigures) -> Counter[str]:
    """Measure -> what the platform counts of it."""
    counts: Counter[str] = Counter()
    for cell in figures.cells:
        counts[f"kind:{cell.kind}"] += cell.number
        counts[f"office:{cell.department}"] += cell.number
    of = figures.deliveries
    counts.update({name: of[name] for name in ("read", "records", "refused", "repeated")})
    counts.update({"registrations": figures.registrations["read"], "people": figures.registrations["people"]})
    return counts


def _measures() -> list[tuple[str, Text]]:
    book = current()
    kinds = [(f"kind:{kind.code}", kind.name) for kind in book.kinds.values() if kind.effect != "count"]
    offices = [(f"office:{office.code}", office.name) for office in book.departments.values()]
    return [
        *((code, _ours(name)) for code, name in MEASURES.items()),
        *((code, _ours(name)) for code, name in kinds),
        *((code, _ours(name)) for code, name in offices),
    ]


def _ours(name: Text) -> Text:
    return Text(zh=f"平台统计：{name.zh}", en=f"The platform counts: {name.en}")
