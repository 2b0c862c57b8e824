"""Offers as a resident sees them. They see tiers and marks reached, never a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext_noop

from xinlin.core.explain import demonstration
from xinlin.core.rulebooks import Offer, Rulebook
from xinlin.core.values import Text
from xinlin.office.queries.people import live_consents, own_subject
from xinlin.office.queries.scores import standing
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, now, today


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


@dataclass(frozen=True)
class Answered:
    """What a recipient learns from a code: yes or no, a tier, or a score, as the consent named; never who."""

    leaves: str
    said: Text
    yes: bool | None
    """For yes or no: which; None where a tier or a score was agreed to."""
    scene_name: Text
    offer_name: Text | None
    recipient: Text
    at: datetime


@dataclass(frozen=True)
class SceneChoice:
    """A scene in which the resident may show a code."""

    code: str
    name: Text
    recipient: Text
    leaves: str


YES, NO = Text(zh=gettext_noop("可享受"), en="Yes"), Text(zh=gettext_noop("不可享受"), en="No")


def recipient(scene: str, offer: str, rulebook: Rulebook) -> Text:
    """Who is shown a code in the scene: the offer's merchant, else whom the scene names."""
    if offer in rulebook.offers:
        return rulebook.merchants[rulebook.offers[offer].merchant].name
    return rulebook.scenes[scene].recipient if scene in rulebook.scenes else Text(zh=scene, en=scene)


def _answers(scene: str, offer: str, rulebook: Rulebook, day: date) -> list[str]:
    """The tiers or marks of which one must be reached for a yes: the offer's, any offer's of the scene, else any mark."""
    offers = [one for one in _standing_offers(rulebook, day) if one.scene == scene]
    if offer:
        return [one.opens_at for one in offers if one.code == offer]
    scheme = rulebook.scheme_at(day)
    return [one.opens_at for one in offers] or [mark.code for mark in (scheme.marks if scheme else [])]


def answerable(scene: str, offer: str) -> bool:
    """Whether a code of the scene could be answered today: a yes or no needs something to say yes to."""
    rulebook, day = current(), today()
    return rulebook.scenes[scene].leaves != "yes_or_no" or bool(_answers(scene, offer, rulebook, day))


def answer_for(subject_id: int, scene: str, offer: str, leaves: str) -> Answered:
    """What leaves the platform, as ``leaves`` of the consent says. The caller has seen that both consents stand, and writes the look."""
    rulebook, day = current(), today()
    level = standing(subject_id, rulebook, day)
    yes = None
    if leaves == "yes_or_no":
        yes = level is not None and any(code in level.reached for code in _answers(scene, offer, rulebook, day))
        said = YES if yes else NO
    elif leaves == "tier":
        said = level.tier if level else NO
    else:
        said = Text(zh=str(level.score), en=str(level.score)) if level else NO
    return Answered(
        leaves=leaves,
        said=said,
        yes=yes,
        scene_name=rulebook.scenes[scene].name,
        offer_name=rulebook.offers[offer].name if offer in rulebook.offers else None,
        recipient=recipient(scene, offer, rulebook),
        at=now(),
    )


def scenes_open(*, actor: Actor) -> list[SceneChoice]:
    """The scenes to which the resident agreed and in which a code can be shown today."""
    consents, rulebook = live_consents(own_subject(actor, "see").pk), current()
    if ("score", "") not in consents:
        return []
    return [
        SceneChoice(code, scene.name, scene.recipient, scene.leaves)
        for code, scene in rulebook.scenes.items()
        if ("scene", code) in consents and answerable(code, "")
    ]
