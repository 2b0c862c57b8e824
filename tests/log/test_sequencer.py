"""Numbering, growing and signing: nothing skipped, nothing numbered twice, every head grown from the one before."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import OperationalError, connections, transaction

from xinlin.core import tree
from xinlin.core.notes import open_checkpoint, parse_key, verify_receipt
from xinlin.office import signing
from xinlin.office.jobs import log as jobs
from xinlin.office.leaves import NoTransaction, write_leaf
from xinlin.office.models.log import Head, Leaf, LeafOpening, Tile
from xinlin.office.queries import log
from xinlin.office.scopes import NotFound

from .conftest import CLERK

Leave = Callable[[int], list[Leaf]]


def test_a_leaf_says_nothing_and_opens_to_what_was_done(leave: Leave) -> None:
    leaf = leave(1)[0]
    assert leaf.index is None
    opening = LeafOpening.objects.get(leaf=leaf)
    assert opening.body["actor"] == "account:12"
    assert opening.body["key"] == "B0"
    assert set(opening.body) == {"action", "actor", "at", "key", "sha256", "table"}
    assert b"account" not in bytes(leaf.commitment)


@pytest.mark.django_db(transaction=True)
def test_a_leaf_outside_a_transaction_is_refused() -> None:
    with pytest.raises(NoTransaction):
        write_leaf(actor=CLERK, action="batches.receive", table="batch", key="B1", facts={})


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_leaves_no_leaf() -> None:
    with transaction.atomic():
        write_leaf(actor=CLERK, action="batches.receive", table="batch", key="B1", facts={})
        transaction.set_rollback(True)
    assert not Leaf.objects.exists()
    assert not LeafOpening.objects.exists()


def test_facts_without_one_spelling_are_refused(db: None) -> None:
    with transaction.atomic(), pytest.raises(TypeError, match="float"):
        write_leaf(actor=CLERK, action="scores.run", table="run", key="1", facts={"rate": 0.5})
    with transaction.atomic(), pytest.raises(ValueError, match="lower-case"):
        write_leaf(actor=CLERK, action="Scores Run", table="run", key="1", facts={})


def test_leaves_that_come_meanwhile_wait_for_the_next_turn(leave: Leave, monkeypatch: pytest.MonkeyPatch) -> None:
    one_head = jobs._one_head

    def busy() -> int:
        taken = one_head()
        leave(1)
        return taken

    leave(3)
    monkeypatch.setattr(jobs, "_one_head", busy)
    assert [jobs.sequence(), jobs.sequence()] == [3, 1], "a head for each turn, however busy the hour"
    assert list(Head.objects.order_by("size").values_list("size", flat=True)) == [3, 4]


def test_every_head_grows_from_the_one_before(leave: Leave) -> None:
    for count in (1, 254, 1, 1, 300, 3):
        leave(count)
        assert jobs.sequence() == count
    assert jobs.sequence() == 0
    assert list(Leaf.objects.order_by("id").values_list("index", flat=True)) == list(range(560))
    heads = list(Head.objects.order_by("size"))
    assert [head.size for head in heads] == [1, 255, 256, 257, 557, 560]
    for older, newer in itertools.pairwise(heads):
        proof = tree.consistency(older.size, newer.size, log.read_tile)
        assert tree.verify_consistency(older.size, newer.size, bytes(older.root), bytes(newer.root), proof)
        assert open_checkpoint(newer.note, signing.log_key(), signing.verify).size == newer.size


def test_numbers_have_no_gaps_where_row_ids_have(leave: Leave) -> None:
    first, second, third = leave(3)
    Leaf.objects.filter(pk=second.pk).delete()
    jobs.sequence()
    numbers = dict(Leaf.objects.values_list("pk", "index"))
    assert numbers == {first.pk: 0, third.pk: 1}


def test_nothing_is_added_to_a_tree_that_does_not_lead_to_its_root(leave: Leave) -> None:
    leave(3)
    jobs.sequence()
    tile = Tile.objects.get(level=0, number=0)
    Tile.objects.filter(pk=tile.pk).update(hashes=b"\0" * len(tile.hashes))
    leave(1)
    with pytest.raises(jobs.LogBroken, match="xinlin log verify"):
        jobs.sequence()
    assert Head.objects.count() == 1
    assert Leaf.objects.filter(index__isnull=True).count() == 1


@pytest.mark.postgresql_only
@pytest.mark.django_db(transaction=True)
def test_sequencers_at_the_same_time_number_each_leaf_once(leave: Leave) -> None:
    leave(400)
    troubles: list[BaseException] = []

    def work() -> None:
        try:
            jobs.sequence()
        except BaseException as error:
            troubles.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
    assert sorted(Leaf.objects.values_list("index", flat=True)) == list(range(400))
    assert Head.objects.count() == 1


@pytest.mark.postgresql_only
@pytest.mark.django_db(transaction=True)
def test_a_leaf_of_an_open_transaction_keeps_its_turn(leave: Leave) -> None:
    written, release = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            leave(1)
            written.set()
            release.wait(20)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(20)
    late = leave(1)[0]
    assert jobs.sequence() == 1
    late.refresh_from_db()
    assert late.index == 0
    release.set()
    thread.join()
    assert jobs.sequence() == 1
    assert Leaf.objects.get(index=1).pk < late.pk


def test_a_receipt_holds_offline_and_waits_while_the_leaf_does(leave: Leave) -> None:
    leaf = leave(7)[4]
    assert log.receipt(leaf.pk) is None
    jobs.sequence()
    text = log.receipt(leaf.pk)
    assert text is not None
    head, body = verify_receipt(text, parse_key(log.verification_key()), signing.verify)
    assert (head.size, body["key"]) == (7, "B4")
    LeafOpening.objects.filter(leaf=leaf).delete()
    assert log.receipt(leaf.pk) is None
    bare = verify_receipt(log.leaf_proof(4), signing.log_key(), signing.verify, bytes(leaf.commitment))
    assert bare[0].size == 7
    with pytest.raises(NotFound):
        log.leaf_proof(7)


def test_the_exported_folder_holds_the_whole_signed_tree(leave: Leave, tmp_path: Path) -> None:
    leave(520)
    jobs.sequence()
    leave(5)
    assert jobs.export(tmp_path) == 520
    head = open_checkpoint((tmp_path / "checkpoint").read_bytes(), signing.log_key(), signing.verify)

    def read(level: int, number: int) -> bytes:
        width = next(width for at, name, width in tree.tiles_of(head.size) if (at, name) == (level, number))
        return (tmp_path / "tile" / tree.tile_path(level, number, width)).read_bytes()

    assert tree.root(head.size, read) == head.root
    raw = (tmp_path / "tile" / "entries" / "002.p" / "8").read_bytes()
    entries = [raw[start + 2 : start + 34] for start in range(0, len(raw), 34)]
    assert tree.hash_leaf(entries[7]) == read(0, 2)[7 * 32 : 8 * 32]


def test_a_database_that_is_away_for_a_moment_costs_nothing(leave: Leave, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(2)
    turns = iter([False, False, True])
    real, asked = jobs.sequence, []

    def shaky() -> int:
        asked.append(1)
        if len(asked) == 1:
            raise OperationalError("database is locked")
        return real()

    monkeypatch.setattr(jobs, "sequence", shaky)
    monkeypatch.setattr(jobs.connection, "close", lambda: None)
    jobs.keep_sequencing(0, lambda: next(turns))
    assert Leaf.objects.filter(index__isnull=False).count() == 2


def test_a_log_never_goes_on_under_another_key(leave: Leave, settings: object, tmp_path: Path) -> None:
    leave(1)
    jobs.sequence()
    leave(1)
    settings.DATA = tmp_path  # type: ignore[attr-defined]  # the fixture of pytest-django has no type of its own
    with pytest.raises(jobs.LogBroken, match="restore keys/log"):
        jobs.sequence()
    assert Head.objects.count() == 1
