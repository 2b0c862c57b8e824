"""Reads of cases: the applicant's own, those that an office handles, and how offices keep their clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.people import mask_name
from xinlin.core.procedures import LOOK_OUTCOMES, OUTCOMES, REPAIR_OUTCOMES, ObjectionProcedure
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.cases import Case, CaseStep, Telling
from xinlin.office.models.people import Subject
from xinlin.office.queries.people import own_subject, write_look
from xinlin.office.queries.records import CaseView, case_view
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, today


@dataclass(frozen=True)
class StepView:
    """One step of a case as everybody in it sees it."""

    at: datetime
    step: str
    actor_name: str
    department_name: Text | None
    words: str
    due_on: date


@dataclass(frozen=True)
class OwnCase:
    """A case as its applicant sees it: where it stands, every step, what was decided and why."""

    case: CaseView
    words: str
    steps: list[StepView]
    reasons: str
    can_ask_review: bool
    review_number: str
    can_take_back: bool
    review_by: Text | None


@dataclass(frozen=True)
class OfficeCaseView:
    """A case on an office's day list: the clock first, the applicant masked."""

    case: CaseView
    applicant: str
    kind_name: Text
    document: str
    words: str
    overdue: bool
    days_left: int
    fast: bool
    """ "This is not me": a possible namesake goes before everything else."""
    provider_due_on: date | None


@dataclass(frozen=True)
class Claim:
    """What the record says, beside what the applicant says."""

    label: Text
    value: str
    field: str


@dataclass(frozen=True)
class Desk:
    """One case on the desk of whoever handles it: document beside claim, steps, and what may be done now."""

    row: OfficeCaseView
    authority: str
    article: str
    occurred_on: date | None
    record_class: str
    status: str
    claims: list[Claim]
    steps: list[StepView]
    may: frozenset[str]
    """Of forward, answer, extend, pause, go_on, decide, sign, send_back, ask_papers, accept."""
    outcomes: dict[str, Text]
    second_signature: list[str]
    proposed: str
    reasons: str
    suggestions: dict[str, Text]
    """By outcome, a wording that a person edits."""
    tellings: int
    acknowledged: int


@dataclass(frozen=True)
class OfficeClock:
    """How an office keeps the clocks of its cases; counts only, nobody named."""

    department: str
    department_name: Text
    open: int
    late: int
    closed: int
    closed_late: int


def _name_of(department: str) -> Text:
    office = current().departments.get(department)
    return office.name if office else Text(zh=department, en=department)


def _steps(case: Case) -> list[StepView]:
    return [
        StepView(
            at=step.at,
            step=step.step,
            actor_name=step.actor_name,
            department_name=_name_of(step.department) if step.department else None,
            words=_opened(step.words_sealed, "case.words"),
            due_on=step.due_on,
        )
        for step in CaseStep.objects.filter(case=case).order_by("at", "pk")
    ]


def _opened(sealed: str, place: str) -> str:
    return vault.unseal(sealed, place) if sealed else ""


def mine(*, actor: Actor) -> list[CaseView]:
    """The resident's own cases, newest first."""
    rulebook = current()
    found = Case.objects.filter(filed_by=own_subject(actor)).select_related("record").order_by("-opened_at", "-pk")
    return [case_view(case, rulebook) for case in found]


def own(*, actor: Actor, number: str) -> OwnCase:
    """One of the resident's own cases. Raises `NotFound` for another's or none."""
    found = Case.objects.filter(filed_by=own_subject(actor), number=number).select_related("record", "review_of")
    case = found.first()
    if case is None:
        raise NotFound("没有这件办件，或它不属于您。There is no such case of yours.")
    closed = case.state == Case.State.CLOSED
    review = Case.objects.filter(review_of=case).values_list("number", flat=True).first() or ""
    run = current().procedures.get(case.procedure)
    known = run is not None and run.review is not None
    return OwnCase(
        case=case_view(case, current()),
        words=_opened(case.words_sealed, "case.words"),
        steps=_steps(case),
        reasons=_opened(case.reasons_sealed, "case.reasons") if closed else "",
        can_ask_review=closed and known and not review and case.kind == Case.Kind.OBJECTION,
        review_number=review,
        can_take_back=not closed and case.state != Case.State.PROPOSED,
        review_by=run.review_by if run is not None and known else None,
    )


