"""The reviewer's and the department's day: every open case by deadline, and one case on the desk (办件)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from xinlin.core.values import Problem
from xinlin.faces.kit import papers
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import deeds, notices, objections, outcomes, repairs
from xinlin.office.queries import desks, evidence, office_clocks
from xinlin.office.queries import notices as notice_queries
from xinlin.office.queries import tellings as telling_queries
from xinlin.office.scopes import Actor, Refused

Step = Callable[[HttpRequest, Actor, str], object]
CHANGE = "change_"
"""Fields of a correction stand in the form under this and their code."""


def _words(request: HttpRequest) -> str:
    return request.POST.get("reasons", "")


def _chosen(request: HttpRequest) -> str:
    return request.POST.get("outcome", "")


def _changes(request: HttpRequest) -> dict[str, str]:
    """What the form proposes to correct, and what to add."""
    given = {name.removeprefix(CHANGE): text for name, text in request.POST.items() if name.startswith(CHANGE)}
    return {name: str(text) for name, text in given.items()} | {objections.ADDITION: request.POST.get("note", "")}


_STEPS: Mapping[str, Step] = {
    "forward": lambda r, actor, number: objections.forward(actor=actor, number=number, words=_words(r)),
    "hand_over": lambda r, actor, number: objections.hand_over(
        actor=actor, number=number, department=r.POST.get("department", ""), reasons=_words(r)
    ),
    "answer": lambda r, actor, number: objections.answer(
        actor=actor, number=number, outcome=_chosen(r), reasons=_words(r), changes=_changes(r)
    ),
    "extend": lambda r, actor, number: objections.extend(actor=actor, number=number, reasons=_words(r)),
    "pause": lambda r, actor, number: objections.pause(actor=actor, number=number, reasons=_words(r)),
    "go_on": lambda r, actor, number: objections.go_on(actor=actor, number=number),
    "decide": lambda r, actor, number: objections.decide(
        actor=actor, number=number, outcome=_chosen(r), reasons=_words(r), changes=_changes(r)
    ),
    "sign": lambda r, actor, number: objections.sign(actor=actor, number=number),
    "send_back": lambda r, actor, number: objections.send_back(actor=actor, number=number, reasons=_words(r)),
}
_REPAIR_STEPS: Mapping[str, Step] = {
    "ask_papers": lambda r, actor, number: repairs.ask_papers(actor=actor, number=number, words=_words(r)),
    "accept": lambda r, actor, number: repairs.accept(actor=actor, number=number),
    "forward": lambda r, actor, number: repairs.forward(actor=actor, number=number, words=_words(r)),
    "answer": lambda r, actor, number: repairs.answer(
        actor=actor, number=number, outcome=_chosen(r), reasons=_words(r)
    ),
    "extend": lambda r, actor, number: repairs.extend(actor=actor, number=number, reasons=_words(r)),
    "decide": lambda r, actor, number: repairs.decide(
        actor=actor, number=number, outcome=_chosen(r), reasons=_words(r)
    ),
    "sign": lambda r, actor, number: repairs.sign(actor=actor, number=number),
    "send_back": lambda r, actor, number: repairs.send_back(actor=actor, number=number, reasons=_words(r)),
}
_DEED_STEPS: Mapping[str, Step] = {
    "decide": lambda r, actor, number: deeds.decide(actor=actor, number=number, outcome=_chosen(r), reasons=_words(r)),
}
_BY_KIND: Mapping[str, Mapping[str, Step]] = {"repair": _REPAIR_STEPS, "deed": _DEED_STEPS}


@staff_required("reviewer", "clerk", "auditor")
@require_GET
def cases(request: ActorRequest) -> HttpResponse:
    """``/bench/cases/``: open cases, the nearest deadline first. Opening the list is a look at each applicant."""
    kind, page = request.GET.get("kind", ""), request.GET.get("page", "1")
    shown = desks.day_list(actor=request.actor, kind=kind, page=int(page) if page.isdecimal() else 1)
    context = {
        "list": shown,
        "kind": kind if shown.by_kind.get(kind) else "",
        "kinds": [code for code, count in shown.by_kind.items() if count],
        "clocks": office_clocks.clocks(),
    }
    return render(request, "bench/cases.html", context)


@staff_required("reviewer", "clerk", "auditor")
@require_http_methods(["GET", "POST"])
def case(request: ActorRequest, number: str) -> HttpResponse:
    """``/bench/cases/NUMBER/``: document beside claim, what happened so far, and what may be done now."""
    problem: Problem | None = None
    if request.method == "POST":
        desk = desks.desk(actor=request.actor, number=number)
        step = _BY_KIND.get(desk.row.case.kind, _STEPS).get(request.POST.get("step", ""))
        try:
            if papers.take(request, number) and step is None:
                return redirect(request.path)
            if step is not None:
                step(request, request.actor, number)
        except Refused as refused:
            problem = refused.problem
        else:
            messages.success(request, gettext("已办理。"))
            return redirect("bench:cases" if request.POST.get("step") != "extend" else request.path)
    desk = desks.desk(actor=request.actor, number=number)
    context = {
        "desk": desk,
        "problem": problem,
        "chosen": _chosen(request) or desk.proposed,
        "reasons": _words(request) or desk.reasons,
        "note": request.POST.get("note", desk.note),
        "typed": _changes(request),
        "papers": evidence.of_case(actor=request.actor, number=number),
        "of_record": _of_record(request, desk),
        "accept": papers.ACCEPT,
    }
    return render(request, "bench/case.html", context, status=422 if problem else 200)


def _of_record(request: ActorRequest, desk: desks.Desk) -> list[evidence.EvidenceView]:
    """The evidence that the department attached to the record, where it is the reader's to see."""
    reference = desk.row.case.record_reference
    own = request.actor.role == "reviewer" or request.actor.department == desk.provider
    return evidence.of_record(actor=request.actor, reference=reference) if reference and own else []


@staff_required("reviewer", "clerk", "auditor")
@require_safe
def paper(request: ActorRequest, number: str) -> HttpResponseBase:
    """One evidence file of a case or a record that is the reader's business, as a download."""
    return papers.hand_over(request, number)


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
