"""The case bulletin for people: a case, the organisation's reply, and the form by which anybody asks to take it down."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office.actions import bulletins as actions
from xinlin.office.actions import takedowns
from xinlin.office.queries import bulletins
from xinlin.office.scopes import NotFound, Refused

REASONS: dict[str, str | Promise] = {
    "personal": gettext_lazy("含有个人信息"),
    "not_us": gettext_lazy("不是我们单位"),
    "over": gettext_lazy("已经到期、履行或修复"),
    "wrong": gettext_lazy("内容有误"),
    "rights": gettext_lazy("侵犯著作权或其他权利"),
}
PURPOSES: dict[str, str | Promise] = {
    "duty": gettext_lazy("履行法定公示义务"),
    "warning": gettext_lazy("提示正在发生的风险"),
    "lesson": gettext_lazy("不具名地说明规则"),
}
STATES: dict[str, str | Promise] = {
    "open": gettext_lazy("正在核实"),
    "taken_down": gettext_lazy("已撤下"),
    "corrected": gettext_lazy("已更正"),
    "kept": gettext_lazy("维持公示"),
}


@require_safe
def all_cases(request: HttpRequest) -> HttpResponse:
    """``/publicity/cases/``: every case that runs now."""
    return render(request, "public/cases.html", {"cases": bulletins.shown(100), "purposes": PURPOSES})


@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """``/publicity/cases/<number>/``: one case; 410 once it has ended."""
    try:
        found = bulletins.one(number)
    except NotFound:
        answer = render(
            request, "public/publicity_gone.html", {"what": _("该案例已到期撤下。"), "at": None}, status=410
        )
        answer["X-Robots-Tag"] = "noindex"
        return answer
    answer = render(request, "public/case.html", {"case": found, "purposes": PURPOSES})
    answer["X-Robots-Tag"] = f"noarchive, unavailable_after: {found.shown_until.isoformat()}"
    return answer


@resident_required
@require_http_methods(["GET", "POST"])
def reply(request: ActorRequest, number: str) -> HttpResponse:
    """``/publicity/cases/<number>/reply/``: the words of who represents the organisation, shown beside the case."""
    found, problem, said = bulletins.one(number), None, request.POST.get("text", "")
    if request.method == "POST":
        try:
            actions.reply(actor=request.actor, number=number, text=said)
        except Refused as refused:
            problem = refused.problem
        else:
            messages.success(request, _("回应已刊出，与案例同处展示。"))
            return redirect("public:case", number=number)
    context = {"case": found, "problem": problem, "said": said or found.reply}
    return render(request, "public/case_reply.html", context, status=422 if problem else 200)


@require_http_methods(["GET", "POST"])
def takedown(request: HttpRequest) -> HttpResponse:
    """``/publicity/takedown/?about=``: ask that something be corrected or taken down; without an account."""
    about = request.POST.get("about") or request.GET.get("about", "")
    problem = None
    if request.method == "POST":
        try:
            number = takedowns.ask(
                actor=takedowns.ANYBODY,
                about=about,
                reason=request.POST.get("reason", ""),
                words=request.POST.get("words", ""),
                contact=request.POST.get("contact", ""),
            )
        except Refused as refused:
            problem = refused.problem
        else:
            return redirect("public:takedown_state", number=number)
    context = {"about": about, "reasons": REASONS, "problem": problem, "given": request.POST}
    return render(request, "public/takedown.html", context, status=422 if problem else 200)


@require_safe
def takedown_state(request: HttpRequest, number: str) -> HttpResponse:
    """``/publicity/takedown/<number>/``: where a request stands, for who holds its number; nothing of what it says."""
    answer = render(request, "public/takedown_state.html", {"request_": bulletins.progress(number), "states": STATES})
    answer["X-Robots-Tag"] = "noindex"
    answer["Cache-Control"] = "no-store"
    return answer


urlpatterns = [
    path("cases/", all_cases, name="cases"),
    path("cases/<str:number>/", case, name="case"),
    path("cases/<str:number>/reply/", reply, name="case_reply"),
    path("takedown/", takedown, name="takedown"),
    path("takedown/<str:number>/", takedown_state, name="takedown_state"),
]
