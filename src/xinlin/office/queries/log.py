"""What the log shows: signed heads, tiles, bundles, and receipts that verify without us (存证日志查询)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from xinlin.core.notes import Proof, opening_bytes, parse_checkpoint, parse_proof, split_note
from xinlin.core.tree import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, bundle, inclusion, tiles_beside
from xinlin.office import signing
from xinlin.office.leaves import row_of
from xinlin.office.models.log import Cosignature, Head, Leaf, LeafOpening, Tile
from xinlin.office.scopes import NotFound

SHOWN_HEADS = 50


@dataclass(frozen=True)
class HeadView:
    """One signed tree head: so many leaves, this root (hex), the note with its signatures, the witnesses that cosigned."""

    size: int
    root: str
    note: str
    at: datetime
    witnesses: tuple[str, ...] = ()


def _view(head: Head) -> HeadView:
    added = list(head.cosignatures.all())
    note = head.note + "".join(one.line for one in added)
    return HeadView(head.size, bytes(head.root).hex(), note, head.at, tuple(one.witness for one in added))


def witnesses_wanted() -> tuple[int, int]:
    """By how many witnesses a head is cosigned before it is published, and how many are asked."""
    asked = len(settings.LOG_WITNESSES)
    return min(settings.LOG_QUORUM, asked), asked


def heads(limit: int = SHOWN_HEADS) -> list[HeadView]:
    """The latest signed heads, newest first, published or not."""
    return [_view(head) for head in Head.objects.order_by("-size").prefetch_related("cosignatures")[:limit]]


def latest() -> HeadView | None:
    """The newest published head: signed, and cosigned by as many witnesses as are wanted. None before the first."""
    found = Head.objects.filter(cosigned__gte=witnesses_wanted()[0]).order_by("-size")
    head = found.prefetch_related("cosignatures").first()
    return _view(head) if head else None


def signed_size() -> int:
    """How many leaves the newest signed head covers, whoever cosigned it."""
    return Head.objects.order_by("-size").values_list("size", flat=True).first() or 0


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


def waits_since(moment: datetime) -> bool:
    """Whether a leaf written before the moment has no number yet: then the log stands still."""
    return Leaf.objects.filter(index__isnull=True, at__lt=moment).exists()


def verification_key() -> str:
    """The log's public key as one line (name+id+key), for whoever checks heads and receipts."""
    return str(signing.log_key())


def read_tile(level: int, number: int) -> bytes:
    """The stored hashes of a tile, joined; empty where there is none."""
    held = Tile.objects.filter(level=level, number=number).values_list("hashes", flat=True).first()
    return bytes(held or b"")


def _read_tiles(wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """The stored hashes of some tiles, by level and number: one query, written out since it is dear to build."""
    if not wanted:
        return {}
    either = " OR ".join(["(level = %s AND number = %s)"] * len(wanted))
    asked = [one for pair in wanted for one in pair]
    rows = Tile.objects.raw(f"SELECT id, level, number, hashes FROM tile WHERE {either}", asked)
    return {(row.level, row.number): bytes(row.hashes) for row in rows}


def tile(level: int, number: int, width: int) -> bytes:
    """The first ``width`` hashes of a tile, as far as the newest signed head covers them. Raises `NotFound`."""
    covered = signed_size() >> (TILE_HEIGHT * level)
    if number * TILE_WIDTH + width <= covered:
        held = read_tile(level, number)[: width * HASH_BYTES]
        if len(held) == width * HASH_BYTES:
            return held
    raise NotFound(f"no tile {level}/{number} of width {width}")


def entries(number: int, width: int) -> bytes:
    """The bundle of the commitments under a level 0 tile. Raises `NotFound`."""
    first = number * TILE_WIDTH
    if first + width > signed_size():
        raise NotFound(f"no bundle {number} of width {width}")
    rows = Leaf.objects.filter(index__gte=first, index__lt=first + width).order_by("index")
    return bundle(bytes(commitment) for commitment in rows.values_list("commitment", flat=True))


def _proof(index: int, extra: bytes = b"") -> str:
    """Against the newest head that enough witnesses cosigned; against one that waits for them only where none covers it."""
    if not 0 <= index < 2**63:
        raise NotFound(f"leaf {index} is in no signed tree yet")
    covering = Head.objects.filter(size__gt=index)
    wanted = covering.filter(cosigned__gte=witnesses_wanted()[0]).order_by("-size")
    named = ("pk", "size", "note", "cosigned")
    held = wanted.values_list(*named).first() or covering.order_by("-cosigned", "-size").values_list(*named).first()
    if held is None:
        raise NotFound(f"leaf {index} is in no signed tree yet")
    head, size, note, cosigned = held
    lines = Cosignature.objects.filter(head_id=head).values_list("line", flat=True) if cosigned else ()
    tiles = _read_tiles(tiles_beside(index, size))
    hashes = inclusion(index, size, lambda level, number: tiles.get((level, number), b""))
    return str(Proof(index, tuple(hashes), note + "".join(lines), extra))


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
    return _receipt(opening) if opening else None


def _receipt(opening: LeafOpening) -> str | None:
    if opening.leaf.index is None:
        return None
    return _proof(opening.leaf.index, opening_bytes(bytes(opening.salt), opening.body))


def witnesses_of(text: str) -> list[str]:
    """The names of our witnesses that cosigned the head in a receipt of ours."""
    size = parse_checkpoint(split_note(parse_proof(text).checkpoint)[0]).size
    return list(Cosignature.objects.filter(head__size=size).values_list("witness", flat=True))


def receipt_of_row(table: str, key: str, action: str) -> str | None:
    """The receipt of what ``action`` did to the row ``key`` of ``table``, the last time; None as for `receipt`."""
    found = LeafOpening.objects.filter(row=row_of(table, key), leaf__action=action).select_related("leaf")
    opening = found.order_by("-leaf_id").first()
    return _receipt(opening) if opening else None


def first_head_over(table: str, key: str, action: str) -> HeadView | None:
    """The first signed head that covers what ``action`` did to the row; None until there is one.

    The same for ever, and known to nobody before: a seed for what nobody shall choose.
    """
    found = LeafOpening.objects.filter(row=row_of(table, key), leaf__action=action, leaf__index__isnull=False)
    index = found.values_list("leaf__index", flat=True).first()
    head = Head.objects.filter(size__gt=index).order_by("size").first() if index is not None else None
    return _view(head) if head else None
