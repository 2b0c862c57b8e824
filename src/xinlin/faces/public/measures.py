"""The law as this city applies it: differences of measures, the dated library, topics, memoranda, simpler approvals (法规与措施)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xinlin.core.measures import Memorandum, MemorandumClause, Topic
from xinlin.core.rulebooks import ListMeasure, Rulebook
from xinlin.core.small_cells import coarse
from xinlin.core.values import Text
from xinlin.office import rulebook as books
from xinlin.office.queries import measures as queries
from xinlin.office.queries import national_rows
from xinlin.office.queries.publicity_figures import entries_by_list


def law(request: HttpRequest) -> HttpResponse:
    """``/lists/changes/``: what the law changed about measures, and every article on which one rests."""
    context = {"changes": queries.changes(), "library": queries.library()}
    return render(request, "public/law.html", context)


def national(request: HttpRequest) -> HttpResponse:
    """``/lists/national/``: the national basic list by class, what hangs on each row, and whether a person compared it."""
    rows = national_rows.rows()
    context = {"rows": rows, "verified": sum(1 for row in rows if row.verified)}
    return render(request, "public/national.html", context)


def registers(request: HttpRequest) -> HttpResponse:
    """``/lists/registers/``: topics, memoranda with what each clause drives, the register of measures asked for, each office's tasks."""
    rulebook = books.current()
    registered = queries.register()
    entries = entries_by_list()
    topics = [_topic(topic, rulebook, entries) for topic in rulebook.topics.values()]
    context = {
        "topics": sorted(topics, key=lambda topic: (topic["sort"] != "incentive", not topic["opens"])),
        "incentive_topics": sum(1 for topic in topics if topic["sort"] == "incentive"),
        "discipline_topics": sum(1 for topic in topics if topic["sort"] == "discipline"),
        "memoranda": [_memorandum(one, rulebook) for one in rulebook.memoranda.values()],
        "registered": [one for one in registered if one.active],
        "idle": [one for one in registered if not one.active],
        "total": len(registered),
        "tasks": queries.tasks(),
        "offices": len(rulebook.departments),
    }
    return render(request, "public/registers.html", context)


def _topic(topic: Topic, rulebook: Rulebook, entries: Mapping[str, int] | None) -> dict[str, object]:
    return {
        "entries": None if entries is None else coarse(sum(entries.get(code, 0) for code in topic.lists)),
        "counted": entries is not None,
        "name": topic.name,
        "sort": topic.sort,
        "lists": [rulebook.lists[code] for code in topic.lists],
        "measures": _told_apart([rulebook.measures[code] for code in topic.measures], rulebook),
        "incentives": [rulebook.incentives[code].name for code in topic.incentives],
        "offices": [rulebook.departments[code].name for code in topic.departments],
        "demonstration": topic.basis == "demonstration",
        "opens": bool(topic.measures or topic.incentives),
    }


def _told_apart(measures: Sequence[ListMeasure], rulebook: Rulebook) -> list[dict[str, Text | None]]:
    """The measures' names; where several lists carry one of the same name, each with its list."""
    named = Counter(measure.name.zh for measure in measures)
    return [
        {
            "name": one.name,
            "list": rulebook.lists[one.statutory_list].name if named[one.name.zh] > 1 else None,
        }
        for one in measures
    ]


def _memorandum(memorandum: Memorandum, rulebook: Rulebook) -> dict[str, object]:
    newer = next((one for one in rulebook.memoranda.values() if one.replaces == memorandum.code), None)
    return {
        "code": memorandum.code,
        "title": memorandum.title,
        "version": memorandum.version,
        "signed_on": memorandum.signed_on,
        "earlier": rulebook.memoranda.get(memorandum.replaces or ""),
        "newer": newer,
        "demonstration": memorandum.basis == "demonstration",
        "clauses": [{"clause": one, "drives": _drives(one, rulebook)} for one in memorandum.clauses],
        "parties": [
            {"office": rulebook.departments[one.department].name, "role": one.role, "duties": one.duties}
            for one in memorandum.parties
        ],
    }


def _drives(clause: MemorandumClause, rulebook: Rulebook) -> list[tuple[str, Text]]:
    """What a clause drives in this system, each with the list beside which it stands on the page of lists."""
    measures = [rulebook.measures[code] for code in clause.measures]
    incentives = [rulebook.incentives[code] for code in clause.incentives]
    lists = [rulebook.lists[code] for code in clause.lists]
    return (
        [(one.statutory_list, one.name) for one in measures]
        + [(one.statutory_list, one.name) for one in incentives]
        + [(one.code, one.name) for one in lists]
    )


def simplified(request: HttpRequest) -> HttpResponse:
    """``/simplified/``: approvals made simpler, what they asked before and ask now."""
    rulebook = books.current()
    shown = [
        (item, rulebook.departments[item.department].name, rulebook.pledges.get(item.pledge or ""))
        for item in rulebook.simplified_items.values()
    ]
    return render(request, "public/simplified.html", {"items": shown})
