"""Offers as a resident sees them. They see tiers and marks reached, never a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from xinlin.core.explain import demonstration
from xinlin.core.rulebooks import Offer, Rulebook
from xinlin.core.values import Text
from xinlin.office.queries.people import live_consents, own_subject
from xinlin.office.queries.scores import standing
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, today


@dataclass(frozen=True)
class OfferView:
    """An offer, whether it is open to the resident, and what it needs."""

    code: str
    merchant: Text
    place: Text
    trade: Text
    name: Text
    benefit: str
    terms: Text
    valid_until: date
    open: bool
    needs: Text
    scene: str
    scene_name: Text
    scene_open: bool
    demonstration: bool


def _needs(offer: Offer, rulebook: Rulebook, day: date) -> Text:
    """The name of the tier or mark from which the offer opens."""
    scheme = rulebook.scheme_at(day)
    names = {tier.code: tier.name for tier in scheme.tiers} if scheme else {}
    names |= {mark.code: mark.name for mark in scheme.marks} if scheme else {}
    return names.get(offer.opens_at, Text(zh=offer.opens_at, en=offer.opens_at))


def _standing_offers(rulebook: Rulebook, day: date) -> list[Offer]:
    return [offer for offer in rulebook.offers.values() if offer.valid_from <= day < offer.valid_until]


def mine(*, actor: Actor) -> list[OfferView]:
    """All offers that stand today. Without a score, or below the level, they are shown and closed; nothing is hidden."""
    subject, rulebook, day = own_subject(actor, "see"), current(), today()
    level, consents = standing(subject.pk, rulebook, day), live_consents(subject.pk)
    shown = []
    for offer in _standing_offers(rulebook, day):
        merchant, scene = rulebook.merchants[offer.merchant], rulebook.scenes[offer.scene]
        shown.append(
            OfferView(
                code=offer.code,
                merchant=merchant.name,
                place=merchant.place,
                trade=merchant.trade,
                name=offer.name,
                benefit=offer.benefit,
                terms=offer.terms,
                valid_until=offer.valid_until,
                open=level is not None and offer.opens_at in level.reached,
                needs=_needs(offer, rulebook, day),
                scene=offer.scene,
                scene_name=scene.name,
                scene_open=("scene", offer.scene) in consents,
                demonstration=demonstration(offer.basis),
            )
        )
    return shown
