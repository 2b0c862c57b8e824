"""Cases opened by the people concerned: here the objection (异议申诉)."""

from __future__ import annotations

import secrets

from django.db import IntegrityError, transaction

from xinlin.core.calendar import add_working_days
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.amendments import amend
from xinlin.office.leaves import write_leaf
from xinlin.office.models.cases import Case
from xinlin.office.models.records import Record
from xinlin.office.queries.people import own_subject
from xinlin.office.queries.records import concerns_person, history
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, Refused, now, today

REASONS: dict[str, Text] = {
    "not_me": Text(zh="不是我", en="This is not me"),
    "wrong_fact": Text(zh="事实有误", en="The facts are wrong"),
    "repaired": Text(zh="已经履行或改正", en="It has been fulfilled or corrected"),
    "expired": Text(zh="已经到期", en="It has expired"),
    "other": Text(zh="其他", en="Something else"),
}
"""What may be wrong with a record."""

LONGEST_WORDS = 2000
DEFAULT_CLOCK_WORKING_DAYS = 7


def _refuse(code: str, what: Text, cure: Text) -> Refused:
    return Refused(Problem(code=code, where="objection", what=what, cure=cure))


def object_to(*, actor: Actor, reference: str, reason: str, words: str) -> str:
    """File an objection to one's record: it is disputed from this moment, counts 0 and carries no measure.

    Returns the case number; a second objection to the same record answers with the first. Raises `NotFound` for a
    record that is not the resident's, `Refused` for an unknown reason or too many words.
    """
    subject, rulebook = own_subject(actor), current()
    if reason not in REASONS:
        raise _refuse(
            "unknown_reason",
            Text(zh="没有选择异议理由。", en="No reason was chosen."),
            Text(zh="请选择一项理由。", en="Choose one of the reasons."),
        )
    if len(words) > LONGEST_WORDS:
        raise _refuse(
            "too_long",
            Text(zh=f"说明超过 {LONGEST_WORDS} 字。", en=f"The explanation is longer than {LONGEST_WORDS} characters."),
            Text(zh="请缩短说明。", en="Shorten it."),
        )
    own = {r.reference: r.pk for r, fact in history(subject.pk, rulebook, today()) if concerns_person(fact)}
    if reference not in own:
        raise NotFound("没有这条记录，或它不属于您。There is no such record of yours.")
    clock = rulebook.clocks.get("objection")
    days = clock.working_days if clock and clock.working_days else DEFAULT_CLOCK_WORKING_DAYS
    try:
        with transaction.atomic():
            record = Record.objects.select_for_update().get(pk=own[reference])
            case = Case.objects.create(
                number=f"YY{today():%Y%m%d}-{secrets.token_hex(3).upper()}",
                kind=Case.Kind.OBJECTION,
                subject=subject,
                record=record,
                reason=reason,
                words_sealed=vault.seal(words, "case.words") if words else "",
                opened_at=now(),
                due_on=add_working_days(today(), days),
                department=record.department,
            )
            if record.status == Record.Status.ACTIVE:
                amend(
                    actor=actor,
                    records=[record.pk],
                    change={"status": Record.Status.DISPUTED.value},
                    reason="objection_opened",
                    happened_on=today(),
                    case=case,
                )
            write_leaf(
                actor=actor,
                action="cases.object",
                table="case_file",
                key=case.number,
                facts={"record": record.reference, "reason": reason, "due_on": case.due_on.isoformat()},
            )
    except IntegrityError:
        return Case.objects.get(record_id=own[reference], subject=subject, state=Case.State.SUBMITTED).number
    return case.number
