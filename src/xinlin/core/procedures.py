"""How an objection runs and how a record is repaired: clocks and classes, as a jurisdiction sets them (异议处理、信用修复).

All of it is data of a rulebook. Days are dates in the city's time zone; a span of working days does not count the day on
which it begins (民法典 201).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Self

from pydantic import model_validator

from xinlin.core.calendar import Calendar
from xinlin.core.schemes import Basis
from xinlin.core.terms import add_term
from xinlin.core.values import Strict, Text, misfit

Office = Literal["centre", "provider"]
Reason = Literal["not_me", "wrong_fact", "repaired", "expired", "other"]
Outcome = Literal["delete", "correct", "supplement", "stop_disclosure", "remove_from_list", "reject", "unresolved"]
OUTCOMES: dict[str, Text] = {
    "delete": Text(zh="删除该记录", en="Delete the record"),
    "correct": Text(zh="更正", en="Correct it"),
    "supplement": Text(zh="补充说明", en="Add to it"),
    "stop_disclosure": Text(zh="终止公开", en="Stop disclosing it"),
    "remove_from_list": Text(zh="移出名单", en="Take it off the list"),
    "reject": Text(zh="维持原记录（说明理由）", en="Keep the record, with reasons"),
    "unresolved": Text(zh="无法核实，记载异议", en="Cannot be settled: the objection is recorded"),
}
"""What an objection may lead to (深圳经济特区社会信用条例 50, 浙江省公共信用信息管理条例 31, 征信业管理条例 25)."""
REPAIR_OUTCOMES: dict[str, Text] = {
    "repaired": Text(zh="准予修复", en="Repaired"),
    "refused": Text(zh="不予修复（说明理由）", en="Not repaired, with reasons"),
    "false_papers": Text(zh="故意提交虚假材料", en="Papers false on purpose"),
}
"""What an application for repair may lead to. An honest mistake in the papers is a missing paper, never a false one."""
LOOK_OUTCOMES: dict[str, Text] = {
    "lawful": Text(zh="查询合规（说明理由）", en="The look was lawful, with reasons"),
    "unlawful": Text(zh="查询不当，已移交处理", en="The look was wrong and has been passed on"),
}
"""What a question about a look may lead to."""
DEED_OUTCOMES: dict[str, Text] = {
    "accepted": Text(zh="属实，记入记录", en="True: it becomes a record"),
    "not_shown": Text(zh="不能证明（说明理由）", en="Not shown, with reasons"),
}
"""What a declared deed may lead to; one that is not shown counts nothing, and costs nothing."""
LIFTS: frozenset[Outcome] = frozenset({"correct", "supplement", "stop_disclosure", "reject"})
"""Outcomes after which the record counts again; after the others it does not, or stays marked."""


class Span(Strict):
    """A length of time: working days or calendar days, exactly one of the two (期限)."""

    working_days: int | None = None
    calendar_days: int | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [n for n in (self.working_days, self.calendar_days) if n is not None]
        if len(given) != 1 or given[0] < 0:
            raise misfit(
                "期限应恰有一种单位，且不为负",
                "a span takes exactly one unit, 0 or more",
                "写 working_days 或 calendar_days",
                "give working_days or calendar_days",
            )
        return self

    def after(self, day: date, calendar: Calendar, paused: frozenset[date] = frozenset()) -> date:
        """The last day of this span begun on ``day``; days in ``paused`` do not run."""
        if self.working_days is not None:
            return calendar.add_working_days(day, self.working_days, paused)
        left = self.calendar_days or 0
        while left:
            day += timedelta(days=1)
            left -= day not in paused
        return day


class ObjectionProcedure(Strict):
    """The clocks of one jurisdiction for an objection (异议处理程序)."""

    code: str
    name: Text
    own: Span
    """For the centre where it can settle the matter itself, from the day of receipt."""
    with_provider: Span | None = None
    """For the whole where the providing department is asked, from the day of receipt."""
    forward: Span | None = None
    """Within which the centre passes it on."""
    provider: Span | None = None
    """For the providing department's answer, from the day on which it was passed on."""
    extension: Span | None = None
    """Once, on top of what then runs, with reasons told to the applicant."""
    longest: Span | None = None
    """Never later than this, from the day of receipt, extensions included."""
    sooner: dict[Reason, Span] = {}
    """What the jurisdiction promises beyond its text while the centre answers by itself, by what is said to be wrong: a namesake
    need not wait as long as a quarrel over facts."""
    sooner_basis: Basis | None = None
    """Where ``sooner`` comes from: no jurisdiction's text gives it."""
    pauses_for_experts: bool = False
    """Whether days of an inspection or an expert opinion do not run."""
    review: Span | None = None
    """For a review (复核) of the outcome; none where the jurisdiction knows no review."""
    review_by: Text | None = None
    routes: dict[Reason, Office]
    """Who answers first, by what is said to be wrong."""
    second_signature: list[Outcome] = []
    """Outcomes that need a second person's signature."""
    list_exit: Literal["repair", "own_rule"] = "repair"
    """``own_rule``: whoever stands on a statutory list leaves by that list's own rule, never by ordinary repair
    (浙江省公共信用信息管理条例 32)."""
    basis: Basis

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = {"not_me", "wrong_fact", "repaired", "expired", "other"} - set(self.routes)
        if missing:
            raise misfit(
                f"routes 缺少 {'、'.join(sorted(missing))}",
                f"routes do not say who answers {', '.join(sorted(missing))}",
                "每种理由写 centre 或 provider",
                "give centre or provider for each reason",
            )
        if self.sooner and self.sooner_basis is None:
            raise misfit(
                "sooner 没有写明出处",
                "sooner does not say where it comes from",
                "写 sooner_basis：出处，或 demonstration",
                "give sooner_basis: a citation, or demonstration",
            )
        if "provider" in self.routes.values() and self.provider is None and self.with_provider is None:
            raise misfit(
                "由提供部门答复的异议没有期限",
                "the provider answers something and has no clock",
                "写 provider 或 with_provider",
                "give provider or with_provider",
            )
        return self


