"""The law as this city applies it: differences of measures, the dated library, topics, memoranda, simpler approvals (法规与措施)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xinlin.core.measures import Memorandum
from xinlin.faces.kit.basis import basis_view
from xinlin.office import rulebook as books
from xinlin.office.queries import measures as queries


def law(request: HttpRequest) -> HttpResponse:
    """``/lists/changes/``: what the law changed about measures, and every article on which one rests."""
    context = {"changes": queries.changes(), "library": queries.library()}
    return render(request, "public/law.html", context)


def registers(request: HttpRequest) -> HttpResponse:
    """``/lists/registers/``: topics, memoranda with what each clause drives, the register of measures asked for."""
    rulebook = books.current()
    registered = queries.register()
    context = {
        "rulebook": rulebook,
        "topics": [(topic, basis_view(topic.basis, rulebook)) for topic in rulebook.topics.values()],
        "incentive_topics": sum(1 for topic in rulebook.topics.values() if topic.sort == "incentive"),
        "discipline_topics": sum(1 for topic in rulebook.topics.values() if topic.sort == "discipline"),
        "memoranda": [_memorandum(one) for one in rulebook.memoranda.values()],
        "registered": registered,
        "active": sum(1 for one in registered if one.active),
        "offices": len(rulebook.departments),
    }
    return render(request, "public/registers.html", context)


def _memorandum(memorandum: Memorandum) -> dict[str, object]:
    names = books.current().departments
    parties = [{"office": names[one.department].name, "duties": one.duties} for one in memorandum.parties]
    return {
        "title": memorandum.title,
        "version": memorandum.version,
        "clauses": memorandum.clauses,
        "parties": parties,
    }


def simplified(request: HttpRequest) -> HttpResponse:
    """``/simplified/``: approvals made simpler, what they asked before and ask now."""
    rulebook = books.current()
    shown = [
        (item, rulebook.departments[item.department].name, rulebook.pledges.get(item.pledge or ""))
        for item in rulebook.simplified_items.values()
    ]
    return render(request, "public/simplified.html", {"items": shown})
