"""Rebuilds the whole log from its leaves and openings, and names every place where what is stored differs (日志核验)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.db.models import Max, TextField
from django.db.models.functions import Cast

from xinlin.core.log import commitment, instant
from xinlin.core.notes import Checkpoint, Key, Refused, open_checkpoint
from xinlin.core.tree import HASH_BYTES, TILE_WIDTH, Roots, grow, hash_leaf, tile_path
from xinlin.core.values import Text
from xinlin.office import signing
from xinlin.office.models.log import Head, Leaf, LeafOpening, Tile

PAGE = 2_000
_LEAF_FIELDS = ("pk", "index", "commitment", "action", "at", "opening__salt", "opening__pk")


@dataclass(frozen=True)
class Finding:
    """One place where the log is not what was written, such as ``leaf 17``, ``tile/0/003`` or ``head 120``."""

    place: str
    what: Text


@dataclass
class Verdict:
    """What an audit saw. ``erased`` leaves have no opening any more: only the tree speaks for them."""

    leaves: int = 0
    erased: int = 0
    waiting: int = 0
    waiting_since: datetime | None = None
    tiles: int = 0
    heads: int = 0
    head: Checkpoint | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing differs."""
        return not self.findings

    def find(self, place: str, zh: str, en: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(place, Text(zh=zh, en=en)))


def verify(key: Key | None = None, kept: str | None = None) -> Verdict:
    """Audit everything that is stored; a database that cannot be read in places is reported, not raised.

    ``key`` is the log's key as noted elsewhere (default: that in the data folder); ``kept`` is a signed head kept
    elsewhere, from which the tree here must have grown. Without one, a log cut back to an earlier state looks whole.
    """
    key, verdict = key or signing.log_key(), Verdict()
    rows = _leaf_hashes(verdict)
    stored = _tiles(verdict)
    heads = _heads(key, verdict)
    if kept is not None:
        try:
            heads.append(("kept head", open_checkpoint(kept, key, signing.verify)))
        except Refused as refusal:
            verdict.find(
                "kept head", f"另存的树头不可信：{refusal}", f"the head kept elsewhere cannot be trusted: {refusal}"
            )
    chain = _choose(rows, stored, heads, verdict)
    _compare_tiles(chain, stored, verdict)
    _compare_heads(chain, heads, verdict)
    verdict.waiting = Leaf.objects.filter(index__isnull=True).count()
    first = Leaf.objects.filter(index__isnull=True).order_by("id").first()
    verdict.waiting_since = first.at if first else None
    return verdict


# --- leaves ------------------------------------------------------------------------------------------------------


def _pages() -> Iterator[tuple[int, list[int]]]:
    """Row ids of the numbered leaves in the order of their numbers, by pages, each with its first position."""
    ids = list(Leaf.objects.filter(index__isnull=False).order_by("index", "pk").values_list("pk", flat=True))
    for start in range(0, len(ids), PAGE):
        yield start, ids[start : start + PAGE]


def _read(ids: list[int]) -> list[tuple[Any, ...]]:
    rows = Leaf.objects.filter(pk__in=ids).order_by("index", "pk")
    return list(rows.annotate(body=Cast("opening__body", TextField())).values_list(*_LEAF_FIELDS, "body"))


