"""The log's Merkle tree: RFC 6962 hashing kept in C2SP tiles, proofs, and their verification by RFC 9162 (默克尔树).

A tile of level ``l`` and number ``n`` holds up to 256 hashes of 32 bytes: at level 0 the hashes of leaves, above it the
hashes of full tiles one level below. Trees are named by their size; hashes are `bytes` of length 32.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise

HASH_BYTES = 32
TILE_WIDTH = 256
TILE_HEIGHT = 8
EMPTY_ROOT = sha256(b"").digest()

ReadTile = Callable[[int, int], bytes]
"""Gives the stored hashes of the tile (level, number), joined; empty where there is none."""


class Incomplete(LookupError):
    """The tiles at hand do not hold a hash that the asked tree needs."""


def hash_leaf(entry: bytes) -> bytes:
    """RFC 6962 §2.1: SHA-256 over 0x00 and the entry."""
    return sha256(b"\x00" + entry).digest()


def hash_pair(left: bytes, right: bytes) -> bytes:
    """RFC 6962 §2.1: SHA-256 over 0x01 and both children."""
    return sha256(b"\x01" + left + right).digest()


def _fold(hashes: bytes) -> bytes:
    """The root of a complete subtree over 2^k joined hashes."""
    row = [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [hash_pair(row[place], row[place + 1]) for place in range(0, len(row), 2)]
    return row[0]


def _split(count: int) -> int:
    """The largest power of two below ``count`` (at least 2): where RFC 6962 splits a tree."""
    return 1 << ((count - 1).bit_length() - 1)


def _place(start: int, count: int) -> tuple[int, int, int, int]:
    """Where the complete subtree over ``count`` leaves from ``start`` on lies: level and number of its tile, the first of
    its hashes there, and how many they are.
    """
    level, above = divmod(count.bit_length() - 1, TILE_HEIGHT)
    number, offset = divmod(start >> (TILE_HEIGHT * level), TILE_WIDTH)
    return level, number, offset, 1 << above


def _span(read: ReadTile, start: int, end: int) -> bytes:
    """The tree hash of leaves ``start`` to ``end``, a range that RFC 6962's splitting makes."""
    count = end - start
    if count & (count - 1):
        middle = start + _split(count)
        return hash_pair(_span(read, start, middle), _span(read, middle, end))
    level, number, offset, width = _place(start, count)
    hashes = read(level, number)[offset * HASH_BYTES : (offset + width) * HASH_BYTES]
    if len(hashes) != HASH_BYTES * width:
        raise Incomplete(f"tile level {level} number {number} lacks hashes {offset} to {offset + width - 1}")
    return _fold(hashes)


def root(size: int, read: ReadTile) -> bytes:
    """The root of the tree of this size. Raises `Incomplete`."""
    return _span(read, 0, size) if size else EMPTY_ROOT


def _beside(index: int, size: int) -> list[tuple[int, int]]:
    """The ranges of leaves whose hashes prove leaf ``index``, sibling first. Raises IndexError."""
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} is not in a tree of {size}")
    start, end, above = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            above.append((middle, end))
            end = middle
        else:
            above.append((start, middle))
            start = middle
    return above[::-1]


def inclusion(index: int, size: int, read: ReadTile) -> list[bytes]:
    """The proof that leaf ``index`` is in the tree of this size, sibling first. Raises IndexError, `Incomplete`."""
    return [_span(read, *span) for span in _beside(index, size)]


def tiles_beside(index: int, size: int) -> set[tuple[int, int]]:
    """Level and number of every tile that `inclusion` reads, so that they can be asked for at once. Raises IndexError."""
    tiles = set()
    for start, end in _beside(index, size):
        while start < end:
            count = end - start
            whole = _split(count) if count & (count - 1) else count
            tiles.add(_place(start, whole)[:2])
            start += whole
    return tiles


