"""Delivered files lie sealed: unreadable on disk, refused when a byte was changed, gone when read."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from xinlin.office import vault

ID = b"330305199005179016"


def path_of(sha256: str) -> Path:
    return Path(settings.DATA) / "vault" / sha256[:2] / sha256


def read(sha256: str) -> bytes:
    with vault.opened(sha256) as path:
        return path.read_bytes()


@given(st.lists(st.binary(max_size=3000), max_size=5))
def test_what_goes_in_comes_out(chunks: list[bytes]) -> None:
    sha256, size = vault.store(chunks)
    assert (read(sha256), size) == (b"".join(chunks), sum(map(len, chunks)))


@pytest.mark.parametrize("size", [0, vault.PIECE - 1, vault.PIECE, vault.PIECE + 1, 2 * vault.PIECE])
def test_pieces_meet_without_a_gap(size: int) -> None:
    sha256, _size = vault.store([b"a" * size])
    assert read(sha256) == b"a" * size


def test_an_id_number_does_not_stand_on_disk() -> None:
    sha256, _size = vault.store([ID * 100])
    assert ID not in path_of(sha256).read_bytes()
    assert not any(ID in entry.read_bytes() for entry in path_of(sha256).parent.iterdir() if entry.is_file())


def test_a_changed_or_cut_file_does_not_open() -> None:
    sha256, _size = vault.store([ID * 200_000])
    path, whole = path_of(sha256), path_of(sha256).read_bytes()
    for spoilt in (
        whole[:-1],
        whole[: len(vault.MAGIC) + 32 + vault.PIECE + vault.TAG],
        whole[:60] + bytes([whole[60] ^ 1]) + whole[61:],
    ):
        path.write_bytes(spoilt)
        with pytest.raises(vault.SealBroken):
            read(sha256)
    vault.discard(sha256)
    with pytest.raises(FileNotFoundError):
        read(sha256)


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, 5), (vault.PIECE - 3, 6), (vault.PIECE, 32), (2 * vault.PIECE - 1, 99), (2 * vault.PIECE, 1)],
)
def test_a_part_of_a_file_is_read_without_the_rest(start: int, length: int) -> None:
    plain = bytes(n % 251 for n in range(2 * vault.PIECE))
    sha256, _size = vault.store([plain])
    assert vault.read_at(sha256, start, length) == plain[start : start + length]
    path = path_of(sha256)
    sealed = bytearray(path.read_bytes())
    sealed[len(vault.MAGIC) + 32 + vault.PIECE + vault.TAG + 5] ^= 1
    path.write_bytes(bytes(sealed))
    if start + length > vault.PIECE and start < 2 * vault.PIECE:
        with pytest.raises(vault.SealBroken):
            vault.read_at(sha256, start, length)
    vault.discard(sha256)
    with pytest.raises(FileNotFoundError):
        vault.read_at(sha256, 0, 1)


@given(st.lists(st.text(max_size=80), max_size=3), st.lists(st.text(max_size=200), max_size=5))
def test_hashes_of_many_are_those_of_each(parts: list[str], lasts: list[str]) -> None:
    assert vault.keyed_hashes(parts, lasts) == [vault.keyed_hash(*parts, last) for last in lasts]
