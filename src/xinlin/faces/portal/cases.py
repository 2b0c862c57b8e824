"""Pages about cases: objecting to a record or to the answer of a check, and the resident's own cases."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinlin.faces.kit import papers
from xinlin.faces.kit.errors import said
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.faces.kit.labels import REASON
from xinlin.office.actions import cases as actions
from xinlin.office.actions import hearings as hearing_actions
from xinlin.office.actions import holds, repairs
from xinlin.office.queries import cases, deeds, evidence, hearings, own_checks, people, records, remedies
from xinlin.office.scopes import NotFound, Refused

OBJECTIONS = ("not_me", "wrong_fact", "repaired", "expired", "other")
REASONS = {code: REASON[code] for code in OBJECTIONS}


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def wrong(request: ActorRequest, reference: str) -> HttpResponse:
    """“This is wrong”: a reason and, if wished, words and pictures. Filing makes the record count 0 at once."""
    shown = records.one(actor=request.actor, reference=reference)
    problem, words = None, request.POST.get("words", "").strip()
    chosen = request.POST.get("reason", request.GET.get("reason", ""))
    if request.method == "POST":
        try:
            number = actions.object_to(actor=request.actor, reference=reference, reason=chosen, words=words)
        except Refused as refusal:
            problem = refusal.problem
        else:
            papers.take(request, number)
            return redirect("portal:appeal", number=number)
    context = {
        "tab": "score",
        "record": shown,
        "reasons": REASONS,
        "chosen": chosen,
        "words_given": words,
        "problem": problem,
        "accept": papers.ACCEPT,
    }
    return render(request, "portal/wrong.html", context, status=422 if problem else 200)


@require_safe
@resident_required
def checks(request: ActorRequest) -> HttpResponse:
    """Every check that an approving office asked about the resident, what it answered and what was decided."""
    shown = own_checks.mine(actor=request.actor)
    context = {
        "tab": "me",
        "checks": shown,
        "remedies": remedies.of_answers([one.answer for one in shown if one.hold]),
        "hearings": hearings.mine(actor=request.actor) if request.actor.role == "resident" else [],
    }
    return render(request, "portal/checks.html", context)


@require_POST
@resident_required
def put_right(request: ActorRequest, answer: str) -> HttpResponse:
    """Whoever is held has paid, or shows a proof: the office that keeps the entry is asked to confirm it."""
    try:
        number = holds.put_right_oneself(
            actor=request.actor,
            answer_number=answer,
            entry=request.POST.get("entry", ""),
            way=request.POST.get("way", ""),
            words=request.POST.get("words", ""),
        )
        papers.take(request, remedy=number)
        messages.success(request, gettext("已转列入部门确认，确认后当即放行。"))
    except Refused as refusal:
        messages.error(request, said(refusal.problem))
    return redirect(f"{reverse('portal:checks')}#{answer}")


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def hearing(request: ActorRequest, number: str) -> HttpResponse:
    """Before a measure takes effect: facts, basis and remedy, and one's answer to the office."""
    shown, problem = hearings.one(actor=request.actor, number=number), None
    if request.method == "POST":
        try:
            hearing_actions.answer(actor=request.actor, number=number, words=request.POST.get("words", ""))
        except Refused as refusal:
            problem = refusal.problem
        else:
            return redirect("portal:hearing", number=number)
    context = {"tab": "me", "hearing": shown, "problem": problem, "words_given": request.POST.get("words", "")}
    return render(request, "portal/hearing.html", context, status=422 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def check_wrong(request: ActorRequest, answer: str) -> HttpResponse:
    """“This is wrong” of a check's answer: every record on which it rests is disputed at once."""
    shown = own_checks.one(actor=request.actor, answer=answer)
    problem, words = None, request.POST.get("words", "").strip()
    if request.method == "POST":
        try:
            number = actions.object_to_check(
                actor=request.actor, answer=answer, reason=request.POST.get("reason", ""), words=words
            )
        except Refused as refusal:
            problem = refusal.problem
        else:
            papers.take(request, number)
            return redirect("portal:appeal", number=number)
    context = {
        "tab": "me",
        "check": shown,
        "reasons": REASONS,
        "chosen": request.POST.get("reason", ""),
        "words_given": words,
        "problem": problem,
        "accept": papers.ACCEPT,
    }
    return render(request, "portal/check_wrong.html", context, status=422 if problem else 200)


@require_safe
@resident_required
def appeals(request: ActorRequest) -> HttpResponse:
    """我要申诉: the resident's cases with their clocks, and the way to file another."""
    return render(request, "portal/appeals.html", {"tab": "home", "cases": cases.mine(actor=request.actor)})


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def appeal(request: ActorRequest, number: str) -> HttpResponse:
    """One case: where it stands, every step, what was decided and why; review, papers or taking it back."""
    shown = cases.own(actor=request.actor, number=number)
    problem = None
    if request.method == "POST":
        words = request.POST.get("words", "")
        papers.take(request, number)
        try:
            if "review" in request.POST:
                number = actions.ask_review(actor=request.actor, number=number, words=words)
            elif "hand_in" in request.POST:
                repairs.hand_in(actor=request.actor, number=number, words=words)
            elif "take_back" in request.POST:
                actions.take_back(actor=request.actor, number=number)
        except Refused as refusal:
            problem = refusal.problem
        else:
            return redirect("portal:appeal", number=number)
    deed = deeds.own(actor=request.actor, number=number) if shown.case.kind == "deed" else None
    link = request.build_absolute_uri(reverse("portal:confirm", args=[deed.invitation])) if deed else ""
    context = {
        "tab": "home",
        "deed": deed,
        "invitation_link": link,
        "own": shown,
        "case": shown.case,
        "record": _record(request, shown.case.record_reference),
        "papers": evidence.of_case(actor=request.actor, number=number),
        "problem": problem,
        "accept": papers.ACCEPT,
    }
    return render(request, "portal/appeal.html", context, status=422 if problem else 200)


def _record(request: ActorRequest, reference: str) -> records.RecordView | None:
    """The record of a case, while it is still the resident's to see."""
    if not reference:
        return None
    try:
        return records.one(actor=request.actor, reference=reference)
    except NotFound:
        return None


@require_safe
@resident_required
def paper(request: ActorRequest, number: str) -> HttpResponseBase:
    """One evidence file of the resident's own cases and records, as a download."""
    return papers.hand_over(request, number)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_required
def look(request: ActorRequest, look: int) -> HttpResponse:
    """“Why did you look?”: opens a case on that look, which the centre answers."""
    shown = people.look(actor=request.actor, number=look)
    problem = None
    if request.method == "POST":
        try:
            number = actions.challenge_look(actor=request.actor, look=look, words=request.POST.get("words", ""))
        except Refused as refusal:
            problem = refusal.problem
        else:
            return redirect("portal:appeal", number=number)
    context = {"tab": "me", "look": shown, "problem": problem}
    return render(request, "portal/look.html", context, status=422 if problem else 200)
