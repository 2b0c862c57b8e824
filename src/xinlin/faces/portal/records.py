"""Pages about records: the list, and one record with all that is held of it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from xinlin.faces.kit import papers
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office.queries import evidence, records, scores
from xinlin.office.rulebook import current


@require_safe
@resident_required
def index(request: ActorRequest) -> HttpResponse:
    """Everything that the platform holds of the resident, newest first, by sign where asked."""
    held, sign = records.mine(actor=request.actor), request.GET.get("sign", "")
    signs = [name for name in ("positive", "negative", "neutral") if any(record.sign == name for record in held)]
    shown = [record for record in held if record.sign == sign] if sign in signs else held
    context = {"tab": "score", "records": shown, "all": len(held), "sign": sign, "signs": signs}
    return render(request, "portal/records.html", context)


@require_safe
@resident_required
def record(request: ActorRequest, reference: str) -> HttpResponse:
    """One record: department, document, date, article, what it counts, when it ends, and “this is wrong”."""
    shown = records.one(actor=request.actor, reference=reference)
    card = scores.mine(actor=request.actor)
    lines = [line for line in card.lines if line.record and line.record.reference == reference] if card else []
    points = sum(line.points for line in lines)
    kind = current().kinds[shown.kind]
    context = {
        "tab": "score",
        "record": shown,
        "card": card,
        "lines": lines,
        "points": points,
        "papers": [] if shown.about_organisation else evidence.of_record(actor=request.actor, reference=reference),
        "accept": papers.ACCEPT,
        "source": kind.source,
        "refusable": kind.refusable and not shown.about_organisation and shown.case is None,
    }
    return render(request, "portal/record.html", context)


@require_POST
@resident_required
def attach(request: ActorRequest, reference: str) -> HttpResponse:
    """Keep a photograph or a paper on a record of one's own; what is refused is told."""
    papers.take(request, record=reference)
    return redirect("portal:record", reference=reference)
