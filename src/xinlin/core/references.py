"""Whether the entries of a rulebook fit together: every name that one entry uses for another must exist and suit it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from pydantic import BaseModel

from xinlin.core.case_references import case_findings
from xinlin.core.catalogue import Connection
from xinlin.core.catalogue_references import catalogue_findings
from xinlin.core.findings import Finding, absent, found, models_in, terms_in
from xinlin.core.kind_references import delivery_findings, kind_findings
from xinlin.core.list_references import list_findings
from xinlin.core.publicity_references import publicity_findings
from xinlin.core.rulebooks import Rulebook
from xinlin.core.scheme_references import scheme_findings
from xinlin.core.schemes import Citation
from xinlin.core.strict_yaml import Path
from xinlin.core.supervision_references import supervision_findings
from xinlin.core.terms import add_term

Own = Mapping[str, frozenset[str]]
"""Which entries of each section a rulebook adds to the one that it extends."""
_ANY_DAY = date(2000, 1, 1)


def broken_references(rulebook: Rulebook, own: Own) -> Iterator[Finding]:
    """Every reference of the rulebook's own entries that points nowhere or at something unfit."""
    for path, model in _own_models(rulebook, own):
        if isinstance(model, Citation):
            yield from _citation(rulebook, path, model)
        for inner, term in terms_in(model):
            yield from _term((*path, *inner), term)
    for code in sorted(own.get("kinds", ())):
        yield from kind_findings(rulebook, rulebook.kinds[code])
        yield from catalogue_findings(rulebook, rulebook.kinds[code])
    for code in sorted(own.get("departments", ())):
        yield from delivery_findings(rulebook, rulebook.departments[code])
    for code in sorted(own.get("connections", ())):
        yield from _connection(rulebook, rulebook.connections[code])
    for code in sorted(own.get("themes", ())):
        theme = rulebook.themes[code]
        if theme.owner not in rulebook.departments:
            yield absent(("themes", code, "owner"), theme.owner, "departments", rulebook.departments)
        for position, kind in enumerate(theme.kinds):
            if kind not in rulebook.kinds:
                yield absent(("themes", code, "kinds", position), kind, "kinds", rulebook.kinds)
    yield from list_findings(rulebook, own)
    yield from supervision_findings(rulebook, own.get("supervision_grades", ()))
    yield from _offers(rulebook, own)
    yield from _clocks(rulebook, own)
    for code in sorted(own.get("publicity", ())):
        yield from publicity_findings(rulebook, rulebook.publicity[code])
    for code in sorted(own.get("deeds", ())):
        yield from _deed(rulebook, code)
    for position, scheme in enumerate(rulebook.schemes):
        yield from scheme_findings(rulebook, scheme, ("schemes", position))
    yield from case_findings(rulebook)
    yield from _head(rulebook)


def _connection(rulebook: Rulebook, system: Connection) -> Iterator[Finding]:
    """A system belongs to an office, and delivers what that office provides."""
    path = ("connections", system.code)
    if system.department not in rulebook.departments:
        yield absent((*path, "department"), system.department, "departments", rulebook.departments)
        return
    provided = {code for code, kind in rulebook.kinds.items() if system.department in kind.providers}
    for position, kind in enumerate(system.delivers):
        if kind not in provided:
            yield absent((*path, "delivers", position), kind, f"kinds of {system.department}", provided)


def _own_models(rulebook: Rulebook, own: Own) -> Iterator[tuple[Path, BaseModel]]:
    for section, codes in own.items():
        for code in sorted(codes):
            yield from models_in(getattr(rulebook, section)[code], (section, code))
    yield from models_in(rulebook.schemes, ("schemes",))
    if rulebook.notice is not None:
        yield from models_in(rulebook.notice, ("notice",))


def _term(path: Path, term: str) -> Iterator[Finding]:
    try:
        lasts = add_term(_ANY_DAY, term) > _ANY_DAY
    except ValueError:
        lasts = False
    if not lasts:
        yield found(
            "term",
            path,
            (f"{term} 不是一天或更长的日历期限", f"{term} is no calendar term of a day or more"),
            ("写作如 P3M、P2Y、P30D", "write for example P3M, P2Y or P30D"),
        )


def _citation(rulebook: Rulebook, path: Path, citation: Citation) -> Iterator[Finding]:
    source = rulebook.sources.get(citation.source)
    if source is None:
        yield absent((*path, "source"), citation.source, "sources", rulebook.sources)
        return
    starts = [day for day in (citation.effective_from, source.effective_from) if day is not None]
    ends = [day for day in (citation.effective_to, source.effective_to) if day is not None]
    if starts and ends and max(starts) >= min(ends):
        yield found(
            "effective_dates",
            path,
            (f"引用 {citation.source} 的有效期为空", f"the citation of {citation.source} is never in force"),
            ("改正 effective_from、effective_to", "correct effective_from and effective_to"),
        )
    if citation.effective_from and source.effective_from and citation.effective_from < source.effective_from:
        yield found(
            "effective_dates",
            (*path, "effective_from"),
            (
                f"{citation.effective_from} 早于 {citation.source} 的施行日 {source.effective_from}",
                f"{citation.effective_from} lies before {citation.source} takes effect on {source.effective_from}",
            ),
            ("不早于施行日", "give a day on or after it takes effect"),
        )
    section = path[0]
    if section == "schemes" and isinstance(path[1], int):
        begins = rulebook.schemes[path[1]].effective_from
        if ends and min(ends) <= begins:
            yield found(
                "effective_dates",
                path,
                (
                    f"方案 {begins} 起施行时 {citation.source} 已失效",
                    f"{citation.source} is out of force when the scheme begins on {begins}",
                ),
                ("引用现行有效的依据", "cite a source that is in force"),
            )