def _visible(actor: Actor) -> QuerySet[Case]:
    """The cases that staff may see: the centre's reviewers all, a department's clerks those passed on to them."""
    if actor.role == "reviewer":
        return Case.objects.all()
    if actor.role == "clerk" and actor.department:
        return Case.objects.filter(Q(department=actor.department) | Q(provider=actor.department))
    raise NotAllowed(
        "异议只由信用中心审核员和数据提供部门办理。Only reviewers and the providing department see objections."
    )


def _look(actor: Actor, cases: list[Case], result: str) -> None:
    write_look(
        actor=actor,
        subjects=[case.subject_id for case in cases],
        purpose=gettext_noop("办理异议和修复"),
        clause=gettext_noop("征信业管理条例 第二十五条"),
        kinds=sorted({case.record.kind for case in cases if case.record is not None}),
        result=result,
    )


def for_office(*, actor: Actor, limit: int = 200) -> list[OfficeCaseView]:
    """Open cases of every kind by deadline, possible namesakes first. Reading them is a look at each applicant's data."""
    rows = list(
        _visible(actor)
        .exclude(state=Case.State.CLOSED)
        .select_related("record", "subject")
        .order_by("due_on", "pk")[:limit]
    )
    _look(actor, rows, gettext_noop("查看待办"))
    return sorted((_office_view(case) for case in rows), key=lambda row: not row.fast)


def _office_view(case: Case) -> OfficeCaseView:
    rulebook, day = current(), today()
    kind = rulebook.kinds.get(case.record.kind) if case.record else None
    name = _opened(case.subject.name_sealed, "subject.name")
    organisation = case.subject.register == Subject.Register.ORGANISATION
    return OfficeCaseView(
        case=case_view(case, rulebook),
        applicant=case.subject.public_name if organisation else mask_name(name),
        kind_name=kind.name if kind else _ABOUT[case.kind],
        document=case.record.document if case.record else "",
        words=_opened(case.words_sealed, "case.words"),
        overdue=case.due_on < day,
        days_left=(case.due_on - day).days,
        fast=case.reason == "not_me" and case.state != Case.State.CLOSED,
        provider_due_on=case.provider_due_on if case.state == Case.State.FORWARDED else None,
    )


_ABOUT = {
    "objection": Text(zh="信用核查结果", en="The answer of a check"),
    "review": Text(zh="复核", en="Review"),
    "repair": Text(zh="信用修复", en="Repair"),
    "look": Text(zh="查询质疑", en="A look that is questioned"),
}


def desk(*, actor: Actor, number: str) -> Desk:
    """One case with everything that its handler needs on one page. Writes the look. Raises `NotFound`."""
    case = _visible(actor).filter(number=number).select_related("record", "subject").first()
    if case is None:
        raise NotFound("没有这件办件，或不由您办理。There is no such case, or it is not yours.")
    _look(actor, [case], gettext_noop("办理"))
    record, run = case.record, current().procedures.get(case.procedure)
    told = Telling.objects.filter(case=case)
    return Desk(
        row=_office_view(case),
        authority=record.authority if record else "",
        article=record.article if record else "",
        occurred_on=record.occurred_on if record else None,
        record_class=record.record_class if record else "",
        status=record.status if record else "",
        claims=_claims(case),
        steps=_steps(case),
        may=_may(actor, case, run),
        outcomes=_outcomes(case),
        second_signature=list(run.second_signature) if run and case.kind != Case.Kind.REPAIR else ["false_papers"],
        proposed=case.outcome,
        reasons=_opened(case.reasons_sealed, "case.reasons"),
        suggestions=_suggestions(case),
        tellings=told.count(),
        acknowledged=told.filter(acknowledged_at__isnull=False).count(),
    )


def _outcomes(case: Case) -> dict[str, Text]:
    if case.kind == Case.Kind.REPAIR:
        return REPAIR_OUTCOMES
    if case.kind == Case.Kind.LOOK:
        return LOOK_OUTCOMES
    return {code: text for code, text in OUTCOMES.items() if code not in ("correct", "supplement")}


