"""The rules as anybody may read them: generated from the scheme in force, with its earlier versions (评分规则)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext

from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.core.sample_cases import WorkedCase
from xinlin.core.schemes import (
    AllOf,
    AnyOf,
    Condition,
    FieldTest,
    Indicator,
    Limits,
    NotOf,
    Scheme,
)
from xinlin.core.terms import TERM
from xinlin.core.values import Text
from xinlin.faces.kit.basis import BasisView, basis_view
from xinlin.faces.kit.labels import RECORD_CLASS
from xinlin.faces.kit.templatetags.kit import points as signed
from xinlin.office import rulebook as books
from xinlin.office.scopes import today


def here(text: Text) -> str:
    """A two-language text in the language of the page."""
    return text.in_language(get_language() or "zh-hans")


def term_words(term: str) -> str:
    """A calendar term in words: ``P2Y`` is ``2 年``."""
    match = TERM.match(term)
    if match is None:
        return term
    parts = [
        (match["years"], gettext("%(count)s 年")),
        (match["months"], gettext("%(count)s 个月")),
        (match["days"], gettext("%(count)s 天")),
    ]
    return " ".join(words % {"count": int(count)} for count, words in parts if count)


@dataclass(frozen=True)
class Rate:
    """One row of an indicator's little table: for what, and how many points."""

    what: str
    points: int


EXAMPLES = 2
"""How many worked cases stand with a rule; all of them have a page of their own."""


@dataclass(frozen=True)
class IndicatorView:
    """An indicator in plain words."""

    number: int
    code: str
    name: Text
    text: Text
    improve: Text | None
    sign: str
    kind: str
    kind_name: Text
    department: str
    rates: list[Rate]
    limits: list[str]
    terms: list[str]
    through: bool
    absent: Text
    basis: BasisView
    points_basis: BasisView
    """What its numbers rest on."""
    examples: list[Text]
    """Worked cases in which a record of its kind stands, as sentences."""


@dataclass(frozen=True)
class DimensionSection:
    """A dimension with its indicators."""

    code: str
    name: Text
    text: Text
    limits: list[str]
    indicators: list[IndicatorView]
    basis: BasisView


def _field_label(kind: Kind | None, code: str) -> str:
    if code == "class":
        return gettext("严重程度")
    spec = next((f for f in kind.fields if f.code == code), None) if kind else None
    return here(spec.label) if spec else code


def _value_words(kind: Kind | None, code: str, value: object) -> str:
    if code == "class":
        return str(RECORD_CLASS.get(str(value), value))
    spec = next((f for f in kind.fields if f.code == code), None) if kind else None
    if spec and spec.codes and str(value) in spec.codes:
        return here(spec.codes[str(value)])
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    return str(value)


def _test_words(kind: Kind | None, test: FieldTest) -> str:
    name = _field_label(kind, test.field)
    if test.equals is not None:
        return gettext("%(field)s为%(value)s") % {"field": name, "value": _value_words(kind, test.field, test.equals)}
    if test.among is not None:
        values = gettext("、").join(_value_words(kind, test.field, value) for value in test.among)
        return gettext("%(field)s为%(value)s") % {"field": name, "value": values}
    if test.exists is not None:
        words = gettext("载明%(field)s") if test.exists else gettext("未载明%(field)s")
        return words % {"field": name}
    bounds = []
    if test.at_least is not None:
        bounds.append(gettext("%(field)s不少于 %(value)s") % {"field": name, "value": test.at_least})
    if test.below is not None:
        bounds.append(gettext("%(field)s少于 %(value)s") % {"field": name, "value": test.below})
    return gettext("且").join(bounds)


def condition_words(kind: Kind | None, condition: Condition | None) -> str:
    """A condition in words; empty where there is none."""
    match condition:
        case None:
            return ""
        case AllOf():
            return gettext("，且").join(condition_words(kind, part) for part in condition.all)
        case AnyOf():
            return gettext("，或").join(condition_words(kind, part) for part in condition.any)
        case NotOf():
            return gettext("不满足“%(what)s”") % {"what": condition_words(kind, condition.not_)}
        case FieldTest():
            return _test_words(kind, condition)


def _unit(kind: Kind | None, indicator: Indicator) -> str:
    """What one unit of the measure is called: ``次``, or the unit of the field that is summed."""
    if indicator.measure.of is None:
        return gettext("次")
    return _field_label(kind, indicator.measure.of)


