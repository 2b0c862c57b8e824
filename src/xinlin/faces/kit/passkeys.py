"""The pages of one's own account: which passkeys it has, adding one, removing one (通行密钥)."""

from __future__ import annotations

from ipaddress import ip_address

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from allauth.mfa.webauthn.internal import auth as ceremonies
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from xinlin.core.staff import PASSKEY_UNKNOWN, VERIFY_FIRST
from xinlin.core.values import Problem, Text
from xinlin.faces.kit.context import kiosk, words_of
from xinlin.faces.kit.gates import BY_PASSKEY, ActorRequest, account_required
from xinlin.office.actions import passkeys as actions
from xinlin.office.queries.passkeys import passkeys, why_no_passkey
from xinlin.office.queries.staff import actor_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Refused

MALFORMED = (AttributeError, KeyError, TypeError, ValueError)
"""What the parsers of a passkey's answer raise where it is no such answer at all."""
NOT_MADE = Problem(
    code="passkey_not_made",
    where="passkey",
    what=Text(zh="这个通行密钥没有通过核验，没有添加。", en="This passkey did not pass our checks and was not added."),
    cure=Text(
        zh="请再试一次，并按设备提示用指纹、面容或锁屏密码确认。",
        en="Try again, and confirm with fingerprint, face or screen lock as your device asks.",
    ),
)


class CityPasskeys(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """For which domain passkeys are made, and how a device lists them."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The domain, and the city's name for the system."""
        return {"id": _domain(context.request), "name": words_of(current()).product.zh}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, object]:
        """The account under the name that its pages show, which is masked for residents."""
        entity: dict[str, object] = super().get_public_key_credential_user_entity(user)
        name = actor_of(user).name
        return {**entity, "name": name, "display_name": name}


def _domain(request: HttpRequest) -> str:
    return settings.PASSKEY_DOMAIN or split_domain_port(request.get_host())[0]


def offered(request: HttpRequest) -> bool:
    """Whether passkeys can be used here: under a domain, with an identity service behind it, and never at a machine in a hall."""
    try:
        ip_address(_domain(request).strip("[]"))
    except ValueError:
        return bool(settings.IDENTITY_ISSUER) and not kiosk(request)
    return False


def _why_not(request: ActorRequest) -> Problem | None:
    """Why this session may not add a passkey: one passkey does not make another."""
    return VERIFY_FIRST if request.session.get(BY_PASSKEY) else why_no_passkey(request.user)


def _add(request: ActorRequest) -> Problem | None:
    """Keep the passkey that the form brings, or say why not. A challenge serves once."""
    form = AddWebAuthnForm(request.POST, user=request.user)
    try:
        proved = form.is_valid()
    except MALFORMED:
        proved = False
    ceremonies.clear_state()
    if not proved:
        return NOT_MADE
    try:
        actions.add_passkey(
            actor=request.actor, name=request.POST.get("name", ""), credential=form.cleaned_data["credential"]
        )
    except Refused as refused:
        return refused.problem
    return None


@require_http_methods(["GET", "HEAD", "POST"])
@account_required
def security(request: ActorRequest) -> HttpResponse:
    """One's passkeys; the form below adds one, where the identity service has just vouched for the person."""
    ready, first = offered(request), _why_not(request)
    problem = None
    if request.method == "POST":
        problem = first or (_add(request) if ready else PASSKEY_UNKNOWN)
        if problem is None:
            messages.success(request, _("通行密钥已添加，下次可以用它登录。"))
            return redirect("account_security")
    shown = {
        "passkeys": passkeys(actor=request.actor),
        "ready": ready,
        "first": first,
        "problem": problem,
        "days": settings.PASSKEY_DAYS,
        "longest": actions.NAME_LENGTH,
    }
    return render(request, "kit/security.html", shown, status=422 if problem else 200)


@require_POST
@account_required
def options(request: ActorRequest) -> HttpResponse:
    """What the device needs for making a passkey, with a challenge that serves once."""
    if not offered(request) or _why_not(request) is not None:
        return JsonResponse({"code": VERIFY_FIRST.code}, status=403)
    return JsonResponse(ceremonies.begin_registration(request.user, True))


@require_POST
@account_required
def remove(request: ActorRequest, key: int) -> HttpResponse:
    """Take one of one's passkeys away, at once."""
    actions.remove_passkey(actor=request.actor, key=key)
    messages.success(request, _("通行密钥已删去，不能再用它登录。"))
    return redirect("account_security")
