"""Wipes a kiosk's session when nobody touches the machine: on the server by the clock, on the screen by a header."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_cache_control

from xinlin.faces.kit.context import IDLE, KIOSK
from xinlin.office.scopes import now

SEEN: Final = "kiosk_seen"
END: Final = "/kiosk/end/"


class Kiosk:
    """Middleware: a kiosk's session ends after `IDLE` seconds, and its pages say so to the browser themselves.

    The ``Refresh`` header needs no script. While one is being verified at the identity service nothing runs out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Wipe what has been idle, else pass on."""
        if not request.session.get(KIOSK):
            return self.get_response(request)
        moment = int(now().timestamp())
        signed_in = request.user.is_authenticated
        if signed_in and moment - int(request.session.get(SEEN, moment)) > IDLE and request.path != END:
            logout(request)
            response: HttpResponse = HttpResponseRedirect("/kiosk/?wiped=1")
            response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
            return response
        if signed_in:
            request.session[SEEN] = moment
        response = self.get_response(request)
        patch_cache_control(response, no_store=True, private=True)
        if request.user.is_authenticated and request.path != END:
            response.headers["Refresh"] = f"{IDLE}; url={END}"
        return response
