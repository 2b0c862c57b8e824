"""Reads of cases by whoever filed them: where each stands, every step, what was decided and why (办件)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.models.cases import Case, CaseStep
from xinlin.office.queries.office_clocks import name_of
from xinlin.office.queries.people import own_subject
from xinlin.office.queries.records import CaseView, case_view
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound


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
    note: str
    """What was added to the record by the outcome, if anything."""
    can_ask_review: bool
    review_number: str
    can_take_back: bool
    review_by: Text | None


def steps_of(case: Case) -> list[StepView]:
    """Every step of the case, in order."""
    return [
        StepView(
            at=step.at,
            step=step.step,
            actor_name=step.actor_name,
            department_name=name_of(step.department) if step.department else None,
            words=opened(step.words_sealed, "case.words"),
            due_on=step.due_on,
        )
        for step in CaseStep.objects.filter(case=case).order_by("at", "pk")
    ]


def opened(sealed: str, place: str) -> str:
    """What is sealed under this place; empty for nothing."""
    return vault.unseal(sealed, place) if sealed else ""


def changes_of(case: Case) -> dict[str, str]:
    """What the case proposes to correct or add: field -> text."""
    found: dict[str, str] = json.loads(opened(case.changes_sealed, "case.changes") or "{}")
    return found


def mine(*, actor: Actor) -> list[CaseView]:
    """The resident's own cases, newest first."""
    rulebook = current()
    found = (
        Case.objects.filter(filed_by=own_subject(actor, "see")).select_related("record").order_by("-opened_at", "-pk")
    )
    return [case_view(case, rulebook) for case in found]


def own(*, actor: Actor, number: str) -> OwnCase:
    """One of the resident's own cases. Raises `NotFound` for another's or none."""
    found = Case.objects.filter(filed_by=own_subject(actor, "see"), number=number).select_related("record", "review_of")
    case = found.first()
    if case is None:
        raise NotFound("没有这件办件，或它不属于您。There is no such case of yours.")
    closed = case.state == Case.State.CLOSED
    review = Case.objects.filter(review_of=case).values_list("number", flat=True).first() or ""
    run = current().procedures.get(case.procedure)
    known = run is not None and run.review is not None
    return OwnCase(
        case=case_view(case, current()),
        words=opened(case.words_sealed, "case.words"),
        steps=steps_of(case),
        reasons=opened(case.reasons_sealed, "case.reasons") if closed else "",
        note=changes_of(case).get("note", "") if closed else "",
        can_ask_review=known
        and closed
        and case.outcome != "withdrawn"
        and not review
        and case.kind == Case.Kind.OBJECTION,
        review_number=review,
        can_take_back=not closed and case.state != Case.State.PROPOSED,
        review_by=run.review_by if run is not None and known else None,
    )
