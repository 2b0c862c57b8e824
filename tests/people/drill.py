"""The three acts of a restore drill, each in a process of its own: ``python -m tests.people.drill prepare|change|look``."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta

import django


def prepare() -> None:
    """A resident with a score, a scene, a helper, four records and an entry; the figures are frozen."""
    from tests.cases.test_corrections import _listed
    from tests.scores.conftest import SYSTEM, make_record, make_subject, resident_id
    from xinlin.office.actions import mandates, people, scores
    from xinlin.office.models.staff import Account
    from xinlin.office.queries.staff import actor_of
    from xinlin.office.rulebook import current
    from xinlin.office.scopes import today

    mine = make_subject(resident_id(date(1990, 5, 17), 1), "林小满", born=date(1990, 5, 17))
    helper = resident_id(date(1991, 5, 17), 2)
    make_subject(helper, "陈大海", born=date(1991, 5, 17))
    stays = make_subject(resident_id(date(1992, 5, 17), 3), "黄留下", born=date(1992, 5, 17))
    account = Account.objects.create(username="mine", display_name="林小满", subject=mine)
    other = Account.objects.create(username="stays", display_name="黄留下", subject=stays)
    for one in (account, other):
        people.open_score(actor=actor_of(one), via="portal")
        people.open_scene(actor=actor_of(one), scene=next(iter(current().scenes)), via="portal")
    make_record(mine, "honour", today() - timedelta(days=9), fields={"title": "道德模范", "level": "district"})
    make_record(mine, "volunteer_service", today() - timedelta(days=8), fields={"hours": 5})
    for days in (40, 20):
        make_record(mine, "uncivil_conduct", today() - timedelta(days=days), fields={"conduct": "occupation"})
    _listed(mine)
    mandates.entrust(actor=actor_of(account), identifier=helper, name="陈大海", powers=["see"], lasts="P1M")
    scores.run(actor=SYSTEM)


def change() -> None:
    """All that a person may do, and what was put right; the other one lets a scene rest."""
    from tests.cases.conftest import REVIEWER, SECOND
    from xinlin.office.actions import cases, honours, mandates, objections, people, recordings, repairs
    from xinlin.office.models.mandates import Mandate
    from xinlin.office.models.records import Record
    from xinlin.office.models.staff import Account
    from xinlin.office.queries.staff import actor_of

    mine, other = (actor_of(Account.objects.get(username=name)) for name in ("mine", "stays"))
    honours.hide(actor=mine, reference=Record.objects.get(kind="honour").reference)
    recordings.delete_own(actor=mine, reference=Record.objects.get(kind="volunteer_service").reference)
    recordings.refuse_kind(actor=mine, kind="charitable_donation", delete=False)
    wrong, mended = Record.objects.filter(kind="uncivil_conduct").order_by("-occurred_on")
    number = cases.object_to(actor=mine, reference=wrong.reference, reason="not_me", words="")
    objections.decide(actor=REVIEWER, number=number, outcome="delete", reasons="不是本人")
    objections.sign(actor=SECOND, number=number)
    listed = Record.objects.get(kind="dishonest_judgment_debtor")
    number = cases.object_to(actor=mine, reference=listed.reference, reason="repaired", words="")
    objections.decide(actor=REVIEWER, number=number, outcome="remove_from_list", reasons="已履行")
    if not Record.objects.filter(pk=listed.pk, status="ended").exists():
        objections.sign(actor=SECOND, number=number)
    number = repairs.apply_for(actor=mine, reference=mended.reference, words="", fulfilled=True, committed=True)
    repairs.accept(actor=REVIEWER, number=number)
    repairs.decide(actor=REVIEWER, number=number, outcome="repaired", reasons="已履行")
    mandates.end(actor=mine, number=Mandate.objects.get().number)
    people.leave(actor=mine)
    people.decline(actor=mine)
    people.pause(actor=other)


def look() -> None:
    """What stands now, as JSON."""
    from xinlin.office.models.consents import Declined, Hidden, RecordingRefusal
    from xinlin.office.models.lists import ListEntry
    from xinlin.office.models.mandates import Mandate
    from xinlin.office.models.people import Consent
    from xinlin.office.models.records import Record
    from xinlin.office.models.scores import Score

    held = Consent.objects.filter(withdrawn_at__isnull=True)
    print(
        json.dumps(
            {
                "consents": held.filter(subject__account__username="mine").count(),
                "others": held.filter(subject__account__username="stays", paused_at__isnull=True).count(),
                "figures": Score.objects.filter(subject__account__username="mine").count(),
                "others_figures": Score.objects.filter(subject__account__username="stays").count(),
                "statuses": sorted(Record.objects.values_list("kind", "status")),
                "entries": ListEntry.objects.filter(removed_at__isnull=True).count(),
                "mandates": Mandate.objects.filter(ended_at__isnull=True).count(),
                "refusals": RecordingRefusal.objects.count(),
                "declined": Declined.objects.count(),
                "hidden": Hidden.objects.count(),
            }
        )
    )


if __name__ == "__main__":
    django.setup()
    {"prepare": prepare, "change": change, "look": look}[sys.argv[1]]()
