"""Which department's system calls: OAuth 2 client credentials, one scope for each duty (接入系统认证)."""

from __future__ import annotations

from datetime import timedelta

from allauth.idp.oidc.internal.resources import is_resources_subset
from django.http import HttpRequest
from django.utils.timezone import localtime
from ninja.security.base import AuthBase

from xinlin.core.staff import MACHINE_SCOPES
from xinlin.faces.api.problems import ApiRefused, problem_of
from xinlin.office.queries.staff import Let, let_in, used_today
from xinlin.office.scopes import Actor, now

_REALM = 'Bearer realm="xinlin"'
_METERED = frozenset({"batches:write", "checks:ask"})
"""The duties whose calls count against a system's daily limit, where they post something."""


def _let(request: HttpRequest) -> Let:
    """What the request's token lets in. A token in the address or the body is no token (RFC 9700 4.3.2)."""
    given = request.META.get("HTTP_AUTHORIZATION", "")
    if not given.startswith("Bearer "):
        raise ApiRefused(
            401,
            problem_of(
                "no_token",
                ("缺少访问令牌", "There is no access token"),
                (
                    "请以客户端凭据向 /identity/o/api/token 换取令牌，并放入 Authorization: Bearer",
                    "Get a token at /identity/o/api/token with your client credentials; send it as Authorization: Bearer",
                ),
                "Authorization",
            ),
            {"WWW-Authenticate": _REALM},
        )
    token = given[len("Bearer ") :].strip()
    let = let_in(token) if token and token.isascii() else None
    if let is None or not _is_meant_for(request, let.resources):
        raise ApiRefused(
            401,
            problem_of(
                "bad_token",
                ("访问令牌无效或已过期", "The access token is not valid, or no longer"),
                ("请重新换取令牌", "Get a new token"),
                "Authorization",
            ),
            {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
        )
    return let


def _is_meant_for(request: HttpRequest, resources: list[str]) -> bool:
    """Whether a token that names resources (RFC 8707) names this address."""
    return not resources or is_resources_subset([request.build_absolute_uri(request.path)], resources)


def machine_actor(request: HttpRequest, scope: str) -> Actor:
    """The department's system that calls, once its token is seen to be valid and to carry ``scope``.

    Raises `ApiRefused` with 401 (no or bad token) or 403 (scope missing, access closed).
    """
    let: Let | None = getattr(request, "_machine", None)
    if let is None:
        let = request._machine = _let(request)  # type: ignore[attr-defined]  # kept for the second question of the same request
    if let.actor is None:
        raise ApiRefused(
            403,
            problem_of(
                "machine_closed",
                ("该系统未接入或已停用", "This system is not let in, or its access was closed"),
                ("请联系运维人员", "Ask the operators"),
                "Authorization",
            ),
        )
    if scope and scope not in let.scopes:
        raise ApiRefused(
            403,
            problem_of(
                "scope_missing",
                (f"令牌没有权限 {scope}", f"The token does not carry the scope {scope}"),
                ("请以含该权限的客户端换取令牌", "Get a token from a client that may have it"),
                "Authorization",
                scope,
            ),
            {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{scope}"'},
        )
    if let.daily_limit is not None and scope in _METERED and request.method == "POST":
        _must_be_within(let.actor, let.daily_limit)
    return let.actor


def _must_be_within(actor: Actor, limit: int) -> None:
    """Raises `ApiRefused` with 429 once the system has used its day up."""
    if used_today(actor) < limit:
        return
    moment = localtime(now())
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    raise ApiRefused(
        429,
        problem_of(
            "daily_limit",
            (f"该系统今天的额度 {limit} 次已用完", f"This system has used its {limit} calls of today"),
            ("明天再试，或请运维人员调整额度", "Try again tomorrow, or ask the operators for a higher limit"),
            "Authorization",
        ),
        {"Retry-After": str(int((midnight - moment).total_seconds()) + 1)},
    )


class MachineAuth(AuthBase):
    """Authentication of an operation; gives ``request.auth``, the `Actor`. An empty scope takes any valid token."""

    openapi_type = "oauth2"
    openapi_flows = {
        "clientCredentials": {"tokenUrl": "/identity/o/api/token", "scopes": {scope: scope for scope in MACHINE_SCOPES}}
    }

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Actor:
        """The actor, or `ApiRefused`."""
        return machine_actor(request, self.scope)
