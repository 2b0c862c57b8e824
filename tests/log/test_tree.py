"""The tree's arithmetic: against the published Certificate Transparency vectors, and as laws on random trees."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinlin.core import tree

# Leaves and roots of sizes 0 to 8 as published with the Certificate Transparency reference implementations.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    bytes.fromhex(text)
    for text in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
INCLUSION = [
    (
        0,
        8,
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (
        5,
        8,
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
]
CONSISTENCY_2_5 = (
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
)


def store(leaves: list[bytes], steps: list[int] | None = None) -> Callable[[int, int], bytes]:
    """Tiles of a tree over these leaf hashes, grown in steps of these sizes."""
    tiles: dict[tuple[int, int], bytes] = {}

    def read(level: int, number: int) -> bytes:
        return tiles.get((level, number), b"")

    size = 0
    for step in [*(steps or []), len(leaves)]:
        fresh = leaves[size : size + step]
        tiles.update(tree.grow(size, fresh, read))
        size += len(fresh)
    return read


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1 word by word, without tiles."""
    if not leaves:
        return tree.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return tree.hash_pair(plain_root(leaves[:half]), plain_root(leaves[half:]))


def numbered(count: int) -> list[bytes]:
    return [tree.hash_leaf(str(number).encode()) for number in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    leaves = [tree.hash_leaf(entry) for entry in LEAVES[:size]]
    assert tree.root(size, store(leaves)) == ROOTS[size]
    roots = tree.Roots()
    for leaf in leaves:
        roots.add(leaf)
    assert roots.root() == ROOTS[size]


def test_proofs_are_the_published_ones() -> None:
    read = store([tree.hash_leaf(entry) for entry in LEAVES])
    for index, size, *proof in INCLUSION:
        assert [value.hex() for value in tree.inclusion(index, size, read)] == proof
    assert tuple(value.hex() for value in tree.consistency(2, 5, read)) == CONSISTENCY_2_5


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 1200), st.lists(st.integers(1, 400), max_size=4), st.data())
def test_any_way_of_growing_gives_the_tree_of_the_standard(size: int, steps: list[int], data: st.DataObject) -> None:
    leaves = numbered(size)
    read = store(leaves, steps)
    assert tree.root(size, read) == plain_root(leaves)
    earlier = data.draw(st.integers(1, size))
    assert tree.root(earlier, read) == plain_root(leaves[:earlier])


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 70_000), st.data())
def test_a_proof_reads_the_tiles_that_are_told_beforehand_and_no_other(size: int, data: st.DataObject) -> None:
    index, read = data.draw(st.integers(0, size - 1)), set[tuple[int, int]]()

    def reading(level: int, number: int) -> bytes:
        read.add((level, number))
        return bytes(tree.TILE_WIDTH * tree.HASH_BYTES)

    tree.inclusion(index, size, reading)
    assert tree.tiles_beside(index, size) == read


@settings(deadline=None, max_examples=80)
@given(st.integers(1, 700), st.data())
def test_every_leaf_proves_its_place_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = numbered(size)
    read, index = store(leaves), data.draw(st.integers(0, size - 1))
    root, proof = plain_root(leaves), tree.inclusion(index, size, read)
    assert tree.verify_inclusion(index, size, leaves[index], proof, root)
    for place, value in enumerate(proof):
        broken = [*proof[:place], bytes([value[0] ^ 1]) + value[1:], *proof[place + 1 :]]
        assert not tree.verify_inclusion(index, size, leaves[index], broken, root)
    assert not tree.verify_inclusion(index, size, leaves[index], [*proof, root], root)
    assert not tree.verify_inclusion(index, size, leaves[index], proof[:-1], root) or not proof
    assert not tree.verify_inclusion(index, size, tree.hash_leaf(b"other"), proof, root)
    if size > 1:
        other = (index + 1) % size
        assert not tree.verify_inclusion(other, size, leaves[index], proof, root)


