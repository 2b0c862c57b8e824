"""The public pages on organisations: search, an organisation, a record, sections, offices' clocks (信用公示)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from xinlin.core.people import looks_like_resident_id, normalise_identifier
from xinlin.faces.public.catalogue import SUBJECT_KIND
from xinlin.office import rulebook as books
from xinlin.office.queries import bulletins, public_pledges, publicity, publicity_figures
from xinlin.office.scopes import today

CLASSES: dict[str, str | Promise] = {"minor": _("轻微"), "general": _("一般"), "serious": _("严重")}
GONE: dict[str, str | Promise] = {
    "expired": _("公示期限已满，已自动撤下。"),
    "repaired": _("该主体已完成信用修复，公示、共享和使用已同时停止。"),
    "withdrawn": _("该记录已被撤销或删除。"),
    "ended": _("该主体已移出名单，或记录的效力已经终止。"),
    "superseded": _("该记录已被更正后的版本取代，请在该主体的页面查看。"),
    "stopped": _("该记录已终止公开。"),
}

View = Callable[..., HttpResponse]


def _robots(said: str) -> Callable[[View], View]:
    """Tell search engines how to treat the page."""

    def mark(view: View) -> View:
        @wraps(view)
        def marked(request: HttpRequest, **named: Any) -> HttpResponse:
            answer = view(request, **named)
            answer.setdefault("X-Robots-Tag", said)
            return answer

        return marked

    return mark


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """``/publicity/``: search, the three services, the bulletin, the sections."""
    context = {
        "figures": publicity_figures.figures(),
        "cases": bulletins.shown(),
        "search_longest": publicity.MOST_WORDS,
    }
    return render(request, "public/publicity.html", context)


@require_safe
@_robots("noindex")
def search(request: HttpRequest) -> HttpResponse:
    """``/publicity/search/?q=``: by name or code; an exact code leads straight to the organisation."""
    words = request.GET.get("q", "").strip()[: publicity.MOST_WORDS]
    if looks_like_resident_id(normalise_identifier(words)):
        # nobody's number stays in an address or on a page
        return redirect(f"{reverse('public:search')}?person=1")
    found = publicity.search(words) if words else publicity.Search([])
    if len(found.bodies) == 1 and found.bodies[0].uscc == words.replace(" ", "").upper():
        return redirect("public:organisation", uscc=found.bodies[0].uscc)
    context = {"words_sought": words, "found": found, "kinds": SUBJECT_KIND, "person": "person" in request.GET}
    return render(request, "public/publicity_search.html", context)


@require_safe
@_robots("noarchive")
def organisation(request: HttpRequest, uscc: str) -> HttpResponse:
    """``/publicity/organisations/<code>/``: all that is published of one organisation."""
    found = publicity.organisation(uscc)
    context = {"page": found, "kind": SUBJECT_KIND.get(found.body.kind, ""), "classes": CLASSES}
    return render(request, "public/publicity_body.html", context)


@require_safe
def record(request: HttpRequest, reference: str) -> HttpResponse:
    """``/publicity/records/<reference>/``; 410 once it is no longer public, for people and for search engines."""
    try:
        found = publicity.one(reference)
    except publicity.Gone as gone:
        context = {"what": GONE.get(gone.reason, GONE["ended"]), "at": gone.at}
        answer = render(request, "public/publicity_gone.html", context, status=410)
        answer["X-Robots-Tag"] = "noindex"
        return answer
    cases = bulletins.of_record(reference)
    answer = render(request, "public/publicity_record.html", {"record": found, "classes": CLASSES, "cases": cases})
    answer["X-Robots-Tag"] = f"noarchive, unavailable_after: {found.ends_on.isoformat()}"
    answer["Cache-Control"] = "max-age=60"
    return answer


@require_safe
@_robots("noindex, follow")
def section(request: HttpRequest, code: str) -> HttpResponse:
    """``/publicity/sections/<code>/?department=&after=``: a section, newest decision first."""
    department = request.GET.get("department", "")
    found = publicity.section(code, department=department, after=request.GET.get("after", ""))
    book = books.current()
    shown = book.publicity[code]
    offices = sorted({office for kind in shown.kinds for office in book.kinds[kind].providers})
    context = {
        "section": shown,
        "page": found,
        "department": department,
        "offices": [(office, book.departments[office].name) for office in offices if office in book.departments],
        "clock": book.clocks.get(shown.clock or ""),
        "classes": CLASSES,
        "day": today(),
    }
    return render(request, "public/publicity_section.html", context)


@require_safe
def offices(request: HttpRequest) -> HttpResponse:
    """``/publicity/offices/``: which office publishes in time, and how much is published by month."""
    return render(request, "public/publicity_offices.html", {"figures": publicity_figures.figures()})


PLEDGES: dict[str, str | Promise] = {
    "open": _("履行中"),
    "kept": _("按期履行"),
    "late": _("逾期履行"),
    "excused": _("免除"),
    "broken": _("未履行"),
}


@require_safe
def pledges(request: HttpRequest) -> HttpResponse:
    """``/publicity/pledges/``: what organisations and the government itself promised, and how it came out."""
    return render(request, "public/pledges.html", {"board": public_pledges.board(), "states": PLEDGES})


urlpatterns = [
    path("pledges/", pledges, name="pledges"),
    path("", home, name="publicity"),
    path("search/", search, name="search"),
    path("organisations/<str:uscc>/", organisation, name="organisation"),
    path("records/<str:reference>/", record, name="public_record"),
    path("sections/<slug:code>/", section, name="section"),
    path("offices/", offices, name="publicity_offices"),
]
