"""What makes the pages installable on a phone: manifest, worker, and the page for when there is no network.

The worker keeps the look of the pages and that one page, and nothing that anybody is shown; the card that a resident puts on
their own phone is kept by the phone alone, until the end of the day (see ``card.js``).
"""

from __future__ import annotations

import hashlib
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import path
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from xinlin.faces.kit.context import words_of
from xinlin.faces.kit.templatetags.kit import text_filter
from xinlin.office.rulebook import current
from xinlin.office.scopes import today

LOOK: Final = ("kit/xinlin.css", "kit/kit.js", "kit/card.js", "kit/mark.svg", "kit/mark-192.png")
"""What the worker keeps beside the offline page."""
OFFLINE: Final = "/offline/"


@vary_on_headers("Accept-Language", "Cookie")
@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """``/manifest.webmanifest``: name, icons, and the doors that a long press on the icon opens."""
    book = current()
    words, scored = words_of(book), book.scheme_at(today()) is not None
    doors = [
        *([(_("信用卡片"), "/card/"), (_("我要查分"), "/score/")] if scored else []),
        (_("关于我的记录"), "/records/"),
        (_("我要申诉"), "/appeals/"),
    ]
    icons = [(size, "any") for size in ("192", "512")] + [("512", "maskable")]
    body = {
        "id": "/",
        "name": f"{text_filter(words.product)} · {text_filter(words.city)}",
        "short_name": text_filter(words.product),
        "description": text_filter(words.slogan),
        "lang": "en" if get_language() == "en" else "zh-Hans",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f6f3eb",
        "theme_color": "#2a6659",
        "icons": [
            {
                "src": static(f"kit/mark-{size if purpose == 'any' else 'maskable'}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size, purpose in icons
        ],
        "shortcuts": [{"name": name, "url": address} for name, address in doors],
    }
    return JsonResponse(
        body, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False, "indent": 1}
    )


@never_cache
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """``/worker.js``: named after what it keeps, so that a new look replaces the old one."""
    kept = [static(name) for name in LOOK]
    shelf = hashlib.sha256("\n".join(kept).encode()).hexdigest()[:12]
    context = {"kept": [*kept, OFFLINE], "shelf": shelf, "offline": OFFLINE}
    return render(request, "kit/worker.js", context, content_type="text/javascript")


@vary_on_headers("Accept-Language", "Cookie")
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """``/offline/``: says that there is no network, and shows the card if the resident put it on this phone today."""
    return render(request, "kit/offline.html")


app_name = "installed"
urlpatterns = [
    path("manifest.webmanifest", manifest, name="manifest"),
    path("worker.js", worker, name="worker"),
    path("offline/", offline, name="offline"),
]
