"""Reads of notices: one's own messages, where one is told, and letters that wait to be printed (通知)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from xinlin.core.people import mask_name
from xinlin.office import vault
from xinlin.office.models.notices import Contact, Delivery, Message
from xinlin.office.queries.people import own_subject, write_look
from xinlin.office.queries.records import representing
from xinlin.office.scopes import Actor, NotAllowed, NotFound


@dataclass(frozen=True)
class DeliveryView:
    """One way by which a message went out."""

    channel: str
    state: str
    sent_at: datetime | None


@dataclass(frozen=True)
class MessageView:
    """A message as its reader sees it."""

    number: str
    title: str
    body: str
    at: datetime
    organisation: str
    """The organisation that is told; empty for the person's own."""
    read: bool
    case_number: str
    deliveries: list[DeliveryView]


@dataclass(frozen=True)
class ContactView:
    """Where one is told; the middle of the address is hidden."""

    channel: str
    hidden: str


@dataclass(frozen=True)
class Letter:
    """A letter to be printed and posted."""

    number: str
    addressee: str
    title: str
    body: str
    at: datetime


def _content(message: Message, language: str) -> dict[str, str]:
    stored: dict[str, dict[str, str]] = json.loads(vault.unseal(message.content_sealed, "message.content"))
    return stored["en" if language.startswith("en") else "zh-hans"]


def _view(message: Message, language: str) -> MessageView:
    content = _content(message, language)
    return MessageView(
        number=message.number,
        title=content["title"],
        body=content["body"],
        at=message.at,
        organisation=message.subject.public_name,
        read=message.read_at is not None,
        case_number=message.case.number if message.case else "",
        deliveries=[DeliveryView(d.channel, d.state, d.sent_at) for d in message.deliveries.all()],
    )


def to(actor: Actor) -> QuerySet[Message]:
    """Messages to the resident, and to the organisations that they represent today."""
    subject = own_subject(actor)
    return Message.objects.filter(
        Q(subject=subject) | Q(subject__in=representing(subject).values("organisation"))
    ).select_related("case", "subject")


def mine(*, actor: Actor, language: str, limit: int = 100) -> list[MessageView]:
    """The messages to the resident and the organisations that they represent, newest first."""
    found = to(actor).prefetch_related("deliveries")
    return [_view(message, language) for message in found.order_by("-at", "-pk")[:limit]]


def one(*, actor: Actor, number: str, language: str) -> MessageView:
    """One of them. Raises `NotFound` for another's or none."""
    found = to(actor).filter(number=number).first()
    if found is None:
        raise NotFound("没有这条通知，或它不属于您。There is no such message of yours.")
    return _view(found, language)


def unread(*, actor: Actor) -> int:
    """How many of them are not yet read."""
    return to(actor).filter(read_at__isnull=True).count()


def contacts(*, actor: Actor) -> list[ContactView]:
    """Where the resident is told."""
    found = Contact.objects.filter(subject=own_subject(actor)).order_by("channel")
    return [ContactView(c.channel, _hidden(vault.unseal(c.address_sealed, "contact.address"))) for c in found]


def _hidden(address: str) -> str:
    name, at, host = address.partition("@")
    return f"{name[:2]}***{at}{host}" if at else f"{address[:3]}****{address[-4:]}"


def letters(*, actor: Actor, limit: int = 100) -> list[Letter]:
    """Letters that wait to be printed. Reading them is a look at each addressee."""
    if actor.role not in ("reviewer", "operator"):
        raise NotAllowed("信件由信用中心打印。Letters are printed at the credit centre.")
    waiting = Delivery.objects.filter(channel="letter").exclude(state=Delivery.State.SENT)
    rows = list(waiting.select_related("message", "message__subject").order_by("next_at", "pk")[:limit])
    write_look(
        actor=actor,
        subjects=[row.message.subject_id for row in rows],
        purpose=gettext_noop("打印通知信"),
        clause=gettext_noop("深圳经济特区社会信用条例 第六十九条"),
        kinds=[],
        result=gettext_noop("查看待打印的信"),
    )
    found = []
    for row in rows:
        subject, content = row.message.subject, _content(row.message, "zh-hans")
        name = subject.public_name or (vault.unseal(subject.name_sealed, "subject.name") if subject.name_sealed else "")
        found.append(
            Letter(row.message.number, name or mask_name(name), content["title"], content["body"], row.message.at)
        )
    return found
