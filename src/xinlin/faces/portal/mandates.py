"""Pages about acting for each other: whom one lets help, whom one helps (代办)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from xinlin.core.mandates import ENTRUSTED, LASTS
from xinlin.faces.kit import acting, paper
from xinlin.faces.kit.consent_labels import SCORE_STANDING
from xinlin.faces.kit.gates import ActorRequest, resident_required, vouched_for
from xinlin.faces.kit.labels import CASE_KIND, CASE_STATE, STATUS
from xinlin.faces.kit.paper import said
from xinlin.faces.kit.templatetags.kit import day
from xinlin.office.actions import mandates as actions
from xinlin.office.queries import cases, people, records, scores
from xinlin.office.queries import mandates as queries
from xinlin.office.queries.records import RecordView
from xinlin.office.queries.scores import Card
from xinlin.office.scopes import NotFound, Refused, now

LOOKS = 12
"""Looks of others on the letter; all of them are in the report."""


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
@vouched_for("identifier")
def helpers(request: ActorRequest) -> HttpResponse:
    """Who may act for the resident; one tap ends it. Below: let somebody help, by number and name."""
    problem = None
    if request.method == "POST":
        try:
            if "end" in request.POST:
                actions.end(actor=request.actor, number=request.POST["end"])
            else:
                actions.entrust(
                    actor=request.actor,
                    identifier=request.POST.get("identifier", ""),
                    name=request.POST.get("name", ""),
                    powers=request.POST.getlist("power"),
                    lasts=request.POST.get("lasts", ""),
                )
        except Refused as refused:
            problem = refused.problem
        else:
            return redirect("portal:helpers")
    context = {
        "tab": "me",
        "given": queries.given(actor=request.actor),
        "held": queries.held(actor=request.actor),
        "powers": ENTRUSTED,
        "lasts": LASTS,
        "problem": problem,
        "typed": request.POST if problem else {},
        "chosen": request.POST.getlist("power") if problem else [],
    }
    return render(request, "portal/helpers.html", context, status=422 if problem else 200)


@require_POST
@resident_required
def help_out(request: ActorRequest) -> HttpResponse:
    """Begin to act for somebody who entrusted the resident, or give that up."""
    number = request.POST.get("number", "")
    if "give_up" in request.POST:
        actions.give_up(actor=request.actor, number=number)
        return redirect("portal:helpers")
    if queries.acting(actor=request.actor, number=number) is None:
        raise NotFound(number)
    acting.begin(request, number)
    return redirect("portal:home")


def _listed(record: RecordView, points: int | None) -> str:
    """One record as a line of the letter; with its points where there is a score."""
    parts = [
        said(record.kind_name),
        said(record.department_name),
        day(record.occurred_on),
        str(STATUS[record.said_status]),
    ]
    if points:
        parts.append(ngettext("%(n)s 分", "%(n)s 分", abs(points)) % {"n": f"{points:+d}"})
    return _("，").join(parts)


def _scored(card: Card) -> list[str]:
    """The score and what it is made of; the lines sum to it, as on the screen."""
    parts = [_("基础分 %(n)s") % {"n": card.base}] if card.base else []
    parts += [f"{said(dimension.name)} {dimension.points:+d}" for dimension in card.dimensions]
    return [f"{card.score} {said(card.unit)}{_('，')}{said(card.tier.name)}", _("，").join(parts)]


@require_http_methods(["GET", "HEAD"])
@resident_required
def letter(request: ActorRequest) -> HttpResponse:
    """What stands about the person today, as a letter in large type: score and why, records, open cases, who looked, rights."""
    me, held = people.me(actor=request.actor), records.mine(actor=request.actor)
    card, seen = scores.mine(actor=request.actor), people.looks(actor=request.actor, limit=LOOKS, own=False)
    at = now().replace(microsecond=0)
    filed = [case for case in cases.mine(actor=request.actor) if case.state != "closed"]
    points = {line.record.reference: line.points for line in card.lines if line.record} if card else {}
    lines = [_listed(record, points.get(record.reference)) for record in held]
    looked = [
        _("，").join((day(look.at), said(look.department_name) or look.actor_name, look.purpose, look.result))
        for look in seen
    ]
    waiting = [
        _("%(kind)s %(number)s：%(state)s，%(day)s前答复")
        % {
            "kind": CASE_KIND[case.kind],
            "number": case.number,
            "state": CASE_STATE[case.state],
            "day": day(case.due_on),
        }
        for case in filed
    ]
    count = ngettext("平台共有您的 %(n)s 条记录。", "平台共有您的 %(n)s 条记录。", len(held)) % {"n": len(held)}
    sections = [
        *([(said(card.name), _scored(card))] if card else []),
        (_("关于您的记录"), [count, *lines]),
        (_("正在办理"), waiting or [_("没有正在办理的事项。")]),
        (_("最近谁看过"), looked or [_("还没有任何机构查询过您的信息。")]),
        (
            _("您可以做什么"),
            [
                _("记录有误：到信用窗口说“这条不对”，当场登记，免费；答复以前这条不计分。"),
                _("想知道谁看过您的信息、想撤回授权、退出评分、拒绝记录：窗口当场办理，免费。"),
                _("可以请人代办：带身份证来登记，限定事项和时间，随时可以取消。"),
                _("不开通评分、没有分数，都不影响您办理任何事项。"),
            ],
        ),
    ]
    facts = [
        (_("姓名"), me.name),
        (_("公民身份号码"), me.masked_identifier),
        (_("评分"), str(SCORE_STANDING[me.standing])),
        (_("日期"), day(at)),
    ]
    lead = _("您好！这是您今天在信用窗口（或自助机）查询的结果。")
    return paper.pdf(paper.sheet(_("查询结果告知"), facts, sections, at, lead=lead, large=True), "letter.pdf")