def consistency(first: int, second: int, read: ReadTile) -> list[bytes]:
    """The proof that the tree of size ``first`` is a beginning of that of size ``second`` (RFC 6962 §2.1.2).

    Empty for equal sizes. Raises IndexError unless 1 <= first <= second, and `Incomplete`.
    """
    if not 1 <= first <= second:
        raise IndexError(f"no consistency proof from {first} to {second}")

    def below(start: int, end: int, whole: bool) -> list[bytes]:
        if first == end:
            return [] if whole else [_span(read, start, end)]
        middle = start + _split(end - start)
        if first <= middle:
            return [*below(start, middle, whole), _span(read, middle, end)]
        return [*below(middle, end, False), _span(read, start, middle)]

    return below(0, second, True)


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether the proof leads from the leaf's hash to the expected root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf, expected, *proof):
        return False
    here, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            reached = hash_pair(sibling, reached)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            reached = hash_pair(reached, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and reached == expected


def verify_consistency(first: int, second: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that root2's tree begins with root1's (RFC 9162 §2.1.4.2).

    A tree of size 0 is a beginning of every tree: then root1 must be SHA-256 of nothing and the proof empty.
    """
    if not 0 <= first <= second or not _are_hashes(root1, root2, *proof):
        return False
    if first == 0:
        return root1 == EMPTY_ROOT and not proof and (second > 0 or root2 == EMPTY_ROOT)
    if first == second:
        return root1 == root2 and not proof
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, root1)
    if not path:
        return False
    here, last = first - 1, second - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            old, new = hash_pair(sibling, old), hash_pair(sibling, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = hash_pair(new, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and old == root1 and new == root2


def grow(size: int, leaves: Iterable[bytes], read: ReadTile) -> dict[tuple[int, int], bytes]:
    """The tiles that change when these leaf hashes are appended to the tree of this size, whole. Raises `Incomplete`."""
    changed: dict[tuple[int, int], bytes] = {}
    fresh, level = b"".join(leaves), 0
    while fresh:
        number, width = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
        held = read(level, number)[: width * HASH_BYTES] if width else b""
        if len(held) != width * HASH_BYTES:
            raise Incomplete(f"tile level {level} number {number} lacks hashes; the tree cannot grow")
        row, above = held + fresh, []
        for start in range(0, len(row), TILE_WIDTH * HASH_BYTES):
            tile = row[start : start + TILE_WIDTH * HASH_BYTES]
            changed[level, number] = tile
            number += 1
            if len(tile) == TILE_WIDTH * HASH_BYTES:
                above.append(_fold(tile))
        fresh, level = b"".join(above), level + 1
    return changed


def folded(entries: Iterable[bytes]) -> Iterator[bytes]:
    """The hash of each whole tile of 256 entries, in order: level 1 of their tree."""
    tile = bytearray()
    for entry in entries:
        tile += hash_leaf(entry)
        if len(tile) == TILE_WIDTH * HASH_BYTES:
            yield _fold(bytes(tile))
            tile.clear()


class Roots:
    """Takes leaf hashes one by one and gives the root after any of them, in O(log n) memory.

    ``size`` and ``peaks`` go on from what another gave: one peak for each bit of the size that is set, the highest first.
    Raises ValueError where the two do not fit.
    """

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        if len(peaks) != HASH_BYTES * size.bit_count():
            raise ValueError(f"{len(peaks)} bytes of peaks do not fit a tree of {size}")
        self.size = size
        self._peaks = [peaks[start : start + HASH_BYTES] for start in range(0, len(peaks), HASH_BYTES)]

    @property
    def peaks(self) -> bytes:
        """What is needed to go on later."""
        return b"".join(self._peaks)

    def add(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        trailing, reached = self.size, leaf
        while trailing & 1:
            reached = hash_pair(self._peaks.pop(), reached)
            trailing >>= 1
        self._peaks.append(reached)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        reached = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            reached = hash_pair(peak, reached)
        return reached


# --- addresses of tiles (C2SP tlog-tiles) ------------------------------------------------------------------------

_TILE = re.compile(r"(?:(0|[1-5]?[0-9]|6[0-3])|(entries))/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


def tile_path(level: int | None, number: int, width: int = TILE_WIDTH) -> str:
    """``<L>/<N>[.p/<W>]`` below ``tile/``; level None is a bundle of entries."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    part = "" if width == TILE_WIDTH else f".p/{width}"
    return f"{'entries' if level is None else level}/{'/'.join(groups)}{part}"


def parse_tile_path(path: str) -> tuple[int | None, int, int] | None:
    """(level, number, width) of an address as `tile_path` writes it; None for any other text."""
    found = _TILE.fullmatch(path)
    if not found:
        return None
    number = int(found[3].replace("x", "").replace("/", ""))
    width = int(found[4]) if found[4] else TILE_WIDTH
    level = None if found[2] else int(found[1])
    if (found[4] and width >= TILE_WIDTH) or tile_path(level, number, width) != path:
        return None
    return level, number, width


def tiles_of(size: int) -> list[tuple[int, int, int]]:
    """Every tile (level, number, width) of a tree of this size, none empty."""
    found, level = [], 0
    while count := size >> (TILE_HEIGHT * level):
        edges = [*range(0, count, TILE_WIDTH), count]
        found += [(level, start // TILE_WIDTH, end - start) for start, end in pairwise(edges)]
        level += 1
    return found


def unbundle(raw: bytes) -> list[bytes]:
    """The entries of a bundle. Raises ValueError where it is cut short."""
    found, place = [], 0
    while place < len(raw):
        end = place + 2 + int.from_bytes(raw[place : place + 2], "big")
        if place + 2 > len(raw) or end > len(raw):
            raise ValueError(f"the bundle of {len(raw)} bytes is cut short at {place}")
        found.append(raw[place + 2 : end])
        place = end
    return found


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as a bundle: each after its length in two bytes, big end first."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
