"""The panel that a service hall's system puts into its own page as a frame: a form without scripts, cookies or sign-in (嵌入式核查).

The address itself is the credential: signed, for one system, item and officer, and good for a quarter of an hour. Only the
sites that the operator names may frame it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from secrets import token_hex

from csp.decorators import csp_replace
from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from xinlin.core.checks import DECIDES, Applicant
from xinlin.core.values import Text
from xinlin.office.actions import checks as actions
from xinlin.office.queries.staff import machine_named
from xinlin.office.scopes import NotAllowed, Refused

SALT = "xinlin.panel"
LASTS = 15 * 60
"""Seconds for which the address of a panel is good."""


def _framed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Let the named sites, and no other, put the answer into a frame."""

    @wraps(view)
    def around(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not settings.PANEL_HOSTS:
            raise Http404
        policy = {"frame-ancestors": settings.PANEL_HOSTS, "script-src": ["'none'"]}
        response = csp_replace(policy)(view)(request, *args, **kwargs)
        patch_cache_control(response, no_store=True, private=True)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return around


@csrf_exempt
@xframe_options_exempt
@_framed
@require_http_methods(["GET", "POST"])
def panel(request: HttpRequest, token: str) -> HttpResponse:
    """``/panel/<token>/``: one applicant at a time, at the item for which the address was made."""
    try:
        meant = signing.loads(token, salt=SALT, max_age=LASTS)
        actor = machine_named(meant["machine"])
    except (signing.BadSignature, NotAllowed):
        return render(request, "bench/panel.html", {"expired": True}, status=403)
    context: dict[str, object] = {
        "meant": meant,
        "item_name": Text.model_validate(meant["item_name"]),
        "key": request.POST.get("key") or token_hex(16),
        "decides": DECIDES,
        "typed": request.POST,
    }
    if request.method == "GET":
        return render(request, "bench/panel.html", context)
    try:
        context["check"] = actions.answer(
            actor=actor,
            item=meant["item"],
            purpose=meant["purpose"],
            officer=meant["officer"],
            applicants=[Applicant(request.POST.get("identifier", "").strip(), request.POST.get("name", "").strip())],
            idempotency_key=f"panel:{request.POST.get('key', '')}"[:100],
            channel="panel",
        )
        context["key"] = token_hex(16)
    except Refused as refused:
        return render(request, "bench/panel.html", {**context, "problem": refused.problem}, status=422)
    except NotAllowed:
        return render(request, "bench/panel.html", {"expired": True}, status=403)
    return render(request, "bench/panel.html", context)
