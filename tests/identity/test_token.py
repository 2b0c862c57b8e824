"""ID tokens that the site must not take: each is right in all but one thing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.http import HttpRequest
from django.test import RequestFactory
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, RSAKey

from tests.identity.conftest import CLIENT, Service, Visitor
from xinlin.demo.identity import FACE
from xinlin.faces.kit.sign_in import CityService, Vouched

pytestmark = pytest.mark.django_db(transaction=True)
NONCE = "a-nonce"


@pytest.fixture
def key(connected: Service) -> RSAKey:
    """The service's own key, so that a token can be wrong in its content alone."""
    return RSAKey.import_key((connected.data / "identity" / "signing.pem").read_text())


@pytest.fixture
def claims(connected: Service) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": connected.url, "aud": CLIENT, "sub": "r-grown", "name": "林晓雯", "nonce": NONCE, "acr": FACE,
        "iat": now, "exp": now + 300, "auth_time": now,
    }  # fmt: skip


@pytest.fixture
def take(connected: Service) -> Callable[[str], Vouched]:
    request: HttpRequest = RequestFactory().get("/")
    return lambda token: CityService(request).vouched(token, NONCE)


def _signed(claims: dict[str, Any], key: Any, kid: str, algorithm: str = "RS256") -> str:
    return jwt.encode({"alg": algorithm, "kid": kid}, claims, key, algorithms=[algorithm])


def _kid(connected: Service, visitor: Visitor) -> str:
    import json

    return str(json.loads(visitor.open(connected.url + "/.well-known/jwks.json").text)["keys"][0]["kid"])


def test_the_right_one_is_taken(
    connected: Service, visitor: Visitor, key: RSAKey, claims: dict[str, Any], take: Callable[[str], Vouched]
) -> None:
    person = take(_signed(claims, key, _kid(connected, visitor)))
    assert (person.subject_claim, person.name, person.acr) == ("r-grown", "林晓雯", FACE)


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://other.example"),
        ("aud", "another-client"),
        ("nonce", "another-nonce"),
        ("exp", 1_700_000_000),
        ("iat", 4_000_000_000),
        ("sub", None),
        ("name", None),
        ("auth_time", None),
        ("nonce", None),
    ],
)
def test_wrong_in_one_claim(
    connected: Service,
    visitor: Visitor,
    key: RSAKey,
    claims: dict[str, Any],
    take: Callable[[str], Vouched],
    claim: str,
    value: object,
) -> None:
    changed = {name: (value if name == claim else old) for name, old in claims.items()}
    changed = {name: kept for name, kept in changed.items() if kept is not None}
    with pytest.raises((JoseError, ValueError)):
        take(_signed(changed, key, _kid(connected, visitor)))


def test_signed_with_another_key_under_the_same_name(
    connected: Service, visitor: Visitor, claims: dict[str, Any], take: Callable[[str], Vouched]
) -> None:
    forged = RSAKey.import_key(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    with pytest.raises((JoseError, ValueError)):
        take(_signed(claims, forged, _kid(connected, visitor)))


def test_signed_with_the_public_key_as_a_shared_secret(
    connected: Service, visitor: Visitor, key: RSAKey, claims: dict[str, Any], take: Callable[[str], Vouched]
) -> None:
    secret = OctKey.import_key(key.as_bytes(encoding="PEM", private=False).hex())
    with pytest.raises((JoseError, ValueError)):
        take(_signed(claims, secret, _kid(connected, visitor), "HS256"))


def test_not_signed_at_all(take: Callable[[str], Vouched], claims: dict[str, Any]) -> None:
    import base64
    import json

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    with pytest.raises((JoseError, ValueError)):
        take(f"{part({'alg': 'none'})}.{part(claims)}.")
