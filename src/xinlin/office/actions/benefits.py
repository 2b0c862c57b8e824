"""Codes for once: their owner shows one, the recipient learns what the scene's consent names, and nothing else (一次性码)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop

from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.leaves import write_leaf
from xinlin.office.models.benefits import SceneCode
from xinlin.office.models.people import Consent, Subject
from xinlin.office.queries.benefits import Answered, answer_for, answerable, recipient
from xinlin.office.queries.people import live_consents, own_subject, write_look
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, Refused, now

LASTS = timedelta(seconds=60)
"""How long a code may be shown: long enough to be scanned or typed, too short to be passed on."""
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters and digits that nobody mistakes for one another."""
LENGTH = 10
"""Fifty bits: nobody guesses a code within the minute of its life."""
NOT_OPEN = Problem(
    code="scene_not_open",
    where="scene",
    what=Text(zh="评分或这个场景没有开通，或正在暂停。", en="The score or this scene is not open, or rests."),
    cure=Text(zh="先在授权管理里授权这个场景；不授权不影响办事。", en="Agree to the scene first, if you wish; nothing ordinary depends on it."),
)  # fmt: skip
NOTHING_TO_ASK = Problem(
    code="nothing_to_ask",
    where="scene",
    what=Text(zh="这个场景今天没有可以核验的礼遇。", en="Nothing can be asked about in this scene today."),
    cure=Text(zh="换一个场景，或等礼遇开始。", en="Choose another scene, or wait until an offer begins."),
)
SPENT = Problem(
    code="code_spent",
    where="code",
    what=Text(zh="没有这个码，或者它已经用过、过期、被收回。", en="There is no such code, or it was used, ran out, or was taken back."),
    cure=Text(zh="请对方再出示一个新的码，60 秒内有效。", en="Ask its owner for a new one; each holds for 60 seconds."),
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A new code as its owner sees it, once."""

    code: str
    ends_at: datetime


def plain(code: str) -> str:
    """A code as it was made, whatever spaces, dashes and small letters it was typed with."""
    return "".join(letter for letter in code.upper() if letter in ALPHABET)


def _key(code: str) -> str:
    return vault.keyed_hash("scene_code", plain(code))


def show_code(*, actor: Actor, scene: str, offer: str = "") -> Shown:
    """Make a code for one question in the scene; an earlier one that was not used is void. Only the person themselves may.

    With ``offer`` it answers about that offer alone. Raises `NotFound`, `NotAllowed`, `Refused` where a consent is missing.
    """
    subject, rulebook, moment = own_subject(actor), current(), now()
    if scene not in rulebook.scenes or (
        offer and (offer not in rulebook.offers or rulebook.offers[offer].scene != scene)
    ):
        raise NotFound("没有这个场景或这项礼遇。There is no such scene or offer.")
    with transaction.atomic():
        Subject.objects.select_for_update().get(pk=subject.pk)
        held = live_consents(subject.pk)
        if ("score", "") not in held or ("scene", scene) not in held:
            raise Refused(NOT_OPEN)
        if not answerable(scene, offer):
            raise Refused(NOTHING_TO_ASK)
        SceneCode.objects.filter(subject=subject, scene=scene).delete()
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        made = SceneCode.objects.create(
            code_key=_key(code),
            subject=subject,
            consent=held["scene", scene],
            scene=scene,
            offer=offer,
            made_at=moment,
            ends_at=moment + LASTS,
        )
        write_leaf(
            actor=actor, action="benefits.show_code", table="scene_code", key=made.code_key, facts={"scene": scene}
        )
    return Shown(code, made.ends_at)


def answer_code(*, actor: Actor, code: str) -> Answered:
    """Answer whoever was shown the code: once, and what the consent names. The owner sees that it was asked, by whom, and what left.

    The code names its recipient; who typed it in need not sign in. Raises `Refused`, in the same words for every code that does not answer.
    """
    moment = now()
    with transaction.atomic():
        row = (
            SceneCode.objects.select_for_update()
            .filter(code_key=_key(code), answered_at=None, ends_at__gt=moment)
            .first()
        )
        held = live_consents(row.subject_id) if row else {}
        standing = row is not None and held.get(("scene", row.scene)) == row.consent and ("score", "") in held
        if row is None or not standing:
            raise Refused(SPENT)
        answered = _answer(actor=actor, row=row, consent=row.consent)
    return answered


def _answer(*, actor: Actor, row: SceneCode, consent: Consent) -> Answered:
    name = recipient(row.scene, row.offer, current())
    asker = Actor(f"recipient:{row.scene}:{row.offer}"[:64], name.zh[:100], "recipient")
    answered = answer_for(row.subject_id, row.scene, row.offer, consent.notice["leaves"])
    SceneCode.objects.filter(pk=row.pk).update(answered_at=now())
    write_look(
        actor=asker,
        subjects=[row.subject_id],
        purpose=gettext_noop("您出示一次性码，对方核验"),
        clause=consent.number,
        kinds=[],
        result=answered.said.zh,
    )
    facts = {"scene": row.scene, "offer": row.offer, "leaves": answered.leaves}
    write_leaf(actor=actor, action="benefits.answer_code", table="scene_code", key=row.code_key, facts=facts)
    return answered
