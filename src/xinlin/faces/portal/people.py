"""Pages about the resident: home, consent, leaving, receipts, who looked, me, the green code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from xinlin.faces.kit.charts import gauge
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office.actions import people as actions
from xinlin.office.queries import cases, people, scores
from xinlin.office.queries.people import ConsentView
from xinlin.office.queries.staff import actor_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import NotFound, today

VIA: Final = "portal"
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
        if actor_of(request.user).role != "resident":
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
def consents(request: ActorRequest) -> HttpResponse:
    """All that the resident agreed to, and what else could be agreed to."""
    given = people.consents(actor=request.actor)
    live = {consent.scene: consent for consent in given if consent.live}
    scenes = [(scene, live.get(scene.code)) for scene in current().scenes.values()]
    context = {"tab": "me", "score": live.get(""), "scenes": scenes, "given": given}
    return render(request, "portal/consents.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def open_score(request: ActorRequest) -> HttpResponse:
    """Step one: the whole notice (PIPL 17), and an explicit yes. Saying no costs nothing."""
    me, unread = people.me(actor=request.actor), False
    if request.method == "POST":
        if request.POST.get("agree") == "yes":
            number = actions.open_score(actor=request.actor, via=VIA)
            return redirect(reverse("portal:receipt", args=[number]) + "?new=1")
        unread = True
    context = {
        "tab": "score",
        "me": me,
        "notice": None if me.may_open else people.notice(),
        "unread": unread,
    }
    return render(request, "portal/consent_score.html", context, status=422 if unread else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def open_scene(request: ActorRequest, code: str) -> HttpResponse:
    """Step two: one scene, its recipient, what leaves and for how long; or taking that consent back."""
    scene = current().scenes.get(code)
    if scene is None:
        raise NotFound(code)
    me, unread = people.me(actor=request.actor), False
    if request.method == "POST":
        if "close" in request.POST:
            actions.close_scene(actor=request.actor, scene=code)
            return redirect("portal:scene", code=code)
        if request.POST.get("agree") == "yes":
            number = actions.open_scene(actor=request.actor, scene=code, via=VIA)
            return redirect(reverse("portal:receipt", args=[number]) + "?new=1")
        unread = True
    given = [c for c in people.consents(actor=request.actor) if c.scene == code]
    context = {
        "tab": "benefits",
        "me": me,
        "scene": scene,
        "kinds": [current().kinds[kind].name for kind in scene.kinds if kind in current().kinds],
        "live": next((consent for consent in given if consent.live), None),
        "unread": unread,
        "notice": people.notice(),
    }
    return render(request, "portal/consent_scene.html", context, status=422 if unread else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def leave(request: ActorRequest) -> HttpResponse:
    """Leaving: says what will be deleted; on POST deletes and keeps the receipt for the next page."""
    if request.method == "POST":
        if people.me(actor=request.actor).score_open:
            leaving = actions.leave(actor=request.actor)
            request.session["leaving"] = {
                "number": leaving.number,
                "at": leaving.at.isoformat(),
                "consents_ended": leaving.consents_ended,
                "rows_deleted": leaving.rows_deleted,
            }
        return redirect("portal:left")
    context = {"tab": "me", "me": people.me(actor=request.actor), "live": _live(request)}
    return render(request, "portal/leave.html", context)


def _live(request: ActorRequest) -> list[ConsentView]:
    return [consent for consent in people.consents(actor=request.actor) if consent.live]


@require_safe
@resident_required
def left(request: ActorRequest) -> HttpResponse:
    """The receipt of deletion, shown while the session lasts."""
    receipt: dict[str, Any] | None = request.session.get("leaving")
    if receipt is None:
        return redirect("portal:leave")
    return render(request, "portal/left.html", {"tab": "me", "receipt": receipt})


@require_safe
@resident_required
def receipt(request: ActorRequest, number: str) -> HttpResponse:
    """One consent as agreed to, word for word; printable."""
    consent = people.receipt(actor=request.actor, number=number)
    scene = current().scenes.get(consent.scene)
    context = {
        "tab": "me",
        "consent": consent,
        "scene": scene,
        "new": "new" in request.GET,
        "scenes": list(current().scenes.values()),
    }
    return render(request, "portal/receipt.html", context)


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


@require_safe
@resident_required
def code(request: ActorRequest) -> HttpResponse:
    """The green code: held, with its date, or absent. No other colour exists."""
    card = scores.mine(actor=request.actor)
    context = {
        "tab": "home",
        "me": people.me(actor=request.actor),
        "card": card,
        "marks": [mark for mark in card.marks if mark.held] if card else [],
        "day": today(),
    }
    return render(request, "portal/code.html", context)
