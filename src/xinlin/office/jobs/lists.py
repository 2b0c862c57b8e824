"""What the passing of days brings: measures and holds that are over, offices told of entries that ended, reminders (名单值守).

Nobody waits for it. A question asked in between is answered by the day itself; this writes down what is so already.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from xinlin.office.actions.measures import install, lift_lapsed
from xinlin.office.actions.pledges import remind
from xinlin.office.actions.tallies import tally
from xinlin.office.actions.tellings import tell_users
from xinlin.office.leaves import write_leaf
from xinlin.office.models.cases import Telling
from xinlin.office.models.checks import CheckAnswer, Hold
from xinlin.office.models.lists import ListEntry
from xinlin.office.scopes import Actor, now, today

WATCH = Actor(handle="system:lists", name="名单值守", role="system")
AT_ONCE = 500


def watch() -> None:
    """One round: note what lapsed, tell who has to know, remind, count closed days. Safe to run twice at once."""
    install(actor=WATCH)
    lift_lapsed(actor=WATCH)
    note_lapsed_holds(actor=WATCH)
    tell_of_ended(actor=WATCH)
    remind(actor=WATCH)
    tally(actor=WATCH)


@transaction.atomic
def note_lapsed_holds(*, actor: Actor) -> int:
    """Write down holds that lapsed open: unsigned for a working day, or signed and past their last day. Returns how many."""
    over = Q(signed_at__isnull=True, lapses_at__lte=now()) | Q(signed_until__lt=today())
    holds = list(Hold.objects.select_for_update(skip_locked=True).filter(over, ended="").order_by("pk")[:AT_ONCE])
    for hold in holds:
        hold.ended, hold.ended_at = Hold.Ended.LAPSED, hold.lapses_at if hold.signed_at is None else now()
    Hold.objects.bulk_update(holds, ["ended", "ended_at"])
    if holds:
        numbers = [hold.answer_id for hold in holds]
        write_leaf(actor=actor, action="holds.lapse", table="hold", key=str(numbers[0]), facts={"answers": numbers})
    return len(holds)


@transaction.atomic
def tell_of_ended(*, actor: Actor) -> int:
    """Tell the offices that were answered with an entry that it has ended, once each. Returns how many tellings."""
    day = today()
    asked = CheckAnswer.objects.filter(subject=OuterRef("subject"), verdict=CheckAnswer.Verdict.YES)
    told = Telling.objects.filter(record=OuterRef("record"), answer__isnull=False).exclude(outcome="suspended")
    ended = ListEntry.objects.filter(Q(removed_at__isnull=False) | Q(ends_on__lte=day))
    ended = ended.filter(Exists(asked)).exclude(Exists(told)).select_related("record").order_by("pk")[:AT_ONCE]
    count = 0
    for entry in ended:
        outcome = "left_list" if entry.removed_at is not None else "term_over"
        count += tell_users(actor=actor, record=entry.record, outcome=outcome)
    if count:
        write_leaf(actor=actor, action="lists.tell", table="telling", key=day.isoformat(), facts={"tellings": count})
    return count
