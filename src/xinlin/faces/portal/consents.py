"""Pages about consent: what was agreed to, giving, resting, refusing, taking back, and every receipt (授权)."""

from __future__ import annotations

import json

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinlin.core.values import Text
from xinlin.faces.kit import paper
from xinlin.faces.kit.consent_labels import CONSENT_EVENT, CONSENT_STATE, TABLE
from xinlin.faces.kit.gates import ActorRequest, resident_required, vouched_for
from xinlin.faces.kit.labels import LEAVES
from xinlin.faces.kit.templatetags.kit import day, moment, term
from xinlin.office.actions import people as actions
from xinlin.office.actions import recordings as recording_actions
from xinlin.office.queries import consents as queries
from xinlin.office.queries import people, recordings
from xinlin.office.queries.consents import ConsentView
from xinlin.office.rulebook import current
from xinlin.office.scopes import NotFound, Refused


def _via(request: ActorRequest) -> str:
    return "kiosk" if request.session.get("kiosk") else "portal"


@require_safe
@resident_required
def consents(request: ActorRequest) -> HttpResponse:
    """All that the resident agreed to, and what else could be agreed to."""
    given = queries.mine(actor=request.actor)
    held = {consent.scene: consent for consent in given if consent.held}
    scenes = [(scene, held.get(scene.code)) for scene in current().scenes.values()]
    context = {
        "tab": "me",
        "score": held.get(""),
        "scenes": scenes,
        "given": given,
        "deletions": queries.deletions(actor=request.actor),
        "declined": queries.declined_scenes(actor=request.actor),
        "me": people.me(actor=request.actor),
    }
    return render(request, "portal/consents.html", context)


def _held(request: ActorRequest, scene: str) -> ConsentView | None:
    return next((c for c in queries.mine(actor=request.actor) if c.scene == scene and c.held), None)


