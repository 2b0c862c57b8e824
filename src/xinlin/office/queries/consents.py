"""Consents, their receipts, what was refused, and receipts of deletion, as their giver sees them (授权与回执)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from xinlin.core.consents import Difference, Event, Receipt, as_27560, current_terms, differences
from xinlin.office.consent_gate import terms_in_force
from xinlin.office.models.consents import ConsentEvent, Declined, DeletionReceipt
from xinlin.office.models.people import Consent
from xinlin.office.queries.people import own_subject
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotFound, now, today


@dataclass(frozen=True)
class ConsentView:
    """A consent as its giver sees it; also the receipt."""

    number: str
    step: str
    scene: str
    notice: dict[str, Any]
    given_at: datetime
    withdrawn_at: datetime | None
    expires_at: datetime | None
    paused_at: datetime | None
    receipt_sha256: str
    live: bool
    held: bool
    """Not taken back and not over: in force, resting, or waiting to be asked anew."""
    changed: list[Difference]
    """What the city asks for otherwise today; it holds no longer until it is given anew."""
    events: list[Event]
    via: str

    @property
    def state(self) -> str:
        """``live``, ``paused``, ``outdated`` or ``ended``."""
        if self.live:
            return "live"
        if not self.held:
            return "ended"
        return "paused" if self.paused_at else "outdated"


@dataclass(frozen=True)
class DeletionView:
    """A receipt of deletion as its owner sees it."""

    number: str
    what: str
    at: datetime
    consents_ended: list[str]
    rows_deleted: dict[str, int]
    copies_ending: list[dict[str, str]]
    note: str
    deliveries_sealed: list[str]
    """Deliveries whose files stay sealed with rows of the person in them."""

    @property
    def rows(self) -> int:
        """Rows deleted, all tables together."""
        return sum(self.rows_deleted.values())


def _view(consent: Consent, moment: datetime, accepted: set[str]) -> ConsentView:
    held = consent.withdrawn_at is None and (consent.expires_at is None or consent.expires_at > moment)
    standing = consent.terms_sha256 in accepted
    asked = current_terms(current(), today()).get((consent.step, consent.scene))
    return ConsentView(
        number=consent.number,
        step=consent.step,
        scene=consent.scene,
        notice=consent.notice,
        given_at=consent.given_at,
        withdrawn_at=consent.withdrawn_at,
        expires_at=consent.expires_at,
        paused_at=consent.paused_at,
        receipt_sha256=consent.receipt_sha256,
        live=held and standing and consent.paused_at is None,
        held=held,
        changed=differences(consent.notice, asked) if held and asked is not None and not standing else [],
        events=[Event(event.at, event.state, event.via) for event in consent.events.all()],
        via=consent.via,
    )


def mine(*, actor: Actor) -> list[ConsentView]:
    """All consents the resident ever gave, newest first."""
    given = (
        Consent.objects.filter(subject=own_subject(actor, "see"))
        .order_by("-given_at", "-pk")
        .prefetch_related(Prefetch("events", ConsentEvent.objects.order_by("at", "pk")))
    )
    moment, accepted = now(), terms_in_force()
    return [_view(consent, moment, accepted) for consent in given]


def _own(actor: Actor, number: str) -> Consent:
    consent = Consent.objects.filter(subject=own_subject(actor, "see"), number=number).first()
    if consent is None:
        raise NotFound(f"没有编号为 {number} 的回执。There is no receipt {number} of yours.")
    return consent


def receipt(*, actor: Actor, number: str) -> ConsentView:
    """One of the resident's own consents by its receipt number. Raises `NotFound`."""
    return _view(_own(actor, number), now(), terms_in_force())


def portable(*, actor: Actor, number: str) -> dict[str, Any]:
    """The receipt in the shape of ISO/IEC TS 27560, for other systems. Raises `NotFound`."""
    consent = _own(actor, number)
    return as_27560(
        Receipt(
            number=consent.number,
            principal=consent.subject.pseudonym,
            scene=consent.scene,
            terms=consent.notice,
            expires_at=consent.expires_at,
            receipt_sha256=consent.receipt_sha256,
            events=[Event(event.at, event.state, event.via) for event in consent.events.order_by("at", "pk")],
        )
    )


def declined_scenes(*, actor: Actor) -> set[str]:
    """Scenes to which the resident said no; the score's own no is in `Me.standing`."""
    said = Declined.objects.filter(subject=own_subject(actor, "see")).exclude(scene="")
    return set(said.values_list("scene", flat=True))


def _deletion(kept: DeletionReceipt) -> DeletionView:
    body = kept.body
    return DeletionView(
        kept.number,
        kept.what,
        kept.at,
        body["consents_ended"],
        body["rows_deleted"],
        body["copies_ending"],
        kept.note,
        body.get("deliveries_sealed", []),
    )


def deletions(*, actor: Actor) -> list[DeletionView]:
    """Every receipt of deletion that the resident has, newest first."""
    return [
        _deletion(kept) for kept in DeletionReceipt.objects.filter(subject=own_subject(actor, "see")).order_by("-at")
    ]


def deletion(*, actor: Actor, number: str) -> DeletionView:
    """One receipt of deletion. Raises `NotFound`."""
    kept = DeletionReceipt.objects.filter(subject=own_subject(actor, "see"), number=number).first()
    if kept is None:
        raise NotFound(f"没有编号为 {number} 的删除回执。There is no receipt of deletion {number} of yours.")
    return _deletion(kept)
