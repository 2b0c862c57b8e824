"""Whether a scheme and its worked cases fit the kinds they score: fields, codes, classes, signs, tiers."""

from __future__ import annotations

from collections.abc import Iterator

from xinlin.core.condition_references import (
    choices_of,
    condition_findings,
    field_codes,
    field_of,
    field_type,
    unscored_findings,
)
from xinlin.core.findings import Finding, absent, found, reaches_beyond, terms_in
from xinlin.core.kind_references import CLASSES
from xinlin.core.rulebooks import ORGANISATIONS, Kind, Rulebook
from xinlin.core.schemes import Award, Indicator, Scheme
from xinlin.core.strict_yaml import Path
from xinlin.core.trade_scores import base_of, taken_over

RESULT_COLUMNS = ("subject", "score", "tier")
"""What stands in ``scores.parquet`` beside a column for each dimension."""


def scheme_findings(rulebook: Rulebook, scheme: Scheme, path: Path) -> Iterator[Finding]:
    """Everything in one version of a scheme that does not fit."""
    twins = [other for other in rulebook.schemes if other is not scheme and other.code == scheme.code]
    if any(other.version == scheme.version or other.effective_from == scheme.effective_from for other in twins):
        yield found(
            "duplicate_version",
            path,
            ("另一版本的版本号或施行日相同", "another version has the same number or first day"),
            ("改用新的版本号和施行日", "give a new version number and first day"),
        )
    yield from _extension(rulebook, scheme, path)
    yield from _tiers(scheme, path)
    seen = {dimension.code for dimension in taken_over(scheme, rulebook.schemes)}
    seen |= {inner.code for dimension in taken_over(scheme, rulebook.schemes) for inner in dimension.indicators}
    for at, dimension in enumerate(scheme.dimensions):
        here = (*path, "dimensions", at)
        yield from _once(seen, dimension.code, (*here, "code"))
        if dimension.code in RESULT_COLUMNS:
            yield found(
                "reserved_code",
                (*here, "code"),
                (
                    f"scores.parquet 已有名为 {dimension.code} 的列",
                    f"scores.parquet has a column {dimension.code} already",
                ),
                ("改用新的代码", "choose another code"),
            )
        for position, indicator in enumerate(dimension.indicators):
            inner = (*here, "indicators", position)
            yield from _once(seen, indicator.code, (*inner, "code"))
            yield from _indicator(rulebook, scheme, indicator, inner)
    for at, rule in enumerate(scheme.class_rules):
        here = (*path, "class_rules", at)
        kind = rulebook.kinds.get(rule.kind)
        if kind is None:
            yield absent((*here, "kind"), rule.kind, "kinds", rulebook.kinds)
        else:
            yield from condition_findings(kind, rule.where, (*here, "where"))
        for key in ("tier_at_most", "tier_exactly"):
            named = getattr(rule, key)
            if named is not None and named not in {tier.code for tier in scheme.tiers}:
                yield absent((*here, key), named, "tiers", (tier.code for tier in scheme.tiers))


def _extension(rulebook: Rulebook, scheme: Scheme, path: Path) -> Iterator[Finding]:
    named, base = scheme.extends, base_of(scheme, rulebook.schemes)
    if named is None:
        return
    if scheme.code in rulebook.scenes:
        yield found(
            "duplicate_code",
            (*path, "code"),
            (f"{scheme.code} 已是一个场景的代码", f"{scheme.code} is the code of a scene already"),
            ("改用新的代码，两者各有授权", "choose another code; each has a consent of its own"),
        )
    if base is None or base is scheme:
        versions = [f"{one.code}-{one.version}" for one in rulebook.schemes if one.extends is None]
        yield absent((*path, "extends", "scheme"), f"{named.scheme}-{named.version}", "schemes", versions)
        return
    if base.extends is not None or base.subject != scheme.subject:
        yield found(
            "extends",
            (*path, "extends"),
            (
                f"{base.code} 自身取用他人的维度，或评的是另一类主体",
                f"{base.code} itself extends another scheme, or scores subjects of another sort",
            ),
            (
                "只取用同类主体、自成一体的方案",
                "extend a scheme of the same subject that extends none",
            ),
        )
    known = {dimension.code for dimension in base.dimensions}
    for at, code in enumerate(named.dimensions or ()):
        if code not in known:
            yield absent((*path, "extends", "dimensions", at), code, f"{base.code}.dimensions", known)


def _once(seen: set[str], code: str, path: Path) -> Iterator[Finding]:
    if code in seen:
        yield found(
            "duplicate_code",
            path,
            (f"代码 {code} 重复", f"the code {code} is given twice"),
            ("改用新的代码", "choose another code"),
        )
    seen.add(code)