def _rest(request: ActorRequest, scene: str) -> bool:
    """Pause or resume where the form asks for it; whether it did."""
    if "pause" in request.POST:
        actions.pause(actor=request.actor, scene=scene, via=_via(request))
    elif "resume" in request.POST:
        actions.resume(actor=request.actor, scene=scene, via=_via(request))
    else:
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
@vouched_for("agree")
def open_score(request: ActorRequest) -> HttpResponse:
    """Step one: the whole notice (PIPL 17), and an explicit yes. Saying no costs nothing and is remembered."""
    unread = False
    if request.method == "POST":
        if "decline" in request.POST:
            actions.decline(actor=request.actor)
            return redirect("portal:home")
        if _rest(request, ""):
            return redirect("portal:consents")
        if request.POST.get("agree") == "yes":
            number = actions.open_score(actor=request.actor, via=_via(request))
            return redirect(reverse("portal:receipt", args=[number]) + "?new=1")
        unread = True
    me = people.me(actor=request.actor)
    context = {
        "tab": "score",
        "me": me,
        "notice": None if me.may_open else people.notice(),
        "held": _held(request, ""),
        "unread": unread,
    }
    return render(request, "portal/consent_score.html", context, status=422 if unread else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
@vouched_for("agree")
def open_scene(request: ActorRequest, code: str) -> HttpResponse:
    """Step two: one scene, its recipient, what leaves and for how long; or resting, refusing, taking back."""
    scene = current().scenes.get(code)
    if scene is None:
        raise NotFound(code)
    me, unread = people.me(actor=request.actor), False
    if request.method == "POST":
        if "close" in request.POST:
            number = actions.close_scene(actor=request.actor, scene=code, via=_via(request))
            return redirect("portal:deletion", number=number) if number else redirect("portal:scene", code=code)
        if "decline" in request.POST:
            actions.decline(actor=request.actor, scene=code)
            return redirect("portal:benefits")
        if _rest(request, code):
            return redirect("portal:scene", code=code)
        if request.POST.get("agree") == "yes":
            number = actions.open_scene(actor=request.actor, scene=code, via=_via(request))
            return redirect(reverse("portal:receipt", args=[number]) + "?new=1")
        unread = True
    context = {
        "tab": "benefits",
        "me": me,
        "scene": scene,
        "kinds": [current().kinds[kind].name for kind in scene.kinds if kind in current().kinds],
        "held": _held(request, code),
        "declined": code in queries.declined_scenes(actor=request.actor),
        "unread": unread,
        "notice": people.notice(),
    }
    return render(request, "portal/consent_scene.html", context, status=422 if unread else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def leave(request: ActorRequest) -> HttpResponse:
    """Leaving: says what will be deleted; on POST deletes, and the signed receipt is the next page."""
    if request.method == "POST":
        leaving = actions.leave(actor=request.actor, via=_via(request))
        return redirect("portal:deletion", number=leaving.number)
    context = {"tab": "me", "me": people.me(actor=request.actor, power="leave")}
    context["held"] = [consent for consent in queries.mine(actor=request.actor) if consent.held]
    return render(request, "portal/leave.html", context)


@require_safe
@resident_required
def deletion(request: ActorRequest, number: str) -> HttpResponse:
    """A receipt of deletion: what was deleted, which copies still end, and its signature."""
    shown = queries.deletion(actor=request.actor, number=number)
    return render(request, "portal/deletion.html", {"tab": "me", "receipt": shown})


@require_safe
@resident_required
def deletion_note(request: ActorRequest, number: str) -> HttpResponse:
    """The receipt as a signed note, which anybody can check offline."""
    shown = queries.deletion(actor=request.actor, number=number)
    return paper.download(shown.note, f"{shown.number}.txt", "text/plain; charset=utf-8")


@require_safe
@resident_required
def deletion_pdf(request: ActorRequest, number: str) -> HttpResponse:
    """The receipt of deletion on paper."""
    shown = queries.deletion(actor=request.actor, number=number)
    facts = [
        (_("编号"), shown.number),
        (_("时间"), moment(shown.at)),
        (_("终止的授权"), "、".join(shown.consents_ended)),
        *(
            (_("删除的行") + f" · {TABLE.get(table, table)}", str(rows))
            for table, rows in sorted(shown.rows_deleted.items())
        ),
        *((_("仍加密封存的报送文件"), number) for number in shown.deliveries_sealed),
        *((_("仍将删除的副本") + f" · {copy['name']}", moment(copy["gone_by"])) for copy in shown.copies_ending),
    ]
    made = paper.sheet(
        _("删除回执"), facts, [], shown.at, foot=_("可用公钥离线核验，公钥见 /log/key"), signed=shown.note
    )
    return paper.pdf(made, f"{shown.number}.pdf")


@require_safe
@resident_required
def receipt(request: ActorRequest, number: str) -> HttpResponse:
    """One consent as agreed to, word for word; printable."""
    consent = queries.receipt(actor=request.actor, number=number)
    context = {
        "tab": "me",
        "consent": consent,
        "scene": current().scenes.get(consent.scene),
        "new": "new" in request.GET,
        "scenes": list(current().scenes.values()),
    }
    return render(request, "portal/receipt.html", context)


@require_safe
@resident_required
def receipt_json(request: ActorRequest, number: str) -> HttpResponse:
    """The receipt in the shape of ISO/IEC TS 27560, for other systems."""
    shape = queries.portable(actor=request.actor, number=number)
    return paper.download(json.dumps(shape, ensure_ascii=False, indent=2), f"{number}.json", "application/json")


@require_safe
@resident_required
def receipt_pdf(request: ActorRequest, number: str) -> HttpResponse:
    """The receipt on paper, sealed."""
    consent = queries.receipt(actor=request.actor, number=number)
    agreed = consent.notice
    scored = consent.step == "score"
    words = current().words
    name = (words.score if words else Text(zh="评分", en="Score")) if scored else Text(**agreed["name"])
    facts = [
        (_("授权事项"), paper.said(name)),
        (_("编号"), consent.number),
        (_("状态"), str(CONSENT_STATE[consent.state])),
        (_("到期"), day(consent.expires_at)),
        (_("告知书版本"), agreed["version"]),
        *((str(CONSENT_EVENT[event.state]), moment(event.at)) for event in consent.events),
    ]
    lasts = term(agreed["lasts"]) if "lasts" in agreed else ""
    sections = [
        (_("谁来处理"), [f"{paper.said(agreed['controller'])}  {agreed['contact']}"]),
        (_("交给谁"), [paper.said(agreed.get("recipient"))]),
        (_("为了什么"), [paper.said(agreed["purpose"])]),
        (_("离开平台的只有"), [str(LEAVES[agreed["leaves"]]) if "leaves" in agreed else ""]),
        (_("怎样处理"), [paper.said(agreed.get("method"))]),
        (_("用哪些信息"), [paper.said(agreed["kinds"]) if scored else ""]),
        (_("保存多久"), [paper.said(agreed.get("retention")) or lasts]),
        (_("您的权利"), [paper.said(agreed.get("rights"))]),
        (_("怎样撤回"), [_("登录后“我的”→“退出评分”，或在场景页“撤回授权”，两步完成；窗口同样办理，不收费用。")]),
        (_("回执指纹") + " SHA-256", [consent.receipt_sha256]),
    ]
    last = max([event.at for event in consent.events], default=consent.given_at)
    shown = [section for section in sections if any(section[1])]
    return paper.pdf(paper.sheet(_("授权同意回执"), facts, shown, last), f"{number}.pdf")


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def recording(request: ActorRequest) -> HttpResponse:
    """What a person may refuse to have recorded (深圳 39), kind by kind; refusing may delete what is held."""
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        if "allow" in request.POST:
            recording_actions.allow_kind(actor=request.actor, kind=kind)
        else:
            removed = recording_actions.refuse_kind(
                actor=request.actor, kind=kind, delete=request.POST.get("delete") == "yes"
            )
            if removed is not None:
                return redirect("portal:deletion", number=removed.number)
        return redirect("portal:recording")
    context = {"tab": "me", "choices": recordings.choices(actor=request.actor)}
    return render(request, "portal/recording.html", context)


@require_POST
@resident_required
def delete_record(request: ActorRequest, reference: str) -> HttpResponse:
    """Delete one's own record of a refusable kind, at once; the receipt follows."""
    try:
        removed = recording_actions.delete_own(actor=request.actor, reference=reference)
    except Refused as refused:
        return render(request, "kit/refusal.html", {"problem": refused.problem}, status=422)
    return redirect("portal:deletion", number=removed.number)
