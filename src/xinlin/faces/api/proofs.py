"""What a call carries beside its content: idempotency key, digest, signature (幂等键, 摘要, 签名)."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest

from xinlin.office.actions.proofs import Call, Proof, must_match, stated_sha256, verified
from xinlin.office.scopes import Actor

HEADERS: list[dict[str, Any]] = [
    {
        "in": "header",
        "name": "Idempotency-Key",
        "description": "The same key with the same input gives the same answer; with another input it is refused (409).",
        "schema": {"type": "string", "maxLength": 128},
    },
    {
        "in": "header",
        "name": "Content-Digest",
        "description": "sha-256=:BASE64: of the body (RFC 9530). Another body than that is refused.",
        "schema": {"type": "string"},
    },
    {
        "in": "header",
        "name": "Signature-Input",
        "description": "RFC 9421; must cover @method, @target-uri and content-digest and give created, keyid and nonce. "
        "Required once the department has registered a public key.",
        "schema": {"type": "string"},
    },
    {"in": "header", "name": "Signature", "description": "RFC 9421.", "schema": {"type": "string"}},
]
"""For the description of operations that take them."""


def is_signed(request: HttpRequest) -> bool:
    """Whether the call carries a signature; then only what is signed may be said of the file."""
    return "Signature-Input" in request.headers


def proof_of(request: HttpRequest, actor: Actor, body: bytes | None = None) -> Proof:
    """Key, digest and signature of the call, verified. ``body`` where it has been read. Raises `Refused`."""
    stated = stated_sha256(request.headers.get("Content-Digest", ""))
    call = Call(request.method or "", request.build_absolute_uri(), dict(request.headers.items()))
    signature = verified(actor=actor, call=call)
    if body is not None:
        must_match(stated, hashlib.sha256(body).hexdigest())
    return Proof(key=request.headers.get("Idempotency-Key", ""), sha256=stated, signature=signature)