def _tiers(scheme: Scheme, path: Path) -> Iterator[Finding]:
    low, high = scheme.scale.minimum, scheme.scale.maximum
    seen: set[str] = set()
    before: int | None = None
    for at, tier in enumerate(scheme.tiers):
        here = (*path, "tiers", at)
        yield from _once(seen, tier.code, (*here, "code"))
        if before is not None and tier.at_least <= before:
            yield found(
                "tiers",
                (*here, "at_least"),
                (
                    f"{tier.at_least} 不高于前一等级的 {before}",
                    f"{tier.at_least} is not above the tier before ({before})",
                ),
                ("等级由低到高书写，左闭右开", "write tiers from low to high; each begins where the one before ends"),
            )
        before = tier.at_least
    # A tier below the scale is lawful where a class rule gives it: then no points lead there, only an entry in force.
    given = {code for rule in scheme.class_rules for code in (rule.tier_exactly, rule.tier_at_most)}
    ruled = scheme.tiers_below_the_scale() & given
    lowest = next((at for at, tier in enumerate(scheme.tiers) if tier.code not in ruled), None)
    if low is not None and (lowest is None or scheme.tiers[lowest].at_least != low):
        yield found(
            "tiers",
            (*path, "tiers", lowest or 0, "at_least"),
            (f"最低等级应从下限 {low} 开始", f"the lowest tier must begin at the minimum {low}"),
            (
                f"写 at_least: {low}；低于下限的等级只能由判级规则给出",
                f"write at_least: {low}; a tier below the minimum must be given by a class rule",
            ),
        )
    for at, mark in enumerate(scheme.marks):
        yield from _once(seen, mark.code, (*path, "marks", at, "code"))
    thresholds = [(("tiers", at), tier.at_least) for at, tier in enumerate(scheme.tiers) if tier.code not in ruled]
    thresholds += [(("marks", at), mark.at_least) for at, mark in enumerate(scheme.marks)]
    for (section, position), at_least in thresholds:
        if (high is not None and at_least > high) or (low is not None and at_least < low):
            yield found(
                "scale",
                (*path, section, position, "at_least"),
                (f"{at_least} 不在分值范围内", f"{at_least} lies outside the scale"),
                _within(low, high),
            )
    if (low is not None and scheme.base < low) or (high is not None and scheme.base > high):
        yield found(
            "scale",
            (*path, "base"),
            (f"基础分 {scheme.base} 不在分值范围内", f"the base {scheme.base} lies outside the scale"),
            _within(low, high),
        )
    if len(scheme.tiers) > 1 and scheme.base < scheme.tiers[1].at_least:
        yield found(
            "cold_start",
            (*path, "base"),
            ("没有任何记录的人会落在最低等级", "a person without any record would fall into the lowest tier"),
            ("提高基础分，或降低第二等级的起点", "raise the base, or lower the second tier"),
        )


def _within(low: int | None, high: int | None) -> tuple[str, str]:
    """What to write where a scale may be open at an end."""
    if high is None:
        return (f"不小于 {low}", f"write {low} or more")
    if low is None:
        return (f"不大于 {high}", f"write {high} or less")
    return (f"写在 {low} 与 {high} 之间", f"write a number from {low} to {high}")


def _indicator(rulebook: Rulebook, scheme: Scheme, indicator: Indicator, path: Path) -> Iterator[Finding]:
    kind = rulebook.kinds.get(indicator.kind)
    if kind is None:
        yield absent((*path, "kind"), indicator.kind, "kinds", rulebook.kinds)
        return
    if kind.sign != indicator.sign:
        yield found(
            "sign",
            (*path, "sign"),
            (
                f"目录项 {kind.code} 为 {kind.sign}，指标为 {indicator.sign}",
                f"the kind {kind.code} is {kind.sign}, the indicator {indicator.sign}",
            ),
            ("使两者一致；中性信息不能计分", "make the two equal; a neutral kind cannot be scored"),
        )
    scored = {"person": frozenset({"person"}), "organisation": ORGANISATIONS, "district": frozenset({"district"})}
    if not scored[scheme.subject] & set(kind.subject_kinds):
        yield found(
            "indicator_subject",
            (*path, "kind"),
            (f"{kind.code} 没有关于评分主体的记录", f"{kind.code} holds no records of whom the scheme scores"),
            ("改用其他目录项", "use another kind"),
        )
    yield from _points(indicator, path)
    yield from _limits(indicator, path)
    yield from _measured(kind, indicator, path)
    yield from condition_findings(kind, indicator.where, (*path, "where"))
    yield from _ends(kind, indicator, path)
    if indicator.through is not None:
        yield from _through(scheme, kind, path)


def _points(indicator: Indicator, path: Path) -> Iterator[Finding]:
    negative = indicator.sign == "negative"
    for inner, points in _point_values(indicator.points):
        if (points > 0) if negative else (points < 0):
            yield found(
                "points_sign",
                (*path, "points", *inner),
                (f"{points} 与指标的方向 {indicator.sign} 相反", f"{points} runs against the sign {indicator.sign}"),
                (
                    "负向指标写 0 或负数，正向指标写 0 或正数",
                    "write 0 or less for a negative indicator, 0 or more for a positive one",
                ),
            )


