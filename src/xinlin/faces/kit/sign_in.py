"""Signing in through the city's identity service, and out again: OpenID Connect, code flow with PKCE, state and nonce.

Whom the service has vouched for may come back by a passkey; what such a session may not do, `gates.vouched_for` says.

The ID token is verified against the service's published keys; issuer, audience, nonce and age are checked here, the
assurance level in the action. Nothing that the service says is kept in the session: only the account is.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.ratelimit import consume
from allauth.mfa.webauthn.forms import LoginWebAuthnForm
from allauth.mfa.webauthn.internal import auth as ceremonies
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import build_absolute_uri
from django.conf import settings
from django.contrib.auth import login, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from xinlin.core.staff import PASSKEY_UNKNOWN
from xinlin.core.values import Problem, Text
from xinlin.faces.kit.gates import BY_PASSKEY
from xinlin.faces.kit.passkeys import MALFORMED, offered
from xinlin.office.actions.passkeys import signed_in_by_passkey
from xinlin.office.actions.staff import SignInRefused, signed_in
from xinlin.office.queries.staff import actor_of

ALGORITHMS = ["RS256", "ES256"]
"""The signatures taken on an ID token; never a shared-secret one, never none."""
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

_AGAIN = Text(zh="请回到登录页重新登录。", en="Go back to the sign-in page and start again.")
NOT_STARTED_HERE = Problem(
    code="state_unknown",
    where="state",
    what=Text(
        zh="这次登录不是从本浏览器发起的，或者已经超过 10 分钟。",
        en="This sign-in did not start in this browser, or started over ten minutes ago.",
    ),
    cure=_AGAIN,
)
CANCELLED = Problem(
    code="cancelled",
    where="identity service",
    what=Text(zh="身份认证没有完成。", en="The verification was not completed."),
    cure=_AGAIN,
)
TOKEN_WRONG = Problem(
    code="token_wrong",
    where="id_token",
    what=Text(zh="身份认证服务的回复未通过核验。", en="The answer of the identity service did not pass our checks."),
    cure=Text(
        zh="请重新登录；若仍如此，请告知运维人员：签发者、签名、受众、随机数或有效期不符。",
        en="Sign in again; if it stays, tell the operators that issuer, signature, audience, nonce or expiry do not fit.",
    ),
)
NO_ANSWER = Problem(
    code="identity_service_silent",
    where="identity service",
    what=Text(zh="城市身份认证服务暂时没有响应。", en="The city's identity service does not answer at the moment."),
    cure=Text(zh="请过几分钟再试。", en="Try again in a few minutes."),
)
NOT_SET_UP = Problem(
    code="identity_service_not_set",
    where="XINLIN_IDENTITY_ISSUER",
    what=Text(
        zh="本系统尚未配置身份认证服务，暂不能登录。", en="No identity service is set up yet, so nobody can sign in."
    ),
    cure=Text(
        zh="运维人员：请设置 XINLIN_IDENTITY_ISSUER、XINLIN_IDENTITY_CLIENT_ID 和 XINLIN_IDENTITY_CLIENT_SECRET。",
        en="Operators: set XINLIN_IDENTITY_ISSUER, XINLIN_IDENTITY_CLIENT_ID and XINLIN_IDENTITY_CLIENT_SECRET.",
    ),
)
TOO_OFTEN = Problem(
    code="too_often",
    where="passkey",
    what=Text(zh="一分钟内试得太多了。", en="There were too many attempts within a minute."),
    cure=Text(zh="请过一分钟再试，或用城市身份认证登录。", en="Try again in a minute, or use the identity service."),
)


class NoLocalAccounts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """No sign-up and no passwords here: accounts come from the identity service and from appointments."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False


