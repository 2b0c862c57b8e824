"""Measures as anybody may read them: which stand, with which of the seven lights, and what the law changed (措施查询)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.lists import PARTS, Part, ends_of, standing_citations
from xinlin.core.measures import is_active, unmet
from xinlin.core.rulebooks import Rulebook
from xinlin.core.values import Text
from xinlin.office.models.measures import MeasureUse, RuleChange
from xinlin.office.queries.people import write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, today


def standing(day: date | None = None) -> QuerySet[MeasureUse]:
    """Measures in use that stand on ``day``: every part of each, by the day alone. No job has to have run."""
    on = day or today()
    return MeasureUse.objects.filter(
        starts_on__lte=on,
        ends_on__gt=on,
        lifted_on__isnull=True,
        entry__removed_at__isnull=True,
        entry__ends_on__gt=on,
        entry__record__status="active",
        rule__effective_from__lte=on,
        rule__effective_to__gt=on,
    )


@dataclass(frozen=True, slots=True)
class Light:
    """One of the seven parts of a measure in use: whether it stands, and what it says."""

    part: Part
    lit: bool
    says: str


@dataclass(frozen=True, slots=True)
class UseView:
    """A measure in use with its seven lights (七灯); one that is out ends it."""

    number: int
    check: str
    measure: Text
    force: str
    officer: str
    reason: str
    starts_on: date
    ends_on: date
    lifted_on: date | None
    lifted_because: str
    lights: list[Light]

    @property
    def stands(self) -> bool:
        """Whether every light is lit."""
        return self.lifted_on is None and all(light.lit for light in self.lights)


def lights_of(use: MeasureUse, day: date) -> list[Light]:
    """The seven parts of a measure in use, as they stand on ``day``."""
    entry = use.entry
    enters = entry.removed_at is None and entry.record.status == "active" and entry.entered_on <= day
    said: dict[Part, tuple[bool, str]] = {
        "list": (enters, entry.record.reference),
        "document": (bool(use.document) and use.document == entry.document, use.document),
        "authority": (bool(use.authority) and use.authority == entry.authority, use.authority),
        "article": (use.rule.effective_from <= day < use.rule.effective_to, use.article),
        "notice": (use.notice_on <= day, use.notice_on.isoformat()),
        "remedy": (bool(entry.remedy), use.remedy),
        "end": (day < min(use.ends_on, entry.ends_on), use.ends_on.isoformat()),
    }
    return [Light(part, *said[part]) for part in PARTS]


def in_use(*, actor: Actor, limit: int = 100) -> list[UseView]:
    """The newest measures of the actor's department (an auditor or reviewer: of all), with their lights. Writes looks."""
    found = MeasureUse.objects.select_related("entry__record", "rule", "feedback__answer__question")
    if actor.role not in ("reviewer", "auditor"):
        if actor.role != "officer" or not actor.department:
            raise NotAllowed("只有部门审批人员可以查看。Only a department's officers see its measures.")
        found = found.filter(feedback__answer__question__department=actor.department)
    rows = list(found.order_by("-pk")[:limit])
    write_look(
        actor=actor,
        subjects=[row.entry.subject_id for row in rows],
        purpose=gettext_noop("查看实施中的措施"),
        clause=gettext_noop("国办发〔2020〕49号"),
        kinds=sorted({row.entry.record.kind for row in rows}),
        result=gettext_noop("查看实施中的措施"),
    )
    rulebook, day = current(), today()
    return [_use(row, rulebook, day) for row in rows]