def _claims(case: Case) -> list[Claim]:
    if case.record is None:
        return []
    kind = current().kinds.get(case.record.kind)
    fields = kind.fields if kind else []
    return [
        Claim(spec.label, str(case.record.fields[spec.code]), spec.code)
        for spec in fields
        if spec.role is None and not spec.personal and case.record.fields.get(spec.code) is not None
    ]


def _may(actor: Actor, case: Case, run: ObjectionProcedure | None) -> frozenset[str]:
    """What this actor may do with the case as it stands."""
    state, may = case.state, set()
    stopped = bool(case.pauses) and case.pauses[-1][1] is None
    if actor.role == "clerk":
        if state == Case.State.FORWARDED and case.department == actor.department:
            may.add("answer")
    elif case.kind == Case.Kind.REPAIR:
        if state == Case.State.SUBMITTED:
            may |= {"accept", "decide"} | ({"ask_papers"} if case.papers_asked_on is None else set())
        elif state == Case.State.ACCEPTED:
            may.add("decide")
    elif state in (Case.State.SUBMITTED, Case.State.FORWARDED, Case.State.ANSWERED):
        may.add("decide")
        if state == Case.State.SUBMITTED and case.provider:
            may.add("forward")
        if run is not None and run.pauses_for_experts:
            may.add("go_on" if stopped else "pause")
    running = state in (Case.State.SUBMITTED, Case.State.FORWARDED, Case.State.ANSWERED)
    if run is not None and run.extension is not None and case.extended_on is None and running and may:
        may.add("extend")
    if actor.role == "reviewer" and state == Case.State.PROPOSED and case.decided_by != actor.handle:
        may |= {"sign", "send_back"}
    return frozenset(may)


def _suggestions(case: Case) -> dict[str, Text]:
    """A wording for each outcome that a person edits; it never goes out by itself."""
    if case.record is None:
        return {}
    what = case.record.document or case.record.reference
    return {
        "delete": Text(
            zh=f"经核查，该记录（{what}）与申请人无关或事实不成立，予以删除。",
            en=f"The record ({what}) does not concern the applicant or is not true; it is deleted.",
        ),
        "remove_from_list": Text(
            zh=f"经核查，列入名单的依据（{what}）不成立或已消失，移出名单。",
            en=f"The ground for the listing ({what}) does not hold or has gone; the entry leaves the list.",
        ),
        "stop_disclosure": Text(
            zh=f"经核查，该记录（{what}）不应或不再公开，终止公开。",
            en=f"The record ({what}) is not, or no longer, to be disclosed.",
        ),
        "reject": Text(
            zh=f"经向提供部门核实，该记录（{what}）与决定文书一致，维持原记录。您可以申请复核，也可以依法申请行政复议或提起诉讼。",
            en=f"The department confirms that the record ({what}) agrees with the decision; it stands. You may ask for a review, "
            "or go to administrative reconsideration or to court.",
        ),
        "unresolved": Text(
            zh=f"现有材料无法核实该记录（{what}），记载异议和核查情况，记录保持异议标注。",
            en=f"The record ({what}) cannot be settled on what is there; the objection is recorded and the mark stays.",
        ),
        "repaired": Text(
            zh=f"申请人已履行义务、消除影响，材料齐全，准予修复（{what}）。",
            en=f"The duty is fulfilled, the harm removed and the papers complete: repaired ({what}).",
        ),
        "refused": Text(
            zh="经核查，义务尚未履行完毕，不予修复；履行完毕后可再次申请。",
            en="The duty is not yet fulfilled; apply again once it is.",
        ),
    }


def clocks() -> list[OfficeClock]:
    """How each office keeps its clocks, for the public page: open, late, closed, closed late. Nobody is named."""
    late = Q(due_on__lt=today())
    closed = Q(state=Case.State.CLOSED)
    rows = (
        Case.objects.values("department")
        .annotate(
            open=Count("pk", filter=~closed),
            late=Count("pk", filter=~closed & late),
            closed=Count("pk", filter=closed),
            closed_late=Count("pk", filter=closed & Q(closed_at__date__gt=F("due_on"))),
        )
        .order_by("department")
    )
    return [OfficeClock(department_name=_name_of(row["department"]), **row) for row in rows]
