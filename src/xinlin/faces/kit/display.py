"""How pages look for this visitor: dark or light, normal or large type. Kept in cookies, so that no page flashes."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from xinlin.faces.kit.acting import stop
from xinlin.faces.kit.context import SHADE_COOKIE, SIZE_COOKIE
from xinlin.office.actions import mandates
from xinlin.office.queries.staff import actor_of
from xinlin.office.scopes import NotFound

YEAR: Final = 365 * 24 * 60 * 60
CHOICES: Final = {"shade": (SHADE_COOKIE, ("light", "dark")), "size": (SIZE_COOKIE, ("large",))}


@require_POST
def display(request: HttpRequest) -> HttpResponse:
    """Keep one choice (``shade`` or ``size``; any other value: as the device says) and go back to the page."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    for field, (cookie, allowed) in CHOICES.items():
        if field not in request.POST:
            continue
        if request.POST[field] in allowed:
            response.set_cookie(cookie, request.POST[field], max_age=YEAR, samesite="Lax", secure=request.is_secure())
        else:
            response.delete_cookie(cookie, samesite="Lax")
    return response


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this address by themselves where a page names no icon."""
    return HttpResponseRedirect(static("kit/mark.svg"))


@require_POST
def stop_acting(request: HttpRequest) -> HttpResponse:
    """Be oneself again. What was entrusted stands until it ends; a visit to a counter is over."""
    number = stop(request)
    if number and request.user.is_authenticated:
        actor = actor_of(request.user)
        if actor.role != "resident":
            with suppress(NotFound):
                mandates.give_up(actor=actor, number=number)
            return HttpResponseRedirect("/bench/serve/")
    return HttpResponseRedirect("/me/")


app_name = "kit"
urlpatterns = [
    path("acting/stop/", stop_acting, name="stop_acting"),
    path("display/", display, name="display"),
    path("favicon.ico", favicon, name="favicon"),
]
