"""Finds subjects' dense numbers by the hashes of their handles, for many millions of rows at once (主体编号).

Handles are texts of any length; comparing and sorting them is most of the work of bringing records to their subjects. A
hash of 64 bits is taken of each once, and no two known subjects may have the same (`xinlin.engine.folder` sees to that),
so that from then on integers stand for texts.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import numpy as np
import numpy.typing as npt

from xinlin.engine.freezing import Numbers
from xinlin.engine.hashes import Hashes, hashed
from xinlin.engine.tables import PLACE, batches, quoted

NOT_SCORED, UNKNOWN = -1, -2
"""Stand for the number of a subject who is not scored on the day, and of one whom nobody knows."""
AT_ONCE = 1 << 16
"""How many rows are looked up in one go: what is held meanwhile stays in the processor's own memory."""
ROOMY_BITS = 26
"""The table has at least twice as many places as subjects while so many bits number its places: 512 MiB."""
OFFSET = 2
"""What is added to a number, so that that of an unknown subject is 0 and that of every known one is more."""


def hashed_column(connection: duckdb.DuckDBPyConnection, table: str, column: str, salt: int) -> Hashes:
    """The hashes of the handles in a column of an opened table, in the order of its file."""
    asked = f"SELECT {quoted(column)} AS handle FROM {quoted(table)} ORDER BY {quoted(PLACE)}"
    return np.concatenate(
        [np.empty(0, np.uint64), *(hashed(one["handle"], salt) for one in batches(connection.sql(asked)))]
    )


def numbers_of(connection: duckdb.DuckDBPyConnection, table: str, hashes: Hashes, known: Numbering) -> Numbers:
    """The number of the subject of each row in an opened table, whose handles have these hashes without salt."""
    return known.of(hashed_column(connection, table, "subject", known.salt) if known.salt else hashes)


class Numbering:
    """What belongs to each known subject, by the hash of its handle: its place at first, then its number.

    A table with room to spare: the hash's first bits say where an entry stands, or would if no other stood there, and it
    is then the next one free. An entry is the rest of the hash and, in the last bits, what belongs to the subject; 0 is none.
    """

    def __init__(self, hashes: Hashes, salt: int = 0) -> None:
        """``hashes`` are those of `xinlin.engine.hashes` with this salt; each subject's place is that of its hash among them."""
        self.salt, self._count = salt, len(hashes)
        self._beyond: Numbers | None = None
        bits = (len(hashes) + OFFSET).bit_length()
        self._bits, self._last = np.uint64(bits), np.uint64((1 << bits) - 1)
        self._shift = np.uint64(64 - max(bits, min(bits + 1, ROOMY_BITS)))
        self._table = np.zeros(1 << 64 - int(self._shift), np.uint64)
        self.ambiguous = False
        """Whether two subjects cannot be told apart, because they have one handle or by chance."""
        order, free = self._in_order(hashes), 0
        for first in range(0, len(order), AT_ONCE):
            free = self._enter(hashes, order[first : first + AT_ONCE], free)

    def _in_order(self, hashes: Hashes) -> Hashes:
        """The places of the hashes in the order of their first bits.

        Numbers sort several times faster than places by numbers: each place takes the room of its hash's last bits.
        """
        order = np.empty(len(hashes), np.uint64)
        for first in range(0, len(order), AT_ONCE):
            some = order[first : first + AT_ONCE]
            some[:] = hashes[first : first + AT_ONCE] & ~self._last
            some |= np.arange(first, first + len(some), dtype=np.uint64)
        order.sort()
        order &= self._last
        return order

    def _enter(self, hashes: Hashes, places: Hashes, free: int) -> int:
        """Enter the next ones in the order, of which none may stand before ``free``; where the one after them may."""
        entries, counted = hashes[places], np.arange(len(places))
        homes = (entries >> self._shift).view(np.int64)
        slots = homes - counted
        slots[0] = max(slots[0], free)
        np.maximum.accumulate(slots, out=slots)
        slots += counted
        free = int(slots[-1]) + 1
        if free >= len(self._table):  # none stands behind the last
            self._table = np.concatenate([self._table, np.zeros(free + 1 - len(self._table), np.uint64)])
        self._table[slots] = entries << self._bits | places + np.uint64(OFFSET)
        self.ambiguous = self.ambiguous or self._alike(slots, slots - homes)
        return free

    def _alike(self, slots: npt.NDArray[np.int64], moved: npt.NDArray[np.int64]) -> bool:
        """Whether whoever looks for an entry there, so far from where it would stand, meets another like it."""
        late, back = np.flatnonzero(moved), 1
        while len(late):
            if ((self._table[slots[late]] ^ self._table[slots[late] - back]) <= self._last).any():
                return True
            late = late[moved[late] > back]
            back += 1
        return False

    @classmethod
    def of_handles(cls, hashes: Callable[[int], Hashes]) -> Numbering:
        """With the first salt for which ``hashes`` gives each of the subjects, all different, one of its own."""
        salt = 0
        while (known := cls(hashes(salt), salt)).ambiguous:
            salt += 1
        return known

    def __len__(self) -> int:
        return self._count

    def number(self, numbers: Numbers) -> None:
        """Give each subject the number that stands at its place.

        An entry has room for as many numbers as there are subjects; greater ones, of a few among many, are kept apart.
        """
        if int(numbers.max(initial=0)) + OFFSET > int(self._last):
            self._beyond = numbers
            return
        for first in range(0, len(self._table), AT_ONCE):
            some = self._table[first : first + AT_ONCE]
            held = np.flatnonzero(some)
            entries = some[held]
            places = (entries & self._last).view(np.int64) - OFFSET
            some[held] = (entries & ~self._last) | (numbers[places].astype(np.int64) + OFFSET).view(np.uint64)

    def of(self, asked: Hashes) -> Numbers:
        """The numbers of the subjects with these hashes, `UNKNOWN` for none."""
        found = np.empty(len(asked), np.int32)
        for first in range(0, len(asked), AT_ONCE):
            found[first : first + AT_ONCE] = self._some(asked[first : first + AT_ONCE])
        if self._beyond is None:
            return found
        return np.where(found == UNKNOWN, np.int32(UNKNOWN), self._beyond[np.maximum(found, 0)])

    def _some(self, asked: Hashes) -> Numbers:
        places = (asked >> self._shift).view(np.int64)
        entries, wanted = self._table.take(places), asked << self._bits
        found = entries ^ wanted
        left = np.flatnonzero(found > self._last)
        while len(left):  # another's entry, or none
            none = entries[left] == 0
            found[left[none]] = 0
            left = left[~none]
            places[left] += 1
            entries[left] = self._table.take(places[left])
            found[left] = entries[left] ^ wanted[left]
            left = left[found[left] > self._last]
        return found.astype(np.int32) - np.int32(OFFSET)
