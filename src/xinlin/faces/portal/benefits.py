"""Pages about benefits: the offers, and the rules by which points are gained."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from xinlin.core.explain import demonstration
from xinlin.core.schemes import Dimension, Indicator
from xinlin.core.values import Text
from xinlin.faces.kit.context import words_of
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.faces.kit.templatetags.kit import text_filter
from xinlin.office.queries import benefits, people, scores
from xinlin.office.queries import deeds as declarable
from xinlin.office.queries.benefits import OfferView
from xinlin.office.rulebook import current
from xinlin.office.scopes import today


@dataclass(frozen=True)
class Shop:
    """A merchant's offers together."""

    merchant: Text
    place: Text
    trade: Text
    offers: list[OfferView]


@dataclass(frozen=True)
class SceneOffers:
    """A scene's shops together, with whether its consent stands."""

    code: str
    name: Text
    open: bool
    shops: list[Shop]
    count: int


def _scenes(offers: list[OfferView]) -> list[SceneOffers]:
    """Offers by scene, then by merchant, both in the order of the rulebook."""
    scenes: dict[str, list[OfferView]] = {}
    for offer in offers:
        scenes.setdefault(offer.scene, []).append(offer)
    grouped = []
    for code, members in scenes.items():
        shops: dict[str, list[OfferView]] = {}
        for offer in members:
            shops.setdefault(offer.merchant.zh, []).append(offer)
        listed = [Shop(found[0].merchant, found[0].place, found[0].trade, found) for found in shops.values()]
        grouped.append(SceneOffers(code, members[0].scene_name, members[0].scene_open, listed, len(members)))
    return grouped


@require_safe
@resident_required
def offers(request: ActorRequest) -> HttpResponse:
    """我要权益: all offers, open or not, with what each needs. Nothing is hidden from anybody."""
    listed = benefits.mine(actor=request.actor)
    scenes, chosen = _scenes(listed), request.GET.get("scene", "")
    context = {
        "tab": "benefits",
        "me": people.me(actor=request.actor),
        "scenes": scenes,
        "shown": [scene for scene in scenes if scene.code == chosen] or scenes,
        "chosen": chosen,
        "count": len(listed),
        "open_count": sum(offer.open for offer in listed),
        "shops": sum(len(scene.shops) for scene in scenes),
        "today": today(),
    }
    return render(request, "portal/benefits.html", context)


@dataclass(frozen=True)
class Rule:
    """One numbered line of the city's published rules (信用N条)."""

    number: int
    dimension: Dimension
    indicator: Indicator
    demonstration: bool
    points: int | None
    """What the resident has from it now; None without a score."""


def invented(indicator: Indicator) -> bool:
    """Whether the indicator or its numbers rest on no published source."""
    return demonstration(indicator.basis) or demonstration(indicator.points_basis)


def _heading(count: int) -> str:
    """How the city calls its list: ``洞头信用18条``; a city without a name for it has plain scoring rules."""
    title = words_of(current()).rules_title
    called = text_filter(title) if title else gettext("评分规则{n}条")
    return called.replace("{n}", str(count))


@require_safe
@resident_required
def deeds(request: ActorRequest) -> HttpResponse:
    """我要加分: the live rules as a plain numbered list, with how points are gained."""
    scheme, card = current().scheme_at(today()), scores.mine(actor=request.actor)
    now: dict[str, int] = {}
    for line in card.lines if card else []:
        now[line.indicator] = now.get(line.indicator, 0) + line.points
    dimensions = scheme.dimensions if scheme else []
    pairs = [(dimension, indicator) for dimension in dimensions for indicator in dimension.indicators]
    rules = [
        Rule(n, dimension, item, invented(item), now.get(item.code, 0) if card else None)
        for n, (dimension, item) in enumerate(pairs, start=1)
    ]
    context = {
        "tab": "home",
        "card": card,
        "rules": rules,
        "groups": [(d, list(g)) for d, g in groupby(rules, key=lambda rule: rule.dimension)],
        "gaining": [rule for rule in rules if rule.indicator.sign == "positive"],
        "heading": _heading(len(rules)),
        "scheme": scheme,
        "sorts": declarable.sorts(actor=request.actor),
    }
    return render(request, "portal/deeds.html", context)
