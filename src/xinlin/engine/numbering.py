"""Finds subjects' dense numbers by the hashes of their handles, for many millions of rows at once (主体编号).

Handles are texts of any length; comparing and sorting them is most of the work of bringing records to their subjects. A
hash of 64 bits is taken of each once, and no two known subjects may have the same (`xinlin.engine.folder` sees to that),
so that from then on integers stand for texts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from xinlin.engine.freezing import Numbers
from xinlin.engine.statements import literal
from xinlin.engine.tables import quoted

Hashes = npt.NDArray[np.uint64]

NOT_SCORED, UNKNOWN = -1, -2
"""Stand for the number of a subject who is not scored on the day, and of one whom nobody knows."""
AT_ONCE = 1 << 16
"""How many rows are looked up in one go: what is held meanwhile stays in the processor's own memory."""
MOST_BITS = 25


def hash_sql(column: str, salt: str = "") -> str:
    """The hash of a handle as an SQL expression; another ``salt`` gives other hashes."""
    return f"hash({literal(salt)} || {quoted(column)})" if salt else f"hash({quoted(column)})"


def _rising(hashes: Hashes) -> Numbers:
    """The places of the hashes, from the least to the greatest.

    Numbers sort several times faster than places by numbers: each place takes the room of its hash's last bits, and the
    few hashes that differ in these alone change places afterwards.
    """
    bits = np.uint64(len(hashes).bit_length())
    packed = hashes >> bits << bits
    packed |= np.arange(len(hashes), dtype=np.uint64)
    packed.sort()
    packed &= (np.uint64(1) << bits) - np.uint64(1)
    order = packed.astype(np.int32)
    ordered = hashes[order]
    while len(at := np.flatnonzero(ordered[1:] < ordered[:-1])):
        at = at[np.diff(at, prepend=-2) > 1]  # one that changes places with the next is not itself a next
        for values in (order, ordered):
            values[at], values[at + 1] = values[at + 1], values[at]
    return order


class Numbering:
    """What belongs to each known subject, by the hash of its handle: its place at first, then its number."""

    def __init__(self, hashes: Hashes, salt: str = "") -> None:
        """``hashes`` are `hash_sql` with this salt; each subject's place is that of its hash among them."""
        order = _rising(hashes)
        self.salt, self._hashes = salt, np.append(hashes[order], np.uint64(2**64 - 1))
        self._numbers = np.append(order, np.int32(UNKNOWN))
        bits = min(max(len(hashes).bit_length(), 1), MOST_BITS)
        self._shift = np.uint64(64 - bits)
        alike = np.bincount((self._hashes[:-1] >> self._shift).view(np.int64), minlength=1 << bits)
        self._begins = (np.cumsum(alike) - alike).astype(np.int32)

    @classmethod
    def of_handles(cls, hashes: Callable[[str], Hashes]) -> Numbering:
        """With the first salt for which ``hashes`` gives each of the subjects, all different, one of its own."""
        salt = ""
        while (known := cls(hashes(salt), salt)).ambiguous:
            salt += "."
        return known

    def __len__(self) -> int:
        return len(self._hashes) - 1

    @property
    def ambiguous(self) -> bool:
        """Whether two subjects have one hash, because they have one handle or by chance."""
        return bool((self._hashes[1:-1] == self._hashes[:-2]).any())

    def number(self, numbers: Numbers) -> None:
        """Give each subject the number that stands at its place."""
        self._numbers[:-1] = numbers[self._numbers[:-1]]

    def of(self, asked: Hashes) -> Numbers:
        """The numbers of the subjects with these hashes, `UNKNOWN` for none."""
        found = np.empty(len(asked), np.int32)
        for first in range(0, len(asked), AT_ONCE):
            found[first : first + AT_ONCE] = self._some(asked[first : first + AT_ONCE])
        return found

    def _some(self, asked: Hashes) -> Numbers:
        places = self._begins.take((asked >> self._shift).view(np.int64))
        short = np.flatnonzero(self._hashes.take(places) < asked)
        while len(short):  # hashes that begin alike stand together, a few at most
            places[short] += 1
            short = short[self._hashes.take(places[short]) < asked[short]]
        numbers: Numbers = np.where(self._hashes.take(places) == asked, self._numbers.take(places), np.int32(UNKNOWN))
        return numbers
