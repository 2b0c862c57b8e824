"""Consent given, resting, refused, and taken back (授权、暂停、拒绝与撤回)."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from xinlin.core.consents import fingerprint, terms_of_scene, terms_of_score, terms_of_trade
from xinlin.core.people import is_adult
from xinlin.core.terms import add_term
from xinlin.core.values import Problem, Text
from xinlin.office.actions.deletions import delete_figures, new_number, receipt, resting_on_consent
from xinlin.office.failpoints import reached
from xinlin.office.farewells import note
from xinlin.office.leaves import write_leaf
from xinlin.office.models.consents import ConsentEvent, Declined, DeletionReceipt
from xinlin.office.models.people import Consent, Subject
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


def _consent(subject: Subject, actor: Actor, step: str, scene: str, terms: dict[str, Any], via: str) -> Consent:
    """A consent row, not yet saved. The receipt's hash covers all that the receipt shows."""
    number, given = f"XC{today():%Y%m%d}-{secrets.token_hex(4).upper()}", now()
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
        terms_sha256=fingerprint(terms, scene),
    )


def _noted(actor: Actor, consents: Iterable[Consent], state: ConsentEvent.State, at: datetime, via: str) -> None:
    """Write down what became of consents; their receipts list it."""
    ConsentEvent.objects.bulk_create(
        [ConsentEvent(consent=consent, at=at, state=state, via=via, actor=actor.handle) for consent in consents]
    )


def _replaced(actor: Actor, consent: Consent, via: str) -> Consent | None:
    """The consent before, ended because it lapsed or its terms changed; what rests on it goes over to the new one."""
    before = (
        Consent.objects.select_for_update()
        .filter(subject=consent.subject, step=consent.step, scene=consent.scene, withdrawn_at__isnull=True)
        .first()
    )
    if before is None:
        return None
    lapsed = before.expires_at is not None and before.expires_at <= consent.given_at
    if not lapsed and before.terms_sha256 == consent.terms_sha256:
        return None
    state = ConsentEvent.State.LAPSED if lapsed else ConsentEvent.State.REPLACED
    before.withdrawn_at = consent.given_at
    before.save(update_fields=["withdrawn_at"])
    _noted(actor, [before], state, consent.given_at, via)
    write_leaf(actor=actor, action=f"people.{state}", table="consent", key=before.number, facts={"by": consent.number})
    return before


def _give(actor: Actor, consent: Consent) -> str:
    """Save the consent with its leaf; a second click answers with the first receipt.

    A consent that rests is taken up again, not given twice.
    """
    try:
        with transaction.atomic():
            before = _replaced(actor, consent, consent.via)
            consent.save()
            _noted(actor, [consent], ConsentEvent.State.GIVEN, consent.given_at, consent.via)
            for model in resting_on_consent() if before is not None else ():
                model._default_manager.filter(consent=before).update(consent=consent)
            Declined.objects.filter(subject=consent.subject, step=consent.step, scene=consent.scene).delete()
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
        if standing.paused_at is not None:
            resume(actor=actor, scene=consent.scene, via=consent.via)
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
    return _give(actor, _consent(subject, actor, Consent.Step.SCORE, "", terms_of_score(notice()), via))


def open_trade(*, actor: Actor, scheme: str, via: str) -> str:
    """Open a trade's score (行业信用分), a consent by itself; returns the receipt number. Raises as `open_score`, and `NotFound`."""
    subject = own_subject(actor)
    chosen = next((one for one in current().trade_schemes_at(today()) if one.code == scheme), None)
    if chosen is None:
        raise NotFound(f"没有名为 {scheme} 的行业分。There is no trade's score {scheme}.")
    if not _adult(subject):
        raise Refused(UNDER_AGE)
    return _give(actor, _consent(subject, actor, Consent.Step.TRADE, scheme, terms_of_trade(chosen, notice()), via))


def open_scene(*, actor: Actor, scene: str, via: str) -> str:
    """Step two: the resident lets one scene use the score; returns the receipt number."""
    subject, rulebook = own_subject(actor), current()
    if scene not in rulebook.scenes:
        raise NotFound(f"没有名为 {scene} 的场景。There is no scene {scene}.")
    chosen = rulebook.scenes[scene]
    consent = _consent(subject, actor, Consent.Step.SCENE, scene, terms_of_scene(chosen, notice()), via)
    consent.expires_at = now() + (add_term(today(), chosen.lasts) - today())
    with transaction.atomic():
        if Consent.Step.SCORE not in {held.step for held in _held(subject)}:
            raise Refused(SCORE_FIRST)
        return _give(actor, consent)


def _held(subject: Subject) -> list[Consent]:
    """The consents not taken back, locked: what opens a scene and what leaves wait for one another."""
    return list(Consent.objects.select_for_update().filter(subject=subject, withdrawn_at__isnull=True))


def _step(scene: str) -> Consent.Step:
    return Consent.Step.SCENE if scene else Consent.Step.SCORE


def _rest(actor: Actor, scene: str, via: str, *, rest: bool) -> bool:
    subject, moment = own_subject(actor), now()
    with transaction.atomic():
        changed = [c for c in _held(subject) if c.scene == scene and (c.paused_at is None) == rest]
        for consent in changed:
            consent.paused_at = moment if rest else None
            consent.save(update_fields=["paused_at"])
            state = ConsentEvent.State.PAUSED if rest else ConsentEvent.State.RESUMED
            _noted(actor, [consent], state, moment, via)
            note([{"what": str(state.value), "number": consent.number, "at": moment.isoformat()}])
            write_leaf(actor=actor, action=f"people.{state}", table="consent", key=consent.number, facts={"at": moment})
    return bool(changed)


