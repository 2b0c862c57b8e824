"""What an ID token says: real name, assurance (acr, amr), time of verification; the id number only by its own scope.

allauth's provider states neither acr nor auth_time. The facts of the sign-in are bound to the authorization code, not to
the person, so that a weak sign-in in one browser never borrows the strength of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.models import Client
from django.conf import settings
from django.core.cache import cache

from xinlin.demo.identity import FACE, PASSWORD
from xinlin.demo.identity.models import Person

METHODS = {FACE: ["face", "pwd"], PASSWORD: ["pwd"]}
"""How each level was reached (amr, RFC 8176)."""


@dataclass(frozen=True)
class Verification:
    """How and when (seconds since 1970, UTC) the person was verified in this browser."""

    acr: str
    auth_time: int


def _key(code: str) -> str:
    return f"verification:{hashlib.sha256(code.encode()).hexdigest()}"


def bind(code: str, verification: Verification) -> None:
    """Remember, as long as the code lives, with which verification it was given out."""
    cache.set(_key(code), asdict(verification), timeout=120)


class CityClaims(DefaultOIDCAdapter):  # type: ignore[misc]  # allauth ships no types
    """The claims of the demonstration identity service."""

    def get_issuer(self) -> str:
        """The address given at the start, whatever the request's Host header says."""
        return str(settings.ISSUER_URL)  # type: ignore[misc]  # the checker knows the site's settings only

    def get_user_sub(self, client: Client, user: Person) -> str:
        """The person's random, stable identifier."""
        return user.sub

    def get_user_by_sub(self, client: Client, sub: str) -> Person | None:
        """The person with this identifier."""
        return Person.objects.filter(sub=sub, is_active=True).first()

    def get_claims(
        self, purpose: str, user: Person, client: Client, scopes: Iterable[str], email: str | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Sub always; the real name by scope ``profile``; the id number by scope ``resident_id``, in the ID token only."""
        claims: dict[str, Any] = {"sub": user.sub}
        if "profile" in scopes:
            claims["name"] = user.real_name
        if "resident_id" in scopes and purpose == "id_token" and user.resident_id:
            claims["resident_id"] = user.resident_id
        return claims

    def populate_id_token(self, id_token: dict[str, Any], client: Client, scopes: Iterable[str], **kwargs: Any) -> None:
        """Add acr, amr and auth_time of the sign-in that the code stands for."""
        verification = cache.get(_key(self.request.POST.get("code", "")))
        if verification is not None:
            id_token["acr"] = verification["acr"]
            id_token["amr"] = METHODS[verification["acr"]]
            id_token["auth_time"] = verification["auth_time"]

    def populate_server_metadata(self, data: dict[str, Any]) -> None:
        """Say which levels and claims there are."""
        data["acr_values_supported"] = [FACE, PASSWORD]
        data["scopes_supported"] = ["openid", "profile", "resident_id"]
        data["claims_supported"] = ["sub", "name", "resident_id", "acr", "amr", "auth_time"]
        data["grant_types_supported"] = ["authorization_code"]
        data["response_types_supported"] = ["code"]
        for unused in ("device_authorization_endpoint", "end_session_endpoint", "revocation_endpoint"):
            data.pop(unused, None)
