"""Evidence files on case pages: taking them with a form, handing one over (证据文件)."""

from __future__ import annotations

from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.translation import get_language

from xinlin.faces.kit.gates import ActorRequest
from xinlin.office.actions import evidence as actions
from xinlin.office.queries import evidence as queries
from xinlin.office.scopes import Refused

FIELD = "papers"
"""Name of the file fields of case forms."""
ACCEPT = "image/*,application/pdf,audio/*,video/*"


def take(request: ActorRequest, case: str = "", record: str = "", remedy: str = "") -> int:
    """Attach what the form brought to the case, the record or the remedy; returns how many files were kept.

    A refused file loses nothing else: the reader is told why, and may add it again on the page of case or record.
    """
    kept = 0
    for file in request.FILES.getlist(FIELD):
        try:
            name, pieces = file.name or "", file.chunks()
            about = {"case": case, "record": record, "remedy": remedy}
            actions.attach(actor=request.actor, filename=name, chunks=pieces, **about)
        except Refused as refused:
            problem, language = refused.problem, get_language() or "zh-hans"
            messages.warning(
                request, f"{file.name}: {problem.what.in_language(language)} {problem.cure.in_language(language)}"
            )
        else:
            kept += 1
    return kept


def hand_over(request: ActorRequest, number: str) -> HttpResponseBase:
    """One evidence file as a download, never shown in the page. Raises `NotFound`, `NotAllowed`."""
    file = queries.download(actor=request.actor, number=number)
    answer = StreamingHttpResponse(file.pieces, content_type=file.media_type)
    answer.headers["Content-Length"] = str(file.size)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.filename)}"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
