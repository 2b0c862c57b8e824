"""After a restore: what people took back or had deleted since the backup is taken back and deleted again (恢复后重办)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from xinlin.office.actions.deletions import delete_figures
from xinlin.office.farewells import noted
from xinlin.office.leaves import write_leaf
from xinlin.office.models.consents import ConsentEvent, RecordingRefusal
from xinlin.office.models.people import Consent
from xinlin.office.models.records import Record
from xinlin.office.scopes import Actor, NotAllowed, now


@dataclass(frozen=True)
class Settled:
    """How much a restored backup would have revived."""

    consents: int
    figures: int
    records: int


@transaction.atomic
def settle(*, actor: Actor) -> Settled:
    """End every consent and delete every record that the notes outside the database name. Again changes nothing.

    Raises `NotAllowed` for anybody but the system.
    """
    if actor.role != "system":
        raise NotAllowed("只有系统执行。Only the system does this.")
    lines = list(noted())
    numbers = {line["number"] for line in lines if line.get("what") == "consent" and "number" in line}
    revived = list(Consent.objects.select_for_update().filter(number__in=numbers, withdrawn_at__isnull=True))
    moment = now()
    Consent.objects.filter(pk__in=[consent.pk for consent in revived]).update(withdrawn_at=moment)
    ConsentEvent.objects.bulk_create(
        ConsentEvent(consent=consent, at=moment, state=ConsentEvent.State.WITHDRAWN, via="restore", actor=actor.handle)
        for consent in revived
    )
    ended = Consent.objects.filter(number__in=numbers)
    figures = sum(delete_figures(ended).values())
    records = 0
    for line in lines:
        if line.get("what") != "record":
            continue
        # one that was sent anew after the person allowed it again is another record
        held = Record.objects.filter(kind=line["kind"], fingerprint=line["fingerprint"], subject__isnull=False)
        for record in held.filter(entered_at__lte=datetime.fromisoformat(line["at"])):
            RecordingRefusal.objects.get_or_create(
                subject=record.subject, kind=record.kind, fingerprint=record.fingerprint, defaults={"at": moment}
            )
            record.evidence.all().delete()
            record.delete()
            records += 1
    settled = Settled(len(revived), figures, records)
    if revived or figures or records:
        facts = {"consents": settled.consents, "figures": figures, "records": records}
        write_leaf(actor=actor, action="people.settle", table="consent", key="restore", facts=facts)
    return settled
