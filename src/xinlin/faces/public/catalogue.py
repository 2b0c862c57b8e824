"""The catalogue of records (公共信用信息目录) and the statutory lists with their measures, as anybody may read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from xinlin.core.levels import levels as compare
from xinlin.core.lists import article_text
from xinlin.core.rulebooks import ApprovalItem, FieldSpec, Kind, ListMeasure, Rulebook, StatutoryList
from xinlin.core.values import Text
from xinlin.faces.kit.basis import BasisView, basis_view
from xinlin.faces.public.rules import term_words
from xinlin.office import rulebook as books
from xinlin.office.queries import catalogue as queries
from xinlin.office.queries import national_rows
from xinlin.office.scopes import today

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SIGN: dict[str, str | Promise] = {"positive": _("守信"), "negative": _("失信"), "neutral": _("基础")}
OPENNESS: dict[str, str | Promise] = {
    "subject_only": _("仅本人可查"),
    "government": _("政务共享"),
    "public": _("依法公示（自然人除外）"),
}
SUBJECT_KIND: dict[str, str | Promise] = {
    "person": _("自然人"),
    "enterprise": _("企业"),
    "institution": _("事业单位"),
    "social_organisation": _("社会组织"),
    "district": _("区县（只有计数）"),
    "government_body": _("政府机构"),
}
LEVEL: dict[str, str | Promise] = {"national": _("国家"), "province": _("省级"), "city": _("市级")}
SEVERITY: dict[str, str | Promise] = {"minor": _("轻微"), "general": _("一般"), "serious": _("严重")}
FORCE: dict[str, str | Promise] = {"must": _("应当"), "may": _("可以")}
DELIVERY: dict[str, str | Promise] = {"additions": _("增量报送"), "full_list": _("全量名单")}


@dataclass(frozen=True)
class KindView:
    """One entry of the catalogue."""

    code: str
    name: Text
    providers: list[Text]
    subjects: list[str | Promise]
    purpose: Text
    sign: str
    sign_name: str | Promise
    openness: str | Promise
    retention: str
    update_interval: str
    delivery: str | Promise
    refusable: bool
    fields: tuple[FieldSpec, ...]
    basis: BasisView
    scored: bool
    """Whether the scheme in force counts records of this kind."""
    level: str | Promise
    edition: Text | None
    from_on: date | None
    to_on: date | None
    in_force: bool
    identity: list[Text]
    """The fields by which a fact is known again."""
    rules: int


def _kind_view(kind: Kind, rulebook: Rulebook, scored: frozenset[str]) -> KindView:
    departments = rulebook.departments
    return KindView(
        code=kind.code,
        name=kind.name,
        providers=[departments[c].name if c in departments else Text(zh=c, en=c) for c in kind.providers],
        subjects=[SUBJECT_KIND[subject] for subject in kind.subject_kinds],
        purpose=kind.purpose,
        sign=kind.sign,
        sign_name=SIGN[kind.sign],
        openness=OPENNESS[kind.openness],
        retention=term_words(kind.retention),
        update_interval=term_words(kind.update_interval),
        delivery=DELIVERY[kind.delivery],
        refusable=kind.refusable,
        fields=tuple(kind.fields),
        basis=basis_view(kind.basis, rulebook),
        scored=kind.code in scored,
        level=LEVEL[rulebook.kind_levels.get(kind.code, rulebook.level)],
        edition=rulebook.editions[kind.edition].name if kind.edition in rulebook.editions else None,
        from_on=kind.effective_from,
        to_on=kind.effective_to,
        in_force=rulebook.in_force(kind, today()),
        identity=[spec.label for spec in kind.fields if spec.code in (kind.identity_fields() or [])],
        rules=len(kind.rules),
    )


def _speaks_of(kind: Kind, rulebook: Rulebook, wanted: str) -> bool:
    """Whether the words sought stand in the kind's names, fields, purpose or providers."""
    texts = [kind.name, kind.purpose, *(spec.label for spec in kind.fields)]
    texts += [rulebook.departments[code].name for code in kind.providers if code in rulebook.departments]
    haystack = " ".join([kind.code, *(f"{text.zh} {text.en}" for text in texts)]).casefold()
    return all(word in haystack for word in wanted.casefold().split())


def catalogue(request: HttpRequest) -> HttpResponse:
    """``/catalogue/?q=…&sign=…``: what may be kept, who provides it, on what basis, for what, how long."""
    rulebook = books.current()
    wanted, sign = request.GET.get("q", "").strip()[:100], request.GET.get("sign", "")
    level, past = request.GET.get("level", ""), request.GET.get("past") == "yes"
    scheme = rulebook.scheme_at(today())
    scored = frozenset(i.kind for d in scheme.dimensions for i in d.indicators) if scheme else frozenset()
    kinds = [
        _kind_view(kind, rulebook, scored)
        for kind in rulebook.kinds.values()
        if _speaks_of(kind, rulebook, wanted)
        and (sign not in SIGN or kind.sign == sign)
        and (level not in LEVEL or rulebook.kind_levels.get(kind.code, rulebook.level) == level)
        and (past or rulebook.in_force(kind, today()))
    ]
    context = {
        "rulebook": rulebook,
        "kinds": kinds,
        "all": len(rulebook.kinds),
        "wanted": wanted,
        "sign": sign,
        "signs": SIGN,
        "level": level,
        "levels": LEVEL,
        "past": past,
        "editions": rulebook.editions.values(),
        "themes": bool(rulebook.themes),
    }
    return render(request, "public/catalogue.html", context)


