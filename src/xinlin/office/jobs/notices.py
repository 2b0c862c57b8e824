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
            delivery.state, delivery.gateway, delivery.reference = Delivery.State.SENT, gateway.name, reference
            delivery.sent_at, delivery.error = now(), "; ".join(errors)[:300]
            delivery.save()
            return
    delivery.error = "; ".join(errors)[:300]
    if parcel is None or delivery.attempts > len(WAITS):
        delivery.state = Delivery.State.FAILED
    else:
        delivery.state = Delivery.State.WAITING
        delivery.next_at = now() + timedelta(seconds=WAITS[delivery.attempts - 1])
    delivery.save()


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