def _use(row: MeasureUse, rulebook: Rulebook, day: date) -> UseView:
    measure = rulebook.measures.get(row.rule.code)
    return UseView(
        number=row.pk,
        check=row.feedback.answer.question.number,
        measure=measure.name if measure else Text(zh=row.rule.code, en=row.rule.code),
        force=row.rule.force,
        officer=row.feedback.officer,
        reason=row.feedback.reason,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        lifted_on=row.lifted_on,
        lifted_because=row.lifted_because,
        lights=lights_of(row, day),
    )


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A difference in the law as this city applies it: which measure, from which day, what it said before and says now."""

    code: str
    name: Text
    list_name: Text | None
    """The list that carries it; None where the rulebook no longer has that list."""
    what: str
    on: date
    lifted: int | None
    """Measures in use that ended with it; None where the number is too small to be told."""
    before: str
    after: str


def changes(limit: int = 100) -> list[ChangeView]:
    """The public difference of measures, newest first: what was added, changed, repealed. Nobody in it is a person."""
    return [_changed(row) for row in RuleChange.objects.order_by("-on", "-pk")[:limit]]


def _changed(row: RuleChange) -> ChangeView:
    said = row.after or row.before or {}
    name = said.get("name") or {"zh": row.code, "en": row.code}
    listed = current().lists.get(str(said.get("statutory_list")))
    return ChangeView(
        code=row.code,
        name=Text(zh=name["zh"], en=name["en"]),
        list_name=listed.name if listed else None,
        what=row.what,
        on=row.on,
        lifted=None if 0 < row.lifted < 10 else row.lifted,
        before=_articles(row.before),
        after=_articles(row.after) if row.what != RuleChange.What.REPEALED else "",
    )


def _articles(said: dict[str, object] | None) -> str:
    basis = (said or {}).get("basis")
    if not isinstance(basis, list):
        return ""
    sources = current().sources
    return "；".join(
        f"《{sources[one['source']].title.zh if one['source'] in sources else one['source']}》{one['article']}"
        for one in basis
    )


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article of the legal library and the days for which it is in force, with the measures that rest on it."""

    source: str
    title: Text
    article: str
    starts_on: date | None
    ends_on: date | None
    in_force: bool
    verified: bool
    measures: dict[str, tuple[Text, list[Text]]]
    """By the measure's Chinese name: its name, and the lists that carry it on this article."""


def library(day: date | None = None) -> list[ArticleView]:
    """The dated legal library: every article on which a measure rests, and until when (法规库)."""
    rulebook, on = current(), day or today()
    held: dict[tuple[str, str, date], ArticleView] = {}
    for measure in rulebook.measures.values():
        for citation in [] if measure.basis == "demonstration" else measure.basis:
            source = rulebook.sources[citation.source]
            end = ends_of([citation], rulebook)
            key = (citation.source, citation.article, end)
            if key not in held:
                held[key] = ArticleView(
                    source=citation.source,
                    title=source.title,
                    article=citation.article,
                    starts_on=citation.effective_from or source.effective_from,
                    ends_on=None if end == date.max else end,
                    in_force=bool(standing_citations([citation], rulebook, on)),
                    verified=source.verified,
                    measures={},
                )
            _name, lists = held[key].measures.setdefault(measure.name.zh, (measure.name, []))
            lists.append(rulebook.lists[measure.statutory_list].name)
    return [held[key] for key in sorted(held)]


@dataclass(frozen=True, slots=True)
class RegisteredView:
    """An entry of the measure register with its four conditions, and whether it works."""

    code: str
    name: Text
    departments: list[Text]
    national_row: Text | None
    clause: Text | None
    scope: Text | None
    end: Text | None
    unmet: list[str]
    active: bool
    sourced: bool


def register() -> list[RegisteredView]:
    """The register of measures that local documents ask for (措施清单): active ones, and idle ones with what they lack."""
    rulebook = current()
    rows = rulebook.national_measures
    return [
        RegisteredView(
            code=one.code,
            name=one.name,
            departments=[rulebook.departments[code].name for code in one.departments],
            national_row=rows[one.national_row].name if one.national_row else None,
            clause=one.clause,
            scope=one.scope,
            end=one.end,
            unmet=list(unmet(one)),
            active=is_active(one),
            sourced=one.basis != "demonstration",
        )
        for one in rulebook.measure_register.values()
    ]


@dataclass(frozen=True, slots=True)
class Tasks:
    """What an office has to do in joint action: measures that work, entries of the register that do not, and its promises."""

    code: str
    name: Text
    measures: list[Text]
    idle: list[Text]
    incentives: list[Text]
    duties: list[tuple[Text, Text]]
    """What it promised, with the memorandum's title."""

    @property
    def count(self) -> int:
        """How many things it has to do; what is idle is nothing to do."""
        return len(self.measures) + len(self.incentives) + len(self.duties)


def tasks() -> list[Tasks]:
    """The task list of every office, those with most to do first. Memoranda that another replaced bind nobody."""
    rulebook = current()
    replaced = {one.replaces for one in rulebook.memoranda.values()}
    standing = [one for one in rulebook.memoranda.values() if one.code not in replaced]
    found = [
        Tasks(
            code=code,
            name=office.name,
            measures=[one.name for one in rulebook.measures.values() if code in one.departments],
            idle=[
                one.name for one in rulebook.measure_register.values() if code in one.departments and not is_active(one)
            ],
            incentives=[one.name for one in rulebook.incentives.values() if code in one.departments],
            duties=[
                (duty, memorandum.title)
                for memorandum in standing
                for party in memorandum.parties
                if party.department == code
                for duty in party.duties
            ],
        )
        for code, office in rulebook.departments.items()
    ]
    return sorted(found, key=lambda one: -one.count)
