"""The log's arithmetic: canonical JSON, salted commitments, and RFC 6962 tree hashing (存证日志)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime

COMMITMENT_TAG = b"xinlin leaf v1\n"
"""Domain tag: a commitment can never be taken for a hash made for another use."""

SALT_BYTES = 32
LARGEST_INTEGER = 2**53 - 1
"""RFC 8785 numbers are IEEE 754 doubles; larger integers would not survive another implementation."""


def _plain(value: object, where: str) -> object:
    """``value`` with keys sorted by UTF-16 code units (RFC 8785 §3.2.3) and dates as ISO text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError(f"{where}: {value} is over 2^53 - 1; write it as text")
        return int(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{where}: the key {key!r} is not text")
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return {name: _plain(value[name], f"{where}.{name}") for name in names}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{where}[{number}]") for number, item in enumerate(value)]
    raise TypeError(
        f"{where}: {type(value).__name__} has no canonical form here; give text, whole numbers, dates, lists or mappings"
    )


def instant(at: datetime) -> str:
    """A moment as UTC text with microseconds, such as ``2026-11-22T13:40:00.000001Z``. Raises ValueError without a zone."""
    if at.tzinfo is None:
        raise ValueError("a moment in the log needs a time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(value: object) -> bytes:
    """Canonical JSON (RFC 8785, restricted to text, whole numbers, booleans, null, lists and mappings) in UTF-8.

    Raises TypeError for anything else, a float included, and ValueError for integers over 2^53 - 1 and lone surrogates.
    """
    return json.dumps(_plain(value, "$"), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def digest(value: object) -> str:
    """SHA-256 (hex) of the canonical JSON of ``value``."""
    return hashlib.sha256(canonical(value)).hexdigest()


def commitment(salt: bytes, body: Mapping[str, object]) -> bytes:
    """SHA-256 over domain tag, 32 random bytes, and the canonical body. Raises ValueError for a salt of another length."""
    return commitment_to(salt, canonical(body))


def commitment_to(salt: bytes, text: bytes) -> bytes:
    """The same of a body that is canonical text already."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return hashlib.sha256(COMMITMENT_TAG + salt + text).digest()
