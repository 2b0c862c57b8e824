"""Bytes and secrets at rest: the blob store, sealed values, and the keyed hash by which an identifier is found."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

VERSION = "v1"
MAGIC = b"xinlin-vault-1\n"
PIECE = 1 << 20
"""Plain bytes in one sealed piece of a file."""
TAG = 16
_HMAC_BLOCK = 64
"""Bytes to which HMAC-SHA256 pads its key; the find key has 32."""

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


def seal_all(texts: Sequence[str], place: str) -> list[str]:
    """The same as `seal` of each, for many texts at once."""
    encrypt, context, chance = _cipher(settings.SEAL_KEY).encrypt, place.encode(), secrets.token_bytes(12 * len(texts))
    head, encode = f"{VERSION}:", binascii.b2a_base64
    sealed = []
    for at, text in zip(range(0, len(chance), 12), texts, strict=True):
        nonce = chance[at : at + 12]
        sealed.append(head + encode(nonce + encrypt(nonce, text.encode(), context), newline=False).decode("ascii"))
    return sealed


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


def keyed_hashes(parts: Sequence[str], lasts: Iterable[str]) -> list[str]:
    """`keyed_hash` of the same first parts and each of ``lasts``: HMAC (RFC 2104) begun once, which takes half the time."""
    key = bytes.fromhex(settings.FIND_KEY).ljust(_HMAC_BLOCK, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in key)) for pad in (0x36, 0x5C))
    inner.update("\x1f".join([*parts, ""]).encode())
    begin, finish, hashes = inner.copy, outer.copy, []
    for last in lasts:
        within, around = begin(), finish()
        within.update(last.encode())
        around.update(within.digest())
        hashes.append(around.hexdigest())
    return hashes


def identifier_key(identifier: str) -> str:
    """The key under which the subject with this normalised resident id or USCC is found."""
    return keyed_hash("identifier", identifier)


_forgotten: ContextVar[Path | None] = ContextVar("forgotten", default=None)
"""Where files are kept that are forgotten at the end of `for_a_while`."""


def _incoming() -> Path:
    """The folder of what is being written; what a dead process left in it is dropped after a day."""
    folder = Path(settings.DATA) / "vault" / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _blob_path(sha256: str) -> Path:
    return (_forgotten.get() or Path(settings.DATA) / "vault" / sha256[:2]) / sha256


@contextmanager
def for_a_while() -> Iterator[None]:
    """Files that are kept meanwhile are gone at the end, as after a dry run; after a kill, a day later."""
    with tempfile.TemporaryDirectory(dir=_incoming()) as folder:
        token = _forgotten.set(Path(folder))
        try:
            yield
        finally:
            _forgotten.reset(token)


def _file_cipher(salt: bytes) -> AESGCM:
    """A key of its own for each file, so that a counter may serve as nonce."""
    return AESGCM(hmac.digest(bytes.fromhex(settings.SEAL_KEY), b"xinlin vault\x1f" + salt, "sha256"))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _write_sealed(stream: BinaryIO, chunks: Iterable[bytes]) -> tuple[str, int]:
    """Write the bytes in sealed pieces; the last one says that it is, so that a cut file does not open.

    Returns (SHA-256 of the plain bytes, their count).
    """
    salt, digest, size, number, pending = secrets.token_bytes(32), hashlib.sha256(), 0, 0, bytearray()
    cipher = _file_cipher(salt)
    stream.write(MAGIC + salt)
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        pending += chunk
        while len(pending) > PIECE:
            stream.write(cipher.encrypt(_nonce(number), bytes(pending[:PIECE]), b"more"))
            del pending[:PIECE]
            number += 1
    stream.write(cipher.encrypt(_nonce(number), bytes(pending), b"last"))
    return digest.hexdigest(), size


def store(chunks: Iterable[bytes]) -> tuple[str, int]:
    """Keep the bytes, sealed, under their SHA-256; returns (hex digest, size).

    On disk before it returns; what broke off leaves nothing.
    """
    temporary = _incoming() / secrets.token_hex(16)
    try:
        with temporary.open("wb") as stream:
            sha256, size = _write_sealed(stream, chunks)
            stream.flush()
            os.fsync(stream.fileno())
        final = _blob_path(sha256)
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)
    return sha256, size


def drop_unfinished(older_than: float) -> None:
    """Remove what was being written when its process died: files not touched for so many seconds."""
    for path in _incoming().iterdir():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > older_than:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    head = stream.read(len(MAGIC) + 32)
    if not head.startswith(MAGIC):
        raise SealBroken("the file in the vault is not sealed")
    cipher, number = _file_cipher(head[len(MAGIC) :]), 0
    piece = stream.read(PIECE + TAG)
    while True:
        following = stream.read(PIECE + TAG)
        try:
            yield cipher.decrypt(_nonce(number), piece, b"more" if following else b"last")
        except InvalidTag as error:
            raise SealBroken("the file in the vault was changed or cut") from error
        if not following:
            return
        piece, number = following, number + 1


@contextmanager
def opened(sha256: str) -> Iterator[Path]:
    """The plain bytes with this digest as a file to read, without a name on disk, gone at the end.

    Raises FileNotFoundError, and `SealBroken` where a byte was changed.
    """
    path = _blob_path(sha256)
    if not path.exists():
        raise FileNotFoundError(f"the vault holds no file with SHA-256 {sha256}")
    with tempfile.TemporaryFile(dir=path.parent) as plain:
        with path.open("rb") as stream:
            for piece in _pieces(stream):
                plain.write(piece)
        plain.flush()
        yield Path(f"/proc/self/fd/{plain.fileno()}")


def read_at(sha256: str, start: int, length: int) -> bytes:
    """``length`` plain bytes of a kept file from ``start`` on, fewer at its end; only the pieces that hold them are opened.

    Raises FileNotFoundError, and `SealBroken` where one of these pieces was changed.
    """
    path = _blob_path(sha256)
    if not path.exists():
        raise FileNotFoundError(f"the vault holds no file with SHA-256 {sha256}")
    head, whole = len(MAGIC) + 32, path.stat().st_size
    with path.open("rb") as stream:
        first = stream.read(head)
        if not first.startswith(MAGIC):
            raise SealBroken("the file in the vault is not sealed")
        cipher, pieces = _file_cipher(first[len(MAGIC) :]), []
        for number in range(start // PIECE, (start + max(length, 1) - 1) // PIECE + 1):
            at = head + number * (PIECE + TAG)
            if at >= whole:
                break
            stream.seek(at)
            piece = stream.read(PIECE + TAG)
            try:
                pieces.append(cipher.decrypt(_nonce(number), piece, b"more" if at + len(piece) < whole else b"last"))
            except InvalidTag as error:
                raise SealBroken("the file in the vault was changed or cut") from error
    begin = start % PIECE
    return b"".join(pieces)[begin : begin + length]


def _parts_folder(number: str) -> Path:
    return Path(settings.DATA) / "vault" / "parts" / number


@contextmanager
def part(number: str, chunks: Iterable[bytes]) -> Iterator[tuple[int, Callable[[int], None]]]:
    """Keep one part of a file that comes in parts; gives its length, and by what to put it at its offset.

    What is not put there is gone at the end; what stands at the same offset is replaced.
    """
    folder = _parts_folder(number)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = folder / f"{secrets.token_hex(8)}.new"
    try:
        with temporary.open("wb") as stream:
            _, length = _write_sealed(stream, chunks)
            stream.flush()
            os.fsync(stream.fileno())

        def place(offset: int) -> None:
            temporary.replace(folder / f"{offset:015d}")

        yield length, place
    finally:
        temporary.unlink(missing_ok=True)


def parts(number: str) -> Iterator[bytes]:
    """The plain bytes of all parts, in order."""
    for path in sorted(_parts_folder(number).glob("[0-9]*[0-9]")):
        with path.open("rb") as stream:
            yield from _pieces(stream)


def drop_parts(number: str) -> None:
    """Remove what came of a file in parts."""
    shutil.rmtree(_parts_folder(number), ignore_errors=True)


def discard(sha256: str) -> None:
    """Remove the bytes with this digest, if they are there."""
    _blob_path(sha256).unlink(missing_ok=True)