@require_safe
def catalogue_json(request: HttpRequest) -> HttpResponse:
    """``/catalogue.json``: the rows in force today, as another installation accepts them."""
    answer = JsonResponse(queries.as_json(), json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="catalogue-{books.current().code}-{today()}.json"'
    return answer


@require_safe
def catalogue_workbook(request: HttpRequest) -> HttpResponse:
    """``/catalogue.xlsx``: the same for people, with a sheet of fields."""
    answer = HttpResponse(queries.as_workbook(), content_type=WORKBOOK)
    answer["Content-Disposition"] = f'attachment; filename="catalogue-{books.current().code}-{today()}.xlsx"'
    return answer


@require_safe
def themes(request: HttpRequest) -> HttpResponse:
    """``/catalogue/themes/``: the theme databases with counts, owners and when something last came in."""
    return render(request, "public/themes.html", {"themes": queries.themes()})


SECTION_NAMES: Mapping[str, str | Promise] = {
    "departments": _("部门"),
    "kinds": _("目录项"),
    "lists": _("名单"),
    "measures": _("措施"),
    "approval_items": _("核查事项"),
    "procedures": _("异议程序"),
    "repair_classes": _("修复类别"),
    "pledges": _("承诺"),
}


@require_safe
def levels(request: HttpRequest) -> HttpResponse:
    """``/catalogue/levels/``: what is locked by the rulebook above, what is added here, and where a row is narrowed."""
    above = queries.rulebook_above()
    context = {
        "above": above,
        "here": books.current(),
        "sections": []
        if above is None
        else [(SECTION_NAMES[one.section], one) for one in compare(above, books.current())],
    }
    return render(request, "public/levels.html", context)


@dataclass(frozen=True)
class MeasureRow:
    """A measure on a list: what, must or may, by whom, at which approvals, on which article in force today."""

    code: str
    name: Text
    force: str
    force_name: str | Promise
    departments: list[Text]
    items: list[Text]
    notice: Text
    remedy: Text
    article: Text | None
    """None where every article has lapsed: the measure stands no longer."""
    national_row: Text
    row_code: str
    row_verified: bool
    """Whether a person compared the row's wording with the official text."""


@dataclass(frozen=True)
class ListView:
    """A statutory list with its measures."""

    code: str
    name: Text
    authority: Text
    subjects: list[str | Promise]
    longest_term: str
    entry_rule: Text
    exit_rule: Text
    objection: Text
    repair: Text
    fix: Text
    red: bool
    level: str | Promise
    severity: str | Promise
    seen_by: str | Promise
    publicity_term: str
    basis: BasisView
    measures: list[MeasureRow]


def _named(code: str, named: dict[str, ApprovalItem]) -> Text:
    return named[code].name if code in named else Text(zh=code, en=code)


def _measure_row(measure: ListMeasure, rulebook: Rulebook, day: date, verified: frozenset[str]) -> MeasureRow:
    row = rulebook.national_measures.get(measure.national_row)
    return MeasureRow(
        code=measure.code,
        name=measure.name,
        force=measure.force,
        force_name=FORCE[measure.force],
        departments=[rulebook.departments[c].name for c in measure.departments if c in rulebook.departments],
        items=[_named(code, rulebook.approval_items) for code in measure.items],
        notice=measure.notice,
        remedy=measure.remedy,
        article=article_text(measure.basis, rulebook, day),
        row_code=measure.national_row,
        row_verified=measure.national_row in verified,
        national_row=row.name if row else Text(zh=measure.national_row, en=measure.national_row),
    )


def _list_view(listed: StatutoryList, rulebook: Rulebook, day: date, verified: frozenset[str]) -> ListView:
    office = rulebook.departments.get(listed.authority)
    return ListView(
        code=listed.code,
        name=listed.name,
        authority=office.name if office else Text(zh=listed.authority, en=listed.authority),
        subjects=[SUBJECT_KIND[subject] for subject in listed.subject_kinds],
        longest_term=term_words(listed.longest_term),
        entry_rule=listed.entry_rule,
        exit_rule=listed.exit_rule,
        objection=listed.objection,
        repair=listed.repair,
        fix=listed.fix,
        red=listed.colour == "red",
        level=LEVEL[listed.level],
        severity=SEVERITY[listed.severity] if listed.severity else "",
        seen_by=OPENNESS[listed.seen_by],
        publicity_term=term_words(listed.publicity_term),
        basis=basis_view(listed.basis, rulebook),
        measures=[
            _measure_row(measure, rulebook, day, verified)
            for measure in rulebook.measures.values()
            if measure.statutory_list == listed.code
        ],
    )


def lists(request: HttpRequest) -> HttpResponse:
    """``/lists/``: the lists that the law allows, how one enters and leaves them, and every measure with its article."""
    rulebook = books.current()
    verified = national_rows.verified()
    shown = [_list_view(listed, rulebook, today(), verified) for listed in rulebook.lists.values()]
    return render(request, "public/lists.html", {"rulebook": rulebook, "lists": shown})
