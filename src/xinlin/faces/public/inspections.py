"""How often firms of each grade are inspected, and every draw with what anybody needs to repeat it (分级监管公示)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xinlin.core.inspections import RESULT
from xinlin.core.rulebooks import Rulebook
from xinlin.core.supervision import SupervisionGrade
from xinlin.faces.kit.basis import basis_view
from xinlin.faces.kit.labels import RECORD_CLASS
from xinlin.office.queries import inspections as queries
from xinlin.office.rulebook import current


def _grade(grade: SupervisionGrade, book: Rulebook) -> dict[str, Any]:
    return {
        "grade": grade,
        "lists": [book.lists[code] for code in grade.lists],
        "records": [(book.kinds[row.kind].name, [RECORD_CLASS[name] for name in row.classes]) for row in grade.records],
        "basis": basis_view(grade.basis, book),
        "demonstrated": grade.rate_basis == "demonstration",
    }


def inspections(request: HttpRequest) -> HttpResponse:
    """``/inspections/``: the grades with their rates and grounds, and the draws: seed, numbers, last lot. No firm is named."""
    book = current()
    results = next((one.code for one in book.publicity.values() if RESULT in one.kinds), "")
    context = {"results": results, "grades": [_grade(one, book) for one in queries.grades()], "plans": queries.plans()}
    return render(request, "public/inspections.html", context)
