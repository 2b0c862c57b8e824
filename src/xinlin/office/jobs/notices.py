"""Sends what waits in the outbox, each message once, by the next gateway where one fails (通知发送)."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from xinlin.office import vault
from xinlin.office.gateways import NotDelivered, Parcel, gateways
from xinlin.office.models.notices import Contact, Delivery
from xinlin.office.rulebook import current
from xinlin.office.scopes import now

logger = logging.getLogger(__name__)
SILENT = timedelta(seconds=90)
"""A delivery claimed longer ago than this is claimed anew: its worker died."""
WAITS = (10, 60, 300, 1_800, 7_200)
"""Seconds until the next attempt after each failure; after the last one it has failed."""


def _claim() -> Delivery | None:
    """The next delivery that is due, claimed for this worker."""
    moment = now()
    due = Q(state=Delivery.State.WAITING, next_at__lte=moment)
    lost = Q(state=Delivery.State.SENDING, claimed_at__lt=moment - SILENT)
    with transaction.atomic():
        found = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(due | lost)
            .exclude(channel="letter")
            .select_related("message", "message__subject")
            .order_by("next_at", "pk")
            .first()
        )
        if found is None:
            return None
        found.state, found.claimed_at, found.attempts = Delivery.State.SENDING, moment, found.attempts + 1
        found.save(update_fields=["state", "claimed_at", "attempts"])
        return found


def _parcel(delivery: Delivery) -> Parcel | None:
    contact = Contact.objects.filter(subject=delivery.message.subject, channel=delivery.channel).first()
    if contact is None:
        return None
    content = json.loads(vault.unseal(delivery.message.content_sealed, "message.content"))[contact.language]
    text = content["short"] if delivery.channel == "sms" else content["body"]
    address = vault.unseal(contact.address_sealed, "contact.address")
    return Parcel(f"{delivery.message.number}.{delivery.channel}", address, content["title"], text)


def _send(delivery: Delivery) -> None:
    parcel, ways = _parcel(delivery), gateways(delivery.channel)
    errors = []
    if parcel is None:
        errors.append("the address was taken back")
    elif not ways:
        errors.append("no gateway is set up")
    else:
        for gateway in ways:
            try:
                reference = gateway.send(parcel)
            except NotDelivered as error:
                errors.append(str(error))
                continue
            _settle(
                delivery,
                state=Delivery.State.SENT,
                gateway=gateway.name,
                reference=reference,
                sent_at=now(),
                error="; ".join(errors)[:300],
            )
            return
    said = "; ".join(errors)[:300]
    if parcel is not None and delivery.attempts <= len(WAITS):
        waits = timedelta(seconds=WAITS[delivery.attempts - 1])
        _settle(delivery, state=Delivery.State.WAITING, error=said, next_at=now() + waits)
        return
    with transaction.atomic():
        if _settle(delivery, state=Delivery.State.FAILED, error=said):
            _by_letter(delivery)


def _settle(delivery: Delivery, **values: object) -> bool:
    """Note what came of it, unless this worker was so slow that another has claimed it since; returns whether it was noted."""
    mine = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.SENDING, attempts=delivery.attempts)
    return mine.update(**values) > 0


def _by_letter(delivery: Delivery) -> None:
    """What could be told by no other way is printed and posted, where it must arrive."""
    template = current().notice_templates.get(delivery.message.template)
    others = delivery.message.deliveries.exclude(state=Delivery.State.FAILED)
    if template is not None and template.letter_without_contact and not others.exists():
        Delivery.objects.get_or_create(
            message=delivery.message, channel="letter", defaults={"next_at": now(), "state": Delivery.State.WAITING}
        )


def deliver(limit: int = 200) -> int:
    """Send what is due, at most ``limit`` messages; returns how many were tried. Safe to run in several workers at once."""
    tried = 0
    while tried < limit:
        delivery = _claim()
        if delivery is None:
            break
        _send(delivery)
        tried += 1
    return tried
