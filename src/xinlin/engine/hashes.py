"""Hashes of many texts at once, 64 bits of each: from there on integers stand for handles (散列).

They are made of whole columns as Arrow keeps them, eight letters at a time; texts of one length are hashed together, and handles
mostly have one.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]

ODD = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""The multipliers of the mixing function splitmix64 (Steele, Lea, Flood 2014)."""
HALF = np.uint64(32)
WORD = 8
AT_ONCE = 1 << 14
"""How many texts are hashed in one go: what is held meanwhile stays in the processor's own memory."""


def ends_of(texts: pa.Array) -> npt.NDArray[np.int32]:
    """Where each text of a column ends among its letters, after where the first one begins."""
    found: npt.NDArray[np.int32] = np.frombuffer(texts.buffers()[1] or bytes(4), np.int32)
    return found[texts.offset : texts.offset + len(texts) + 1]


def letters_of(texts: pa.Array) -> npt.NDArray[np.uint8]:
    """The bytes of all texts of a column, which `ends_of` counts."""
    return np.frombuffer(texts.buffers()[2] or b"", np.uint8)


def hashed(texts: pa.Array, salt: int = 0) -> Hashes:
    """The hash of each text (Arrow ``string``); another ``salt`` gives other hashes. A text that is lacking counts as empty."""
    ends, letters = ends_of(texts), letters_of(texts)
    found, lengths = np.empty(len(texts), np.uint64), np.diff(ends)
    if len(texts) and (lengths == lengths[0]).all():
        return _alike(letters[ends[0] : ends[-1]].reshape(len(texts), lengths[0]), salt, found)
    for length in np.unique(lengths):
        at = np.flatnonzero(lengths == length)
        some = letters[ends[at][:, None] + np.arange(length)]
        found[at] = _alike(some, salt, np.empty(len(at), np.uint64))
    return found


def _alike(letters: npt.NDArray[np.uint8], salt: int, found: Hashes) -> Hashes:
    """The hashes of texts of one length, a row of letters each."""
    count, length = letters.shape
    if length < WORD:
        letters = np.pad(letters, ((0, 0), (0, WORD - length)))
    begins = [*range(0, letters.shape[1] - WORD, WORD), letters.shape[1] - WORD]  # the last one reaches back
    words = [np.ndarray((count,), "<u8", letters.data, at, letters.strides[:1]) for at in begins]
    found[:] = (salt << 32) + length
    room = np.empty(min(count, AT_ONCE), np.uint64)
    for first in range(0, count, AT_ONCE):
        some = found[first : first + AT_ONCE]
        rest = room[: len(some)]
        for word in words:
            some += word[first : first + AT_ONCE]
            _mixed(some, rest, ODD[:1])
        _mixed(some, rest, ODD[1:])
        np.right_shift(some, HALF, out=rest)
        some ^= rest
    return found


def _mixed(some: Hashes, room: Hashes, odds: Iterable[np.uint64]) -> None:
    """Have bits change others; ``room`` is as large."""
    for odd in odds:
        np.right_shift(some, HALF, out=room)
        some ^= room
        some *= odd
