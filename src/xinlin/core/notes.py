"""Signed tree heads and receipts as text: C2SP signed-note, tlog-checkpoint and tlog-proof (签名树头、存证回执).

A signature is checked over the bytes as they came, and only then is the text read, strictly: what another writer might
also accept (a plus sign, leading zeroes, unpadded base64, an odd line end) is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from xinlin.core.log import SALT_BYTES, canonical, commitment
from xinlin.core.tree import HASH_BYTES, hash_leaf, verify_inclusion

ED25519 = 0x01
"""A log's signature."""
COSIGNATURE = 0x04
"""A witness's Ed25519 signature with its time (C2SP tlog-cosignature)."""
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
LARGEST_NOTE = 64 * 1024
MOST_SIGNATURES = 64

Verify = Callable[[bytes, bytes, bytes], bool]
"""(public key, message, signature): whether the Ed25519 signature holds."""

_NAME = re.compile(r"[^\s+]+")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,17}")


class Refused(ValueError):
    """A note, head or receipt that is not what it says. Carries one sentence."""


def read_base64(text: str) -> bytes:
    """Standard base64 with its padding, in the one spelling that encodes these bytes."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Refused(f"{text[:80]!r} is not base64") from error
    if base64.b64encode(raw).decode("ascii") != text:
        raise Refused(f"{text[:80]!r} is not the canonical base64 of its bytes")
    return raw


def as_base64(raw: bytes) -> str:
    """Standard base64 with its padding."""
    return base64.b64encode(raw).decode("ascii")


@dataclass(frozen=True)
class Key:
    """A public key under a name, as signed notes know it."""

    name: str
    public: bytes
    kind: int = ED25519
    """`ED25519` for a log, `COSIGNATURE` for a witness."""

    @property
    def id(self) -> bytes:
        """The first four bytes of SHA-256 over name, newline, type and key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{as_base64(bytes([self.kind]) + self.public)}"


