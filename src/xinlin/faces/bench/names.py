"""Names without a code: which registered organisations a clerk may ask the source about (核对名称)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from xinlin.faces.kit.gates import ActorRequest, staff_required
from xinlin.office.queries import names as queries

ALIKE: dict[str, str | Promise] = {
    "same": _("名称相同（行政区划、组织形式、繁简、空格和括号之外）"),
    "same_sound": _("读音相同，字不同"),
    "abbreviation": _("是它的简称"),
    "one_character": _("差一个字"),
    "brand_only": _("字号相同，行业未写全"),
    "part": _("部分相同"),
}


@staff_required("clerk", "reviewer")
@require_GET
def names(request: ActorRequest) -> HttpResponse:
    """``/bench/names/?q=``: one name, or the newest rows that have a name and no code."""
    words = request.GET.get("q", "").strip()[: queries.LONGEST]
    context = {
        "words_sought": words,
        "questions": queries.candidates(words) if words else [],
        "rows": [] if words else queries.unlinked(actor=request.actor),
        "alike": ALIKE,
    }
    return render(request, "bench/names.html", context)
