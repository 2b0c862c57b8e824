"""Consent given, and taken back (授权与撤回)."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from xinlin.core.people import is_adult
from xinlin.core.rulebooks import Notice, Scene
from xinlin.core.terms import add_term
from xinlin.core.values import Problem, Text
from xinlin.office.leaves import write_leaf
from xinlin.office.models.people import Consent, Subject
from xinlin.office.models.scores import Score
from xinlin.office.queries.people import NO_SCORE, UNDER_AGE, notice, own_subject
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today


@dataclass(frozen=True)
class Leaving:
    """The receipt of leaving: which consents ended and how many score rows were deleted with them."""

    number: str
    at: datetime
    consents_ended: int
    rows_deleted: int


MAY_ENTER_PAPER = frozenset({"system", "operator", "reviewer"})

SCORE_FIRST = Problem(
    code="score_first",
    where="consent",
    what=Text(zh="尚未开通信用分。", en="Your score is not open."),
    cure=Text(zh="请先同意开通信用分，再授权具体场景。", en="Open the score first, then agree to a scene."),
)


def _number(prefix: str) -> str:
    return f"{prefix}{today():%Y%m%d}-{secrets.token_hex(4).upper()}"


def _score_notice(text: Notice) -> dict[str, Any]:
    """The whole notice as agreed to (个人信息保护法 17): what stays with the consent for ever."""
    return {"step": "score", **text.model_dump(mode="json", exclude={"basis"})}


def _scene_notice(scene: Scene, text: Notice) -> dict[str, Any]:
    """The second notice (个人信息保护法 23): recipient, purpose, what leaves, how long."""
    return {
        "step": "scene",
        "version": text.version,
        "controller": text.controller.model_dump(mode="json"),
        "contact": text.contact,
        **scene.model_dump(mode="json", exclude={"basis", "code"}),
    }


def _consent(subject: Subject, actor: Actor, step: str, scene: str, terms: dict[str, Any], via: str) -> Consent:
    """A consent row, not yet saved. The receipt's hash covers all that the receipt shows."""
    number, given = _number("XC"), now()
    receipt = {
        "number": number,
        "step": step,
        "scene": scene,
        "given_at": given.isoformat(),
        "via": via,
        "notice": terms,
    }
    canonical = json.dumps(receipt, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Consent(
        number=number,
        subject=subject,
        step=step,
        scene=scene,
        notice_version=terms["version"],
        notice=terms,
        given_at=given,
        via=via,
        assurance=actor.assurance,
        receipt_sha256=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def _give(actor: Actor, consent: Consent) -> str:
    """Save the consent with its leaf; a second click answers with the first receipt."""
    try:
        with transaction.atomic():
            consent.save()
            write_leaf(
                actor=actor,
                action="people.consent",
                table="consent",
                key=consent.number,
                facts={"receipt_sha256": consent.receipt_sha256, "step": consent.step, "scene": consent.scene},
            )
    except IntegrityError:
        standing = Consent.objects.get(
            subject=consent.subject, step=consent.step, scene=consent.scene, withdrawn_at__isnull=True
        )
        return standing.number
    return consent.number


def _adult(subject: Subject) -> bool:
    return subject.born_on is not None and is_adult(subject.born_on, today())


def open_score(*, actor: Actor, via: str) -> str:
    """Step one: the resident opens their score; returns the receipt number. Raises `Refused` under 18 or without a scheme."""
    subject = own_subject(actor)
    if current().scheme_at(today()) is None:
        raise Refused(NO_SCORE)
    if not _adult(subject):
        raise Refused(UNDER_AGE)
    return _give(actor, _consent(subject, actor, Consent.Step.SCORE, "", _score_notice(notice()), via))


def open_scene(*, actor: Actor, scene: str, via: str) -> str:
    """Step two: the resident lets one scene use the score; returns the receipt number."""
    subject, rulebook = own_subject(actor), current()
    if scene not in rulebook.scenes:
        raise NotFound(f"没有名为 {scene} 的场景。There is no scene {scene}.")
    chosen = rulebook.scenes[scene]
    consent = _consent(subject, actor, Consent.Step.SCENE, scene, _scene_notice(chosen, notice()), via)
    consent.expires_at = now() + (add_term(today(), chosen.lasts) - today())
    with transaction.atomic():
        if Consent.Step.SCORE not in {held.step for held in _held(subject)}:
            raise Refused(SCORE_FIRST)
        lapsed = Consent.objects.filter(
            subject=subject, step=Consent.Step.SCENE, scene=scene, withdrawn_at__isnull=True, expires_at__lte=now()
        ).update(withdrawn_at=now())
        if lapsed:
            write_leaf(actor=actor, action="people.lapse_scene", table="consent", key=scene, facts={"ended": lapsed})
        return _give(actor, consent)


def _held(subject: Subject) -> list[Consent]:
    """The consents not taken back, locked: what opens a scene and what leaves wait for one another."""
    return list(Consent.objects.select_for_update().filter(subject=subject, withdrawn_at__isnull=True))


def open_scores_in_bulk(*, actor: Actor, subjects: Iterable[int], via: str) -> int:
    """Enter consents that were given on paper at counters: subject keys of adults; returns how many were new.

    Raises `NotAllowed` for whoever is not of the credit centre, `Refused` where nobody is scored.
    """
    if actor.role not in MAY_ENTER_PAPER:
        raise NotAllowed("只有信用中心可以录入纸面授权。Only the credit centre may enter consents given on paper.")
    if current().scheme_at(today()) is None:
        raise Refused(NO_SCORE)
    terms, noted = _score_notice(notice()), 0
    standing = set(
        Consent.objects.filter(step=Consent.Step.SCORE, withdrawn_at__isnull=True).values_list("subject_id", flat=True)
    )
    wanted = [key for key in dict.fromkeys(subjects) if key not in standing]
    for start in range(0, len(wanted), 2000):
        people = Subject.objects.filter(pk__in=wanted[start : start + 2000], register=Subject.Register.PERSON)
        rows = [_consent(subject, actor, Consent.Step.SCORE, "", terms, via) for subject in people if _adult(subject)]
        with transaction.atomic():
            Consent.objects.bulk_create(rows)
            digest = hashlib.sha256("".join(row.receipt_sha256 for row in rows).encode()).hexdigest()
            write_leaf(
                actor=actor,
                action="people.consent_on_paper",
                table="consent",
                key=rows[0].number if rows else "none",
                facts={"receipts_sha256": digest, "count": len(rows)},
            )
        noted += len(rows)
    return noted


def leave(*, actor: Actor) -> Leaving:
    """Take back every consent: all scores of the person are deleted in the same transaction."""
    subject, moment, number = own_subject(actor), now(), _number("XL")
    with transaction.atomic():
        _held(subject)
        ended = Consent.objects.filter(subject=subject, withdrawn_at__isnull=True).update(withdrawn_at=moment)
        deleted, _by_table = Score.objects.filter(subject=subject).delete()
        write_leaf(
            actor=actor,
            action="people.leave",
            table="consent",
            key=number,
            facts={"consents_ended": ended, "rows_deleted": deleted, "at": moment.isoformat()},
        )
    return Leaving(number, moment, ended, deleted)


def close_scene(*, actor: Actor, scene: str) -> int:
    """Take back the consent to one scene; returns how many ended (0 where none stood)."""
    subject, moment = own_subject(actor), now()
    with transaction.atomic():
        ended = Consent.objects.filter(
            subject=subject, step=Consent.Step.SCENE, scene=scene, withdrawn_at__isnull=True
        ).update(withdrawn_at=moment)
        if ended:
            write_leaf(actor=actor, action="people.close_scene", table="consent", key=scene, facts={"ended": ended})
    return ended
