"""Subjects are found by their hashes exactly, however these crowd, and nobody for another."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinlin.engine.gathered import Gathered
from xinlin.engine.numbering import UNKNOWN, Hashes, Numbering

CROWDED = st.builds(
    lambda first, last: first << 50 | last, st.sampled_from([0, 1, 2, 3, 5, 2**14 - 2, 2**14 - 1]), st.integers(0, 9)
)
"""Hashes that begin alike or end alike, at both ends of all there are."""


def hashes(values: list[int]) -> Hashes:
    return np.array(values, np.uint64)


@given(st.lists(st.one_of(CROWDED, st.integers(0, 2**64 - 1)), unique=True, max_size=60), st.data())
def test_everybody_is_found_and_nobody_else(everybody: list[int], data: st.DataObject) -> None:
    known = data.draw(st.lists(st.sampled_from(everybody), unique=True)) if everybody else []
    numbering = Numbering(hashes(known))
    if numbering.ambiguous:  # told, and then another salt is taken
        return
    places = {value: place for place, value in enumerate(known)}
    assert numbering.of(hashes(known)).tolist() == list(range(len(known)))
    numbers = np.array(data.draw(st.permutations(range(-1, len(known) - 1))), np.int32)
    numbering.number(numbers)
    assert numbering.of(hashes(known)).tolist() == numbers.tolist()
    strangers = [value for value in everybody if value not in places and value >= 1 << 60]
    few_bits = {value & ((1 << 57) - 1) for value in known}
    strangers = [value for value in strangers if value & ((1 << 57) - 1) not in few_bits]
    assert (numbering.of(hashes(strangers)) == UNKNOWN).all()


@given(st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=40), st.data())
def test_a_few_of_many_keep_numbers_far_beyond_their_places(values: list[int], data: st.DataObject) -> None:
    numbering = Numbering(hashes(values))
    if numbering.ambiguous:
        return
    numbers = data.draw(st.lists(st.integers(0, 2**31 - 1), unique=True, min_size=len(values), max_size=len(values)))
    numbering.number(np.array(numbers, np.int32))
    assert numbering.of(hashes(values)).tolist() == numbers


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40), st.data())
def test_one_hash_of_two_is_told(values: list[int], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(values))
    assert Numbering(hashes([*values, again])).ambiguous


def test_hashes_that_only_their_first_bits_tell_apart_are_told_where_one_would_be_taken_for_the_other() -> None:
    crowd = [5 << 56 | 1, 5 << 56 | 2, 5 << 56 | 3]
    others = [place << 56 for place in range(100, 197)]
    assert not Numbering(hashes([*crowd, 8 << 56 | 3, *others])).ambiguous
    assert Numbering(hashes([*crowd, 7 << 56 | 3, *others])).ambiguous


TEXTS = st.lists(st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "bc", "de", "信林"])), max_size=5), max_size=4)


@given(TEXTS)
def test_texts_in_parts_are_joined_as_they_came(parts: list[list[str | None]]) -> None:
    came = [pa.array(["before", *part, "after"], pa.string())[1:-1] for part in parts]
    assert gathered(pa.string(), came) == [one for part in parts for one in part]


@pytest.mark.parametrize("kind", [pa.int64(), pa.date32(), pa.bool_()])
@given(st.lists(st.lists(st.one_of(st.none(), st.integers(0, 1)), max_size=5), max_size=4))
def test_values_in_parts_are_joined_as_they_came(kind: pa.DataType, parts: list[list[int | None]]) -> None:
    def part_of(values: list[int | None]) -> pa.Array:
        return pa.array(values, pa.int32()).cast(kind)

    came = [part_of([None, 0, *part])[2:] for part in parts]
    assert gathered(kind, came) == part_of([one for part in parts for one in part]).to_pylist()


def gathered(kind: pa.DataType, parts: list[pa.Array]) -> list[object]:
    """What comes back of a column's values, taken from the last to the first and put in order again."""
    schema, count = pa.schema([("number", pa.int64()), ("value", kind)]), sum(map(len, parts))
    rows = Gathered(schema, count)
    for part in parts:
        numbers = pa.array(range(len(rows), len(rows) + len(part)), pa.int64())
        rows.add(pa.record_batch([numbers, part], schema=schema))
    found = rows.taken(np.arange(count)[::-1].copy()).to_pydict()
    assert found["number"] == list(range(count))[::-1]
    values: list[object] = found["value"][::-1]
    return values
