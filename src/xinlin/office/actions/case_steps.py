"""What every step of a case has in common: the clock, the line that the applicant sees, the leaf (办理步骤)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils import timezone

from xinlin.core.notices import Fact
from xinlin.core.procedures import (
    DEED_OUTCOMES,
    LOOK_OUTCOMES,
    OUTCOMES,
    REPAIR_OUTCOMES,
    ObjectionProcedure,
    Pause,
    objection_due,
    provider_due,
    review_due,
)
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.actions.notices import notify
from xinlin.office.leaves import write_leaf
from xinlin.office.models.cases import Case, CaseStep
from xinlin.office.queries.calendars import calendar
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, Refused, now, today

CENTRE = "credit_centre"
"""The code of the credit centre among the departments."""
LONGEST_WORDS = 2000
NUMBERS = {"objection": "YY", "review": "FH", "repair": "XF", "look": "CX", "deed": "JF"}
"""First letters of case numbers: 异议, 复核, 修复, 查询, 加分."""


def refuse(code: str, where: str, what: Text, cure: Text) -> Refused:
    """A refusal with what is wrong and what to do."""
    return Refused(Problem(code=code, where=where, what=what, cure=cure))


def checked_words(words: str, where: str = "words", *, wanted: bool = False) -> str:
    """The words as kept, without blanks around. Raises `Refused` for too many, or for none where some are wanted."""
    kept = words.strip()
    if len(kept) > LONGEST_WORDS:
        raise refuse(
            "too_long",
            where,
            Text(zh=f"说明超过 {LONGEST_WORDS} 字。", en=f"The explanation is longer than {LONGEST_WORDS} characters."),
            Text(zh="请缩短说明。", en="Shorten it."),
        )
    if wanted and not kept:
        raise refuse(
            "reasons_missing",
            where,
            Text(zh="没有写明理由。", en="No reasons are given."),
            Text(zh="请写明事实和理由，申请人会看到。", en="Give the facts and the reasons; the applicant reads them."),
        )
    return kept


def new_number(kind: str) -> str:
    """A number that says what and when, and nothing about whom."""
    return f"{NUMBERS[kind]}{today():%Y%m%d}-{secrets.token_hex(3).upper()}"


def procedure() -> ObjectionProcedure:
    """The procedure that the city has chosen. Raises `Refused` where its rulebook names none."""
    rulebook = current()
    found = rulebook.procedures.get(rulebook.objection_procedure or "")
    if found is None:
        raise refuse(
            "no_procedure",
            "objection_procedure",
            Text(zh="本地规则册没有选定异议处理程序。", en="The rulebook here names no procedure for objections."),
            Text(
                zh="请联系信用中心；规则册中应写 objection_procedure。",
                en="Tell the credit centre; its rulebook.yaml should give objection_procedure.",
            ),
        )
    return found


def procedure_of(case: Case) -> ObjectionProcedure:
    """The procedure under which the case was opened, as the rulebook has it."""
    return current().procedures.get(case.procedure) or procedure()


def pauses_of(case: Case) -> list[Pause]:
    """The days of the case that do not run."""
    return [Pause(date.fromisoformat(a), date.fromisoformat(b) if b else None) for a, b in case.pauses]


def received_on(case: Case) -> date:
    """The day in the city's time zone on which the case was filed."""
    return timezone.localtime(case.opened_at).date()


def keep_changes(case: Case, changes: Mapping[str, str]) -> None:
    """Note on the case what it proposes; written with its next step."""
    given = {name: text.strip() for name, text in changes.items() if text.strip()}
    case.changes_sealed = vault.seal(json.dumps(given, ensure_ascii=False), "case.changes") if given else ""


def set_clock(case: Case) -> None:
    """Work out anew by when the applicant has the result, and the department's day where one is asked."""
    run, days, begun = procedure_of(case), calendar(), received_on(case)
    extended = case.extended_on is not None
    whole = objection_due(
        run,
        days,
        received_on=begun,
        forwarded_on=case.forwarded_on,
        extended=extended,
        pauses=pauses_of(case),
        today=today(),
        reason=case.reason,
    )
    if case.kind == Case.Kind.REVIEW:
        whole = review_due(run, days, begun, extended=extended) or whole
    case.due_on, case.due_provisional = whole.day, whole.provisional
    if case.forwarded_on is not None:
        asked = provider_due(
            run,
            days,
            received_on=begun,
            forwarded_on=case.forwarded_on,
            handed_over_on=case.handed_over_on,
            extended=extended,
            pauses=pauses_of(case),
            today=today(),
        )
        case.provider_due_on = min(asked.day, whole.day)


def held(actor: Actor, number: str, *kinds: str) -> Case:
    """The case under this number, locked. Must run in a transaction. Raises `NotFound` where the actor's office has none."""
    found = Case.objects.select_for_update(of=("self",)).select_related("record", "subject").filter(number=number)
    if actor.role == "clerk":
        found = found.filter(department=actor.department)
    elif actor.role != "reviewer":
        found = found.none()
    case = found.filter(kind__in=kinds).first() if kinds else found.first()
    if case is None:
        raise NotFound("没有这件办件，或不由您办理。There is no such case, or it is not yours to handle.")
    return case


def must_be(case: Case, *states: str) -> None:
    """Raise `Refused` where the case stands elsewhere, as after a colleague was faster."""
    if case.state not in states:
        raise refuse(
            "another_state",
            "state",
            Text(
                zh="这件办件现在不能这样办理，可能已由同事办过。",
                en="This cannot be done now; a colleague may have done it.",
            ),
            Text(zh="请刷新页面，查看最新情况。", en="Reload the page to see where it stands."),
        )


def take_step(
    *, actor: Actor, case: Case, step: str, words: str = "", facts: Mapping[str, object] | None = None
) -> CaseStep:
    """Save the case, the line that the applicant sees, and the leaf ``cases.STEP``, in the caller's transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{step}: take the step inside the transaction of the action (transaction.atomic)")
    case.save()
    kept = CaseStep.objects.create(
        case=case,
        at=now(),
        step=step,
        actor=actor.handle,
        actor_name=actor.name,
        department=actor.department,
        words_sealed=vault.seal(words, "case.words") if words else "",
        due_on=case.due_on,
    )
    _tell(actor, case, step, words)
    write_leaf(
        actor=actor,
        action=f"cases.{step}",
        table="case_file",
        key=case.number,
        facts={"state": case.state, "due_on": case.due_on, "outcome": case.outcome, **(facts or {})},
    )
    return kept


KIND_NAMES = {
    "objection": Text(zh="异议", en="objection"),
    "review": Text(zh="复核", en="review"),
    "repair": Text(zh="信用修复申请", en="application for repair"),
    "look": Text(zh="查询质疑", en="question about a look"),
    "deed": Text(zh="善行申报", en="declared deed"),
}


def _tell(actor: Actor, case: Case, step: str, words: str) -> None:
    """Tell the applicant, where the rulebook has words for this step."""
    outcomes: dict[str, Text] = {**OUTCOMES, **REPAIR_OUTCOMES, **LOOK_OUTCOMES, **DEED_OUTCOMES}
    facts: dict[str, Fact] = {
        "kind": KIND_NAMES[case.kind],
        "number": case.number,
        "due_on": case.due_on,
        "outcome": outcomes.get(case.outcome, Text(zh=case.outcome, en=case.outcome)),
        "words": words,
    }
    notify(actor=actor, subject=case.filed_by, template=f"case_{step}", facts=facts, case=case)
