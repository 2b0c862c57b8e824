"""The service's pages: choose who you are and how you were verified; then back to the site that asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import groupby
from urllib.parse import parse_qs, urlsplit

from allauth.core.internal.httpkit import add_query_params
from allauth.idp.oidc.models import Client
from allauth.idp.oidc.views import AuthorizationView
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from xinlin.core.people import mask_identifier
from xinlin.demo.identity import FACE, PASSWORD
from xinlin.demo.identity.claims import Verification, bind
from xinlin.demo.identity.models import Person

BACKEND = "django.contrib.auth.backends.ModelBackend"
FOUND_AT_MOST = 30


def content_security(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: nothing but our own files; a form may end at the client's addresses, since browsers check redirects."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            uris = [uri for client in Client.objects.all() for uri in client.get_redirect_uris()]
            origins = " ".join(sorted({f"{urlsplit(uri).scheme}://{urlsplit(uri).netloc}" for uri in uris}))
            response["Content-Security-Policy"] = (
                "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
                f"form-action 'self' {origins}".strip()
            )
        return response

    return middleware


def _onward(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}) else ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """List the demo's cast, search everybody else by name; a POST names one person and one level."""
    if request.method == "POST":
        sub, _, level = request.POST.get("choice", "").partition("|")
        person = Person.objects.filter(sub=sub, is_active=True).first()
        if person is not None and level in (FACE, PASSWORD):
            request.session.flush()
            login(request, person, backend=BACKEND)  # type: ignore[arg-type]  # the checker knows the site's accounts only
            request.session["verification"] = {"acr": level, "auth_time": int(time.time())}
            return redirect(_onward(request) or reverse("account_login"))
    wanted = request.GET.get("q", "").strip()
    cast = Person.objects.exclude(label="").filter(is_active=True).order_by("position")
    found = Person.objects.filter(real_name__contains=wanted, is_active=True).order_by("position")[:FOUND_AT_MOST]
    return render(
        request,
        "identity/sign_in.html",
        {
            "groups": [(group, list(people)) for group, people in groupby(cast, key=lambda person: person.group)],
            "found": [(person, mask_identifier(person.resident_id)) for person in found] if wanted else [],
            "wanted": wanted,
            "next": _onward(request),
            "face": FACE,
            "password": PASSWORD,
            "signed_in": request.user if request.user.is_authenticated and not _onward(request) else None,
        },
        status=400 if request.method == "POST" else 200,
    )


def _code_of(location: str) -> str:
    return (parse_qs(urlsplit(location).query).get("code") or [""])[0]


class Authorization(AuthorizationView):  # type: ignore[misc]  # allauth ships no types
    """allauth's authorization page, which also honours max_age, insists on PKCE S256, and says how the person was verified."""

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Give out a code bound to this browser's verification."""
        if not request.GET.get("code_challenge") or request.GET.get("code_challenge_method") != "S256":
            return render(request, "identity/refused.html", status=400)
        verification = request.session.get("verification")
        maximum_age = request.GET.get("max_age", "")
        if verification and maximum_age.isdigit() and time.time() - verification["auth_time"] > int(maximum_age):
            return HttpResponseRedirect(add_query_params(reverse("account_login"), {"next": request.get_full_path()}))
        response: HttpResponse = super().get(request, *args, **kwargs)
        code = _code_of(response.headers.get("Location", ""))
        if code and verification:
            bind(code, Verification(**verification))
        return response


authorization = never_cache(Authorization.as_view())
