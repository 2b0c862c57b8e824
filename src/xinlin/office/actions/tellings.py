"""Telling the offices that used an entry that it ended, without any case (名单变动告知)."""

from __future__ import annotations

import secrets

from xinlin.office.actions.outcomes import answered_with
from xinlin.office.models.cases import Telling
from xinlin.office.models.records import Record
from xinlin.office.scopes import Actor, now


def tell_users(*, actor: Actor, record: Record, outcome: str) -> int:
    """One telling for each check that was answered with the record; returns how many are new. Told once for each end.

    ``actor`` writes the leaf of what it did; a telling is part of that.
    """
    if not actor.handle:
        raise ValueError("a telling needs somebody who tells")
    told = set(Telling.objects.filter(record=record, case=None, outcome=outcome).values_list("answer_id", flat=True))
    moment = now()
    fresh = [
        Telling(
            number=f"GZ{moment:%Y%m%d}-{secrets.token_hex(6)}",
            record=record,
            department=answer.question.department,
            answer=answer,
            outcome=outcome,
            told_at=moment,
        )
        for answer in answered_with(record)
        if answer.pk not in told
    ]
    Telling.objects.bulk_create(fresh)
    return len(fresh)
