"""The approval officer's page: ask about applicants, read the answer, say what was decided (信用核查)."""

from __future__ import annotations

from secrets import token_hex

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinlin.core.checks import DECIDES, Applicant
from xinlin.core.values import Problem
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.actions import checks as actions
from xinlin.office.actions.feedback import give_feedback
from xinlin.office.queries import checks as queries
from xinlin.office.queries import hearings, remedies, tellings
from xinlin.office.scopes import Refused

LINES = 3
MOST_LINES = 50
"""On the page; more applicants go through the programming interface."""


def _applicants(request: HttpRequest) -> list[Applicant]:
    """The lines as typed, empty ones too, so that a refused form keeps everything."""
    numbers, names = request.POST.getlist("identifier"), request.POST.getlist("name")
    pairs = list(zip(numbers, [*names, *[""] * len(numbers)], strict=False))[:MOST_LINES]
    return [Applicant(identifier=number.strip(), name=name.strip()) for number, name in pairs]


def _form(
    request: ActorRequest, lines: list[Applicant], key: str, problem: Problem | None = None, status: int = 200
) -> HttpResponse:
    items = queries.items(actor=request.actor)
    chosen = request.POST.get("item") or (items[0].code if len(items) == 1 else "")
    context = {
        "items": items,
        "chosen": chosen,
        "purpose": request.POST.get("purpose", ""),
        "lines": [*lines, *[Applicant("", "")] * max(0, LINES - len(lines))],
        "most": MOST_LINES,
        "key": key,
        "problem": problem,
        "checks": queries.mine(actor=request.actor),
        "linked": True,
        "decides": DECIDES,
    }
    return render(request, "bench/checks.html", context, status=status)


@staff_required("officer")
@require_http_methods(["GET", "POST"])
def checks(request: ActorRequest) -> HttpResponse:
    """``/bench/checks/``: the form and the department's newest checks; a question is answered at once."""
    if request.method == "GET":
        return _form(request, [], token_hex(16))
    lines, key = _applicants(request), request.POST.get("key") or token_hex(16)
    if "more" in request.POST:
        return _form(request, [*lines, *[Applicant("", "")] * LINES][:MOST_LINES], key)
    purpose = request.POST.get("purpose", "").strip()
    if not purpose:
        asked = next((i for i in queries.items(actor=request.actor) if i.code == request.POST.get("item")), None)
        purpose = asked.purpose.zh if asked else ""  # pages say it in the language of whoever reads
    try:
        answered = actions.answer(
            actor=request.actor,
            item=request.POST.get("item", ""),
            purpose=purpose,
            officer=request.actor.name,
            applicants=[line for line in lines if line.identifier or line.name],
            idempotency_key=f"page:{key}"[:100],
        )
    except Refused as refused:
        return _form(request, lines, token_hex(16), refused.problem, status=422)
    return render(request, "bench/check.html", {"check": answered, "decides": DECIDES})


def since(request: ActorRequest, check: queries.CheckView) -> dict[str, object]:
    """What the department was told since a check was answered, and the notices that it gave before measures."""
    numbers = [answer.number for answer in check.answers]
    return {
        "told": tellings.of_answers(actor=request.actor, answers=numbers),
        "hearings": hearings.of_answers(actor=request.actor, answers=numbers),
        "remedies": remedies.of_answers(numbers),
    }


@staff_required("officer")
@require_GET
def check(request: ActorRequest, number: str) -> HttpResponse:
    """``/bench/checks/<number>/``: an answer read again, with the feedback form. Writes looks."""
    shown = queries.one(actor=request.actor, number=number)
    return render(request, "bench/check.html", {"check": shown, "decides": DECIDES, **since(request, shown)})


@staff_required("officer")
@require_POST
def feedback(request: ActorRequest, number: str, answer: str) -> HttpResponse:
    """What the officer decided on one answer; ``use`` is ``entry|measure`` where a measure is used."""
    decision = request.POST.get("decision", "")
    entry, _, measure = request.POST.get("use", "").partition("|")
    applied = decision == "measure_applied"
    try:
        give_feedback(
            actor=request.actor,
            answer_number=answer,
            decision=decision,
            measure=measure if applied else "",
            entry=entry if applied and entry else None,
            reason=request.POST.get("reason", "").strip(),
            officer=request.actor.name,
        )
    except Refused as refused:
        shown = queries.one(actor=request.actor, number=number)
        context = {
            **since(request, shown),
            "check": shown,
            "decides": DECIDES,
            "problem": refused.problem,
            "problem_answer": answer,
            "typed": {
                "decision": decision,
                "use": request.POST.get("use", ""),
                "reason": request.POST.get("reason", ""),
            },
        }
        return render(request, "bench/check.html", context, status=422)
    messages.success(request, gettext("已反馈，并写入存证日志。申请人可以看到这次决定。"))
    return redirect("bench:check", number=number)


@staff_required("officer")
@require_GET
def overdue(request: ActorRequest) -> HttpResponse:
    """``/bench/checks/overdue/``: answers whose feedback is late, oldest first."""
    return render(
        request, "bench/checks_overdue.html", {"checks": queries.overdue(actor=request.actor), "linked": True}
    )