def _leaf_hashes(verdict: Verdict) -> list[bytes]:
    """The hash of every numbered leaf in order, each compared with its opening."""
    hashes: list[bytes] = []
    opened = 0
    signed = Head.objects.aggregate(largest=Max("size"))["largest"] or 0
    for start, ids in _pages():
        try:
            rows = _read(ids)
        except (DatabaseError, ValueError):
            rows = []
            for offset, one in enumerate(ids):
                try:
                    rows += _read([one])
                except (DatabaseError, ValueError) as error:
                    verdict.find(f"leaf {start + offset}", f"无法读取：{error}", f"cannot be read: {error}")
                    rows.append((one, start + offset, b"", None, None, None, None, None))
        for row in rows:
            while isinstance(row[1], int) and len(hashes) < row[1] < signed:
                verdict.find(f"leaf {len(hashes)}", "叶已不在库中", "is no longer in the table")
                hashes.append(b"")
            _compare_leaf(len(hashes), row, verdict)
            hashes.append(hash_leaf(bytes(row[2] or b"")))
            opened += row[6] is not None
            verdict.leaves += 1
    verdict.erased = verdict.leaves - opened
    loose = LeafOpening.objects.count() - LeafOpening.objects.filter(leaf__in=Leaf.objects.all()).count()
    if loose:
        verdict.find("openings", f"有 {loose} 份开封记录不属于任何叶", f"{loose} openings belong to no leaf")
    return hashes


def _compare_leaf(place: int, row: tuple[Any, ...], verdict: Verdict) -> None:
    """One leaf: its number, and its commitment, action and time against the opening."""
    pk, index, stored, action, at, salt, opening, body = row
    name = f"leaf {place}"
    if index != place:
        verdict.find(
            name, f"编号应为 {place}，行 {pk} 上却是 {index}", f"row {pk} is numbered {index}; {place} was due"
        )
    if opening is None:
        return
    try:
        opened = json.loads(body)
        matches = commitment(bytes(salt), opened) == bytes(stored)
        said = (opened.get("action"), opened.get("at"))
    except (TypeError, ValueError, AttributeError):
        matches, said = False, (None, None)
    if not matches:
        verdict.find(name, "开封内容与承诺值不符", "its opening does not give its commitment")
    elif said != (action, instant(at) if isinstance(at, datetime) else None):
        verdict.find(
            name,
            f"行上写的行为或时间（{action}，{at}）与开封内容 {said[0]}，{said[1]} 不符",
            f"its row says {action} at {at}; its opening says {said[0]} at {said[1]}",
        )


# --- tiles and heads ---------------------------------------------------------------------------------------------


def _tiles(verdict: Verdict) -> dict[tuple[int, int], bytes]:
    stored = {(row.level, row.number): bytes(row.hashes) for row in Tile.objects.order_by("level", "number").iterator()}
    verdict.tiles = len(stored)
    return stored


def _heads(key: Key, verdict: Verdict) -> list[tuple[str, Checkpoint]]:
    """Every head whose signature holds, in the order of size, with its name."""
    found = []
    for pk in Head.objects.order_by("size").values_list("pk", flat=True):
        verdict.heads += 1
        try:
            row = Head.objects.get(pk=pk)
            head = open_checkpoint(row.note, key, signing.verify)
        except (Refused, DatabaseError, ValueError) as error:
            verdict.find(f"head in row {pk}", f"签名树头不可信：{error}", f"the signed head cannot be trusted: {error}")
            continue
        if (head.size, head.root) != (row.size, bytes(row.root)):
            verdict.find(
                f"head {head.size}",
                f"行上的大小或根（{row.size}）与签名内容不符",
                f"size or root in its row ({row.size}) are not what was signed",
            )
        found.append((f"head {head.size}", head))
        verdict.head = head
    return found


def _roots(chain: list[bytes], sizes: set[int]) -> dict[int, bytes]:
    roots, found = Roots(), {}
    if 0 in sizes:
        found[0] = roots.root()
    for leaf in chain:
        roots.add(leaf)
        if roots.size in sizes:
            found[roots.size] = roots.root()
    return found


