"""Pages about the resident: home, who looked, me, the green code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from xinlin.core.values import Text
from xinlin.faces.kit import paper
from xinlin.faces.kit.acting import acting
from xinlin.faces.kit.charts import gauge
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office.actions import benefits as benefit_actions
from xinlin.office.queries import benefits, cases, people, scores
from xinlin.office.queries.staff import actor_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Refused, today

SOON: Final = timedelta(days=120)
"""What counts as ending soon on the home page."""
LOOKS: Final = 100
"""Looks on one page."""
ORDINARY: Final = (
    _("办理各类政务事项"),
    _("就医、就学、参保、领取补贴"),
    _("乘公交、进公园、用图书馆"),
    _("查看部门报送的记录，并提出异议"),
)
"""Services that work without a score, named to whoever has none."""


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """The front page: for visitors what this is, for residents their own."""
    if request.user.is_authenticated:
        actor = actor_of(request.user)
        if actor.role != "resident" and acting(request, actor) is None:
            return redirect("/bench/")
        return resident_home(request)
    return render(request, "portal/landing.html", {"offers": current().offers})


@resident_required
def resident_home(request: ActorRequest) -> HttpResponse:
    """The score or the invitation to open it, the four tiles, what ends soon, who looked lately."""
    card, day = scores.mine(actor=request.actor), today()
    ending = [
        line
        for line in (card.lines if card else [])
        if line.points and line.record and line.record.ends_on and line.record.ends_on - day <= SOON
    ]
    return render(
        request,
        "portal/home.html",
        {
            "tab": "home",
            "me": people.me(actor=request.actor),
            "card": card,
            "gauge": card and gauge(card.score, card.minimum, card.maximum, [tier.at_least for tier in card.tiers]),
            "ending": sorted(ending, key=lambda line: str(line.record and line.record.ends_on))[:3],
            "looks": people.looks(actor=request.actor, limit=2, own=False),
            "ordinary": ORDINARY,
            "open_cases": cases.mine(actor=request.actor),
        },
    )


@require_safe
@resident_required
def looks(request: ActorRequest) -> HttpResponse:
    """Who looked: every read of the resident's data, refused ones too, page by page to the first."""
    own, asked = "own" in request.GET, request.GET.get("page", "")
    page = max(1, int(asked)) if asked.isdecimal() and len(asked) < 7 else 1
    context = {
        "tab": "me",
        "looks": people.looks(actor=request.actor, own=own, page=page, limit=LOOKS),
        "own": own,
        "own_count": people.own_looks(actor=request.actor),
        "newer": page - 1,
        "older": page + 1 if people.looks(actor=request.actor, own=own, page=page + 1, limit=LOOKS) else 0,
    }
    return render(request, "portal/looks.html", context)


@require_safe
@resident_required
def me(request: ActorRequest) -> HttpResponse:
    """Name, masked number, assurance, language, look of pages, consents, the way out."""
    context = {"tab": "me", "me": people.me(actor=request.actor), "assurance": request.actor.assurance}
    return render(request, "portal/me.html", context)


@dataclass(frozen=True)
class ShownCode:
    """A code for once on its owner's screen."""

    code: str
    qr: str
    seconds: int
    recipient: Text
    offer_name: Text | None
    leaves: str


def _show(request: ActorRequest) -> ShownCode:
    scene, offer, rulebook = request.POST.get("scene", ""), request.POST.get("offer", ""), current()
    made = benefit_actions.show_code(actor=request.actor, scene=scene, offer=offer)
    return ShownCode(
        code=f"{made.code[:5]} {made.code[5:]}",
        qr=paper.qr(request.build_absolute_uri(f"{reverse('partner:scan')}?code={made.code}"), screen=True),
        seconds=int(benefit_actions.LASTS.total_seconds()),
        recipient=benefits.recipient(scene, offer, rulebook),
        offer_name=rulebook.offers[offer].name if offer else None,
        leaves=rulebook.scenes[scene].leaves,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def code(request: ActorRequest) -> HttpResponse:
    """The green code: held, with its date, or absent; no other colour exists. A code for once, for a scene agreed to.

    Only its owner shows it: no helper stands before a merchant with another's.
    """
    shown, problem = None, None
    if request.method == "POST":
        try:
            shown = _show(request)
        except Refused as refused:
            problem = refused.problem
    me = people.me(actor=request.actor, power="")
    card = scores.mine(actor=request.actor)
    context = {
        "shown": shown,
        "problem": problem,
        "scenes": benefits.scenes_open(actor=request.actor),
        "tab": "home",
        "me": me,
        "card": card,
        "marks": [mark for mark in card.marks if mark.held] if card else [],
        "day": today(),
    }
    return render(request, "portal/code.html", context, status=422 if problem else 200)
