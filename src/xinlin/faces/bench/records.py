"""One record for the department that sent it and for the credit centre, with its evidence files (记录与证据文件)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from xinlin.faces.kit import papers
from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.queries import evidence, held_records
from xinlin.office.scopes import today


@staff_required("clerk", "reviewer", "auditor")
@require_GET
def record(request: ActorRequest, reference: str) -> HttpResponse:
    """``/bench/records/HANDLE/``: what was sent, why it is this subject's, its versions, its evidence."""
    may = request.actor.role in ("clerk", "reviewer")
    context = {
        "record": held_records.record(actor=request.actor, reference=reference),
        "papers": evidence.of_record(actor=request.actor, reference=reference) if may else [],
        "accept": papers.ACCEPT,
        "may": may,
        "today": today(),
    }
    return render(request, "bench/record.html", context)


@staff_required("clerk", "reviewer")
@require_POST
def attach(request: ActorRequest, reference: str) -> HttpResponse:
    """Keep the files of the form as evidence on the record; what is refused is told and noted."""
    papers.take(request, record=reference)
    return redirect("bench:record", reference=reference)
