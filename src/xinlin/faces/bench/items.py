"""The service catalogue: find an item among hundreds of thousands, link a measure to it with four eyes (事项关联)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinlin.core.values import Problem
from xinlin.faces.kit.errors import said
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office import rulebook
from xinlin.office.actions import item_links as bulk
from xinlin.office.actions import items as actions
from xinlin.office.actions.item_links import COLUMNS, Proposed
from xinlin.office.queries import catalogue_items as queries
from xinlin.office.scopes import Refused

LARGEST = 8 << 20
"""Bytes of a file of links that are read."""


def _page(request: ActorRequest, outcome: Proposed | None = None, problem: Problem | None = None) -> HttpResponse:
    words, linked = request.GET.get("q", "").strip()[:100], request.GET.get("linked") == "yes"
    found = queries.search(actor=request.actor, words=words, linked=linked, after=request.GET.get("after", "")[:64])
    context = {
        "found": found,
        "sought": words,
        "linked": linked,
        "more": found[-1].code if len(found) == queries.SHOWN else "",
        "totals": queries.totals(actor=request.actor),
        "groups": queries.groups(actor=request.actor),
        "may_edit": request.actor.role in queries.EDITORS,
        "columns": ",".join(COLUMNS),
        "outcome": outcome,
        "problem": problem,
    }
    return render(request, "bench/items.html", context, status=422 if problem else 200)


@staff_required("officer", "reviewer", "auditor", "operator")
@require_GET
def items(request: ActorRequest) -> HttpResponse:
    """``/bench/items/?q=…&linked=yes&after=…``: items by words, a page at a time; links that wait, by clause."""
    return _page(request)


@staff_required("officer", "reviewer")
@require_POST
def propose_file(request: ActorRequest) -> HttpResponse:
    """Propose the links of a file; what cannot be is named by line."""
    file = request.FILES.get("file")
    try:
        lines = file.read(LARGEST).decode("utf-8-sig").splitlines() if file else []
    except UnicodeDecodeError:
        lines = []
    try:
        return _page(request, outcome=bulk.propose_file(actor=request.actor, lines=lines))
    except Refused as refused:
        return _page(request, problem=refused.problem)


@staff_required("officer", "reviewer")
@require_POST
def decide_group(request: ActorRequest) -> HttpResponse:
    """Approve or refuse all links on one clause that others proposed."""
    given = request.POST
    try:
        number = bulk.decide_group(
            actor=request.actor,
            measure=given.get("measure", ""),
            source=given.get("source", ""),
            article=given.get("article", ""),
            seen=int(given["seen"]) if given.get("seen", "").isdecimal() else 0,
            approve=given.get("decision") == "approve",
            words=given.get("words", ""),
        )
        messages.success(request, gettext("%(n)s 条关联已审定。") % {"n": number})
    except Refused as refused:
        messages.error(request, said(refused.problem))
    return redirect("bench:items")


@staff_required("officer", "reviewer", "auditor", "operator")
@require_http_methods(["GET", "POST"])
def item(request: ActorRequest, code: str) -> HttpResponse:
    """``/bench/items/<code>/``: an item with its links, and the form that proposes another."""
    problem, status = None, 200
    if request.method == "POST":
        try:
            actions.propose(
                actor=request.actor,
                item=code,
                measure=request.POST.get("measure", ""),
                source=request.POST.get("source", ""),
                article=request.POST.get("article", ""),
                reason=request.POST.get("reason", ""),
            )
            messages.success(request, gettext("已提出，须由另一人审定后生效。"))
            return redirect("bench:item", code=code)
        except Refused as refused:
            problem, status = refused.problem, 422
    book = rulebook.current()
    found = queries.one(actor=request.actor, code=code)
    context = {
        "item": found,
        "may_edit": found.may_edit(request.actor),
        "measures": [(one, book.lists[one.statutory_list].name) for one in book.measures.values()],
        "sources": [source for source in book.sources.values() if source.rank in queries.CITABLE],
        "problem": problem,
        "typed": request.POST,
    }
    return render(request, "bench/item.html", context, status=status)


@staff_required("officer", "reviewer")
@require_POST
def decide(request: ActorRequest, code: str, number: int) -> HttpResponse:
    """Approve, refuse or end a link that another person proposed."""
    try:
        state = actions.decide(
            actor=request.actor,
            number=number,
            approve=request.POST.get("decision") == "approve",
            words=request.POST.get("words", ""),
        )
        messages.success(request, gettext("关联已生效") if state == "approved" else gettext("已记录"))
    except Refused as refused:
        messages.error(request, said(refused.problem))
    return redirect("bench:item", code=code)