def rates(kind: Kind | None, indicator: Indicator) -> list[Rate]:
    """How the measure becomes points, row by row. The points are those of the scheme, nothing computed."""
    award, unit = indicator.points, _unit(kind, indicator)
    if award.each is not None:
        if indicator.measure.take == "exists":
            return [Rate(gettext("有这样的记录"), award.each.points)]
        what = gettext("每 %(units)s %(unit)s") % {"units": award.each.units, "unit": unit}
        return [Rate(what, award.each.points)]
    if award.bands is not None:
        tops = [*(str(band.at_least) for band in award.bands[1:]), ""]
        return [
            Rate(_span(unit, str(band.at_least), top), band.points) for band, top in zip(award.bands, tops, strict=True)
        ]
    if award.steps is not None:
        rows, start = [], 0
        for step in award.steps:
            within = gettext("第 %(first)s–%(last)s") % {"first": start + 1, "last": step.up_to} if step.up_to else ""
            within = within or gettext("超过 %(count)s 的部分") % {"count": start}
            each = gettext("每 %(units)s %(unit)s") % {"units": step.per, "unit": unit}
            rows.append(Rate(f"{within}{gettext('，')}{each}", step.points))
            start = step.up_to or start
        return rows
    of = indicator.measure.of or ""
    return [Rate(_value_words(kind, of, value), points) for value, points in (award.table or {}).items()]


def _span(unit: str, low: str, high: str) -> str:
    if high:
        return gettext("%(unit)s不少于 %(low)s、少于 %(high)s") % {"unit": unit, "low": low, "high": high}
    return gettext("%(unit)s不少于 %(low)s") % {"unit": unit, "low": low}


def limit_words(limits: Limits, within: str) -> list[str]:
    """Caps and floors in words, for ``within`` (a year, all)."""
    words = []
    if limits.cap is not None:
        words.append(gettext("%(within)s最多 %(points)s 分") % {"within": within, "points": signed(limits.cap)})
    if limits.floor is not None:
        words.append(gettext("%(within)s最低 %(points)s 分") % {"within": within, "points": signed(limits.floor)})
    return words


def _indicator_limits(kind: Kind | None, indicator: Indicator) -> list[str]:
    words = limit_words(indicator.per_year, gettext("每年"))
    words += limit_words(indicator.overall, gettext("累计"))
    if indicator.where is not None:
        words.insert(0, gettext("只计：%(condition)s") % {"condition": condition_words(kind, indicator.where)})
    if indicator.highest_only:
        words.append(gettext("多条记录只取分值最高的一条"))
    if indicator.repeat is not None:
        words.append(
            gettext("%(term)s内再次发生，按 %(factor)s 倍计")
            % {"term": term_words(indicator.repeat.within), "factor": indicator.repeat.factor}
        )
    return words


def _term_lines(indicator: Indicator) -> list[str]:
    if indicator.terms is not None:
        return [
            gettext("%(record_class)s：%(term)s")
            % {"record_class": RECORD_CLASS.get(code, code), "term": term_words(term)}
            for code, term in indicator.terms.items()
        ]
    if indicator.term is not None:
        return [term_words(indicator.term)]
    return [gettext("以记录载明的截止日期为准")]


def _indicator_view(number: int, indicator: Indicator, rulebook: Rulebook, cases: list[WorkedCase]) -> IndicatorView:
    kind = rulebook.kinds.get(indicator.kind)
    offices = (
        [rulebook.departments[code].name for code in kind.providers if code in rulebook.departments] if kind else []
    )
    return IndicatorView(
        number=number,
        code=indicator.code,
        name=indicator.name,
        text=indicator.text,
        improve=indicator.improve,
        sign=indicator.sign,
        kind=indicator.kind,
        kind_name=kind.name if kind else Text(zh=indicator.kind, en=indicator.kind),
        department=gettext("、").join(here(name) for name in offices),
        rates=rates(kind, indicator),
        limits=_indicator_limits(kind, indicator),
        terms=_term_lines(indicator),
        through=indicator.through is not None,
        absent=indicator.absent,
        basis=basis_view(indicator.basis, rulebook),
        points_basis=basis_view(indicator.points_basis, rulebook),
        examples=[case.name for case in cases if any(record.kind == indicator.kind for record in case.records)][
            :EXAMPLES
        ],
    )