def _limits(indicator: Indicator, path: Path) -> Iterator[Finding]:
    """A limit on the other side of 0 would give points to a record for being there, against the sign of the indicator."""
    for name, limits in (("per_year", indicator.per_year), ("overall", indicator.overall)):
        for key, value in (("cap", limits.cap), ("floor", limits.floor)):
            if value is not None and ((value < 0) if key == "cap" else (value > 0)):
                yield found(
                    "limit_side",
                    (*path, name, key),
                    (f"{key} {value} 越过了 0", f"the {key} {value} lies on the other side of 0"),
                    ("cap 写 0 或正数，floor 写 0 或负数", "write 0 or more for cap, 0 or less for floor"),
                )


def _point_values(points: Award) -> Iterator[tuple[Path, int]]:
    if points.each is not None:
        yield ("each", "points"), points.each.points
    for at, band in enumerate(points.bands or ()):
        yield ("bands", at, "points"), band.points
    for at, step in enumerate(points.steps or ()):
        yield ("steps", at, "points"), step.points
    for key, value in (points.table or {}).items():
        yield ("table", key), value


def _measured(kind: Kind, indicator: Indicator, path: Path) -> Iterator[Finding]:
    measure, table = indicator.measure, indicator.points.table
    if measure.of is None:
        return
    of = (*path, "measure", "of")
    type_of = field_type(kind, measure.of)
    field = field_of(kind, measure.of)
    if type_of is None:
        yield absent(of, measure.of, f"kinds.{kind.code}.fields", field_codes(kind))
        return
    yield from unscored_findings(kind, measure.of, of)
    if table is None and type_of not in ("integer", "money"):
        yield found(
            "measured_type",
            of,
            (f"{measure.of} 是 {type_of}，不能量成整数", f"{measure.of} is {type_of} and cannot be measured"),
            ("改用 integer 或 money 字段，或用 table 查表", "use an integer or money field, or look it up in a table"),
        )
    if table is None and field is not None and (field.minimum is None or field.minimum < 0):
        yield found(
            "measured_minimum",
            of,
            (f"{measure.of} 没有不小于 0 的下限", f"{measure.of} has no minimum of 0 or more"),
            ("在目录项的字段上写 minimum: 0", "write minimum: 0 at the field of the kind"),
        )
    if table is not None:
        yield from _table(kind, measure.of, type_of, table, path)


def _table(kind: Kind, name: str, type_of: str, table: dict[str, int], path: Path) -> Iterator[Finding]:
    known = set(choices_of(kind, name, type_of))
    if type_of not in ("code", "boolean"):
        yield found(
            "measured_type",
            (*path, "measure", "of"),
            (f"{name} 是 {type_of}，不能查表", f"{name} is {type_of} and cannot be looked up in a table"),
            ("改用 code 或 boolean 字段", "use a code or boolean field"),
        )
        return
    for key in table:
        if key not in known:
            yield absent((*path, "points", "table", key), key, f"{name}.codes", known)
    missing = sorted(known - set(table))
    if missing:
        listed = ", ".join(missing)
        yield found(
            "table_gap",
            (*path, "points", "table"),
            (f"{listed} 没有分值", f"no points are given for {listed}"),
            ("逐个写出分值，不计分写 0", "give points for each, 0 where it shall not count"),
        )


def _ends(kind: Kind, indicator: Indicator, path: Path) -> Iterator[Finding]:
    for inner, term in terms_in(indicator):
        if reaches_beyond(term, kind.retention):
            yield found(
                "retention",
                (*path, *inner),
                (
                    f"{term} 长于 {kind.code} 的保存期 {kind.retention}，记录会先被删除",
                    f"{term} is longer than {kind.code} is kept ({kind.retention}); it would be deleted first",
                ),
                ("缩短期限，或延长目录项的 retention", "shorten the term, or lengthen the kind's retention"),
            )
    if indicator.terms is None:
        return
    classes = choices_of(kind, "class", "code")
    if not classes:
        yield found(
            "terms",
            (*path, "terms"),
            (f"{kind.code} 没有失信程度字段", f"{kind.code} has no field with the role class"),
            ("改用 term，或在目录项中加 role: class 的字段", "use term, or add a field with role: class to the kind"),
        )
        return
    for name in indicator.terms:
        if name not in CLASSES:
            yield absent((*path, "terms", name), name, "class", CLASSES)
    missing = sorted(set(classes) - set(indicator.terms))
    if missing:
        listed = ", ".join(missing)
        yield found(
            "terms",
            (*path, "terms"),
            (f"{listed} 没有期限", f"no term is given for {listed}"),
            ("逐个写出期限", "give a term for each class"),
        )


def _through(scheme: Scheme, kind: Kind, path: Path) -> Iterator[Finding]:
    if scheme.subject != "person" or not ORGANISATIONS & set(kind.subject_kinds):
        yield found(
            "through",
            (*path, "through"),
            ("穿透只用于个人方案中含组织主体的目录项", "through is for personal schemes and kinds with organisations"),
            ("删去 through", "remove through"),
        )
    if not any(field.role == "named_person" for field in kind.fields):
        yield found(
            "through",
            (*path, "through"),
            (
                f"{kind.code} 不载明责任人，不能穿透",
                f"{kind.code} names no responsible person, so nothing can count through it",
            ),
            (
                "在目录项中加 role: named_person 的字段，或删去 through",
                "add a field with role: named_person, or remove through",
            ),
        )