@settings(deadline=None, max_examples=80)
@given(st.integers(1, 700), st.data())
def test_a_grown_tree_proves_its_beginning_and_a_rewritten_one_cannot(second: int, data: st.DataObject) -> None:
    leaves = numbered(second)
    first = data.draw(st.integers(1, second))
    proof = tree.consistency(first, second, store(leaves))
    old, new = plain_root(leaves[:first]), plain_root(leaves)
    assert tree.verify_consistency(first, second, old, new, proof)
    rewritten = [tree.hash_leaf(b"rewritten"), *leaves[1:first]]
    assert not tree.verify_consistency(first, second, plain_root(rewritten), new, proof)
    for place, value in enumerate(proof):
        broken = [*proof[:place], bytes([value[0] ^ 128]) + value[1:], *proof[place + 1 :]]
        assert not tree.verify_consistency(first, second, old, new, broken)
    if first < second:
        assert not tree.verify_consistency(first, second, old, new, [*proof, new])
        assert not tree.verify_consistency(second, first, new, old, proof)


def test_an_index_outside_the_tree_never_verifies() -> None:
    leaf = tree.hash_leaf(b"")
    assert tree.verify_inclusion(0, 1, leaf, [], leaf)
    assert not tree.verify_inclusion(1, 1, leaf, [], leaf)
    assert not tree.verify_inclusion(0, 0, leaf, [], leaf)
    assert not tree.verify_inclusion(-1, 1, leaf, [], leaf)
    assert not tree.verify_inclusion(0, 1, leaf[:31], [], leaf[:31])
    with pytest.raises(IndexError):
        tree.inclusion(8, 8, store(numbered(8)))
    with pytest.raises(IndexError):
        tree.consistency(0, 8, store(numbered(8)))


def test_the_empty_tree_begins_every_tree_and_only_with_its_own_root() -> None:
    some = tree.hash_leaf(b"")
    assert tree.verify_consistency(0, 1, tree.EMPTY_ROOT, some, [])
    assert tree.verify_consistency(0, 0, tree.EMPTY_ROOT, tree.EMPTY_ROOT, [])
    assert not tree.verify_consistency(0, 1, some, some, [])
    assert not tree.verify_consistency(0, 1, tree.EMPTY_ROOT, some, [some])
    assert not tree.verify_consistency(0, 0, tree.EMPTY_ROOT, some, [])
    assert not tree.verify_consistency(1, 1, some[:31], some[:31], [])


def test_missing_hashes_are_named_and_never_guessed() -> None:
    full = store(numbered(300))
    with pytest.raises(tree.Incomplete, match="level 0 number 1"):
        tree.root(300, lambda level, number: b"" if (level, number) == (0, 1) else full(level, number))
    with pytest.raises(tree.Incomplete):
        tree.grow(300, numbered(1), lambda level, number: b"")


def test_a_tree_of_70000_has_the_tiles_that_the_standard_lists() -> None:
    tiles = tree.tiles_of(70_000)
    assert sum(1 for level, _, width in tiles if level == 0 and width == 256) == 273
    assert [(level, width) for level, _, width in tiles if width < 256] == [(0, 112), (1, 17), (2, 1)]
    assert tree.tiles_of(256) == [(0, 0, 256), (1, 0, 1)]
    assert tree.tiles_of(0) == []


def test_addresses_of_tiles_are_those_of_the_standard() -> None:
    assert tree.tile_path(0, 1_234_067) == "0/x001/x234/067"
    assert tree.tile_path(None, 5, 7) == "entries/005.p/7"
    for wrong in (
        "0/5",
        "0/x001",
        "0/x000/005",
        "00/005",
        "64/005",
        "0/005.p/256",
        "0/005.p/0",
        "0/005.p/",
        "0/../005",
    ):
        assert tree.parse_tile_path(wrong) is None, wrong


@given(st.none() | st.integers(0, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_an_address_reads_back_as_it_was_written(level: int | None, number: int, width: int) -> None:
    assert tree.parse_tile_path(tree.tile_path(level, number, width)) == (level, number, width)
