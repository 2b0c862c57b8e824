"""The day of whoever handles cases: one list by deadline, and one case with all that is needed for it (办件台)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case as Choice
from django.db.models import Q, QuerySet, Value, When
from django.utils.translation import gettext_noop

from xinlin.core.corrections import correctable
from xinlin.core.people import mask_name
from xinlin.core.procedures import DEED_OUTCOMES, LOOK_OUTCOMES, OUTCOMES, REPAIR_OUTCOMES, ObjectionProcedure
from xinlin.core.values import Text
from xinlin.core.wordings import suggested
from xinlin.office import vault
from xinlin.office.models.cases import Case, Telling
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.notices import Contact
from xinlin.office.models.people import Look, Subject
from xinlin.office.models.records import Record
from xinlin.office.queries import deeds
from xinlin.office.queries.cases import StepView, changes_of, opened, steps_of
from xinlin.office.queries.deeds import DeedView
from xinlin.office.queries.office_clocks import NEXT_ON, name_of
from xinlin.office.queries.people import Read, purpose_said, write_look, write_looks
from xinlin.office.queries.records import CaseView, case_view, shown_value
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today

PAGE = 50
"""Cases on one page of the day list."""


@dataclass(frozen=True)
class OfficeCaseView:
    """A case on an office's day list: the clock first, the applicant masked."""

    case: CaseView
    applicant: str
    kind_name: Text
    document: str
    words: str
    next_on: date | None
    """The day by which whoever acts now has to have acted; None while the applicant's papers are awaited."""
    overdue: bool
    days_left: int
    fast: bool
    """“This is not me”: a possible namesake goes before everything else."""
    provider_due_on: date | None


@dataclass(frozen=True)
class DayList:
    """One page of the open cases, and how many there are: nothing late is on no page."""

    rows: list[OfficeCaseView]
    total: int
    overdue: int
    by_kind: dict[str, int]
    page: int
    pages: int


@dataclass(frozen=True)
class Claim:
    """What the record says in one field; ``field`` is empty where it cannot be corrected."""

    label: Text
    value: str
    field: str
    proposed: str = ""


@dataclass(frozen=True)
class LookAsked:
    """The look that a person questions."""

    at: datetime
    actor_name: str
    department_name: Text
    purpose: str
    clause: str
    result: str


@dataclass(frozen=True)
class Desk:
    """One case on the desk of whoever handles it: document beside claim, steps, and what may be done now."""

    row: OfficeCaseView
    provider: str
    occurred_on: date | None
    status: str
    entered_by: str
    """The delivery and its row, by which the record can be compared with what was sent."""
    same_name: bool | None
    """For “not me”: whether the name that was sent agrees with the register; None where no name was sent."""
    look: LookAsked | None
    deed: DeedView | None
    claims: list[Claim]
    steps: list[StepView]
    may: frozenset[str]
    """Of forward, hand_over, answer, extend, pause, go_on, decide, sign, send_back, ask_papers, accept."""
    outcomes: dict[str, Text]
    second_signature: list[str]
    proposed: str
    note: str
    reasons: str
    suggestions: dict[str, str]
    """By outcome, a wording that a person edits, in the language in which the applicant wishes to be told."""
    departments: dict[str, Text]
    """To which it may be handed over."""
    tellings: int
    acknowledged: int
    times: int
    """How many objections the applicant has filed to this record, this one included."""


def visible(actor: Actor) -> QuerySet[Case]:
    """The cases that staff may see: the centre's reviewers and auditors all, a department's clerks those that concern it."""
    if actor.role in ("reviewer", "auditor"):
        return Case.objects.all()
    if actor.role == "clerk" and actor.department:
        return Case.objects.filter(Q(department=actor.department) | Q(provider=actor.department))
    raise NotAllowed(
        "办件只由信用中心审核员和有关部门办理。Only reviewers of the centre and the department concerned handle cases."
    )


def _look(actor: Actor, cases: Sequence[Case], result: str) -> None:
    """Note a look at each applicant, with the kinds of their own records alone."""
    seen: dict[int, set[str]] = {}
    for case in cases:
        seen.setdefault(case.subject_id, set()).update([case.record.kind] if case.record is not None else [])
    purpose = gettext_noop("审计") if actor.role == "auditor" else gettext_noop("办理异议和修复")
    clause = gettext_noop("征信业管理条例 第二十五条")
    reads = [Read([subject], purpose, clause, kinds, result) for subject, kinds in seen.items()]
    write_looks(actor=actor, reads=reads)


