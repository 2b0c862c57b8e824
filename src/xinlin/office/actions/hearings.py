"""Before a measure takes effect: facts, basis, remedy, and time to answer (事先告知与陈述申辩).

深圳经济特区社会信用条例 69, 浙江省公共信用信息管理条例 28, 河南 28: told in writing beforehand, with the right to state and defend.
"""

from __future__ import annotations

import secrets
from datetime import date

from django.db import transaction

from xinlin.core.lists import Entry, StandingMeasure
from xinlin.core.notices import Fact
from xinlin.core.values import Text
from xinlin.office import vault
from xinlin.office.actions.case_steps import checked_words, refuse
from xinlin.office.actions.notices import notify
from xinlin.office.leaves import write_leaf
from xinlin.office.models.lists import ListEntry
from xinlin.office.models.notices import PriorNotice
from xinlin.office.queries.calendars import calendar
from xinlin.office.queries.hearings import ANSWER
from xinlin.office.queries.office_clocks import name_of
from xinlin.office.queries.people import own_subject
from xinlin.office.queries.records import represented_now
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, now, today

CLOCK = "measure_answer"


def give(*, actor: Actor, entry_key: int, entry: Entry, standing: StandingMeasure, department: str) -> date:
    """Tell the subject that the department intends the measure; returns the last day on which they may answer.

    In the caller's transaction. One notice for an entry, a measure and a department: whoever was told is not told again, and
    the time that has run is not run anew.
    """
    before = PriorNotice.objects.filter(
        entry_id=entry_key, measure=standing.measure.code, department=department
    ).first()
    if before is not None:
        return before.answer_until
    held = ListEntry.objects.select_related("subject").get(pk=entry_key)
    until = calendar().add_working_days(today(), current().clocks[CLOCK].working_days or 0)
    facts: dict[str, Fact] = {
        "office": name_of(department),
        "list": current().lists[entry.list_code].name,
        "document": entry.document,
        "authority": entry.authority,
        "entered": entry.entered_on,
        "measure": standing.measure.name,
        "article": standing.article,
        "until": until,
        "remedy": entry.remedy,
    }
    message = notify(actor=actor, subject=held.subject, template="measure_intended", facts=facts)
    if message is None:
        raise refuse(
            "no_words",
            "notice_templates",
            Text(
                zh="规则册没有事先告知的文字，不能采取措施。",
                en="The rulebook has no words for the notice; no measure without it.",
            ),
            Text(zh="请补上通知模板 measure_intended。", en="Add the notice template measure_intended."),
        )
    made = PriorNotice.objects.create(
        number=f"GX{today():%Y%m%d}-{secrets.token_hex(4).upper()}",
        entry=held,
        measure=standing.measure.code,
        department=department,
        message=message,
        given_by=actor.handle,
        given_at=now(),
        answer_until=until,
    )
    told = {"entry": entry.reference, "measure": made.measure, "until": until}
    write_leaf(actor=actor, action="hearings.give", table="prior_notice", key=made.number, facts=told)
    return until


@transaction.atomic
def answer(*, actor: Actor, number: str, words: str) -> None:
    """State and defend, once, until the last day; the office reads it before the measure takes effect.

    Raises `NotFound` for another's notice, `Refused` without words, too late, or a second time.
    """
    subject = own_subject(actor)
    notice = PriorNotice.objects.select_for_update(of=("self",)).select_related("entry").filter(number=number).first()
    if notice is None or notice.entry.subject_id not in {subject.pk, *represented_now(subject)}:
        raise NotFound("没有这份告知，或它不是给您的。There is no such notice to you.")
    if notice.answered_at is not None or today() > notice.answer_until:
        raise refuse(
            "hearing_over",
            "words",
            Text(zh="已经陈述申辩过，或期限已过。", en="You have answered, or the time is over."),
            Text(
                zh="对名单条目有异议的，可以随时提出，提出后立即暂停；也可以依法申请行政复议或提起诉讼。",
                en="You may object to the entry at any time, which suspends it at once; or go to reconsideration or to court.",
            ),
        )
    kept = checked_words(words, wanted=True)
    notice.answer_sealed, notice.answered_at = vault.seal(kept, ANSWER), now()
    notice.save(update_fields=["answer_sealed", "answered_at"])
    write_leaf(
        actor=actor, action="hearings.answer", table="prior_notice", key=number, facts={"words": notice.answer_sealed}
    )
