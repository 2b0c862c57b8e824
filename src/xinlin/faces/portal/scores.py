"""Pages about the score: the figure, and why it is what it is."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xinlin.faces.kit.charts import gauge, radar, trend, waterfall
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.faces.kit.templatetags.kit import text_filter
from xinlin.office.queries import people, scores


@require_safe
@resident_required
def score(request: ActorRequest) -> HttpResponse:
    """我要查分: gauge, tier, trend, axes, the ladder of tiers, and the records that weigh most."""
    card = scores.mine(actor=request.actor)
    if card is None:
        return render(request, "portal/no_score.html", {"tab": "score", "me": people.me(actor=request.actor)})
    axes = [(text_filter(d.name), d.points, d.floor, d.cap) for d in card.dimensions]
    weighing = [line for line in card.lines if line.record and line.points]
    context = {
        "tab": "score",
        "card": card,
        "gauge": gauge(card.score, card.minimum, card.maximum, [tier.at_least for tier in card.tiers]),
        "radar": radar(axes),
        "trend": trend([*(figure for figure in card.trend if figure[0] < card.as_of), (card.as_of, card.score)]),
        "weighing": sorted(weighing, key=lambda line: -abs(line.points))[:4],
        "count": len(weighing),
        "ladder": list(reversed(card.tiers)),
        "trades": scores.trades(actor=request.actor),
    }
    return render(request, "portal/score.html", context)


@require_safe
@resident_required
def why(request: ActorRequest) -> HttpResponse:
    """The waterfall from the base to the score: every line with its record, and the records that count nothing."""
    card = scores.mine(actor=request.actor)
    if card is None:
        return render(request, "portal/no_score.html", {"tab": "score", "me": people.me(actor=request.actor)})
    counted = [line for line in card.lines if line.points or line.kind == "base"]
    chart = waterfall([line.points for line in counted])
    names = {dimension.code: dimension for dimension in card.dimensions}
    pairs = list(zip(counted, chart.steps, strict=True))
    groups = [
        (names.get(dimension), list(members)) for dimension, members in groupby(pairs, key=lambda p: p[0].dimension)
    ]
    context = {
        "tab": "score",
        "card": card,
        "chart": chart,
        "groups": groups,
        "uncounted": [line for line in card.lines if not line.points and line.kind == "record"],
    }
    return render(request, "portal/why.html", context)
