"""Whom the rows of a delivery name, each numbered once, on their way to being linked (报送行所指的主体).

Identifiers stay in this process and in an unnamed file of its own; tables see the numbers alone.
"""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

SUBJECT, REPRESENTATIVE_ROLE, NAMED = 0, 1, 2
"""Roles in which a row may name somebody."""
REMEMBERED = 500_000
"""Different parties that are recognised again; beyond these the same one may get a second number, which harms nothing."""
CHUNK = 20_000
"""Parties that are looked up together."""
IN_MEMORY = 10
"""Chunks kept in memory; the rest waits in the file."""


class Party(NamedTuple):
    """Somebody as a row names them: normalised identifier, name and place as they came, or empty."""

    number: int
    role: int
    identifier: str
    name: str
    region: str


class Parties:
    """All parties of a delivery, in the order in which they were first named."""

    def __init__(self) -> None:
        """Empty."""
        self._numbers: tuple[dict[tuple[str, str | None, str | None], int], ...] = ({}, {}, {})
        self._known = self.count = 0
        self._open: list[tuple[int, int, str, str, str]] = []
        self._chunks: list[list[tuple[int, int, str, str, str]]] = []
        self._file: IO[bytes] | None = None
        self._in_file = 0

    def numbers(
        self,
        role: int,
        identifiers: Sequence[str | None],
        names: Sequence[str | None],
        regions: Sequence[str | None],
    ) -> list[int | None]:
        """The number of the party in each row; None where the row names none."""
        find = self._numbers[role].get
        keys = zip(identifiers, names, regions, strict=True)
        return [find(key) or (self._new(role, key) if key[0] else None) for key in keys]  # type: ignore[arg-type]  # key[0]

    def _new(self, role: int, key: tuple[str, str | None, str | None]) -> int:
        if self._known >= REMEMBERED:
            for numbers in self._numbers:
                numbers.clear()
            self._known = 0
        self._known += 1
        self.count += 1
        self._numbers[role][key] = self.count
        self._open.append((self.count, role, key[0], key[1] or "", key[2] or ""))
        if len(self._open) == CHUNK:
            self._put_away()
        return self.count

    def _put_away(self) -> None:
        if len(self._chunks) < IN_MEMORY:
            self._chunks.append(self._open)
        else:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close
            marshal.dump(self._open, self._file)
            self._in_file += 1
        self._open = []

    def chunks(self) -> Iterator[list[Party]]:
        """All parties. Nothing may be added afterwards."""
        for chunk in self._chunks:
            yield [Party(*party) for party in chunk]
        if self._file is not None:
            self._file.seek(0)
            for _ in range(self._in_file):
                yield [Party(*party) for party in marshal.load(self._file)]
        if self._open:
            yield [Party(*party) for party in self._open]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
