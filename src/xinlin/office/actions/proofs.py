"""What a sender adds so that a call can be repeated and the file be proved its own (幂等键, 报送签名).

An idempotency key stands for one input. A signature by RFC 9421 covers the digest of the body (RFC 9530), the address and a
number used once; it is kept with the delivery, so that anybody can verify years later who sent these bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.db import IntegrityError, transaction
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)

from xinlin.core.values import Problem, Text
from xinlin.office import rulebook
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import Batch
from xinlin.office.models.exchange import DeliveryKey, SeenNonce, SigningKey
from xinlin.office.scopes import Actor, Conflict, NotAllowed, NotFound, Refused, now

COVERED = ("@method", "@target-uri", "content-digest")
"""What a signature must cover."""
VALID_FOR = timedelta(minutes=5)
"""How long after its creation a signature is taken."""
LONGEST_KEY = 128
_ALGORITHMS: Mapping[str, Any] = {
    "ed25519": algorithms.ED25519,
    "ecdsa-p256-sha256": algorithms.ECDSA_P256_SHA256,
    "rsa-pss-sha512": algorithms.RSA_PSS_SHA512,
}
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)")


@dataclass(frozen=True)
class Proof:
    """Empty where the sender added nothing."""

    key: str = ""
    """Idempotency key of the call."""
    sha256: str = ""
    """What the file must be, where its sender said so beforehand."""
    signature: Mapping[str, Any] = field(default_factory=dict)
    """As `verified` gives it."""


@dataclass(frozen=True)
class Call:
    """A call as it is signed: method, whole address, headers (name -> value)."""

    method: str
    url: str
    headers: Mapping[str, str]


def _problem(code: str, where: str, what: tuple[str, str], cure: tuple[str, str], raw: str = "") -> Problem:
    return Problem(code, where, Text(zh=what[0], en=what[1]), Text(zh=cure[0], en=cure[1]), raw)


def _unsigned(what: tuple[str, str]) -> Refused:
    cure = (
        "请按 RFC 9421 对 @method、@target-uri、content-digest 签名，附 created、keyid、nonce",
        "Sign @method, @target-uri and content-digest by RFC 9421, with created, keyid and nonce",
    )
    return Refused(_problem("signature_invalid", "Signature", what, cure))


def stated_sha256(content_digest: str) -> str:
    """The SHA-256 (hex) that a Content-Digest header states; empty without the header. Raises `Refused`."""
    if not content_digest:
        return ""
    found = _SHA256.search(content_digest)
    if found is None:
        raise Refused(
            _problem(
                "digest_unreadable",
                "Content-Digest",
                ("Content-Digest 里没有 sha-256", "Content-Digest states no sha-256"),
                ("请写成 sha-256=:BASE64:（RFC 9530）", "Write sha-256=:BASE64: (RFC 9530)"),
                content_digest[:80],
            )
        )
    return base64.b64decode(found[1]).hex()


def must_match(stated: str, sha256: str) -> None:
    """Refuse bytes that are not the ones announced. Raises `Refused`."""
    if stated and stated != sha256:
        raise Refused(
            _problem(
                "digest_differs",
                "Content-Digest",
                ("收到的内容与所述摘要不同，没有收下", "What came is not what the digest says; it was not kept"),
                ("请重新计算摘要并原样重发", "Work the digest out again and send it once more"),
                stated,
            )
        )


def input_sha256(fields: Mapping[str, Any]) -> str:
    """Of everything that a delivery says: equal for equal inputs."""
    said = {name: fields[name] for name in ("department", "kind", "delivery", "sha256", "valid_on", "reading")}
    said["mapping"] = fields["mapping"].name if fields["mapping"] is not None else ""
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def earlier(actor: Actor, key: str, said: str) -> Batch | None:
    """The delivery that this key stands for. Raises `Conflict` where it came with another input."""
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise Refused(
            _problem(
                "key_unreadable",
                "Idempotency-Key",
                (f"幂等键应为至多 {LONGEST_KEY} 个可见字符", f"A key has at most {LONGEST_KEY} visible characters"),
                ("请换一个键，例如 UUID", "Choose another, such as a UUID"),
            )
        )
    held = DeliveryKey.objects.select_related("batch__job").filter(sender=actor.handle, key=key).first()
    if held is None:
        return None
    if held.input_sha256 != said:
        raise Conflict(
            _problem(
                "key_reused",
                "Idempotency-Key",
                ("这个幂等键已用于内容不同的报送", "This key was used for another delivery"),
                (
                    "同一键只能原样重发；新的报送请换新键",
                    "Repeat unchanged under the same key; use a new one for another",
                ),
                key,
            )
        )
    return held.batch


def keep_key(*, actor: Actor, key: str, said: str, batch: Batch) -> None:
    """Let the key stand for this delivery; of many that try at once one does. Raises `Conflict` as `earlier`."""
    try:
        with transaction.atomic():
            DeliveryKey.objects.create(sender=actor.handle, key=key, input_sha256=said, batch=batch, at=now())
    except IntegrityError:
        earlier(actor, key, said)


# --- signatures --------------------------------------------------------------------------------------------------


def must_be_signed(actor: Actor, department: str, proof: Proof) -> None:
    """Refuse an unsigned delivery by a system of a department that signs. Raises `Refused`."""
    if actor.role != "machine" or proof.signature:
        return
    if SigningKey.objects.filter(department=department, revoked_at__isnull=True).exists():
        raise _unsigned(
            ("本部门登记了签名公钥，未签名的报送不予受理", "The department signs; unsigned deliveries are not taken")
        )


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def resolve_public_key(self, key_id: str) -> bytes | None:
        return self._key.public_key.encode() if key_id == self._key.key_id else None

    def resolve_private_key(self, key_id: str) -> bytes:
        raise KeyError(key_id)


def verified(*, actor: Actor, call: Call) -> dict[str, Any]:
    """The signature of a call as it is kept with the delivery; empty for a call without one.

    Its nonce is used up by this. Raises `Refused` for a signature that does not hold, is too old, covers too little, was
    used before, or is another department's.
    """
    inputs = next((value for name, value in call.headers.items() if name.lower() == "signature-input"), "")
    if not inputs:
        return {}
    named = re.findall(r';keyid="([^"]*)"', inputs)
    key = SigningKey.objects.filter(key_id__in=named[:1], department=actor.department, revoked_at__isnull=True).first()
    if key is None or len(named) != 1:
        raise _unsigned(("签名所用的公钥未在本部门登记", "The signature's key is not registered for this department"))
    verifier = HTTPMessageVerifier(signature_algorithm=_ALGORITHMS[key.algorithm], key_resolver=_Keys(key))
    try:
        (found,) = verifier.verify(call, max_age=VALID_FOR, require_components=COVERED)
    except (HTTPMessageSignaturesException, ValueError) as error:
        raise _unsigned((f"签名不成立（{error}）", f"The signature does not hold ({error})")) from error
    if not found.nonce or len(found.nonce) > LONGEST_KEY or "created" not in found.parameters:
        raise _unsigned(("签名缺少 created 或 nonce", "The signature lacks created or nonce"))
    try:
        with transaction.atomic():
            SeenNonce.objects.create(key=key, nonce=found.nonce, at=now())
    except IntegrityError:
        raise _unsigned(("这个签名已用过一次", "This signature was used before")) from None
    SeenNonce.objects.filter(at__lt=now() - 4 * VALID_FOR).delete()
    base = "\n".join(f"{name}: {value}" for name, value in found.covered_components.items())
    headers = {name.lower(): value for name, value in call.headers.items()}
    return {
        "key_id": key.key_id,
        "algorithm": key.algorithm,
        "public_key": key.public_key,
        "base": base,
        "signature": headers["signature"],
        "sha256": stated_sha256(headers["content-digest"]),
    }


def still_holds(signature: Mapping[str, Any]) -> bool:
    """Whether a kept signature is that of its text by its key: what an auditor asks years later.

    The text names the digest of the file; for a file in parts that of its announcement, which is kept and names the file's.
    """
    found = re.search(r"=:([A-Za-z0-9+/=]+):", signature["signature"])
    try:
        if found is None:
            return False
        judge = _ALGORITHMS[signature["algorithm"]](public_key=signature["public_key"].encode())
        judge.verify(signature=base64.b64decode(found[1], validate=True), message=signature["base"].encode())
    except Exception:  # the libraries below raise a dozen kinds; each means no
        return False
    announced = signature.get("body")
    if announced is not None and hashlib.sha256(announced.encode()).hexdigest() != signature["sha256"]:
        return False
    return f"sha-256=:{_base64_of(signature['sha256'])}:" in signature["base"]


def _base64_of(sha256: str) -> str:
    return base64.b64encode(binascii.unhexlify(sha256)).decode()


@transaction.atomic
def register_key(*, actor: Actor, department: str, key_id: str, public_key: str) -> str:
    """Register a department's public key (PEM); from then on its systems must sign. Returns the algorithm.

    Raises `NotAllowed`, and `Refused` for an unknown department, a key that is none, or an id that is taken.
    """
    if actor.role != "operator" and not actor.handle.startswith("system:"):
        raise NotAllowed("只有运维人员可以登记公钥。Only an operator registers a key.")
    algorithm, pem = _public(public_key)
    cure = ("请核对后重试", "Check it and try again")
    if department not in rulebook.current().departments:
        raise Refused(
            _problem(
                "unknown_department", "department", ("没有这个部门", "There is no such department"), cure, department
            )
        )
    if not _KEY_ID.fullmatch(key_id) or SigningKey.objects.filter(key_id=key_id).exists():
        what = ("键号应为新的、至多 64 个字母数字", "A key id is new and has at most 64 letters and digits")
        raise Refused(_problem("key_id", "key_id", what, cure, key_id[:80]))
    SigningKey.objects.create(
        department=department,
        key_id=key_id,
        algorithm=algorithm,
        public_key=pem,
        added_at=now(),
        added_by=actor.handle,
    )
    facts = {"department": department, "algorithm": algorithm, "public_key": pem}
    write_leaf(actor=actor, action="proofs.register_key", table="signing_key", key=key_id, facts=facts)
    return algorithm


def _public(text: str) -> tuple[str, str]:
    """Algorithm and PEM of a public key. Raises `Refused`."""
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, TypeError):
        key = None
    pem = "" if key is None else key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519", pem
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return "ecdsa-p256-sha256", pem
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        return "rsa-pss-sha512", pem
    what = ("不是可用的公钥", "This is no public key that can be used")
    cure = (
        "请提供 Ed25519、P-256 或 2048 位以上 RSA 公钥（PEM）",
        "Give an Ed25519, P-256 or RSA (2048 bits or more) key as PEM",
    )
    raise Refused(_problem("public_key", "public_key", what, cure))


@transaction.atomic
def revoke_key(*, actor: Actor, key_id: str) -> date:
    """Let a key sign nothing more; what it signed stays signed. Returns the day. Raises `NotAllowed`, `NotFound`."""
    if actor.role != "operator" and not actor.handle.startswith("system:"):
        raise NotAllowed("只有运维人员可以注销公钥。Only an operator revokes a key.")
    key = SigningKey.objects.select_for_update().filter(key_id=key_id).first()
    if key is None:
        raise NotFound(f"没有键号 {key_id}。There is no key {key_id}.")
    if key.revoked_at is None:
        key.revoked_at = now()
        key.save(update_fields=["revoked_at"])
        write_leaf(actor=actor, action="proofs.revoke_key", table="signing_key", key=key_id, facts={})
    return key.revoked_at.date()
