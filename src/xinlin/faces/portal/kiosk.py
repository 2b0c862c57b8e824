"""A self-service machine in a hall (自助查询机): big type, few choices, nothing left behind."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinlin.faces.kit.context import KIOSK, SHADE_COOKIE, SIZE_COOKIE
from xinlin.faces.kit.gates import ActorRequest, resident_required
from xinlin.office.queries import people


@never_cache
@require_safe
def kiosk(request: HttpRequest) -> HttpResponse:
    """``/kiosk/``: the first page, for nobody in particular; who is signed in at a machine is signed out first."""
    if request.user.is_authenticated:
        return redirect("portal:kiosk_end" if request.session.get(KIOSK) else "portal:home")
    return render(request, "portal/kiosk.html", {"wiped": "wiped" in request.GET, "machine": True})


@never_cache
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """A session that is wiped when nobody touches the machine; then to the identity service."""
    logout(request)
    request.session[KIOSK] = True
    return HttpResponseRedirect("/sign-in/?next=/kiosk/menu/")


@require_safe
@resident_required
def menu(request: ActorRequest) -> HttpResponse:
    """What one can do here, one big button each."""
    return render(request, "portal/kiosk_menu.html", {"tab": "", "me": people.me(actor=request.actor)})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest) -> HttpResponse:
    """Sign out, forget the session, have the browser drop all that it holds of this site. Only at a machine."""
    if not request.session.get(KIOSK):
        return redirect("portal:home")
    logout(request)
    response = HttpResponseRedirect("/kiosk/?wiped=1")
    for cookie in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, SHADE_COOKIE, SIZE_COOKIE, "messages"):
        response.delete_cookie(cookie)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response
