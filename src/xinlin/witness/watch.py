"""The monitor: re-reads a log's entries from outside and sees whether it only ever grew (日志监测)."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from xinlin import key_files
from xinlin.core.notes import Key, Refused, open_checkpoint
from xinlin.core.tree import TILE_WIDTH, hash_leaf, tile_path, unbundle
from xinlin.core.witness import cosignatures
from xinlin.witness.store import Store

SECONDS_FOR_AN_ANSWER = 20
LARGEST_ANSWER = 1024 * 1024
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Unreadable(OSError):
    """The log did not give what its own head promises, or gave nothing."""


class Reader:
    """A tlog-tiles log at an address (``https://…/log``)."""

    def __init__(self, address: str) -> None:
        if not address.startswith(("http://", "https://")):
            raise ValueError(f"{address!r} is not an address of a log (https://…)")
        self.address = address.rstrip("/")

    def read(self, name: str) -> bytes:
        """The bytes under the log's address. Raises `Unreadable`."""
        try:
            with _DIRECT.open(f"{self.address}/{name}", timeout=SECONDS_FOR_AN_ANSWER) as answer:
                raw: bytes = answer.read(LARGEST_ANSWER + 1)
        except (OSError, ValueError) as error:
            raise Unreadable(f"{self.address}/{name}: {error}") from error
        if len(raw) > LARGEST_ANSWER:
            raise Unreadable(f"{self.address}/{name} has over {LARGEST_ANSWER} bytes")
        return raw

    def entries(self, first: int, end: int) -> Iterator[tuple[int, bytes]]:
        """(index, entry) from ``first`` to before ``end``, in order. Raises `Unreadable`."""
        for number in range(first // TILE_WIDTH, -(-end // TILE_WIDTH)):
            width = min(TILE_WIDTH, end - number * TILE_WIDTH)
            name = f"tile/{tile_path(None, number, width)}"
            try:
                found = unbundle(self.read(name))
            except ValueError as error:
                raise Unreadable(f"{name}: {error}") from error
            if len(found) != width:
                raise Unreadable(f"{name} holds {len(found)} entries, not {width}")
            for place, entry in enumerate(found, number * TILE_WIDTH):
                if place >= first:
                    yield place, entry


@dataclass(frozen=True)
class Seen:
    """What one look found. ``trouble`` is empty where the log has only grown."""

    size: int
    added: int
    witnesses: tuple[str, ...]
    trouble: str = ""


def look(
    reader: Reader,
    key: Key,
    witnesses: Sequence[Key],
    store: Store,
    compare: Callable[[int, bytes], str] | None = None,
) -> Seen:
    """Re-read everything that was added since the last look; what does not lead on from it is kept as evidence.

    ``compare`` may say what is wrong with one entry (index, bytes). Raises `Unreadable`.
    """
    note = reader.read("checkpoint").decode("utf-8", "replace")
    roots, known = store.watched(key.name)
    before, moment, wrong = roots.size, int(time.time()), ""
    try:
        head = open_checkpoint(note, key, key_files.verify)
        cosigned = tuple(sorted(cosignatures(note, witnesses, key_files.verify)))
    except Refused as refusal:
        return Seen(before, 0, (), f"the head cannot be trusted: {refusal}")
    if head.size >= before:
        for index, entry in reader.entries(before, head.size):
            if compare is not None and not wrong:
                wrong = compare(index, entry)
            roots.add(hash_leaf(entry))
    if wrong:
        return Seen(before, 0, cosigned, wrong)
    if head.size < before or roots.root() != head.root:
        why = (
            f"a head of {head.size} leaves was shown after one of {before}"
            if head.size < before
            else f"what was read up to leaf {before} and what is served now do not lead to the signed root of {head.size}"
        )
        store.keep_evidence(key.name, moment, why, known, note)
        return Seen(before, 0, cosigned, why)
    store.keep_watched(key.name, roots, note, moment)
    return Seen(head.size, head.size - before, cosigned)
