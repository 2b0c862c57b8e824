"""Bytes and secrets at rest: the blob store, sealed values, and the keyed hash by which an identifier is found."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

VERSION = "v1"

RECORD_FIELDS = "record.fields"
"""The place under which personal values of a record's own fields are sealed."""


class SealBroken(ValueError):
    """A sealed value was changed, moved to another place, or sealed under another key."""


class RandomSecretHasher(PBKDF2PasswordHasher):
    """How machines' secrets are kept: hashed, but not stretched, since each is 256 random bits and no person chose it.

    Nobody has a password here, so this is the only hasher. A token request costs no noticeable work.
    """

    algorithm = "pbkdf2_sha256_random"
    iterations = 1000


@lru_cache(maxsize=4)
def _cipher(key: str) -> AESGCM:
    return AESGCM(bytes.fromhex(key))


def seal(text: str, place: str) -> str:
    """Encrypt ``text`` for one ``place`` (such as ``subject.name``) with AES-256-GCM; elsewhere it will not open."""
    nonce = secrets.token_bytes(12)
    sealed = _cipher(settings.SEAL_KEY).encrypt(nonce, text.encode(), place.encode())
    return f"{VERSION}:{base64.b64encode(nonce + sealed).decode('ascii')}"


def unseal(sealed: str, place: str) -> str:
    """Decrypt what `seal` made for the same ``place``. Raises `SealBroken`."""
    version, _, body = sealed.partition(":")
    raw = base64.b64decode(body)
    if version != VERSION:
        raise SealBroken(f"sealed under unknown version {version!r}")
    try:
        return _cipher(settings.SEAL_KEY).decrypt(raw[:12], raw[12:], place.encode()).decode()
    except InvalidTag as error:
        raise SealBroken(f"the sealed value for {place} does not open") from error


def keyed_hash(*parts: str) -> str:
    """HMAC-SHA256 (hex) of the parts under the find key: equal for equal parts, unguessable without the key."""
    message = "\x1f".join(parts).encode()
    return hmac.digest(bytes.fromhex(settings.FIND_KEY), message, "sha256").hex()


def identifier_key(identifier: str) -> str:
    """The key under which the subject with this normalised resident id or USCC is found."""
    return keyed_hash("identifier", identifier)


def _blob_path(sha256: str) -> Path:
    return Path(settings.DATA) / "vault" / sha256[:2] / sha256


def store(chunks: Iterable[bytes]) -> tuple[str, int]:
    """Keep the bytes under their SHA-256; returns (hex digest, size). On disk before it returns; what broke off leaves nothing."""
    folder = Path(settings.DATA) / "vault" / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = folder / secrets.token_hex(16)
    digest, size = hashlib.sha256(), 0
    try:
        with temporary.open("wb") as stream:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        final = _blob_path(digest.hexdigest())
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)
    return digest.hexdigest(), size


def blob_path(sha256: str) -> Path:
    """Where the bytes with this digest lie. Raises FileNotFoundError."""
    path = _blob_path(sha256)
    if not path.exists():
        raise FileNotFoundError(f"the vault holds no file with SHA-256 {sha256}")
    return path


def open_blob(sha256: str) -> BinaryIO:
    """Open the bytes with this digest for reading."""
    return blob_path(sha256).open("rb")
