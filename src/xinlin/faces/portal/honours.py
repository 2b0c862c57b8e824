"""Pages of what speaks for a person: the card, and honours with issuer and evidence (信用卡片, 荣誉与善行)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import groupby

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from xinlin.core.people import mask_name
from xinlin.faces.kit.context import words_of
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.faces.kit.templatetags.kit import day, text_filter
from xinlin.office.actions import honours as actions
from xinlin.office.queries import honours as queries
from xinlin.office.queries import people, scores
from xinlin.office.rulebook import current
from xinlin.office.scopes import today


def _title() -> str:
    return _("%(product)s信用卡片") % {"product": text_filter(words_of(current()).product)}


def _midnight() -> datetime:
    """The end of today in the city's time zone."""
    tomorrow = today() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=timezone.get_current_timezone())


@require_safe
@resident_required
def card(request: ActorRequest) -> HttpResponse:
    """The card of whoever opened a score: name, level, day, and that it is no identity document. Nobody else has one.

    No helper carries another's.
    """
    me, held = people.me(actor=request.actor, power=""), scores.mine(actor=request.actor)
    kept = held and {
        "city": text_filter(words_of(current()).city),
        "title": _title(),
        "name": mask_name(me.name),
        "tier": text_filter(held.tier.name),
        "day": day(held.as_of),
        "says": _("当日有效，不是身份证件"),
        "until": _midnight().isoformat(),
    }
    shown = [one for one in queries.mine(actor=request.actor) if not one.hidden] if held else []
    context = {
        "tab": "me",
        "card": held,
        "me": me,
        "title": _title(),
        "kept": json.dumps(kept, ensure_ascii=False),
        "honours_shown": len(shown),
    }
    return render(request, "portal/card.html", context)


@require_safe
@resident_required
def honours(request: ActorRequest) -> HttpResponse:
    """Everything that speaks for the resident, by year; each can be hidden. ``?shown`` is what others are shown."""
    found, only_shown = queries.mine(actor=request.actor), "shown" in request.GET
    listed = [one for one in found if not (only_shown and one.hidden)]
    years = [(year, list(members)) for year, members in groupby(listed, key=lambda one: one.record.occurred_on.year)]
    context = {
        "tab": "me",
        "me": people.me(actor=request.actor),
        "years": years,
        "count": len(found),
        "hidden": sum(one.hidden for one in found),
        "only_shown": only_shown,
        "own": request.actor.role == "resident",
    }
    return render(request, "portal/honours.html", context)


@require_POST
@resident_required
def hide(request: ActorRequest, reference: str) -> HttpResponse:
    """Hide one, or show it again."""
    change = actions.show if "show" in request.POST else actions.hide
    change(actor=request.actor, reference=reference)
    return redirect("portal:honours")
