"""The reviewer's pages of whose a record is: questions that wait, subjects with what joined their records, and changes taken back (关联核实)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinlin.core.values import Problem
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office import rulebook as books
from xinlin.office.actions import linking as actions
from xinlin.office.actions import subjects as changes
from xinlin.office.queries import linking as queries
from xinlin.office.queries import subjects
from xinlin.office.scopes import NotFound, Refused


def _queue(request: ActorRequest, problem: Problem | None = None, at: str = "") -> HttpResponse:
    page = request.GET.get("page", "1")
    department = request.GET.get("department", "")
    number = int(page) if page.isdecimal() and len(page) < 6 else 1
    context = {
        "queue": queries.queue(actor=request.actor, page=max(1, number), department=department),
        "departments": books.current().departments.values(),
        "department": department,
        "problem": problem,
        "at": at,
        "typed": request.POST,
        "may": request.actor.role == "reviewer",
    }
    return render(request, "bench/linking.html", context, status=422 if problem else 200)


@staff_required("reviewer", "auditor")
@require_GET
def queue(request: ActorRequest) -> HttpResponse:
    """``/bench/linking/``: rows whose name differs from the register's, and records without an identifier."""
    return _queue(request)


@staff_required("reviewer")
@require_POST
def answer(request: ActorRequest, question: int) -> HttpResponse:
    """It is the registered subject, another one, or nobody here."""
    actor, reason = request.actor, request.POST.get("reason", "")
    try:
        match request.POST.get("answer"):
            case "same":
                actions.same(actor=actor, question=question, reason=reason)
            case "other":
                identifier = request.POST.get("identifier", "")
                actions.another(actor=actor, question=question, identifier=identifier, reason=reason)
            case _:
                actions.nobody(actor=actor, question=question, reason=reason)
    except Refused as refused:
        return _queue(request, refused.problem, f"q{question}")
    messages.success(request, gettext("已办理，这一行会按您的答复处理。"))
    return redirect("bench:linking")


@staff_required("reviewer")
@require_POST
def attach(request: ActorRequest, reference: str) -> HttpResponse:
    """An unlinked record is the subject's with the exact identifier typed, or nobody's here."""
    actor, reason = request.actor, request.POST.get("reason", "")
    try:
        if request.POST.get("answer") == "attach":
            identifier = request.POST.get("identifier", "")
            actions.attach(actor=actor, reference=reference, identifier=identifier, reason=reason)
        else:
            actions.leave(actor=actor, reference=reference, reason=reason)
    except Refused as refused:
        return _queue(request, refused.problem, reference)
    messages.success(request, gettext("已办理。"))
    return redirect("bench:linking")


@staff_required("reviewer", "auditor")
@require_http_methods(["GET", "POST"])
def find(request: ActorRequest) -> HttpResponse:
    """``/bench/subjects/``: by exact identifier alone; it is posted, so that it stands in no address."""
    missing = False
    if request.method == "POST":
        try:
            pseudonym = subjects.find(actor=request.actor, identifier=request.POST.get("identifier", ""))
        except NotFound:
            missing = True
        else:
            return redirect("bench:subject", pseudonym=pseudonym)
    return render(request, "bench/subjects.html", {"missing": missing}, status=404 if missing else 200)


def _subject(request: ActorRequest, pseudonym: str, problem: Problem | None = None) -> HttpResponse:
    context = {
        "subject": subjects.subject(
            actor=request.actor, pseudonym=pseudonym, record=request.GET.get("record", "")[:64]
        ),
        "problem": problem,
        "typed": request.POST,
        "may": request.actor.role == "reviewer",
    }
    return render(request, "bench/subject.html", context, status=422 if problem else 200)


@staff_required("reviewer", "auditor")
@require_GET
def subject(request: ActorRequest, pseudonym: str) -> HttpResponse:
    """``/bench/subjects/HANDLE/``: names, records with what joined each, relations with dates, changes."""
    return _subject(request, pseudonym)


@staff_required("reviewer")
@require_POST
def change(request: ActorRequest, pseudonym: str) -> HttpResponse:
    """Correct the name, merge another subject into this one, move records away, or take a change back."""
    actor, posted = request.actor, request.POST
    reason = posted.get("reason", "")
    try:
        match posted.get("change"):
            case "rename":
                name, former = posted.get("name", ""), posted.get("former") == "yes"
                changes.rename(actor=actor, pseudonym=pseudonym, name=name, reason=reason, former=former)
            case "merge":
                other = changes.exact_subject(posted.get("identifier", "")).pseudonym
                changes.merge(actor=actor, keep=pseudonym, other=other, reason=reason)
            case "split":
                changes.split(
                    actor=actor,
                    pseudonym=pseudonym,
                    references=posted.getlist("record"),
                    identifier=posted.get("identifier", ""),
                    name=posted.get("name", ""),
                    reason=reason,
                )
            case _:
                changes.take_back(actor=actor, number=posted.get("number", ""), reason=reason)
    except Refused as refused:
        return _subject(request, pseudonym, refused.problem)
    messages.success(request, gettext("已办理，并写入存证日志。"))
    return redirect("bench:subject", pseudonym=pseudonym)
