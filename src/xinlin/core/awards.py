"""Rounds of awards for good faith (诚信评选): what a panel's votes come to, and the badge that an awarded person takes away."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, Literal

PANEL = 2
"""So many members of the panel sign each nomination: one of the credit centre, one of the office that awards."""
Outcome = Literal["nominated", "awarded", "refused"]


def outcome(votes: Sequence[bool]) -> Outcome:
    """What the votes come to: awarded where the whole panel says yes, refused where it has voted and somebody said no."""
    if len(votes) < PANEL:
        return "nominated"
    return "awarded" if all(votes) else "refused"


def badge(
    *, number: str, issuer: str, site: str, title: str, criteria: str, name: str, awarded_at: str
) -> dict[str, Any]:
    """An Open Badges 3.0 credential of an award. ``awarded_at`` is ISO 8601; no figure of anybody is in it."""
    return {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": f"{site}/awarded/#{number}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": title,
        "issuer": {"id": site, "type": ["Profile"], "name": issuer},
        "validFrom": awarded_at,
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [{"type": "IdentityObject", "hashed": False, "identityType": "name", "identityHash": name}],
            "achievement": {
                "id": f"{site}/awarded/",
                "type": ["Achievement"],
                "name": title,
                "description": criteria,
                "criteria": {"narrative": criteria},
            },
        },
    }


def _part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def signed_badge(credential: dict[str, Any], public: bytes, sign: Callable[[bytes], bytes]) -> str:
    """The credential as a compact JWS (RFC 7515, EdDSA), as Open Badges 3.0 has it; the key stands in its header."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": _part(public)}
    header = json.dumps({"alg": "EdDSA", "typ": "JWT", "jwk": jwk}, separators=(",", ":")).encode()
    body = json.dumps(credential, ensure_ascii=False, separators=(",", ":")).encode()
    said = f"{_part(header)}.{_part(body)}"
    return f"{said}.{_part(sign(said.encode()))}"
