"""Awards for good faith: put oneself forward, see each step, take certificate and badge away, tick one's name or not (诚信评选)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from xinlin.core.awards import badge, signed_badge
from xinlin.faces.kit import paper
from xinlin.faces.kit.context import words_of
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.faces.kit.templatetags.kit import day, text_filter
from xinlin.office.actions import awards as actions
from xinlin.office.queries import awards as queries
from xinlin.office.rulebook import current
from xinlin.office.scopes import Refused
from xinlin.office.signing import scores_key, sign


@resident_required
@require_GET
def awards(request: ActorRequest) -> HttpResponse:
    """``/awards/``: rounds that are open, and one's own nominations and awards."""
    context = {"rounds": queries.open_rounds(actor=request.actor), "own": queries.mine(actor=request.actor)}
    return render(request, "portal/awards.html", context)


@resident_required
@require_POST
def nominate(request: ActorRequest) -> HttpResponse:
    """Put oneself forward in a round."""
    try:
        actions.nominate(actor=request.actor, round_number=request.POST.get("round", ""))
        messages.success(request, gettext("已报名。评审两方签署后告诉您结果。"))
    except Refused as refused:
        messages.error(request, text_filter(refused.problem.what))
    return redirect("portal:awards")


@resident_required
@require_POST
def change(request: ActorRequest, number: str) -> HttpResponse:
    """Take a nomination back, or tick whether one's name is shown."""
    try:
        if "withdraw" in request.POST:
            actions.withdraw(actor=request.actor, number=number)
            messages.success(request, gettext("已撤回并删除。"))
        else:
            shown = request.POST.get("shown") == "yes"
            actions.show_name(actor=request.actor, number=number, shown=shown)
            messages.success(request, gettext("姓名将公开。") if shown else gettext("姓名不公开。"))
    except Refused as refused:
        messages.error(request, text_filter(refused.problem.what))
    return redirect("portal:awards")


def _criteria(one: queries.NominationView) -> str:
    tier, office = text_filter(one.round.tier), text_filter(one.round.department)
    return gettext("达到“%(tier)s”，本人报名，%(office)s与信用中心共同评审签署。") % {"tier": tier, "office": office}


@resident_required
@require_GET
def certificate(request: ActorRequest, number: str) -> HttpResponse:
    """The certificate on paper, sealed."""
    one = queries.own(actor=request.actor, number=number)
    assert one.decided_at is not None
    facts = [
        (gettext("姓名"), one.name),
        (gettext("称号"), text_filter(one.round.tier)),
        (gettext("编号"), one.number),
        (gettext("报名"), day(one.nominated_at)),
        (gettext("评定"), day(one.decided_at)),
    ]
    signed = [f"{vote.name} · {day(vote.at)}" for vote in one.votes]
    sections = [(gettext("评审签署"), signed), (gettext("怎样评的"), [_criteria(one)])]
    content = paper.sheet(text_filter(one.round.title), facts, sections, one.decided_at, large=True)
    return paper.pdf(content, f"certificate-{one.number}.pdf")


@resident_required
@require_GET
def badge_file(request: ActorRequest, number: str) -> HttpResponse:
    """The award as an Open Badge, signed."""
    one = queries.own(actor=request.actor, number=number)
    assert one.decided_at is not None
    credential = badge(
        number=one.number,
        issuer=text_filter(words_of(current()).centre),
        site=request.build_absolute_uri("/").rstrip("/"),
        title=text_filter(one.round.title),
        criteria=_criteria(one),
        name=one.name,
        awarded_at=one.decided_at.isoformat(),
    )
    return paper.download(signed_badge(credential, scores_key().public, sign), f"badge-{one.number}.jwt", "text/plain")
