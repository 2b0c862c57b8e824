"""The auditor's page of the log: head, newest heads, leaves that wait, and a check of everything from nothing."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.queries import log as queries
from xinlin.office.queries import log_audit

SHOWN = 20


@staff_required("auditor", "operator")
@require_http_methods(["GET", "POST"])
def log(request: ActorRequest) -> HttpResponse:
    """``/bench/log/``: POST rebuilds the whole tree and says what it found."""
    heads = queries.heads(SHOWN)
    context = {
        "heads": heads,
        "head": heads[0] if heads else None,
        "waiting": queries.waiting(),
        "key": queries.verification_key(),
        "leaves": queries.newest_leaves(SHOWN),
        "verdict": log_audit.verify() if request.method == "POST" else None,
    }
    return render(request, "bench/log.html", context)


@staff_required("auditor", "operator")
@require_GET
def proof(request: ActorRequest, index: int) -> HttpResponse:
    """``/bench/log/proofs/<index>/``: that the leaf is in the newest signed tree, as a C2SP tlog-proof. 404 before that."""
    response = HttpResponse(queries.leaf_proof(index), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="leaf-{index}.tlog-proof"'
    return response