def _deed(rulebook: Rulebook, code: str) -> Iterator[Finding]:
    """A deed that is declared becomes a record of its kind, found true by a department that may provide it."""
    sort, path = rulebook.deeds[code], ("deeds", code)
    kind = rulebook.kinds.get(sort.kind)
    if kind is None:
        yield absent((*path, "kind"), sort.kind, "kinds", rulebook.kinds)
        return
    if sort.verifier not in kind.providers:
        yield absent((*path, "verifier"), sort.verifier, f"kinds.{kind.code}.providers", kind.providers)
    integers = {spec.code for spec in kind.fields if spec.type == "integer"}
    for field in sort.largest:
        if field not in integers:
            yield absent((*path, "largest", field), field, f"kinds.{kind.code}.fields", integers)
    if kind.sign != "positive" or kind.effect != "record" or "person" not in kind.subject_kinds:
        yield found(
            "deed_kind",
            (*path, "kind"),
            (f"{kind.code} 不是个人的正向记录", f"{kind.code} is no positive record of persons"),
            ("改用个人的正向目录项", "choose a positive kind of persons"),
        )
    if any(spec.type == "money" for spec in kind.fields):
        yield found(
            "deed_money",
            (*path, "kind"),
            (
                f"{kind.code} 记载金额，金额不能由本人申报",
                f"{kind.code} states money, which nobody declares of themselves",
            ),
            ("由受赠单位报送", "let the recipient send it"),
        )


def _offers(rulebook: Rulebook, own: Own) -> Iterator[Finding]:
    citys = [scheme for scheme in rulebook.schemes if scheme.subject == "person" and scheme.extends is None]
    opens = {tier.code for scheme in citys for tier in scheme.tiers}
    opens |= {mark.code for scheme in citys for mark in scheme.marks}
    for code in sorted(own.get("offers", ())):
        offer, path = rulebook.offers[code], ("offers", code)
        if offer.merchant not in rulebook.merchants:
            yield absent((*path, "merchant"), offer.merchant, "merchants", rulebook.merchants)
        if offer.scene not in rulebook.scenes:
            yield absent((*path, "scene"), offer.scene, "scenes", rulebook.scenes)
        if offer.opens_at not in opens:
            yield absent((*path, "opens_at"), offer.opens_at, "tiers/marks", opens)
        if offer.valid_from >= offer.valid_until:
            yield found(
                "dates",
                (*path, "valid_until"),
                ("优惠在开始之前结束", "the offer ends before it begins"),
                ("使 valid_until 晚于 valid_from", "make valid_until later than valid_from"),
            )
    giving = {offer.merchant for offer in rulebook.offers.values()}
    for code in sorted(own.get("merchants", frozenset()) - giving):
        yield found(
            "unlinked_merchant",
            ("merchants", code),
            ("这个商家没有任何优惠", "this merchant gives no offer"),
            ("添加优惠，或删去商家", "add an offer, or remove the merchant"),
        )
    for code in sorted(own.get("scenes", ())):
        for position, kind in enumerate(rulebook.scenes[code].kinds):
            if kind not in rulebook.kinds:
                yield absent(("scenes", code, "kinds", position), kind, "kinds", rulebook.kinds)


def _clocks(rulebook: Rulebook, own: Own) -> Iterator[Finding]:
    for code in sorted(own.get("clocks", ())):
        clock = rulebook.clocks[code]
        if (clock.working_days is None) == (clock.calendar_days is None):
            yield found(
                "clock",
                ("clocks", code),
                ("时限应恰有一种单位", "a clock takes exactly one unit"),
                ("写 working_days 或 calendar_days", "give working_days or calendar_days"),
            )


def _head(rulebook: Rulebook) -> Iterator[Finding]:
    for position, division in enumerate(rulebook.divisions):
        if not (len(division) == 6 and division.isascii() and division.isdigit()):
            yield found(
                "division",
                ("divisions", position),
                (f"{division} 不是六位行政区划代码", f"{division} is no division code of six digits"),
                ('写作如 "330305"', 'write for example "330305"'),
            )
    if rulebook.objection_procedure is not None and rulebook.objection_procedure not in rulebook.procedures:
        yield absent(("objection_procedure",), rulebook.objection_procedure, "procedures", rulebook.procedures)
    if rulebook.time_zone != "Asia/Shanghai":
        yield found(
            "time_zone",
            ("time_zone",),
            (f"不支持时区 {rulebook.time_zone}", f"the time zone {rulebook.time_zone} is not served"),
            ("写 Asia/Shanghai", "write Asia/Shanghai"),
        )
    if rulebook.level == "city" and rulebook.words is None:
        yield found(
            "words", ("code",), ("缺少 words", "words are missing"), ("写城市的用语", "say how the city calls things")
        )
    personal = next((at for at, scheme in enumerate(rulebook.schemes) if scheme.subject == "person"), None)
    if personal is not None and rulebook.notice is None:
        yield found(
            "notice",
            ("schemes", personal),
            ("给个人评分却没有告知书", "persons are scored without a notice to agree to"),
            ("添加 notice.yaml", "add notice.yaml"),
        )
