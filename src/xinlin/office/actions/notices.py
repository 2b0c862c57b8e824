"""Telling people something: the outbox row beside the change, and where they wish to be told (通知)."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping

from django.db import IntegrityError, transaction

from xinlin.core.notices import Fact, filled
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.leaves import write_leaf
from xinlin.office.models.cases import Case
from xinlin.office.models.notices import Contact, Delivery, Message
from xinlin.office.models.people import Subject
from xinlin.office.queries.notices import to
from xinlin.office.queries.people import own_subject
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, Refused, now

LANGUAGES = ("zh-hans", "en")
_ADDRESS = {"sms": re.compile(r"1[3-9][0-9]{9}"), "email": re.compile(r"[^@\s<>]{1,64}@[^@\s<>]{1,190}\.[^@\s<>]{2,}")}


def notify(
    *,
    actor: Actor,
    subject: Subject,
    template: str,
    facts: Mapping[str, Fact],
    case: Case | None = None,
    occasion: str = "",
) -> Message | None:
    """Tell the subject something, in the caller's transaction: what is told and the telling stand or fall together.

    In the app it arrives at once; text message and mail go out by a worker, to whoever has given an address. Returns None
    where the rulebook has no such template, or where ``occasion`` was told before: it is told once, however many workers
    and however often they try. Raises KeyError where a place of the template has no fact.
    """
    words = current().notice_templates.get(template)
    if words is None:
        return None
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{template}: tell inside the transaction of the action (transaction.atomic)")
    moment = now()
    content = {
        language: {
            "title": filled(words.title.in_language(language), facts, language),
            "body": filled(words.body.in_language(language), facts, language),
            "short": filled(words.short.in_language(language), facts, language),
        }
        for language in LANGUAGES
    }
    message = Message(
        number=f"TZ{moment:%Y%m%d}-{secrets.token_hex(8)}",
        subject=subject,
        template=template,
        content_sealed=vault.seal(json.dumps(content, ensure_ascii=False), "message.content"),
        case=case,
        occasion=occasion,
        at=moment,
    )
    try:
        with transaction.atomic():
            message.save()
    except IntegrityError:
        return None
    reached = set(Contact.objects.filter(subject=subject).values_list("channel", flat=True))
    channels = [channel for channel in words.channels if channel in reached]
    if (words.letter_without_contact and not reached) or "letter" in words.channels:
        channels.append("letter")
    Delivery.objects.bulk_create(Delivery(message=message, channel=channel, next_at=moment) for channel in channels)
    write_leaf(
        actor=actor,
        action="notices.notify",
        table="message",
        key=message.number,
        facts={"template": template, "content": message.content_sealed, "channels": channels},
    )
    return message


@transaction.atomic
def read(*, actor: Actor, number: str) -> None:
    """The resident has opened a message to them or to an organisation that they represent. Raises `NotFound` for another's."""
    found = to(actor).filter(number=number)
    if not found.exists():
        raise NotFound("没有这条通知，或它不属于您。There is no such message of yours.")
    found.filter(read_at__isnull=True).update(read_at=now())


@transaction.atomic
def give_contact(*, actor: Actor, channel: str, address: str, language: str) -> None:
    """Say where one wishes to be told; an empty address takes it back. Raises `Refused` for what is none."""
    subject, kept = own_subject(actor), address.strip().replace(" ", "")
    if channel not in _ADDRESS:
        raise NotFound(channel)
    if kept and not _ADDRESS[channel].fullmatch(kept):
        wanted = {
            "sms": Text(zh="请填写 11 位手机号码。", en="Give a mobile number of 11 digits."),
            "email": Text(zh="请填写完整的电子邮箱。", en="Give a whole e-mail address."),
        }
        raise Refused(
            Problem(
                "contact",
                channel,
                Text(zh="联系方式写得不对。", en="This is no address that can be used."),
                wanted[channel],
                raw="",
            )
        )
    Contact.objects.filter(subject=subject, channel=channel).delete()
    if kept:
        Contact.objects.create(
            subject=subject,
            channel=channel,
            address_sealed=vault.seal(kept, "contact.address"),
            language=language if language in LANGUAGES else LANGUAGES[0],
            given_at=now(),
        )
    facts = {"channel": channel, "given": bool(kept)}
    write_leaf(actor=actor, action="notices.contact", table="contact", key=subject.pseudonym, facts=facts)


@transaction.atomic
def printed(*, actor: Actor, number: str) -> None:
    """A letter was printed and posted by the centre. Raises `NotFound`."""
    letter = Delivery.objects.select_for_update().filter(message__number=number, channel="letter").first()
    if actor.role not in ("reviewer", "operator") or letter is None:
        raise NotFound("没有这封信。There is no such letter.")
    letter.state, letter.sent_at, letter.gateway = Delivery.State.SENT, now(), actor.name[:100]
    letter.save(update_fields=["state", "sent_at", "gateway"])
    write_leaf(actor=actor, action="notices.posted", table="message", key=number, facts={})
