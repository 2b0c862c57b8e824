"""What the log shows: signed heads, tiles, bundles, and receipts that verify without us (存证日志查询)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xinlin.core.notes import Proof, opening_bytes
from xinlin.core.tree import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, bundle, inclusion
from xinlin.office import signing
from xinlin.office.models.log import Head, Leaf, LeafOpening, Tile
from xinlin.office.scopes import NotFound

SHOWN_HEADS = 50


@dataclass(frozen=True)
class HeadView:
    """One signed tree head: so many leaves, this root (hex), the signed note."""

    size: int
    root: str
    note: str
    at: datetime


def _view(head: Head) -> HeadView:
    return HeadView(head.size, bytes(head.root).hex(), head.note, head.at)


def heads(limit: int = SHOWN_HEADS) -> list[HeadView]:
    """The latest signed heads, newest first."""
    return [_view(head) for head in Head.objects.order_by("-size")[:limit]]


def latest() -> HeadView | None:
    """The newest signed head; None before the first."""
    return next(iter(heads(1)), None)


@dataclass(frozen=True)
class LeafView:
    """A leaf as the log shows it: what was done and when; its commitment (hex) says nothing about anybody."""

    index: int | None
    action: str
    at: datetime
    commitment: str


def newest_leaves(limit: int = SHOWN_HEADS) -> list[LeafView]:
    """The leaves written last, newest first; those that wait for their number have none."""
    rows = Leaf.objects.order_by("-pk")[:limit]
    return [LeafView(leaf.index, leaf.action, leaf.at, bytes(leaf.commitment).hex()) for leaf in rows]


def waiting() -> int:
    """How many committed leaves have no number yet."""
    return Leaf.objects.filter(index__isnull=True).count()


def verification_key() -> str:
    """The log's public key as one line (name+id+key), for whoever checks heads and receipts."""
    return str(signing.log_key())


def read_tile(level: int, number: int) -> bytes:
    """The stored hashes of a tile, joined; empty where there is none."""
    held = Tile.objects.filter(level=level, number=number).values_list("hashes", flat=True).first()
    return bytes(held or b"")


def tile(level: int, number: int, width: int) -> bytes:
    """The first ``width`` hashes of a tile, as far as the newest signed head covers them. Raises `NotFound`."""
    head = latest()
    covered = (head.size >> (TILE_HEIGHT * level)) if head else 0
    if number * TILE_WIDTH + width <= covered:
        held = read_tile(level, number)[: width * HASH_BYTES]
        if len(held) == width * HASH_BYTES:
            return held
    raise NotFound(f"no tile {level}/{number} of width {width}")


def entries(number: int, width: int) -> bytes:
    """The bundle of the commitments under a level 0 tile. Raises `NotFound`."""
    head = latest()
    first = number * TILE_WIDTH
    if head is None or first + width > head.size:
        raise NotFound(f"no bundle {number} of width {width}")
    rows = Leaf.objects.filter(index__gte=first, index__lt=first + width).order_by("index")
    return bundle(bytes(commitment) for commitment in rows.values_list("commitment", flat=True))


def _proof(index: int, extra: bytes = b"") -> str:
    head = latest()
    if head is None or not 0 <= index < head.size:
        raise NotFound(f"leaf {index} is in no signed tree yet")
    return str(Proof(index, tuple(inclusion(index, head.size, read_tile)), head.note, extra))


def leaf_proof(index: int) -> str:
    """A C2SP tlog-proof: that leaf ``index`` is in the newest signed tree. Says nothing of what it stands for.

    Raises `NotFound` while no signed head covers the leaf.
    """
    return _proof(index)


def receipt(leaf_id: int) -> str | None:
    """A receipt to hand out: the proof with the leaf's opening, so that it verifies offline and for ever.

    None while the leaf waits for its number, or once its opening was destroyed. Who may have it, the caller decides: an
    opening names the actor and the row.
    """
    opening = LeafOpening.objects.select_related("leaf").filter(leaf_id=leaf_id).first()
    if opening is None or opening.leaf.index is None:
        return None
    return _proof(opening.leaf.index, opening_bytes(bytes(opening.salt), opening.body))