def sections(scheme: Scheme, rulebook: Rulebook) -> list[DimensionSection]:
    """The dimensions of a scheme with their indicators, numbered through."""
    numbered, found = 0, []
    cases = [case for case in rulebook.cases if (case.scheme, case.version) == (scheme.code, scheme.version)]
    for dimension in scheme.dimensions:
        views = []
        for indicator in dimension.indicators:
            numbered += 1
            views.append(_indicator_view(numbered, indicator, rulebook, cases))
        found.append(
            DimensionSection(
                code=dimension.code,
                name=dimension.name,
                text=dimension.text,
                limits=limit_words(dimension.limits, gettext("本维度")),
                indicators=views,
                basis=basis_view(dimension.basis, rulebook),
            )
        )
    return found


@dataclass(frozen=True)
class TierRow:
    """A tier with the range it covers."""

    name: Text
    span: str
    basis: BasisView


def tier_rows(scheme: Scheme, rulebook: Rulebook) -> list[TierRow]:
    """Tiers from the highest down; each range is half-open, so that every score has exactly one tier."""
    rising = sorted(scheme.tiers, key=lambda tier: tier.at_least)
    rows = []
    for position, tier in enumerate(rising):
        above = rising[position + 1].at_least if position + 1 < len(rising) else None
        if tier.code in scheme.tiers_below_the_scale():
            span = gettext("只因名单，不因分数")
        elif above is None:
            span = gettext("%(low)s 分及以上") % {"low": tier.at_least}
        elif position == 0 or tier.at_least == scheme.scale.minimum:
            span = gettext("%(high)s 分以下") % {"high": above}
        else:
            span = gettext("%(low)s 分至 %(high)s 分以下") % {"low": tier.at_least, "high": above}
        rows.append(TierRow(tier.name, span, basis_view(tier.basis, rulebook)))
    return rows[::-1]


@dataclass(frozen=True)
class Version:
    """A published version, and what it changed against the one before."""

    version: str
    effective_from: date
    in_force: bool
    added: list[Text] = field(default_factory=list)
    removed: list[Text] = field(default_factory=list)
    changed: list[Text] = field(default_factory=list)
    frame_changed: bool = False
    """Base, scale, tiers, marks or class rules differ."""
    first: bool = False


def _indicators(scheme: Scheme) -> dict[str, Indicator]:
    return {indicator.code: indicator for dimension in scheme.dimensions for indicator in dimension.indicators}


def _frame(scheme: Scheme) -> tuple[object, ...]:
    limits = tuple((d.code, d.limits) for d in scheme.dimensions)
    return (scheme.base, scheme.scale, tuple(scheme.tiers), tuple(scheme.marks), tuple(scheme.class_rules), limits)


def versions(rulebook: Rulebook, code: str, in_force: Scheme) -> list[Version]:
    """Every published version of a scheme, newest first, with what it changed."""
    line = sorted((s for s in rulebook.schemes if s.code == code), key=lambda s: s.effective_from)
    found: list[Version] = []
    for position, scheme in enumerate(line):
        if position == 0:
            found.append(Version(scheme.version, scheme.effective_from, scheme is in_force, first=True))
            continue
        before, after = _indicators(line[position - 1]), _indicators(scheme)
        found.append(
            Version(
                version=scheme.version,
                effective_from=scheme.effective_from,
                in_force=scheme is in_force,
                added=[after[c].name for c in after if c not in before],
                removed=[before[c].name for c in before if c not in after],
                changed=[after[c].name for c in after if c in before and before[c] != after[c]],
                frame_changed=_frame(line[position - 1]) != _frame(scheme),
            )
        )
    return found[::-1]


def rules(request: HttpRequest) -> HttpResponse:
    """``/rules/``: the scheme in force today, every indicator in plain words, tiers, marks, versions."""
    rulebook = books.current()
    scheme = rulebook.scheme_at(today())
    if scheme is None:
        districts = rulebook.scheme_at(today(), "district")
        return render(request, "public/rules_none.html", {"rulebook": rulebook, "districts": districts})
    parts = sections(scheme, rulebook)
    shown = [indicator for part in parts for indicator in part.indicators]
    return render(
        request,
        "public/rules.html",
        {
            "rulebook": rulebook,
            "scheme": scheme,
            "sections": parts,
            "indicators": len(shown),
            "demonstrations": sum(indicator.points_basis.demonstration for indicator in shown),
            "tiers": tier_rows(scheme, rulebook),
            "marks": [(mark, basis_view(mark.basis, rulebook)) for mark in scheme.marks],
            "class_rules": [(rule, basis_view(rule.basis, rulebook)) for rule in scheme.class_rules],
            "versions": versions(rulebook, scheme.code, scheme),
            "scheme_basis": basis_view(scheme.basis, rulebook),
        },
    )
