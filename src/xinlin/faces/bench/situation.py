"""The four tiles of governance: 预警提醒, 态势分析, 应用场景, 运维管理. Each shows what stands today, no more."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import django
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from xinlin import __version__
from xinlin.core.lint import findings
from xinlin.core.rulebooks import Merchant, Offer, Rulebook, Scene
from xinlin.core.small_cells import SMALLEST_CELL
from xinlin.core.values import Text
from xinlin.faces.kit.basis import BasisView, basis_view
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office import rulebook as books
from xinlin.office.queries import calendars
from xinlin.office.queries import log as log_queries
from xinlin.office.queries import situation as queries
from xinlin.office.scopes import today

CHART_WIDTH, CHART_HEIGHT, CHART_GAP = 720, 180, 8


@dataclass(frozen=True)
class Bar:
    """One month of the chart, in whole drawing units; ``count`` None where the cell is hidden."""

    month: date
    count: int | None
    x: int
    y: int
    width: int
    height: int
    middle: int
    labelled: bool


def bars(months: Sequence[queries.MonthCount]) -> list[Bar]:
    """The months as bars; the highest fills the chart, a hidden cell is drawn as a low dotted one."""
    highest = max((month.count or 0 for month in months), default=0) or 1
    step = CHART_WIDTH // max(1, len(months))
    drawn = []
    for position, month in enumerate(months):
        height = 6 if month.count is None else CHART_HEIGHT * month.count // highest
        height = max(height, 2) if month.count else height
        left = position * step + CHART_GAP // 2
        drawn.append(
            Bar(
                month=month.month,
                count=month.count,
                x=left,
                y=CHART_HEIGHT - height,
                width=step - CHART_GAP,
                height=height,
                middle=left + (step - CHART_GAP) // 2,
                labelled=(len(months) - 1 - position) % 3 == 0,
            )
        )
    return drawn


@staff_required()
@require_GET
def alerts(request: ActorRequest) -> HttpResponse:
    """``/bench/alerts/`` 预警提醒: what is late, broken or waits for a person."""
    return render(request, "bench/alerts.html", {"alerts": queries.alerts(actor=request.actor)})


@staff_required()
@require_GET
def trends(request: ActorRequest) -> HttpResponse:
    """``/bench/trends/`` 态势分析: counts per month, kind and department; no person, no cell under ten."""
    stands = queries.situation(actor=request.actor)
    context = {
        "situation": stands,
        "bars": bars(stands.months),
        "chart_height": CHART_HEIGHT,
        "smallest": SMALLEST_CELL,
        "highest": max((kind.count or 0 for kind in stands.kinds), default=0) or 1,
    }
    return render(request, "bench/trends.html", context)


@dataclass(frozen=True)
class MerchantView:
    """A merchant with its offers in force."""

    merchant: Merchant
    offers: list[tuple[Offer, Text]]
    """Each with the name of the tier or mark from which it opens."""


@dataclass(frozen=True)
class SceneView:
    """A scene with how many people opened it; ``consents`` None where hidden."""

    scene: Scene
    consents: int | None
    basis: BasisView
    offers: int


def _opens_at(rulebook: Rulebook) -> dict[str, Text]:
    scheme = rulebook.scheme_at(today())
    if scheme is None:
        return {}
    return {tier.code: tier.name for tier in scheme.tiers} | {mark.code: mark.name for mark in scheme.marks}


def _merchants(rulebook: Rulebook) -> list[MerchantView]:
    day, named = today(), _opens_at(rulebook)
    held: dict[str, list[tuple[Offer, Text]]] = {code: [] for code in rulebook.merchants}
    for offer in rulebook.offers.values():
        if offer.valid_from <= day < offer.valid_until and offer.merchant in held:
            name = named.get(offer.opens_at, Text(zh=offer.opens_at, en=offer.opens_at))
            held[offer.merchant].append((offer, name))
    return [MerchantView(rulebook.merchants[code], offers) for code, offers in held.items()]


@staff_required()
@require_GET
def scenes(request: ActorRequest) -> HttpResponse:
    """``/bench/scenes/`` 应用场景: scenes, merchants and offers of the rulebook, with counts of open consents."""
    rulebook = books.current()
    counted, merchants = queries.scene_consents(actor=request.actor), _merchants(rulebook)
    standing = [offer for view in merchants for offer, _ in view.offers]
    context = {
        "scenes": [
            SceneView(
                scene=scene,
                consents=counted.get(scene.code, 0),
                basis=basis_view(scene.basis, rulebook),
                offers=sum(offer.scene == scene.code for offer in standing),
            )
            for scene in rulebook.scenes.values()
        ],
        "merchants": merchants,
        "offers": len(standing),
        "score_consents": counted.get("", 0),
        "smallest": SMALLEST_CELL,
    }
    return render(request, "bench/scenes.html", context)


@staff_required()
@require_GET
def operations(request: ActorRequest) -> HttpResponse:
    """``/bench/operations/`` 运维管理: jobs, log head, versions, and whether the rulebook passes its checks."""
    rulebook = books.current()
    scheme = rulebook.scheme_at(today())
    context = {
        "operations": queries.operations(actor=request.actor),
        "head": log_queries.latest(),
        "rulebook": rulebook,
        "scheme": scheme,
        "findings": findings(rulebook),
        "missing_years": calendars.missing_years(),
        "versions": [
            ("Xinlin", __version__),
            ("Django", django.get_version()),
            ("Python", platform.python_version()),
        ],
    }
    return render(request, "bench/operations.html", context)