def parse_key(text: str, kind: int = ED25519) -> Key:
    """Read ``name+id+base64(type and key)`` of a log, or of a witness (`COSIGNATURE`). Raises `Refused`."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
        raise Refused(f"{text[:80]!r} is not a verification key (name+id+key)")
    raw = read_base64(parts[2])
    if len(raw) != 1 + HASH_BYTES or raw[0] != kind:
        wanted = "a witness's Ed25519 key (type 04)" if kind == COSIGNATURE else "an Ed25519 key"
        raise Refused(f"the key of {parts[0]} is not {wanted}")
    key = Key(parts[0], raw[1:], kind)
    if key.id.hex() != parts[1]:
        raise Refused(f"the id {parts[1]} is not that of the key of {parts[0]}, which is {key.id.hex()}")
    return key


def signature_line(key: Key, signature: bytes) -> str:
    """One signature of a note, as its line."""
    return f"\N{EM DASH} {key.name} {as_base64(key.id + signature)}\n"


def sign_note(text: str, key: Key, sign: Callable[[bytes], bytes]) -> str:
    """The text with one signature line. ``text`` ends in a newline."""
    return f"{text}\n{signature_line(key, sign(text.encode()))}"


def split_note(note: str | bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text of a note and its signatures as (name, key id, signature), none of them checked. Raises `Refused`."""
    raw = note.encode() if isinstance(note, str) else note
    if len(raw) > LARGEST_NOTE:
        raise Refused(f"the note has {len(raw)} bytes; {LARGEST_NOTE} are the most")
    try:
        whole = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("the note is not UTF-8") from error
    if any(ord(sign) < 0x20 and sign != "\n" for sign in whole):
        raise Refused("the note holds a control character")
    text, gap, signatures = whole.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise Refused("the note has no signature lines after an empty line")
    text, lines = text + "\n", signatures[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise Refused(f"the note has {len(lines)} signatures; {MOST_SIGNATURES} are the most")
    signatures_found = []
    for line in lines:
        dash, name, encoded = [*line.split(" "), "", ""][:3]
        if dash != "\N{EM DASH}" or not _NAME.fullmatch(name) or line != f"{dash} {name} {encoded}":
            raise Refused(f"{line[:80]!r} is not a signature line")
        signature = read_base64(encoded)
        if len(signature) < 5:
            raise Refused(f"the signature of {name} is too short")
        signatures_found.append((name, signature[:4], signature[4:]))
    return text, signatures_found


def open_note(note: str | bytes, keys: Sequence[Key], verify: Verify) -> str:
    """The text of a note that a known key signed. Raises `Refused`, also where any known key's signature is wrong."""
    text, signatures = split_note(note)
    known, holds = {(key.name, key.id): key for key in keys}, False
    for name, key_id, signature in signatures:
        key = known.get((name, key_id))
        if key is None:
            continue
        if not verify(key.public, text.encode(), signature):
            raise Refused(f"the signature of {name} does not hold")
        holds = True
    if not holds:
        raise Refused("no key that we know signed the note")
    return text


@dataclass(frozen=True)
class Checkpoint:
    """A tree head: whose log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{as_base64(self.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a note as a tree head; extension lines are allowed and ignored. Raises `Refused`."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] != "" or not all(lines[:-1]):
        raise Refused("a tree head has at least three lines and none empty")
    if not _DECIMAL.fullmatch(lines[1]):
        raise Refused(f"the tree size {lines[1][:40]!r} is not a plain whole number")
    root = read_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise Refused(f"the root has {len(root)} bytes, not {HASH_BYTES}")
    return Checkpoint(lines[0], int(lines[1]), root)


def open_checkpoint(note: str | bytes, key: Key, verify: Verify) -> Checkpoint:
    """The tree head of a note signed by the log whose key this is. Raises `Refused`."""
    head = parse_checkpoint(open_note(note, [key], verify))
    if head.origin != key.name:
        raise Refused(f"the head is of the log {head.origin}, the key of {key.name}")
    return head


@dataclass(frozen=True)
class Proof:
    """A receipt: a leaf's place in a signed tree, and what the leaf stands for if its opening is added."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def __str__(self) -> str:
        extra = [f"extra {as_base64(self.extra)}"] if self.extra else []
        lines = [PROOF_HEADER, *extra, f"index {self.index}", *map(as_base64, self.hashes), "", self.checkpoint]
        return "\n".join(lines)


def parse_proof(text: str) -> Proof:
    """Read a ``.tlog-proof`` text. Raises `Refused`."""
    top, gap, checkpoint = text.partition("\n\n")
    lines = top.split("\n")
    if not gap or lines.pop(0) != PROOF_HEADER:
        raise Refused(f"a receipt begins with {PROOF_HEADER} and holds a tree head after an empty line")
    extra = read_base64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else b""
    word, _, number = lines.pop(0).partition(" ") if lines else ("", "", "")
    if word != "index" or not _DECIMAL.fullmatch(number):
        raise Refused("the receipt names no leaf (index and a plain whole number)")
    hashes = tuple(read_base64(line) for line in lines)
    if len(hashes) > 63 or any(len(value) != HASH_BYTES for value in hashes):
        raise Refused(f"the receipt's hashes must be at most 63, of {HASH_BYTES} bytes each")
    return Proof(int(number), hashes, checkpoint, extra)


def opening_bytes(salt: bytes, body: Mapping[str, object]) -> bytes:
    """An opening for a receipt's extra line: the salt, then the canonical body."""
    return salt + canonical(body)


def verify_receipt(
    text: str, key: Key, verify: Verify, entry: bytes | None = None
) -> tuple[Checkpoint, dict[str, Any]]:
    """Check a receipt with nothing but the log's key; gives the tree head and the body that the leaf stands for.

    The leaf's entry is recomputed from the opening in the receipt; a receipt without one needs ``entry`` (32 bytes) and
    gives an empty body. Raises `Refused`.
    """
    proof = parse_proof(text)
    head = open_checkpoint(proof.checkpoint, key, verify)
    body: dict[str, Any] = {}
    if proof.extra:
        salt, raw = proof.extra[:SALT_BYTES], proof.extra[SALT_BYTES:]
        try:
            body = json.loads(raw)
            opened = commitment(salt, body) if canonical(body) == raw else None
        except (ValueError, TypeError, AttributeError) as error:
            raise Refused("the opening in the receipt cannot be read") from error
        if opened is None or (entry is not None and entry != opened):
            raise Refused("the opening in the receipt is not the leaf's")
        entry = opened
    if entry is None:
        raise Refused("the receipt holds no opening; give the leaf's 32 bytes to check it")
    if not verify_inclusion(proof.index, head.size, hash_leaf(entry), proof.hashes, head.root):
        raise Refused(f"the receipt does not lead to leaf {proof.index} of the tree of {head.size}")
    return head, body
