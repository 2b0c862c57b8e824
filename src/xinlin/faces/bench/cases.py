"""The reviewer's and the department's day: every open case by deadline, and one case on the desk (办件)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from xinlin.core.values import Problem
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import notices, objections, outcomes, repairs
from xinlin.office.queries import cases as queries
from xinlin.office.queries import notices as notice_queries
from xinlin.office.queries import tellings as telling_queries
from xinlin.office.scopes import Actor, Refused

Step = Callable[[HttpRequest, Actor, str], object]


def _words(request: HttpRequest) -> str:
    return request.POST.get("reasons", "")


def _chosen(request: HttpRequest) -> str:
    return request.POST.get("outcome", "")


_STEPS: Mapping[str, Step] = {
    "forward": lambda r, actor, number: objections.forward(actor=actor, number=number, words=_words(r)),
    "answer": lambda r, actor, number: objections.answer(
        actor=actor, number=number, outcome=_chosen(r), reasons=_words(r)
    ),
    "extend": lambda r, actor, number: objections.extend(actor=actor, number=number, reasons=_words(r)),
    "pause": lambda r, actor, number: objections.pause(actor=actor, number=number, reasons=_words(r)),
    "go_on": lambda r, actor, number: objections.go_on(actor=actor, number=number),
    "decide": lambda r, actor, number: objections.decide(
        actor=actor, number=number, outcome=_chosen(r), reasons=_words(r)
    ),
    "sign": lambda r, actor, number: objections.sign(actor=actor, number=number),
    "send_back": lambda r, actor, number: objections.send_back(actor=actor, number=number, reasons=_words(r)),
}
_REPAIR_STEPS: Mapping[str, Step] = {
    "ask_papers": lambda r, actor, number: repairs.ask_papers(actor=actor, number=number, words=_words(r)),
    "accept": lambda r, actor, number: repairs.accept(actor=actor, number=number),
    "decide": lambda r, actor, number: repairs.decide(
        actor=actor, number=number, outcome=_chosen(r), reasons=_words(r)
    ),
    "sign": lambda r, actor, number: repairs.sign(actor=actor, number=number),
}


@staff_required("reviewer", "clerk")
@require_GET
def cases(request: ActorRequest) -> HttpResponse:
    """``/bench/cases/``: open cases, the nearest deadline first. Opening the list is a look at each applicant."""
    context = {"cases": queries.for_office(actor=request.actor), "clocks": queries.clocks()}
    return render(request, "bench/cases.html", context)


@staff_required("reviewer", "clerk")
@require_http_methods(["GET", "POST"])
def case(request: ActorRequest, number: str) -> HttpResponse:
    """``/bench/cases/NUMBER/``: document beside claim, what happened so far, and what may be done now."""
    problem: Problem | None = None
    if request.method == "POST":
        desk = queries.desk(actor=request.actor, number=number)
        steps = _REPAIR_STEPS if desk.row.case.kind == "repair" else _STEPS
        step = steps.get(request.POST.get("step", ""))
        try:
            if step is not None:
                step(request, request.actor, number)
        except Refused as refused:
            problem = refused.problem
        else:
            messages.success(request, gettext("已办理。"))
            return redirect("bench:cases" if request.POST.get("step") != "extend" else request.path)
    desk = queries.desk(actor=request.actor, number=number)
    context = {
        "desk": desk,
        "problem": problem,
        "chosen": _chosen(request) or desk.proposed,
        "reasons": _words(request) or desk.reasons,
    }
    return render(request, "bench/case.html", context, status=422 if problem else 200)


@staff_required("reviewer", "operator")
@require_http_methods(["GET", "POST"])
def letters(request: ActorRequest) -> HttpResponse:
    """``/bench/cases/letters/``: results for people who gave no address, one sheet each, to print and post."""
    if request.method == "POST":
        notices.printed(actor=request.actor, number=request.POST.get("number", ""))
        return redirect("bench:letters")
    return render(request, "bench/letters.html", {"letters": notice_queries.letters(actor=request.actor)})


@staff_required("clerk", "officer", "reviewer")
@require_http_methods(["GET", "POST"])
def tellings(request: ActorRequest) -> HttpResponse:
    """``/bench/cases/tellings/``: what this office was told wrongly, and that it has taken note of what is right."""
    if request.method == "POST":
        outcomes.acknowledge(actor=request.actor, number=request.POST.get("number", ""))
        return redirect("bench:tellings")
    return render(request, "bench/tellings.html", {"tellings": telling_queries.mine(actor=request.actor)})