def pause(*, actor: Actor, scene: str = "", via: str = "portal") -> bool:
    """Let a consent rest (暂停): nothing is worked out, shown or answered, nothing is deleted. Without a scene: the score.

    Returns whether anything changed.
    """
    return _rest(actor, scene, via, rest=True)


def resume(*, actor: Actor, scene: str = "", via: str = "portal") -> bool:
    """Take up a consent that rests (恢复), under the terms to which it was given. Returns whether anything changed."""
    return _rest(actor, scene, via, rest=False)


def decline(*, actor: Actor, scene: str = "") -> None:
    """Say no for good (拒绝): no page asks again (网络数据安全管理条例 22). Whoever wishes later opens it by themselves."""
    subject = own_subject(actor)
    if scene and scene not in current().scenes:
        raise NotFound(f"没有名为 {scene} 的场景。There is no scene {scene}.")
    with transaction.atomic():
        _row, made = Declined.objects.get_or_create(
            subject=subject, step=_step(scene), scene=scene, defaults={"at": now()}
        )
        if made:
            said = {"subject": subject.identifier_key, "step": str(_step(scene)), "scene": scene}
            note([{"what": "declined", **said, "at": now().isoformat()}])
            facts = {"step": str(_step(scene)), "scene": scene}
            write_leaf(actor=actor, action="people.decline", table="declined", key=subject.pseudonym, facts=facts)


def open_scores_in_bulk(*, actor: Actor, subjects: Iterable[int], via: str) -> int:
    """Enter consents that were given on paper at counters: subject keys of adults; returns how many were new.

    Raises `NotAllowed` for whoever is not of the credit centre, `Refused` where nobody is scored.
    """
    if actor.role not in MAY_ENTER_PAPER:
        raise NotAllowed("只有信用中心可以录入纸面授权。Only the credit centre may enter consents given on paper.")
    if current().scheme_at(today()) is None:
        raise Refused(NO_SCORE)
    terms, noted = terms_of_score(notice()), 0
    standing = set(
        Consent.objects.filter(step=Consent.Step.SCORE, withdrawn_at__isnull=True).values_list("subject_id", flat=True)
    )
    wanted = [key for key in dict.fromkeys(subjects) if key not in standing]
    for start in range(0, len(wanted), 2000):
        people = Subject.objects.filter(pk__in=wanted[start : start + 2000], register=Subject.Register.PERSON)
        rows = [_consent(subject, actor, Consent.Step.SCORE, "", terms, via) for subject in people if _adult(subject)]
        with transaction.atomic():
            Consent.objects.bulk_create(rows)
            _noted(actor, rows, ConsentEvent.State.GIVEN, now(), via)
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


def leave(*, actor: Actor, via: str = "portal") -> Leaving:
    """Take back every consent: all figures of the person are deleted in the same transaction.

    Leaves a signed receipt. Leaving again answers with the last one. Raises `NotFound` for who never gave any.
    """
    subject, moment, number = own_subject(actor, "leave"), now(), new_number()
    with transaction.atomic():
        held = _held(subject)
        if not held:
            return _last_leaving(subject)
        return _ended(actor, subject, held, DeletionReceipt.What.LEAVE, number, moment, via)


def _last_leaving(subject: Subject) -> Leaving:
    last = DeletionReceipt.objects.filter(subject=subject, what=DeletionReceipt.What.LEAVE).order_by("-at").first()
    if last is None:
        raise NotFound("您没有开通评分，没有可以退出的。You never opened a score, so there is nothing to leave.")
    deleted = sum(last.body["rows_deleted"].values())
    return Leaving(last.number, last.at, len(last.body["consents_ended"]), deleted)


def _ended(
    actor: Actor,
    subject: Subject,
    consents: list[Consent],
    what: DeletionReceipt.What,
    number: str,
    moment: datetime,
    via: str,
) -> Leaving:
    """End the consents, delete what rests on them, and keep the signed receipt, in the caller's transaction."""
    ended = Consent.objects.filter(pk__in=[consent.pk for consent in consents]).update(withdrawn_at=moment)
    reached("people.ended")
    given = Consent.objects.filter(subject=subject) if what == DeletionReceipt.What.LEAVE else consents
    tables = delete_figures(given)
    reached("people.figures_deleted")
    _noted(actor, consents, ConsentEvent.State.WITHDRAWN, moment, via)
    numbers = [consent.number for consent in consents]
    note({"what": "consent", "number": one, "at": moment.isoformat()} for one in numbers)
    receipt(actor=actor, subject=subject, what=what, number=number, at=moment, consents=numbers, tables=tables)
    reached("people.receipt_kept")
    return Leaving(number, moment, ended, sum(tables.values()))


def close_scene(*, actor: Actor, scene: str, via: str = "portal") -> str:
    """Take back the consent to one scene; returns the number of the signed receipt, empty where none stood."""
    return _close(actor, Consent.Step.SCENE, scene, via)


def close_trade(*, actor: Actor, scheme: str, via: str = "portal") -> str:
    """Take back the consent to a trade's score and delete its figures; the city's own score stays as it is.

    Returns the number of the signed receipt, empty where none stood.
    """
    return _close(actor, Consent.Step.TRADE, scheme, via)


def _close(actor: Actor, step: Consent.Step, scene: str, via: str) -> str:
    subject, moment, number = own_subject(actor, "leave"), now(), new_number()
    with transaction.atomic():
        held = [consent for consent in _held(subject) if consent.step == step and consent.scene == scene]
        if not held:
            return ""
        return _ended(actor, subject, held, DeletionReceipt.What.SCENE, number, moment, via).number
