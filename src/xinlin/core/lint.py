"""What the law refuses in a rulebook (规则册法律审查): each finding with its reason, its place and its cure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xinlin.core.conditions import tests_in
from xinlin.core.findings import Finding, found, nearest, reaches_beyond
from xinlin.core.forbidden import COLOURS, FACTORS, SERVICES
from xinlin.core.kind_lint import LAW, forbidden, kind_findings, rests_on
from xinlin.core.kind_references import CLASSES
from xinlin.core.rulebooks import Kind, Rulebook
from xinlin.core.schemes import ClassRule, Condition, Indicator
from xinlin.core.strict_yaml import Path
from xinlin.core.values import Problem

LONGEST = {"minor": "P3M", "general": "P1Y", "serious": "P3Y"}
"""How long a record of each class may be held against anyone (信用修复管理办法, 发改委令第36号; 国办发〔2025〕22号)."""
LONGEST_OF_ALL = "P5Y"
"""No adverse record counts longer than this, whatever its class (征信业管理条例 16; 上海 35; 浙江 16)."""


def findings(rulebook: Rulebook, places: Mapping[Path, str] | None = None) -> list[Problem]:
    """Everything in the rulebook that the law refuses. ``places`` gives ``file:line`` of paths where they are known."""
    found_here: list[Finding] = []
    for kind in rulebook.kinds.values():
        found_here.extend(kind_findings(rulebook, kind))
    for code in rulebook.measures:
        found_here.extend(_measure(rulebook, code))
    found_here.extend(_services(rulebook))
    for at, scheme in enumerate(rulebook.schemes):
        for number, dimension in enumerate(scheme.dimensions):
            for position, indicator in enumerate(dimension.indicators):
                path: Path = ("schemes", at, "dimensions", number, "indicators", position)
                found_here.extend(_indicator(rulebook, indicator, path))
        for position, rule in enumerate(scheme.class_rules):
            found_here.extend(_class_rule(rulebook, rule, ("schemes", at, "class_rules", position)))
        for position, mark in enumerate(scheme.marks):
            texts = (mark.name.zh, mark.name.en, mark.code.replace("_", " "))
            path = ("schemes", at, "marks", position)
            found_here.extend(forbidden([COLOURS], texts, path, "colour", "删去该标识", "remove the mark"))
    return [one.at(nearest(places or {}, one.path)) for one in found_here]


def _services(rulebook: Rulebook) -> Iterator[Finding]:
    for code, offer in rulebook.offers.items():
        texts = (offer.name.zh, offer.terms.zh, offer.name.en, offer.terms.en, code.replace("_", " "))
        cure = ("改为普通商业优惠", "offer something of trade")
        yield from forbidden(SERVICES, texts, ("offers", code), "service", *cure)
    for code, scene in rulebook.scenes.items():
        texts = (scene.name.zh, scene.purpose.zh, scene.name.en, scene.purpose.en, code.replace("_", " "))
        yield from forbidden(SERVICES, texts, ("scenes", code), "service", "删去该场景", "remove the scene")


def _measure(rulebook: Rulebook, code: str) -> Iterator[Finding]:
    measure, path = rulebook.measures[code], ("measures", code)
    if measure.national_row not in rulebook.national_measures:
        yield found(
            "national_row",
            (*path, "national_row"),
            (
                f"全国失信惩戒措施基础清单中没有 {measure.national_row}：清单之外不得设定措施（国办发〔2020〕49号）",
                f"{measure.national_row} is no row of the national list; none may be added (State Council 49/2020)",
            ),
            (
                f"写其一：{', '.join(rulebook.national_measures)}",
                f"write one of: {', '.join(rulebook.national_measures)}",
            ),
        )
    if not rests_on(rulebook, measure.basis, LAW):
        yield found(
            "measure_basis",
            (*path, "basis"),
            (
                "惩戒措施须直接援引法律、法规或党中央、国务院政策文件（国办发〔2020〕49号）",
                "a measure cites law, regulation or State policy directly (State Council 49/2020)",
            ),
            ("引用这样的依据，或删去该措施", "cite such a source, or remove the measure"),
        )


def _indicator(rulebook: Rulebook, indicator: Indicator, path: Path) -> Iterator[Finding]:
    kind = rulebook.kinds.get(indicator.kind)
    cure = ("删去该指标", "remove the indicator")
    own = (indicator.name.zh, indicator.name.en, indicator.code.replace("_", " "))
    yield from forbidden(FACTORS, own, path, "factor", *cure)
    if kind is None:
        return
    yield from _judged(kind, (*path, "kind"), cure)
    yield from _conditions(kind, indicator.where, (*path, "where"))
    if indicator.measure.of is not None:
        yield from _factor(kind, indicator.measure.of, (*path, "measure", "of"))
    yield from _end(kind, indicator, path)


def _class_rule(rulebook: Rulebook, rule: ClassRule, path: Path) -> Iterator[Finding]:
    kind = rulebook.kinds.get(rule.kind)
    if kind is not None:
        yield from _judged(kind, (*path, "kind"), ("删去该规则", "remove the rule"))
        yield from _conditions(kind, rule.where, (*path, "where"))


def _judged(kind: Kind, path: Path, cure: tuple[str, str]) -> Iterator[Finding]:
    """That nobody may be judged by records of this kind."""
    if kind.lead or kind.occupational:
        yield found(
            "not_scored",
            path,
            (
                f"{kind.code} 是线索或职业信息，不得计分：没有生效文书，或与信用无关（国办发〔2020〕49号；深圳经济特区社会信用条例29）",
                f"{kind.code} is a lead or of a profession and may not be scored: no final document stands behind it",
            ),
            cure,
        )
    named = (kind.name.zh, kind.name.en, kind.code.replace("_", " "))
    yield from forbidden(FACTORS, named, path, "factor", *cure)


def _conditions(kind: Kind, condition: Condition | None, path: Path) -> Iterator[Finding]:
    for at, test in tests_in(condition, path):
        yield from _factor(kind, test.field, (*at, "field"))


def _factor(kind: Kind, name: str, place: Path) -> Iterator[Finding]:
    """That a field which a rule reads has nothing to do with credit, or points at a person."""
    field = next((field for field in kind.fields if field.code == name), None)
    if field is None:
        return
    texts = (field.label.zh, field.label.en, field.code.replace("_", " "))
    yield from forbidden(FACTORS, texts, place, "factor", "换用其他字段", "use another field")
    if field.personal:
        yield found(
            "personal_factor",
            place,
            (
                f"{name} 是个人身份信息，含有性别、年龄和籍贯，不得用于评分",
                f"{name} is an identity of a person and tells sex, age and origin; it may not be scored",
            ),
            ("换用其他字段", "use another field"),
        )


def _end(kind: Kind, indicator: Indicator, path: Path) -> Iterator[Finding]:
    if indicator.term is None and indicator.terms is None:
        yield found(
            "no_end",
            path,
            ("没有计分期限：任何记录都应有到期日", "no term is given; every record stops counting some day"),
            ("写 term，或按失信程度写 terms", "give term, or terms by class"),
        )
        return
    if indicator.sign != "negative":
        return
    if indicator.term is not None and kind.effect != "list_entry" and any(f.role == "class" for f in kind.fields):
        yield found(
            "terms_by_class",
            (*path, "term"),
            (
                "负向记录的期限应随失信程度而定（发改委令第36号）",
                "how long it counts depends on its class (NDRC order 36)",
            ),
            ("改写 terms：minor、general、serious", "write terms: minor, general, serious"),
        )
    limits = {
        (*path, "terms", name): (term, LONGEST[name])
        for name, term in (indicator.terms or {}).items()
        if name in CLASSES
    }
    if indicator.term is not None:
        limits[(*path, "term")] = (indicator.term, LONGEST_OF_ALL)
    for place, (term, longest) in limits.items():
        if reaches_beyond(term, longest):
            yield found(
                "term_too_long",
                place,
                (
                    f"{term} 长于最长公示期 {longest}（发改委令第36号）",
                    f"{term} is longer than {longest} (NDRC order 36)",
                ),
                (f"写 {longest} 或更短", f"write {longest} or shorter"),
            )