@dataclass(frozen=True)
class Deadline:
    """The last day of a period; ``provisional`` where it rests on a year whose holidays are not yet decided."""

    day: date
    provisional: bool


@dataclass(frozen=True)
class Pause:
    """Days that do not run because experts were asked: from ``began_on``, and no longer on ``ended_on`` (None: still)."""

    began_on: date
    ended_on: date | None = None


def _paused(pauses: Iterable[Pause], day: date) -> frozenset[date]:
    """The single days of the pauses; one that still runs is taken to end on ``day``."""
    days: set[date] = set()
    for pause in pauses:
        until = pause.ended_on or day
        days.update(pause.began_on + timedelta(days=n) for n in range((until - pause.began_on).days))
    return frozenset(days)


def _deadline(calendar: Calendar, began: date, day: date) -> Deadline:
    years = range(began.year, day.year + 1)
    return Deadline(day, any(not calendar.is_decided(date(year, 1, 1)) for year in years))


def objection_due(
    procedure: ObjectionProcedure,
    calendar: Calendar,
    *,
    received_on: date,
    forwarded_on: date | None = None,
    extended: bool = False,
    pauses: Iterable[Pause] = (),
    today: date,
    reason: str = "",
) -> Deadline:
    """The day by which the applicant has the result.

    Without ``forwarded_on`` the centre answers by itself; with it, the providing department is asked. Passing it on later
    than the procedure allows does not move the day. Pauses count only where the procedure knows them.
    """
    paused = _paused(pauses, today) if procedure.pauses_for_experts else frozenset()
    if forwarded_on is None:
        day = procedure.own.after(received_on, calendar, paused)
        promised = {str(code): span for code, span in procedure.sooner.items()}.get(reason)
        day = day if promised is None else min(day, promised.after(received_on, calendar, paused))
    elif procedure.with_provider is not None:
        day = procedure.with_provider.after(received_on, calendar, paused)
    else:
        latest = (procedure.forward or procedure.own).after(received_on, calendar, paused)
        day = (procedure.provider or procedure.own).after(min(forwarded_on, latest), calendar, paused)
    if extended and procedure.extension is not None:
        day = procedure.extension.after(day, calendar, paused)
    if procedure.longest is not None:
        day = min(day, procedure.longest.after(received_on, calendar, paused))
    return _deadline(calendar, received_on, day)


def provider_due(
    procedure: ObjectionProcedure,
    calendar: Calendar,
    *,
    received_on: date,
    forwarded_on: date,
    handed_over_on: date | None = None,
    extended: bool = False,
    pauses: Iterable[Pause] = (),
    today: date,
) -> Deadline:
    """The day by which the department that is asked answers the centre; never after the whole is due.

    Where the first department handed it over to the one whose business it is, that one's days begin then; the applicant's
    day stays.
    """
    whole = objection_due(
        procedure,
        calendar,
        received_on=received_on,
        forwarded_on=forwarded_on,
        extended=extended,
        pauses=pauses,
        today=today,
    )
    if procedure.provider is None:
        return whole
    paused = _paused(pauses, today) if procedure.pauses_for_experts else frozenset()
    began = handed_over_on or forwarded_on
    day = procedure.provider.after(began, calendar, paused)
    if extended and procedure.extension is not None:
        day = procedure.extension.after(day, calendar, paused)
    return _deadline(calendar, began, min(day, whole.day))


def review_due(
    procedure: ObjectionProcedure, calendar: Calendar, asked_on: date, *, extended: bool = False
) -> Deadline | None:
    """The day by which a review is answered; None where the jurisdiction knows none."""
    if procedure.review is None:
        return None
    day = procedure.review.after(asked_on, calendar)
    if extended and procedure.extension is not None:
        day = procedure.extension.after(day, calendar)
    if procedure.longest is not None:
        day = min(day, procedure.longest.after(asked_on, calendar))
    return _deadline(calendar, asked_on, day)


class RepairClass(Strict):
    """Terms of publicity for one class of seriousness (公示期限), from the date of the document.

    国办发〔2025〕22号: minor acts are in principle not published and end after three months at the latest; general acts
    stand three months to a year, serious ones one to three years. 信用修复管理办法（发改委令36号, in force 2026-04-01).
    """

    code: str
    name: Text
    published: bool
    minimum: str | None = None
    """Calendar term (P3M) before which no repair is granted; none where it may be asked for at once."""
    maximum: str
    """Calendar term after which publicity, sharing and use stop by themselves."""
    basis: Basis


def repairable_from(terms: RepairClass, document_on: date, restricted_until: date | None = None) -> date:
    """The first day on which a repair may be granted: the minimum is over, and any longer restriction set by law."""
    day = add_term(document_on, terms.minimum) if terms.minimum else document_on
    return max(day, restricted_until or day)


def stops_on(terms: RepairClass, document_on: date, restricted_until: date | None = None) -> date:
    """The first day on which publicity, sharing, use and measures have stopped by themselves."""
    return max(add_term(document_on, terms.maximum), restricted_until or document_on)
