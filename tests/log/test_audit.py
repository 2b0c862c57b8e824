"""The audit finds every changed byte and says where; what may change (an erasure, a waiting leaf) it does not mind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from xinlin.core.notes import sign_note
from xinlin.core.tree import HASH_BYTES
from xinlin.office import signing
from xinlin.office.jobs import log as jobs
from xinlin.office.models.log import Head, Leaf, LeafOpening, Tile
from xinlin.office.queries.log_audit import Verdict, verify

Leave = Callable[[int], list[Leaf]]


@pytest.fixture
def grown(leave: Leave) -> list[Leaf]:
    """A log of 12 leaves under three heads."""
    leaves = []
    for count in (3, 4, 5):
        leaves += leave(count)
        jobs.sequence()
    return leaves


def places(verdict: Verdict) -> set[str]:
    return {finding.place for finding in verdict.findings}


def changed(row: Any, name: str, place: int, value: bytes) -> None:
    """Flip one bit of a stored value, past everything that the office does."""
    raw = bytearray(value)
    raw[place] ^= 1
    type(row).objects.filter(pk=row.pk).update(**{name: bytes(raw)})


def test_an_untouched_log_holds(grown: list[Leaf]) -> None:
    verdict = verify()
    assert verdict.holds, verdict.findings
    assert (verdict.leaves, verdict.heads, verdict.tiles, verdict.erased, verdict.waiting) == (12, 3, 1, 0, 0)
    assert verdict.head is not None
    assert verdict.head.size == 12


def test_an_empty_log_holds(db: None) -> None:
    assert verify().holds


def test_a_waiting_leaf_is_told_and_is_no_finding(grown: list[Leaf], leave: Leave) -> None:
    leave(2)
    verdict = verify()
    assert verdict.holds
    assert verdict.waiting == 2


def test_an_erasure_is_counted_and_is_no_finding(grown: list[Leaf]) -> None:
    LeafOpening.objects.filter(leaf=grown[3]).delete()
    verdict = verify()
    assert verdict.holds
    assert verdict.erased == 1


@pytest.mark.parametrize("number", [0, 6, 11])
def test_every_byte_of_a_commitment_is_watched_with_and_without_its_opening(grown: list[Leaf], number: int) -> None:
    for erased in (False, True):
        if erased:
            LeafOpening.objects.filter(leaf=grown[number]).delete()
        for place in range(32):
            with transaction.atomic():
                changed(grown[number], "commitment", place, bytes(grown[number].commitment))
                assert places(verify()) == {f"leaf {number}"}, place
                transaction.set_rollback(True)
    assert verify().holds


def test_every_byte_of_a_salt_is_watched(grown: list[Leaf]) -> None:
    opening = LeafOpening.objects.get(leaf=grown[5])
    for place in range(32):
        with transaction.atomic():
            changed(opening, "salt", place, bytes(opening.salt))
            assert places(verify()) == {"leaf 5"}
            transaction.set_rollback(True)


def test_every_word_of_an_opening_is_watched(grown: list[Leaf]) -> None:
    opening = LeafOpening.objects.get(leaf=grown[5])
    text = json.dumps(opening.body, ensure_ascii=False)
    seen = 0
    for place in range(len(text)):
        other = text[:place] + ("x" if text[place] != "x" else "y") + text[place + 1 :]
        try:
            body = json.loads(other)
        except ValueError:
            continue
        seen += 1
        with transaction.atomic():
            LeafOpening.objects.filter(pk=opening.pk).update(body=body)
            assert places(verify()) == {"leaf 5"}, other
            transaction.set_rollback(True)
    assert seen > 100


def test_an_action_or_time_that_the_opening_denies_is_found(grown: list[Leaf]) -> None:
    Leaf.objects.filter(pk=grown[2].pk).update(action="scores.run")
    Leaf.objects.filter(pk=grown[8].pk).update(
        at=grown[8].at.replace(microsecond=(grown[8].at.microsecond + 1) % 10**6)
    )
    assert places(verify()) == {"leaf 2", "leaf 8"}


def test_every_byte_of_a_tile_is_watched(leave: Leave) -> None:
    leave(257)
    jobs.sequence()
    for tile in Tile.objects.all():
        hashes = bytes(tile.hashes)
        for place in range(0, len(hashes), max(1, len(hashes) // 24)):
            with transaction.atomic():
                changed(tile, "hashes", place, hashes)
                found = verify().findings
                assert [finding.place for finding in found] == [f"tile/{tile.level}/{tile.number:03d}"]
                assert found[0].what.en == f"hash {place // HASH_BYTES} differs"
                transaction.set_rollback(True)


def test_a_missing_short_or_foreign_tile_is_found(grown: list[Leaf]) -> None:
    tile = Tile.objects.get()
    Tile.objects.create(level=3, number=4, hashes=b"\0" * 32)
    assert places(verify()) == {"tile/3/004"}
    Tile.objects.filter(pk=tile.pk).update(hashes=bytes(tile.hashes)[:-HASH_BYTES])
    assert places(verify()) == {"tile/3/004", "tile/0/000"}
    tile.delete()
    assert places(verify()) == {"tile/3/004", "tile/0/000"}


def test_every_byte_of_a_head_is_watched(grown: list[Leaf]) -> None:
    head = Head.objects.get(size=7)
    for place in range(len(head.note)):
        other = head.note[:place] + ("A" if head.note[place] != "A" else "B") + head.note[place + 1 :]
        with transaction.atomic():
            Head.objects.filter(pk=head.pk).update(note=other)
            assert places(verify()) == {f"head in row {head.pk}"}, place
            transaction.set_rollback(True)
    for place in range(32):
        with transaction.atomic():
            changed(head, "root", place, bytes(head.root))
            assert places(verify()) == {"head 7"}
            transaction.set_rollback(True)
    Head.objects.filter(pk=head.pk).update(size=6)
    assert places(verify()) == {"head 7"}


def test_a_head_that_was_signed_over_another_history_is_found(grown: list[Leaf]) -> None:
    key = signing.log_key()
    fork = sign_note(f"{key.name}\n9\n{'A' * 43}=\n", key, signing.sign)
    Head.objects.create(size=9, root=b"\0" * 32, note=fork, at=Head.objects.latest("size").at)
    assert places(verify()) == {"head 9"}


def test_a_deleted_leaf_is_named(grown: list[Leaf]) -> None:
    LeafOpening.objects.filter(leaf=grown[4]).delete()
    Leaf.objects.filter(pk=grown[4].pk).delete()
    assert places(verify()) == {"leaf 4"}
    LeafOpening.objects.filter(leaf=grown[11]).delete()
    Leaf.objects.filter(pk=grown[11].pk).delete()
    assert places(verify()) >= {"leaf 4", "leaf 11"}


def test_a_leaf_put_in_later_is_found(grown: list[Leaf], leave: Leave) -> None:
    extra = leave(1)[0]
    Leaf.objects.filter(pk=extra.pk).update(index=12)
    assert "leaf 12" in places(verify())


def test_two_leaves_that_changed_places_are_found(grown: list[Leaf]) -> None:
    Leaf.objects.filter(pk=grown[2].pk).update(index=99)
    Leaf.objects.filter(pk=grown[3].pk).update(index=2)
    Leaf.objects.filter(pk=grown[2].pk).update(index=3)
    assert places(verify()) == {"leaf 2", "leaf 3"}


def test_a_log_cut_back_is_found_by_a_head_kept_elsewhere(grown: list[Leaf]) -> None:
    kept = Head.objects.get(size=12).note
    assert verify(kept=kept).holds
    LeafOpening.objects.filter(leaf__index__gte=7).delete()
    Leaf.objects.filter(index__gte=7).delete()
    Head.objects.filter(size=12).delete()
    tile = Tile.objects.get()
    Tile.objects.update(hashes=bytes(tile.hashes)[: 7 * HASH_BYTES])
    assert verify().holds, "nothing inside can tell: that is what heads kept elsewhere are for"
    assert places(verify(kept=kept)) == {"kept head"}


def test_a_whole_history_made_anew_under_another_key_is_found(grown: list[Leaf]) -> None:
    stranger = signing.Key(signing.log_key().name, b"\1" * 32)
    assert len(verify(key=stranger).findings) == 4


@pytest.mark.sqlite_only
def test_text_that_cannot_be_read_is_a_finding_and_no_crash(grown: list[Leaf]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute("UPDATE leaf_opening SET body = CAST(x'ff7b' AS TEXT) WHERE leaf_id = %s", [grown[1].pk])
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    assert places(verify()) == {"leaf 1"}
