"""Which department's system calls: OAuth 2 client credentials, one scope for each duty (接入系统认证)."""

from __future__ import annotations

from allauth.idp.oidc.internal.oauthlib.server import get_server
from allauth.idp.oidc.internal.oauthlib.utils import extract_headers, get_uri, get_validator_context
from allauth.idp.oidc.internal.resources import is_resources_subset
from django.http import HttpRequest
from ninja.security.base import AuthBase

from xinlin.core.staff import MACHINE_SCOPES
from xinlin.faces.api.problems import ApiRefused, problem_of
from xinlin.office.queries.staff import actor_of_machine
from xinlin.office.scopes import Actor, NotAllowed

_REALM = 'Bearer realm="xinlin"'


def _token_scopes(request: HttpRequest) -> tuple[str, list[str]]:
    """Client id and granted scopes of the request's token. A token in the address or the body is no token (RFC 9700 4.3.2)."""
    if not request.headers.get("Authorization", "").startswith("Bearer "):
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
    # The body is left out, unlike in allauth's own TokenAuth: a file must not be read before its sender is known.
    valid, _ = get_server().verify_request(get_uri(request), request.method, "", extract_headers(request), scopes=[])
    token = get_validator_context().access_token if valid else None
    here = request.build_absolute_uri(request.path)
    if token is None or token.client_id is None or not is_resources_subset([here], token.get_resources()):
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
    return token.client_id, token.get_scopes()


def machine_actor(request: HttpRequest, scope: str) -> Actor:
    """The department's system that calls, once its token is seen to be valid and to carry ``scope``.

    Raises `ApiRefused` with 401 (no or bad token) or 403 (scope missing, access closed).
    """
    known: tuple[Actor, list[str]] | None = getattr(request, "_machine", None)
    if known is None:
        client_id, scopes = _token_scopes(request)
        try:
            known = (actor_of_machine(client_id), scopes)
        except NotAllowed:
            raise ApiRefused(
                403,
                problem_of(
                    "machine_closed",
                    ("该系统未接入或已停用", "This system is not let in, or its access was closed"),
                    ("请联系运维人员", "Ask the operators"),
                    "Authorization",
                ),
            ) from None
        request._machine = known  # type: ignore[attr-defined]  # kept for the second question of the same request
    actor, scopes = known
    if scope and scope not in scopes:
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
    return actor


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
