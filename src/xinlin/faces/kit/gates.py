"""Gates before pages: who may pass, as which actor; and no personal page in any cache."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinlin.faces.kit.acting import acting
from xinlin.office.queries.mandates import MandateView
from xinlin.office.queries.staff import actor_of
from xinlin.office.scopes import Actor

View = Callable[..., HttpResponseBase]
"""A view; behind a gate its request is an `ActorRequest`."""

ROLES: dict[str, str | Promise] = {
    "resident": _("居民"),
    "clerk": _("部门报送员"),
    "officer": _("审批人员"),
    "reviewer": _("信用中心审核员"),
    "analyst": _("模型分析员"),
    "auditor": _("审计员"),
    "operator": _("运维管理员"),
}
BY_PASSKEY = "by_passkey"
"""Under which a session says that a passkey opened it, not the identity service."""
STAFF = tuple(role for role in ROLES if role != "resident")


class ActorRequest(HttpRequest):
    """A request that has passed a gate: ``request.actor`` is who acts."""

    actor: Actor
    acting: MandateView
    """Only where the actor helps somebody: under which mandate."""


def _private(response: HttpResponseBase) -> HttpResponseBase:
    """Forbid every cache, the browser's own included, to keep a page that shows personal data."""
    patch_cache_control(response, no_store=True, private=True)
    return response


def refused(request: HttpRequest, *, allowed: tuple[str, ...], actor: Actor) -> HttpResponse:
    """The page for the wrong role: who may do this, who you are, and what to do."""
    return render(
        request,
        "kit/refused.html",
        {
            "allowed": [ROLES[role] for role in allowed],
            "role": ROLES[actor.role],
            "is_resident": actor.role == "resident",
        },
        status=403,
    )


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """To sign in, and from there to the page; what was sent by a form that outlived its session is handed back to be copied.

    A form goes back to the page on which it stood, since its own address may take nothing but forms.
    """
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    page = urlsplit(request.headers.get("Referer", ""))
    onward = f"{page.path}?{page.query}".rstrip("?") if page.netloc == request.get_host() else "/"
    written = [text for text in request.POST.values() if isinstance(text, str) and (" " in text or not text.isascii())]
    if not written:
        return redirect_to_login(onward)
    return render(request, "kit/expired.html", {"written": written, "next": onward}, status=403)


def _gate(roles: tuple[str, ...], *, needs_subject: bool) -> Callable[[View], View]:
    def around(view: View) -> View:
        @wraps(view)
        def gated(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _private(_to_sign_in(request))
            actor = actor_of(request.user)
            helping = acting(request, actor) if needs_subject else None
            if helping is not None:
                request.actor, request.acting = helping  # type: ignore[attr-defined]  # from here on it is an ActorRequest
                return _private(view(request, *args, **kwargs))
            if actor.role not in roles:
                return _private(refused(request, allowed=roles, actor=actor))
            if needs_subject and actor.subject_id is None:
                return _private(render(request, "kit/not_registered.html", status=403))
            request.actor = actor  # type: ignore[attr-defined]  # from here on it is an ActorRequest
            return _private(view(request, *args, **kwargs))

        gated.roles = roles  # type: ignore[attr-defined]  # read by the test that walks all routes
        return gated

    return around


def resident_required(view: View) -> View:
    """Let registered residents pass, and who acts for one under a mandate that stands.

    Sends nobody to sign in, staff to a refusal, and the unregistered to an explanation.
    """
    return _gate(("resident",), needs_subject=True)(view)


def staff_required(*roles: str) -> Callable[[View], View]:
    """Let staff of these roles pass (any staff where none is named). An unknown role is a programming error: ValueError."""
    unknown = set(roles) - set(STAFF)
    if unknown:
        raise ValueError(f"staff_required: no such role of staff: {', '.join(sorted(unknown))}")
    return _gate(roles or STAFF, needs_subject=False)


def account_required(view: View) -> View:
    """Let everybody pass who has signed in, as themselves: the pages of one's own account."""
    return _gate(tuple(ROLES), needs_subject=False)(view)


def vouched_for(*fields: str) -> Callable[[View], View]:
    """Behind a gate: a form with one of these fields is a declaration, and whoever came by passkey is verified anew before it.

    The identity service's word stands under a consent or a mandate, so it must be of this session.
    """

    def around(view: View) -> View:
        @wraps(view)
        def asked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if request.session.get(BY_PASSKEY) and any(field in request.POST for field in fields):
                return render(request, "kit/verify_again.html", {"next": request.path}, status=403)
            return view(request, *args, **kwargs)

        return asked

    return around
