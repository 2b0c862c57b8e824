"""The log's own key: made at the first use, kept in the data folder beside the name it signs for (日志签名密钥)."""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from xinlin.core.notes import Key


class KeyDamaged(ValueError):
    """The key file does not hold what this installation once wrote into it."""


def _path() -> Path:
    return Path(settings.DATA) / "keys" / "log"


def _make(path: Path) -> None:
    """Write name and seed once; of two processes at the same time the first wins."""
    origin = settings.LOG_ORIGIN or f"xinlin.example/{settings.CITY}/{secrets.token_hex(4)}"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"log.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(f"{origin}\n{secrets.token_hex(32)}\n")
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


@lru_cache(maxsize=4)
def _pair(path: Path) -> tuple[Key, Ed25519PrivateKey]:
    if not path.exists():
        _make(path)
    lines = path.read_text(encoding="utf-8").split("\n")
    try:
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(lines[1]))
    except (IndexError, ValueError) as error:
        raise KeyDamaged(
            f"{path} holds no log key (a name, then 32 bytes in hex); restore it from the backup"
        ) from error
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Key(lines[0], public), private


def log_key() -> Key:
    """Name and public key of this installation's log. Raises `KeyDamaged`."""
    return _pair(_path())[0]


def sign(message: bytes) -> bytes:
    """The log's Ed25519 signature over the message (64 bytes)."""
    return _pair(_path())[1].sign(message)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature holds."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
