"""Telling people what ended and what is late, each once (到期与逾期通知).

Nothing rests on this job having run: whether a record counts and whether an office is late is worked out when it is asked.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from xinlin.core.notices import Fact
from xinlin.office.actions.case_steps import KIND_NAMES
from xinlin.office.actions.notices import notify
from xinlin.office.models.cases import Case
from xinlin.office.queries import ended
from xinlin.office.queries.office_clocks import NEXT_ON
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, today

ACTOR = Actor(handle="system:endings", name="到期与逾期 endings", role="system")
CAUGHT_UP = timedelta(days=31)
"""How far back it looks, so that a job that stood still for a month leaves nobody untold."""


def tell_ended() -> int:
    """Tell each person whose negative record has ended; returns how many are new."""
    told = 0
    for found in ended.negative(current(), today(), CAUGHT_UP):
        record = found.record
        if record.subject is None:
            continue
        facts: dict[str, Fact] = {
            "kind": found.kind.name,
            "document": record.document or record.reference,
            "ends_on": found.on,
        }
        with transaction.atomic():
            occasion = f"ended:{record.reference}"
            sent = notify(actor=ACTOR, subject=record.subject, template="record_ended", facts=facts, occasion=occasion)
        told += sent is not None
    return told


def tell_late() -> int:
    """Tell each applicant whose case the office has let run over; returns how many are new."""
    told = 0
    waiting = Case.objects.exclude(state__in=[Case.State.CLOSED, Case.State.PAPERS]).annotate(next_on=NEXT_ON)
    for case in waiting.filter(next_on__lt=today()).select_related("filed_by").iterator(chunk_size=500):
        facts: dict[str, Fact] = {
            "kind": KIND_NAMES[case.kind],
            "number": case.number,
            "due_on": case.next_on,
        }
        with transaction.atomic():
            sent = notify(
                actor=ACTOR,
                subject=case.filed_by,
                template="case_late",
                facts=facts,
                case=case,
                occasion=f"late:{case.number}:{case.next_on}",
            )
        told += sent is not None
    return told


def tell() -> int:
    """Both, in turn."""
    return tell_ended() + tell_late()
