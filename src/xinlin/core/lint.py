"""What the law refuses in a rulebook (规则册法律审查): each finding with its reason, its place and its cure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from xinlin.core.findings import Finding, found, nearest, reaches_beyond
from xinlin.core.forbidden import COLOURS, DATA, FACTORS, SERVICES, Forbidden
from xinlin.core.kind_references import CLASSES
from xinlin.core.rulebooks import Kind, Rulebook, SourceRank
from xinlin.core.schemes import AllOf, AnyOf, Basis, Condition, FieldTest, Indicator, NotOf
from xinlin.core.strict_yaml import Path
from xinlin.core.values import Problem

LONGEST = {"minor": "P3M", "general": "P1Y", "serious": "P3Y"}
"""How long a record of each class may be held against anyone (信用修复管理办法, 发改委令第36号; 国办发〔2025〕22号)."""
LONGEST_OF_ALL = "P5Y"
"""No adverse record counts longer than this, whatever its class (征信业管理条例 16; 上海 35; 浙江 16)."""

NEEDED = {"document": "文书", "authority": "机关", "article": "依据", "class": "失信程度", "notice_on": "告知日期"}
"""What every negative record carries (深圳 69; 浙江 28; 国办发〔2020〕49号)."""

LAW: frozenset[SourceRank] = frozenset(
    {"law", "administrative_regulation", "judicial_interpretation", "department_rule", "state_document"}
)
"""Ranks on which a measure may rest: law, regulation, or a rule of the State (国办发〔2020〕49号)."""
LOCAL_LAW: frozenset[SourceRank] = LAW | {"local_regulation"}
"""Ranks on which a city may add a negative kind: these, or a local regulation (深圳 32–34; 上海 10; 浙江 12)."""


def findings(rulebook: Rulebook, places: Mapping[Path, str] | None = None) -> list[Problem]:
    """Everything in the rulebook that the law refuses. ``places`` gives ``file:line`` of paths where they are known."""
    found_here: list[Finding] = []
    for kind in rulebook.kinds.values():
        found_here.extend(_kind(rulebook, kind))
    for code in rulebook.measures:
        found_here.extend(_measure(rulebook, code))
    found_here.extend(_services(rulebook))
    for at, scheme in enumerate(rulebook.schemes):
        for number, dimension in enumerate(scheme.dimensions):
            for position, indicator in enumerate(dimension.indicators):
                path: Path = ("schemes", at, "dimensions", number, "indicators", position)
                found_here.extend(_indicator(rulebook, indicator, path))
        for position, mark in enumerate(scheme.marks):
            texts = (mark.name.zh, mark.name.en, mark.code.replace("_", " "))
            path = ("schemes", at, "marks", position)
            found_here.extend(_forbidden([COLOURS], texts, path, "colour", "删去该标识", "remove the mark"))
    return [one.at(nearest(places or {}, one.path)) for one in found_here]


def _services(rulebook: Rulebook) -> Iterator[Finding]:
    for code, offer in rulebook.offers.items():
        texts = (offer.name.zh, offer.terms.zh, offer.name.en, offer.terms.en, code.replace("_", " "))
        cure = ("改为普通商业优惠", "offer something of trade")
        yield from _forbidden(SERVICES, texts, ("offers", code), "service", *cure)
    for code, scene in rulebook.scenes.items():
        texts = (scene.name.zh, scene.purpose.zh, scene.name.en, scene.purpose.en, code.replace("_", " "))
        yield from _forbidden(SERVICES, texts, ("scenes", code), "service", "删去该场景", "remove the scene")


def _forbidden(
    matters: Iterable[Forbidden], texts: Iterable[str], path: Path, code: str, cure_zh: str, cure_en: str
) -> Iterator[Finding]:
    listed = list(texts)
    for matter in matters:
        word = matter.word_in(listed)
        if word is not None:
            yield found(
                f"forbidden_{code}",
                path,
                (
                    f"“{word}”涉及{matter.name.zh}：{matter.reason.zh}",
                    f"{word!r} speaks of {matter.name.en}: {matter.reason.en}",
                ),
                (cure_zh, cure_en),
            )


def _kind(rulebook: Rulebook, kind: Kind) -> Iterator[Finding]:
    path = ("kinds", kind.code)
    cure = ("删去该目录项或字段", "remove the kind or the field")
    yield from _forbidden(DATA, (kind.name.zh, kind.name.en, kind.code.replace("_", " ")), path, "data", *cure)
    for position, field in enumerate(kind.fields):
        texts = (field.label.zh, field.label.en, field.code.replace("_", " "), *field.aliases)
        yield from _forbidden(DATA, texts, (*path, "fields", position), "data", *cure)
    if "person" in kind.subject_kinds and kind.openness == "public":
        yield found(
            "published_person",
            (*path, "openness"),
            (
                "自然人信息不得公开（浙江省公共信用信息管理条例15；个人信息保护法25）",
                "records of natural persons are not published (Zhejiang 15; PIPL 25)",
            ),
            ("写 subject_only 或 government", "write subject_only or government"),
        )
    if "person" in kind.subject_kinds and kind.linking == "optional":
        yield found(
            "name_only",
            (*path, "linking"),
            (
                "自然人的记录只能凭身份证号关联（深圳24；河南16）",
                "a natural person's record is attached by exact identifier only (Shenzhen 24; Henan 16)",
            ),
            ("写 linking: exact", "write linking: exact"),
        )
    if kind.sign == "negative" and kind.effect != "count":
        yield from _negative_kind(rulebook, kind)


def _negative_kind(rulebook: Rulebook, kind: Kind) -> Iterator[Finding]:
    path = ("kinds", kind.code)
    needed = dict(NEEDED)
    if kind.effect == "list_entry":
        del needed["class"]
        needed |= {"remedy": "救济途径", "ends_on": "期限届满日"}
    given = {field.role for field in kind.fields if field.required}
    for role, name in needed.items():
        if role not in given:
            yield found(
                "negative_without",
                (*path, "fields"),
                (
                    f"负面信息没有必填的{name}字段：没有它，任何人都不应承担后果",
                    f"a negative kind has no required field with the role {role}; nobody may bear anything without it",
                ),
                (f"添加 role: {role}、required: true 的字段", f"add a field with role: {role} and required: true"),
            )
    if not _rests_on(rulebook, kind.basis, LOCAL_LAW):
        yield found(
            "local_negative",
            (*path, "basis"),
            (
                "负面目录项须有法律、法规、国家规定或地方性法规依据（深圳32–34；上海10；浙江12）",
                "a negative kind rests on law, regulation, a State rule or a local regulation (Shenzhen 32–34, Zhejiang 12)",
            ),
            ("引用这样的依据，或删去该目录项", "cite such a source, or remove the kind"),
        )


def _rests_on(rulebook: Rulebook, basis: Basis, ranks: frozenset[SourceRank]) -> bool:
    if isinstance(basis, str):
        return False
    return any(c.source in rulebook.sources and rulebook.sources[c.source].rank in ranks for c in basis)


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
    if not _rests_on(rulebook, measure.basis, LAW):
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
    yield from _forbidden(FACTORS, own, path, "factor", *cure)
    if kind is None:
        return
    named = (kind.name.zh, kind.name.en, kind.code.replace("_", " "))
    yield from _forbidden(FACTORS, named, (*path, "kind"), "factor", *cure)
    used = dict(_fields_used(indicator.where, (*path, "where")))
    if indicator.measure.of is not None:
        used[(*path, "measure", "of")] = indicator.measure.of
    for place, name in used.items():
        field = next((field for field in kind.fields if field.code == name), None)
        if field is None:
            continue
        texts = (field.label.zh, field.label.en, field.code.replace("_", " "))
        yield from _forbidden(FACTORS, texts, place, "factor", "换用其他字段", "use another field")
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
    yield from _end(kind, indicator, path)


def _fields_used(condition: Condition | None, path: Path) -> Iterator[tuple[Path, str]]:
    match condition:
        case FieldTest():
            yield (*path, "field"), condition.field
        case AllOf():
            for at, part in enumerate(condition.all):
                yield from _fields_used(part, (*path, "all", at))
        case AnyOf():
            for at, part in enumerate(condition.any):
                yield from _fields_used(part, (*path, "any", at))
        case NotOf():
            yield from _fields_used(condition.not_, (*path, "not"))


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
