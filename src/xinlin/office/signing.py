"""The log's own key: made at the first use, kept in the data folder beside the name it signs for (日志签名密钥)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from xinlin import key_files
from xinlin.core.notes import Key
from xinlin.key_files import KeyDamaged, verify

__all__ = ["KeyDamaged", "log_key", "sign", "verify"]


def _pair() -> tuple[Key, Callable[[bytes], bytes]]:
    path = Path(settings.DATA) / "keys" / "log"
    if not path.exists():
        key_files.make(path, settings.LOG_ORIGIN or f"xinlin.example/{settings.CITY}/{secrets.token_hex(4)}")
    return key_files.pair(path)


def log_key() -> Key:
    """Name and public key of this installation's log. Raises `KeyDamaged`."""
    return _pair()[0]


def scores_key() -> Key:
    """The same key under the name by which it signs what a score run found: no statement can be taken for a tree head."""
    key = log_key()
    return Key(f"{key.name}/scores", key.public)


def sign(message: bytes) -> bytes:
    """The log's Ed25519 signature over the message (64 bytes)."""
    return _pair()[1](message)
