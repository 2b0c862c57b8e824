"""Signing keys in files: made at the first use, kept beside the name that they sign for (签名密钥文件; no rules here)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from xinlin.core.notes import ED25519, Key


class KeyDamaged(ValueError):
    """The key file does not hold what this installation once wrote into it."""


def make(path: Path, name: str) -> None:
    """Write name and a fresh seed once; of two processes at the same time the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(f"{name}\n{secrets.token_hex(32)}\n")
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


@lru_cache(maxsize=4)
def pair(path: Path, kind: int = ED25519) -> tuple[Key, Callable[[bytes], bytes]]:
    """The public key in a file under its name, and what signs with the private one. Raises `KeyDamaged`."""
    lines = path.read_text(encoding="utf-8").split("\n")
    try:
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(lines[1]))
    except (IndexError, ValueError) as error:
        raise KeyDamaged(
            f"{path} holds no signing key (a name, then 32 bytes in hex); restore it from the backup"
        ) from error
    return Key(lines[0], private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), kind), private.sign


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature holds."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