def day_list(*, actor: Actor, kind: str = "", page: int = 1) -> DayList:
    """Open cases of every kind, or of one: possible namesakes, then by deadline, then those that wait for papers.

    Reading a page is a look at each applicant on it.
    """
    mine, day = visible(actor).exclude(state=Case.State.CLOSED), today()
    counted = list(mine.annotate(next_on=NEXT_ON).values_list("kind", "next_on"))
    by_kind = {code: sum(1 for found, _ in counted if found == code) for code in Case.Kind.values}
    chosen = mine.filter(kind=kind) if kind in Case.Kind.values else mine
    fast = Choice(When(reason="not_me", then=Value(0)), default=Value(1))
    ordered = chosen.annotate(fast=fast, next_on=NEXT_ON).order_by("fast", "next_on", "pk")
    total = by_kind.get(kind, len(counted)) if kind else len(counted)
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    rows = list(ordered.select_related("record", "subject")[(page - 1) * PAGE : page * PAGE])
    _look(actor, rows, gettext_noop("查看待办"))
    overdue = sum(1 for _, due in counted if due < day)
    return DayList([_office_view(case) for case in rows], total, overdue, by_kind, page, pages)


def _next_on(case: Case) -> date | None:
    if case.state in (Case.State.PAPERS, Case.State.CLOSED):
        return None
    return (case.provider_due_on or case.due_on) if case.state == Case.State.FORWARDED else case.due_on


def _office_view(case: Case) -> OfficeCaseView:
    rulebook, day, until = current(), today(), _next_on(case)
    kind = rulebook.kinds.get(case.record.kind) if case.record else None
    name = opened(case.subject.name_sealed, "subject.name")
    organisation = case.subject.register == Subject.Register.ORGANISATION
    return OfficeCaseView(
        case=case_view(case, rulebook),
        applicant=case.subject.public_name if organisation else mask_name(name),
        kind_name=kind.name if kind else _ABOUT[case.kind],
        document=case.record.document if case.record else "",
        words=opened(case.words_sealed, "case.words"),
        next_on=until,
        overdue=until is not None and until < day,
        days_left=(until - day).days if until is not None else 0,
        fast=case.reason == "not_me" and case.state != Case.State.CLOSED,
        provider_due_on=case.provider_due_on if case.state == Case.State.FORWARDED else None,
    )


_ABOUT = {
    "objection": Text(zh="信用核查结果", en="The answer of a check"),
    "review": Text(zh="复核", en="Review"),
    "repair": Text(zh="信用修复", en="Repair"),
    "look": Text(zh="查询质疑", en="A look that is questioned"),
    "deed": Text(zh="善行申报", en="A declared deed"),
}


def _look_refused(actor: Actor, number: str) -> None:
    """Show the person that somebody tried to open a case of theirs that is not for them to see."""
    case = Case.objects.filter(number=number).first()
    if case is not None:
        write_look(
            actor=actor,
            subjects=[case.subject_id],
            purpose=gettext_noop("办理异议和修复"),
            clause="",
            kinds=[],
            result=gettext_noop("不由其办理，已拒绝，未看到任何内容"),
            refused=True,
        )


def _language_of(case: Case) -> str:
    """The language in which the applicant asked to be told; Chinese where they gave none."""
    given = Contact.objects.filter(subject=case.subject_id).order_by("-given_at").values_list("language", flat=True)
    return given.first() or "zh-hans"


def desk(*, actor: Actor, number: str) -> Desk:
    """One case with everything that its handler needs on one page. Writes the look. Raises `NotFound`."""
    found = visible(actor).filter(number=number)
    case = found.select_related("record__batch", "subject", "look", "review_of").first()
    if case is None:
        _look_refused(actor, number)
        raise NotFound("没有这件办件，或不由您办理。There is no such case, or it is not yours.")
    _look(actor, [case], gettext_noop("办理"))
    record, run = case.record, current().procedures.get(case.procedure)
    told, changes = Telling.objects.filter(case=case), changes_of(case)
    return Desk(
        row=_office_view(case),
        provider=case.provider,
        occurred_on=record.occurred_on if record else None,
        status=record.status if record else "",
        entered_by=f"{record.batch.number} · {record.row}" if record else "",
        same_name=_same_name(case),
        look=_asked(case.look) if case.look else None,
        deed=deeds.of_case(case),
        claims=_claims(record, changes) if record else [],
        steps=steps_of(case),
        may=may(actor, case, run),
        outcomes=outcomes_of(case),
        second_signature=list(run.second_signature) if run and case.kind != Case.Kind.REPAIR else ["false_papers"],
        proposed=case.outcome,
        note=changes.get("note", ""),
        reasons=opened(case.reasons_sealed, "case.reasons"),
        suggestions={
            outcome: words.in_language(_language_of(case))
            for outcome, words in suggested((record.document or record.reference) if record else case.number).items()
        },
        departments={
            code: office.name
            for code, office in current().departments.items()
            if code not in (case.department, "credit_centre")
        },
        tellings=told.count(),
        acknowledged=told.filter(acknowledged_at__isnull=False).count(),
        times=Case.objects.filter(record=record, filed_by=case.filed_by, kind=case.kind).count() if record else 1,
    )


