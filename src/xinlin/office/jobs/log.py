"""Numbers committed leaves, grows the tree and signs its head; writes the log out as files (日志定序)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from xinlin.core.notes import Checkpoint, Refused, open_checkpoint, sign_note
from xinlin.core.tree import Incomplete, grow, hash_leaf, root, tile_path, tiles_of
from xinlin.office import signing
from xinlin.office.models.log import Head, Leaf, Tile
from xinlin.office.queries import log

logger = logging.getLogger(__name__)

BATCH = 50_000
"""Leaves numbered in one transaction."""

_LOCK = 0x78696E6C696E
"""Advisory lock of the sequencer on PostgreSQL; on SQLite the immediate transaction is the lock."""

_NUMBER = """
    WITH fresh AS (
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM leaf WHERE "index" IS NULL ORDER BY id LIMIT %s
    )
    UPDATE leaf SET "index" = %s + fresh.place FROM fresh WHERE leaf.id = fresh.id
"""


class LogBroken(RuntimeError):
    """What is stored does not lead to the last signed root; nothing is added until that is explained."""


def _number(size: int) -> list[bytes]:
    """Number leaves that are committed and have none, from ``size`` on; gives their commitments in order.

    A leaf whose transaction is still open is not seen and keeps its turn for later: numbers have no gaps, whatever
    gaps the row ids have.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER, [BATCH, size])
    rows = Leaf.objects.filter(index__gte=size).order_by("index").values_list("index", "commitment")
    numbered = [(index, bytes(commitment)) for index, commitment in rows]
    if [index for index, _ in numbered] != list(range(size, size + len(numbered))):
        raise LogBroken(f"the leaves after {size} are not numbered one by one; run: xinlin log verify")
    return [commitment for _, commitment in numbered]


def _same_key(last: Head) -> None:
    """A restored log whose key was left behind must not go on under another: nobody outside would take its heads."""
    try:
        open_checkpoint(last.note, signing.log_key(), signing.verify)
    except Refused as refused:
        raise LogBroken(
            f"the last head is not signed with the key in keys/log ({signing.log_key()}): restore keys/log from the backup"
        ) from refused


def _one_head() -> int:
    """Number one batch under the lock and sign the grown tree; how many leaves it took."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        last = Head.objects.order_by("-size").first()
        size = last.size if last else 0
        try:
            holds = last is None or root(size, log.read_tile) == bytes(last.root)
        except Incomplete:
            holds = False
        if not holds:
            raise LogBroken(f"the tiles do not lead to the signed root of {size} leaves; run: xinlin log verify")
        if last is not None:
            _same_key(last)
        commitments = _number(size)
        if not commitments:
            return 0
        changed = grow(size, (hash_leaf(commitment) for commitment in commitments), log.read_tile)
        Tile.objects.bulk_create(
            [Tile(level=level, number=number, hashes=hashes) for (level, number), hashes in changed.items()],
            update_conflicts=True,
            unique_fields=["level", "number"],
            update_fields=["hashes"],
            batch_size=500,
        )
        grown = size + len(commitments)
        head = Checkpoint(signing.log_key().name, grown, root(grown, log.read_tile))
        note = sign_note(str(head), signing.log_key(), signing.sign)
        Head.objects.create(size=grown, root=head.root, note=note, at=timezone.now())
        return len(commitments)


def sequence() -> int:
    """Number all leaves that wait and sign the head; how many they were. Cheap when none waits. Raises `LogBroken`.

    What comes meanwhile waits for the next turn: a busy hour would otherwise sign a head for each few leaves.
    """
    total, taken = 0, BATCH
    while taken == BATCH and Leaf.objects.filter(index__isnull=True).exists():
        taken = _one_head()
        total += taken
    return total


def keep_sequencing(every: float, stopped: Callable[[], bool]) -> None:
    """Sequence each ``every`` seconds until ``stopped`` says so. Raises `LogBroken`.

    A database that is away or busy is asked again at the next turn: leaves wait and lose nothing.
    """
    while not stopped():
        try:
            sequence()
        except (InterfaceError, OperationalError) as error:
            logger.warning("the sequencer could not reach the database and tries again: %s", error)
            connection.close()
        time.sleep(every)


def export(folder: Path) -> int:
    """Write the newest signed tree as a static tlog-tiles folder, which any web server can serve; its size.

    The head is written last, so a folder never promises a tile that it lacks.
    """
    head = log.latest()
    if head is None:
        raise LogBroken("there is no published head yet; run: xinlin log sequence")
    for level, number, width in tiles_of(head.size):
        wanted = [(tile_path(level, number, width), log.tile(level, number, width))]
        if level == 0:
            wanted.append((tile_path(None, number, width), log.entries(number, width)))
        for name, content in wanted:
            path = folder / "tile" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    (folder / "checkpoint").write_text(head.note, encoding="utf-8")
    return head.size
