"""Whether the process is up and its database answers."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse

from xinlin.office.queries.staff import database_answers


def healthz(request: HttpRequest) -> JsonResponse:
    """200 with ``{"status": "ok"}``, or 503 naming what does not answer. Tells nothing else."""
    try:
        database_answers()
    except DatabaseError:
        return JsonResponse({"status": "down", "what": "database"}, status=503)
    return JsonResponse({"status": "ok"})