def _asked(look: Look) -> LookAsked:
    return LookAsked(
        look.at,
        look.actor_name,
        name_of(look.department),
        purpose_said(look.purpose, current()),
        look.clause,
        look.result,
    )


def _same_name(case: Case) -> bool | None:
    """Whether the name that the department sent is the register's; for “not me” alone."""
    record = case.record
    if case.reason != "not_me" or record is None or case.subject.register != Subject.Register.PERSON:
        return None
    kind = current().kinds.get(record.kind)
    code = next((spec.code for spec in kind.fields if spec.role == "subject_name"), "") if kind else ""
    sent = record.fields.get(code)
    if not isinstance(sent, str):
        return None
    return opened(sent, vault.RECORD_FIELDS) == opened(case.subject.name_sealed, "subject.name")


def outcomes_of(case: Case) -> dict[str, Text]:
    """What may come of the case."""
    if case.kind == Case.Kind.REPAIR:
        return REPAIR_OUTCOMES
    if case.kind == Case.Kind.LOOK:
        return LOOK_OUTCOMES
    if case.kind == Case.Kind.DEED:
        return DEED_OUTCOMES
    if case.record is None:
        return {code: OUTCOMES[code] for code in ("reject", "unresolved")}
    listed = ListEntry.objects.filter(record=case.record, removed_at__isnull=True).exists()
    return {code: text for code, text in OUTCOMES.items() if listed or code != "remove_from_list"}


_COLUMNS = {"class": "record_class"}


def _claims(record: Record, changes: dict[str, str]) -> list[Claim]:
    """Every field that may be corrected, as it stands and as proposed; personal values only where they are open to correction."""
    kind = current().kinds.get(record.kind)
    found = []
    for spec in correctable(kind) if kind else []:
        stored = getattr(record, _COLUMNS.get(spec.role, spec.role)) if spec.role else record.fields.get(spec.code)
        value = stored.isoformat() if isinstance(stored, date) else stored
        found.append(Claim(spec.heading, shown_value(spec, value or None), spec.code, changes.get(spec.code, "")))
    return found


def may(actor: Actor, case: Case, run: ObjectionProcedure | None) -> frozenset[str]:
    """What this actor may do with the case as it stands."""
    if actor.role == "clerk":
        return _clerk_may(case, run) if case.department == actor.department else frozenset()
    if actor.role != "reviewer":
        return frozenset()
    state, allowed = case.state, set[str]()
    if state == Case.State.PROPOSED:
        return frozenset({"sign", "send_back"}) if case.decided_by != actor.handle else frozenset()
    if case.kind == Case.Kind.DEED:
        return frozenset()
    if case.kind == Case.Kind.REPAIR:
        if state == Case.State.SUBMITTED:
            allowed |= {"accept", "decide"} | ({"ask_papers"} if case.papers_asked_on is None else set())
        elif state in (Case.State.ACCEPTED, Case.State.FORWARDED, Case.State.ANSWERED):
            allowed |= {"decide"} | ({"extend"} if case.extended_on is None else set())
            if state == Case.State.ACCEPTED and case.provider:
                allowed.add("forward")
        return frozenset(allowed)
    if state in (Case.State.SUBMITTED, Case.State.FORWARDED, Case.State.ANSWERED):
        allowed |= {"decide"} | _time(case, run)
        first = case.review_of
        if first is not None and actor.handle in (first.decided_by, first.signed_by):
            allowed.discard("decide")
        if state == Case.State.SUBMITTED and case.provider:
            allowed.add("forward")
        if state in (Case.State.SUBMITTED, Case.State.FORWARDED) and case.kind != Case.Kind.LOOK:
            allowed.add("hand_over")
    return frozenset(allowed)


def _time(case: Case, run: ObjectionProcedure | None) -> set[str]:
    """What may be done about the clock."""
    found = set[str]()
    stopped = bool(case.pauses) and case.pauses[-1][1] is None
    if run is not None and run.pauses_for_experts:
        found.add("go_on" if stopped else "pause")
    if run is not None and run.extension is not None and case.extended_on is None:
        found.add("extend")
    return found


def _clerk_may(case: Case, run: ObjectionProcedure | None) -> frozenset[str]:
    if case.kind == Case.Kind.DEED:
        return frozenset({"decide"}) if case.state == Case.State.SUBMITTED else frozenset()
    if case.state != Case.State.FORWARDED:
        return frozenset()
    if case.kind == Case.Kind.REPAIR:
        return frozenset({"answer"})
    return frozenset({"answer", "hand_over"} | _time(case, run))
