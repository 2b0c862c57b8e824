"""Canonical JSON and commitments: one value has one text, and a leaf tells nothing without its salt."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinlin.core.log import LARGEST_INTEGER, canonical, commitment, digest

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_it_is_json_and_reads_back(value: object) -> None:
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(TEXTS, st.integers(0, 9), max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert canonical(value) == canonical(dict(reversed(value.items())))


def test_the_sorting_example_of_rfc_8785() -> None:
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7}
    order = ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical(value))) == order


def test_the_string_example_of_rfc_8785() -> None:
    text = '\u20ac$\x0f\nA\'B"\\\\"/'
    assert canonical(text) == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'


@pytest.mark.parametrize("value", [1.0, float("nan"), b"x", {1: "x"}, object(), {"a": [1, {"b": 0.5}]}])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800", datetime(2026, 1, 1)])  # noqa: DTZ001  the point of it
def test_what_another_program_would_read_otherwise_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  surrogates raise a subclass with its own words
        canonical(value)


def test_dates_are_iso_text() -> None:
    assert canonical([date(2024, 2, 29), datetime(2024, 2, 29, 1, tzinfo=UTC)]) == (
        b'["2024-02-29","2024-02-29T01:00:00.000000Z"]'
    )


def test_a_commitment_hides_and_binds() -> None:
    body = {"key": "1"}
    assert commitment(b"\0" * 32, body) != commitment(b"\1" * 32, body)
    assert commitment(b"\0" * 32, body) != commitment(b"\0" * 32, {"key": "2"})
    assert commitment(b"\0" * 32, body).hex() != digest(body)
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(b"\0" * 31, body)
