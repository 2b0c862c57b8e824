"""What follows from a decided case: the record, its list entry, and everybody who was told otherwise (处理结果)."""

from __future__ import annotations

import secrets

from django.db import transaction

from xinlin.core.procedures import LIFTS
from xinlin.office.actions.corrections import correct
from xinlin.office.amendments import amend
from xinlin.office.leaves import write_leaf
from xinlin.office.models.cases import Case, Telling
from xinlin.office.models.checks import CheckAnswer, CheckFeedback
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.records import Record
from xinlin.office.queries.cases import changes_of
from xinlin.office.scopes import Actor, NotFound, now, today

_MARKING = (Case.Kind.OBJECTION, Case.Kind.REVIEW)
SUSPENDED = "disputed"
"""What an office that used a measure is told when the entry is disputed: it carries no measure until that is settled."""


def mark(actor: Actor, case: Case, record: Record) -> None:
    """Dispute the record from this moment: it counts 0 and carries no measure."""
    if record.status == Record.Status.ACTIVE:
        amend(
            actor=actor,
            records=[record.pk],
            change={"status": Record.Status.DISPUTED.value},
            reason="objection_opened",
            happened_on=today(),
            case=case,
        )
        tell(case, record, SUSPENDED)


def lift(actor: Actor, case: Case, record: Record) -> None:
    """Let the record count again, unless another case or an unsettled objection still marks it."""
    others = Case.objects.filter(record=record, kind__in=_MARKING).exclude(pk__in=[case.pk, case.review_of_id or 0])
    if others.exclude(state=Case.State.CLOSED).exists() or others.filter(outcome="unresolved").exists():
        return
    record.refresh_from_db(fields=["status"])
    if record.status == Record.Status.DISPUTED:
        amend(
            actor=actor,
            records=[record.pk],
            change={"status": Record.Status.ACTIVE.value},
            reason=f"objection_{case.outcome}",
            happened_on=today(),
            case=case,
        )
        if case.outcome in ("reject", "withdrawn"):
            tell(case, record, case.outcome, of_measures=True)


def leave_list(record: Record, reason: str) -> int:
    """Take the record's entry off its list; returns how many entries left."""
    return ListEntry.objects.filter(record=record, removed_at__isnull=True).update(
        removed_at=now(), removal_reason=reason
    )


def apply(actor: Actor, case: Case) -> None:
    """Carry out the outcome of an objection or review on its record, and tell whoever was told otherwise.

    Whoever used a measure on it was told that it was suspended, and is told when it stands after all.
    """
    record = case.record
    if record is None:
        return
    day, why = today(), f"objection_{case.outcome}"
    if case.outcome == "delete":
        change: dict[str, object] = {"status": Record.Status.WITHDRAWN.value}
        amend(actor=actor, records=[record.pk], change=change, reason=why, happened_on=day, case=case)
        leave_list(record, f"异议成立，记录已删除（{case.number}）")
    elif case.outcome == "remove_from_list":
        change = {"status": Record.Status.ENDED.value, "ends_on": min(day, record.ends_on or day)}
        amend(actor=actor, records=[record.pk], change=change, reason=why, happened_on=day, case=case)
        leave_list(record, f"异议成立，移出名单（{case.number}）")
    elif case.outcome == "stop_disclosure":
        amend(actor=actor, records=[record.pk], change={"disclosed_until": day}, reason=why, happened_on=day, case=case)
    elif case.outcome == "correct":
        correct(actor=actor, case=case, record=record, changes=changes_of(case))
    if case.outcome in LIFTS:
        lift(actor, case, record)
    if case.outcome not in ("reject", "unresolved"):
        tell(case, record, case.outcome)


def tell(case: Case, record: Record, outcome: str, *, of_measures: bool = False) -> list[Telling]:
    """One telling for the department that provided the record, and one for each check that was answered with it.

    That a record is suspended, or stands after all (``of_measures``), is told only to those who used a measure on it.
    """
    answers = answered_with(record)
    wanted: list[tuple[str, CheckAnswer | None]] = [(answer.question.department, answer) for answer in answers]
    if of_measures or outcome == SUSPENDED:
        used = CheckFeedback.objects.filter(answer__in=answers, decision=CheckFeedback.Decision.MEASURE_APPLIED)
        applied = set(used.values_list("answer_id", flat=True))
        wanted = [(office, answer) for office, answer in wanted if answer is not None and answer.pk in applied]
    else:
        wanted.insert(0, (record.department, None))
    moment = now()
    return Telling.objects.bulk_create(
        Telling(
            number=f"GZ{moment:%Y%m%d}-{secrets.token_hex(6)}",
            case=case,
            record=record,
            department=department,
            answer=answer,
            outcome=outcome,
            told_at=moment,
        )
        for department, answer in wanted
    )


def answered_with(record: Record) -> list[CheckAnswer]:
    """Answers of checks that rested on this record."""
    found = CheckAnswer.objects.filter(subject=record.subject_id, verdict=CheckAnswer.Verdict.YES)
    return [
        answer
        for answer in found.select_related("question").order_by("pk")
        if any(hit["entry"] == record.reference for hit in answer.hits)
    ]


@transaction.atomic
def acknowledge(*, actor: Actor, number: str) -> None:
    """The office has read what is right now. Raises `NotFound` for a telling to another office."""
    found = Telling.objects.filter(number=number)
    if actor.role != "reviewer":
        found = found.filter(department=actor.department)
    telling = found.select_for_update().first()
    if telling is None:
        raise NotFound("没有这条告知，或它不是发给您单位的。There is no such telling to your office.")
    if telling.acknowledged_at is None:
        telling.acknowledged_at, telling.acknowledged_by = now(), actor.name[:100]
        telling.save(update_fields=["acknowledged_at", "acknowledged_by"])
        write_leaf(actor=actor, action="cases.acknowledge", table="telling", key=number, facts={})
