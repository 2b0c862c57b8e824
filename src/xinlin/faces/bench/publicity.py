"""The staff's side of publicity: publish a case with its duty and proportion, answer requests to take something down."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinlin.core.terms import add_term
from xinlin.faces.kit.errors import said
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office import rulebook as books
from xinlin.office.actions import bulletins as actions
from xinlin.office.actions import takedowns
from xinlin.office.queries import bulletins
from xinlin.office.scopes import Refused, today

PURPOSES: dict[str, str | Promise] = {
    "duty": gettext_lazy("履行法定公示义务"),
    "warning": gettext_lazy("提示正在发生的风险"),
    "lesson": gettext_lazy("不具名地说明规则"),
}
REASONS: dict[str, str | Promise] = {
    "personal": gettext_lazy("含有个人信息"),
    "not_us": gettext_lazy("不是我们单位"),
    "over": gettext_lazy("已经到期、履行或修复"),
    "wrong": gettext_lazy("内容有误"),
    "rights": gettext_lazy("侵犯著作权或其他权利"),
}
OUTCOMES: dict[str, str | Promise] = {
    "taken_down": gettext_lazy("撤下文字"),
    "corrected": gettext_lazy("已由来源更正"),
    "kept": gettext_lazy("维持公示"),
}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return today()


@staff_required("clerk", "reviewer")
@require_GET
def publicity(request: ActorRequest) -> HttpResponse:
    """``/bench/publicity/``: the cases that run, and the requests that wait for an answer."""
    reviewer = request.actor.role == "reviewer"
    context = {
        "cases": bulletins.shown(50),
        "requests": bulletins.requests(actor=request.actor) if reviewer else [],
        "reviewer": reviewer,
        "purposes": PURPOSES,
        "reasons": REASONS,
        "outcomes": OUTCOMES,
    }
    return render(request, "bench/publicity.html", context)


@staff_required("clerk", "reviewer")
@require_http_methods(["GET", "POST"])
def new_case(request: ActorRequest) -> HttpResponse:
    """``/bench/publicity/new/``: the form that asks for the legal duty and the proportion."""
    given, problem = request.POST, None
    if request.method == "POST":
        names = ("reference", "title", "text", "purpose", "source", "article", "proportion")
        words = {name: given.get(name, "").strip() for name in names}
        try:
            number = actions.publish_case(actor=request.actor, until=_day(given.get("until", "")), **words)
        except Refused as refused:
            problem = refused.problem
        else:
            messages.success(request, _("案例已发布，到期自动撤下。"))
            return redirect("public:case", number=number)
    context = {
        "given": given,
        "problem": problem,
        "purposes": PURPOSES,
        "sources": sorted(books.current().sources.values(), key=lambda source: source.title.zh),
        "latest": add_term(today(), actions.LONGEST),
        "reference": given.get("reference") or request.GET.get("reference", ""),
    }
    return render(request, "bench/new_case.html", context, status=422 if problem else 200)


@staff_required("clerk", "reviewer")
@require_POST
def take_down(request: ActorRequest, number: str) -> HttpResponse:
    """Take a case down before its end."""
    actions.take_down_case(actor=request.actor, number=number, reasons=request.POST.get("reasons", "")[:500])
    messages.success(request, _("案例已撤下。"))
    return redirect("bench:publicity")


@staff_required("reviewer")
@require_POST
def decide(request: ActorRequest, number: str) -> HttpResponse:
    """Answer a request to take something down."""
    given = request.POST
    try:
        takedowns.decide(
            actor=request.actor, number=number, outcome=given.get("outcome", ""), answer=given.get("answer", "")
        )
    except Refused as refused:
        messages.error(request, said(refused.problem))
    else:
        messages.success(request, _("已答复，申请人凭编号可见。"))
    return redirect("bench:publicity")
