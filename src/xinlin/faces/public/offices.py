"""How offices keep their clocks, for anybody to read: what is late is told exactly, nobody is named (办件守时)."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from xinlin.core.procedures import ObjectionProcedure, Span
from xinlin.faces.kit.basis import basis_view
from xinlin.faces.kit.labels import REASON
from xinlin.office import rulebook as books
from xinlin.office.queries import office_clocks
from xinlin.office.scopes import today


@dataclass(frozen=True)
class Period:
    """One period that an office has: what for, and how long."""

    name: str | Promise
    days: int
    working: bool


def _period(name: str | Promise, span: Span) -> Period:
    return Period(name, span.working_days or span.calendar_days or 0, span.working_days is not None)


def periods(procedure: ObjectionProcedure) -> list[Period]:
    """What the procedure that holds here gives each office, in the order of the work."""
    named = (
        (_("信用中心自行核查"), procedure.own),
        (_("转交提供部门"), procedure.forward),
        (_("提供部门答复"), procedure.provider),
        (_("需要部门核实的，全程"), procedure.with_provider),
        (_("可以延长一次"), procedure.extension),
        (_("最长不超过"), procedure.longest),
        (_("复核"), procedure.review),
    )
    return [_period(name, span) for name, span in named if span is not None]


def promises(procedure: ObjectionProcedure) -> list[Period]:
    """What is promised beyond the law's text, by what is said to be wrong."""
    return [_period(REASON[reason], span) for reason, span in procedure.sooner.items()]


@require_safe
def offices(request: HttpRequest) -> HttpResponse:
    """``/offices/``: each office's open and late cases, and the periods that the rules give it."""
    rulebook = books.current()
    procedure = rulebook.procedures.get(rulebook.objection_procedure or "")
    context = {
        "clocks": office_clocks.clocks(),
        "fewest": office_clocks.FEWEST,
        "as_of": today(),
        "procedure": procedure,
        "periods": periods(procedure) if procedure else [],
        "basis": basis_view(procedure.basis, rulebook) if procedure else None,
        "promises": promises(procedure) if procedure else [],
        "promised_by": basis_view(procedure.sooner_basis, rulebook) if procedure and procedure.sooner_basis else None,
    }
    return render(request, "public/offices.html", context)