def _choose(
    rows: list[bytes], stored: dict[tuple[int, int], bytes], heads: list[tuple[str, Checkpoint]], verdict: Verdict
) -> list[bytes]:
    """The leaf hashes that the signed heads speak for: those of the rows, unless only those of the tiles lead there.

    In that case the differing rows were changed after they were signed, and are named.
    """
    joined = b"".join(stored.get((0, number), b"") for number in range(len(rows) // TILE_WIDTH + 1))
    tiled = [joined[start : start + HASH_BYTES] for start in range(0, len(joined), HASH_BYTES)]
    if rows == tiled or not heads:
        return rows
    newest = max((head for _, head in heads), key=lambda head: head.size)
    if _roots(rows, {newest.size}).get(newest.size) == newest.root:
        return rows
    if _roots(tiled, {newest.size}).get(newest.size) != newest.root:
        return rows
    named = {finding.place for finding in verdict.findings}
    for place, leaf in enumerate(tiled):
        if place >= len(rows):
            verdict.find(
                f"leaf {place}", "叶已不在库中，而树中有它", "is in the signed tree and no longer in the table"
            )
        elif rows[place] != leaf and f"leaf {place}" not in named:
            verdict.find(f"leaf {place}", "承诺值与已签名的树不符", "its commitment is not the one in the signed tree")
    return tiled


def _compare_tiles(chain: list[bytes], stored: dict[tuple[int, int], bytes], verdict: Verdict) -> None:
    """Every stored tile against the one built from the leaves."""
    built = grow(0, chain, lambda level, number: b"")
    for level, number in sorted(built.keys() | stored.keys()):
        place = f"tile/{tile_path(level, number)}"
        wanted, held = built.get((level, number), b""), stored.get((level, number), b"")
        if wanted == held:
            continue
        if not held:
            verdict.find(place, "缺少该瓦片", "the tile is missing")
        elif len(wanted) != len(held):
            zh = f"应有 {len(wanted)} 字节，实有 {len(held)} 字节"
            verdict.find(place, zh, f"has {len(held)} bytes; {len(wanted)} are due")
        else:
            spots = range(0, len(wanted), HASH_BYTES)
            wrong = [spot // HASH_BYTES for spot in spots if wanted[spot:][:HASH_BYTES] != held[spot:][:HASH_BYTES]]
            listed = ", ".join(map(str, wrong[:8])) + (" …" if len(wrong) > 8 else "")
            verdict.find(place, f"第 {listed} 个哈希不符", f"hash {listed} differs")


def _compare_heads(chain: list[bytes], heads: list[tuple[str, Checkpoint]], verdict: Verdict) -> None:
    """Every signed root against the tree of its size: then each head has grown from the one before it."""
    roots = _roots(chain, {head.size for _, head in heads})
    for name, head in heads:
        if head.size > len(chain):
            zh = f"签名说有 {head.size} 叶，库中只有 {len(chain)}"
            verdict.find(name, zh, f"{head.size} leaves were signed and {len(chain)} are here")
        elif roots[head.size] != head.root:
            verdict.find(name, "签名的根与重建的树不符", "the signed root is not that of the rebuilt tree")
    covered = max((head.size for _, head in heads), default=0)
    if covered < len(chain):
        zh = f"编号 {covered} 起的叶没有签名树头覆盖"
        verdict.find(f"leaf {covered}", zh, f"leaves from {covered} on are numbered and no signed head covers them")


# --- what is served, against the rows -------------------------------------------------------------------------------


class Rows:
    """Compares entries as they are served with the rows: the commitment stored, and the one that the opening gives."""

    def __init__(self) -> None:
        self._first = 0
        self._held: list[tuple[Any, ...]] = []

    def __call__(self, index: int, entry: bytes) -> str:
        """What is wrong with this entry; empty where nothing is."""
        if not self._first <= index < self._first + len(self._held):
            rows = Leaf.objects.filter(index__gte=index).order_by("index")[:PAGE]
            self._first, self._held = (
                index,
                list(rows.values_list("index", "commitment", "opening__salt", "opening__body")),
            )
        if not self._held or self._held[index - self._first][0] != index:
            return f"leaf {index} is served and is not in the table"
        _, stored, salt, body = self._held[index - self._first]
        if bytes(stored) != entry:
            return f"leaf {index} is served otherwise than it stands in the table"
        if salt is not None and commitment(bytes(salt), body) != entry:
            return f"the opening of leaf {index} does not lead to what is served"
        return ""