class NoStoredClaims(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes allauth's own sign-up; our callback is the only way in and stores nothing of what the service says."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        """Never."""
        return False


@dataclass(frozen=True)
class Vouched:
    """What a verified ID token says of a person; lives for one request."""

    subject_claim: str
    name: str
    resident_id: str
    acr: str
    auth_time: datetime


class CityService(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth ships no types
    """The city's identity service, as allauth's client speaks to it."""

    def __init__(self, request: HttpRequest, provider_id: str = "city") -> None:
        super().__init__(request, provider_id)

    def get_provider(self) -> CityProvider:
        """The provider of the one app that the settings name."""
        return CityProvider(self.request, app=get_adapter().get_app(self.request, provider=self.provider_id))

    def get_callback_url(self, request: HttpRequest, app: object) -> str:
        """Where the identity service sends the person back to."""
        return str(build_absolute_uri(request, reverse("openid_connect_callback"), self.redirect_uri_protocol))

    def vouched(self, id_token: str, nonce: str) -> Vouched:
        """Verify signature, issuer, audience, nonce and age of an ID token. Raises joserfc's JoseError or ValueError."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        keys = KeySet.import_key_set(answer.json())
        claims: dict[str, Any] = jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            leeway=30,
            iss={"essential": True, "value": settings.IDENTITY_ISSUER},
            aud={"essential": True, "value": settings.IDENTITY_CLIENT_ID},
            nonce={"essential": True, "value": nonce},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            name={"essential": True},
            auth_time={"essential": True},
        ).validate(claims)
        return Vouched(
            subject_claim=str(claims["sub"]),
            name=str(claims["name"]),
            resident_id=str(claims.get("resident_id", "")),
            acr=str(claims.get("acr", "")),
            auth_time=datetime.fromtimestamp(int(claims["auth_time"]), UTC),
        )


class CityProvider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth ships no types
    """allauth's OpenID Connect provider, speaking through `CityService`."""

    oauth2_adapter_class = CityService


def _refused(request: HttpRequest, problem: Problem, status: int = 403) -> HttpResponse:
    return render(request, "kit/sign_in_refused.html", {"problem": problem}, status=status)


def _safe_next(request: HttpRequest, wanted: str | None) -> str:
    """The page to go on to: only one of ours, else empty."""
    if wanted and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return ""


def _home(role: str) -> str:
    return "/" if role == "resident" else "/bench/"


def _onward(request: HttpRequest, wanted: str | None, role: str) -> HttpResponse:
    onward = _safe_next(request, wanted)
    return redirect(onward if onward not in ("", "/") else _home(role))


@never_cache
@require_http_methods(["GET", "HEAD"])
def welcome(request: HttpRequest) -> HttpResponse:
    """The sign-in page: one button."""
    onward = _safe_next(request, request.GET.get("next"))
    if request.user.is_authenticated:
        return redirect(onward or _home(actor_of(request.user).role))
    shown = {
        "next": onward,
        "ready": bool(settings.IDENTITY_ISSUER),
        "minutes": settings.IDENTITY_MAXIMUM_AGE // 60,
        "passkeys": offered(request),
    }
    return render(request, "kit/sign_in.html", shown)


@never_cache
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Send the person to the identity service, asking for a fresh verification of sufficient assurance."""
    if not settings.IDENTITY_ISSUER:
        return _refused(request, NOT_SET_UP, 503)
    nonce = secrets.token_urlsafe(32)
    try:
        answer: HttpResponseRedirect = (
            CityService(request)
            .get_provider()
            .redirect(
                request,
                process="login",
                next_url=_safe_next(request, request.POST.get("next")),
                nonce=nonce,
                auth_params={
                    "nonce": nonce,
                    "prompt": "login",
                    "acr_values": " ".join(settings.IDENTITY_ACCEPTED_ASSURANCE),
                    "max_age": str(settings.IDENTITY_MAXIMUM_AGE),
                    "ui_locales": "zh-CN" if request.LANGUAGE_CODE.startswith("zh") else "en",
                },
            )
        )
    except requests.RequestException:
        return _refused(request, NO_ANSWER, 503)
    return answer


@never_cache
@require_GET
def come_back(request: HttpRequest) -> HttpResponse:
    """The person comes back with a code: exchange it, verify, and let the account in under a new session key."""
    if not settings.IDENTITY_ISSUER:
        return _refused(request, NOT_SET_UP, 503)
    service = CityService(request)
    provider = service.get_provider()
    try:
        state = provider.unstash_redirect_state(request, request.GET.get("state", ""))
    except PermissionDenied:
        return _refused(request, NOT_STARTED_HERE, 400)
    if request.GET.get("iss", settings.IDENTITY_ISSUER) != settings.IDENTITY_ISSUER:
        return _refused(request, TOKEN_WRONG, 400)
    if "code" not in request.GET:
        return _refused(request, CANCELLED, 400)
    try:
        answer = service.get_access_token_data(
            request,
            provider.app,
            service.get_client(request, provider.app),
            pkce_code_verifier=state.get("pkce_code_verifier"),
        )
        person = service.vouched(str(answer.get("id_token", "")), state["nonce"])
    except requests.RequestException:
        return _refused(request, NO_ANSWER, 503)
    except (JoseError, OAuth2Error, ValueError, TypeError, OverflowError):
        return _refused(request, TOKEN_WRONG, 400)
    try:
        account = signed_in(
            issuer=settings.IDENTITY_ISSUER,
            subject_claim=person.subject_claim,
            name=person.name,
            resident_id=person.resident_id,
            acr=person.acr,
            auth_time=person.auth_time,
        )
    except SignInRefused as refusal:
        return _refused(request, refusal.problem)
    login(request, account, backend=BACKEND)
    request.session.pop(BY_PASSKEY, None)
    return _onward(request, state.get("next"), account.role)


@never_cache
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """A challenge for whatever passkey the device holds; it names no account. The device must verify its user."""
    if not offered(request):
        return _refused(request, PASSKEY_UNKNOWN)
    if not consume(request, app="allauth.mfa", action="webauthn_login"):
        return _refused(request, TOO_OFTEN, 429)
    return JsonResponse(ceremonies.begin_authentication(None))


@never_cache
@require_POST
def by_passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey. Whatever is amiss with it, and whosever it is, the refusal is the same; a challenge serves once."""
    if not offered(request):
        return _refused(request, PASSKEY_UNKNOWN)
    if not consume(request, app="allauth.mfa", action="webauthn_login"):
        return _refused(request, TOO_OFTEN, 429)
    form = LoginWebAuthnForm(request.POST)
    try:
        proved = form.is_valid()
    except MALFORMED:
        proved = False
    ceremonies.clear_state()
    if not proved:
        return _refused(request, PASSKEY_UNKNOWN)
    try:
        account = signed_in_by_passkey(key=form.cleaned_data["credential"].pk)
    except SignInRefused as refusal:
        return _refused(request, refusal.problem)
    login(request, account, backend=BACKEND)
    request.session[BY_PASSKEY] = True
    return _onward(request, request.POST.get("next"), account.role)


@never_cache
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out: asks on GET, ends the session on POST."""
    if request.method == "POST":
        logout(request)
        return redirect("sign_in")
    return render(request, "kit/sign_out.html")
