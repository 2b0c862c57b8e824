"""Signed notes, heads and receipts: against published examples, and against every strict-parsing trap we know of."""

from __future__ import annotations

import base64
import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from xinlin.core import notes, tree
from xinlin.core.log import canonical, commitment
from xinlin.office.signing import verify

# From the documentation of Go's golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
PETER_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_NOTE = (
    PETER_TEXT
    + "\n\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = notes.Key("city.example/log", PRIVATE.public_key().public_bytes_raw())
SALT = bytes(range(32, 64))
BODY: dict[str, object] = {"action": "batches.receive", "key": "B1", "sha256": "ab" * 32, "table": "batch", "名": "一"}


def signed(text: str) -> str:
    return notes.sign_note(text, KEY, PRIVATE.sign)


def head(size: int = 1, root: bytes = tree.EMPTY_ROOT) -> notes.Checkpoint:
    return notes.Checkpoint(KEY.name, size, root)


def receipt() -> notes.Proof:
    leaves = [tree.hash_leaf(commitment(SALT, BODY)), *(tree.hash_leaf(bytes([n]) * 32) for n in range(4))]
    tiles = tree.grow(0, leaves, lambda level, number: b"")

    def read(level: int, number: int) -> bytes:
        return tiles.get((level, number), b"")

    note = signed(str(head(5, tree.root(5, read))))
    return notes.Proof(0, tuple(tree.inclusion(0, 5, read)), note, notes.opening_bytes(SALT, BODY))


def test_the_published_note_opens_and_is_signed_to_the_same_bytes() -> None:
    key = notes.parse_key(PETER)
    assert str(key) == PETER
    assert notes.open_note(PETER_NOTE, [key], verify) == PETER_TEXT
    assert notes.sign_note(PETER_TEXT, key, Ed25519PrivateKey.from_private_bytes(PETER_SEED).sign) == PETER_NOTE


def test_the_key_of_the_go_checksum_database_reads() -> None:
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert str(notes.parse_key(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a3+!!!!",
        "",
    ],
)
def test_a_malformed_key_is_refused(text: str) -> None:
    with pytest.raises(notes.Refused):
        notes.parse_key(text)


def test_a_head_reads_back() -> None:
    note = signed(str(head(20_852_163)))
    assert notes.open_checkpoint(note, KEY, verify) == head(20_852_163)
    with_extension = signed(str(head(7)) + "an extension line\n")
    assert notes.open_checkpoint(with_extension, KEY, verify).size == 7


@pytest.mark.parametrize("size", ["+15", "1_5", "015", " 15", "15 ", "-1", "1e3", "", "１５", "0x1", "9" * 40])
def test_a_size_in_any_other_spelling_is_refused_though_it_is_signed(size: str) -> None:
    root = base64.b64encode(tree.EMPTY_ROOT).decode()
    with pytest.raises(notes.Refused):
        notes.open_checkpoint(signed(f"{KEY.name}\n{size}\n{root}\n"), KEY, verify)


@pytest.mark.parametrize(
    "root",
    [
        base64.b64encode(b"x" * 31).decode(),
        base64.b64encode(b"x" * 33).decode(),
        base64.b64encode(tree.EMPTY_ROOT).decode().rstrip("="),
        base64.urlsafe_b64encode(b"\xff" * 32).decode(),
        base64.b64encode(tree.EMPTY_ROOT).decode()[:-2] + "F=",
        base64.b64encode(tree.EMPTY_ROOT).decode() + " ",
    ],
)
def test_a_root_in_any_other_spelling_is_refused_though_it_is_signed(root: str) -> None:
    with pytest.raises(notes.Refused):
        notes.open_checkpoint(signed(f"{KEY.name}\n5\n{root}\n"), KEY, verify)


def test_what_is_not_a_note_is_refused() -> None:
    good = signed(str(head()))
    for bad in (
        good.replace("\n", "\r\n"),
        good.replace("\n", "\u2028"),
        good[:-1],
        good + "\n",
        good.replace("\N{EM DASH}", "-"),
        good.replace("\N{EM DASH} ", "\N{EM DASH}  "),
        good.replace("\n\n", "\n"),
        "\t" + good,
        str(head()),
        good + "\N{EM DASH} x\n",
        "",
    ):
        with pytest.raises(notes.Refused):
            notes.open_checkpoint(bad, KEY, verify)
    with pytest.raises(notes.Refused, match="UTF-8"):
        notes.open_note(b"\xff" + good.encode(), [KEY], verify)
    with pytest.raises(notes.Refused, match="bytes"):
        notes.open_note("x" * 70_000 + good, [KEY], verify)


def test_an_unknown_signature_is_passed_over_and_a_wrong_one_of_a_known_key_is_not() -> None:
    good = signed(str(head()))
    stranger = base64.b64encode(b"\0" * 68).decode()
    assert notes.open_checkpoint(good + f"\N{EM DASH} witness.example {stranger}\n", KEY, verify) == head()
    forged = base64.b64encode(KEY.id + b"\0" * 64).decode()
    with pytest.raises(notes.Refused, match="does not hold"):
        notes.open_checkpoint(good + f"\N{EM DASH} {KEY.name} {forged}\n", KEY, verify)
    with pytest.raises(notes.Refused, match="no key"):
        notes.open_note(good, [notes.parse_key(PETER)], verify)


def test_a_head_of_another_log_under_our_key_is_refused() -> None:
    other = notes.Checkpoint("other.example/log", 1, tree.EMPTY_ROOT)
    with pytest.raises(notes.Refused, match="other"):
        notes.open_checkpoint(signed(str(other)), KEY, verify)


@given(st.data())
def test_no_single_changed_byte_of_a_signed_head_goes_unseen(data: st.DataObject) -> None:
    raw = bytearray(signed(str(head(5))).encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(notes.Refused):
        notes.open_checkpoint(bytes(raw), KEY, verify)


def test_a_receipt_verifies_with_nothing_but_the_key() -> None:
    text = str(receipt())
    assert text.startswith("c2sp.org/tlog-proof@v1\nextra ")
    found, body = notes.verify_receipt(text, KEY, verify)
    assert (found.size, body) == (5, BODY)
    bare = str(dataclasses.replace(receipt(), extra=b""))
    assert notes.verify_receipt(bare, KEY, verify, commitment(SALT, BODY))[1] == {}
    with pytest.raises(notes.Refused, match="give the leaf"):
        notes.verify_receipt(bare, KEY, verify)
    with pytest.raises(notes.Refused, match="does not lead"):
        notes.verify_receipt(bare, KEY, verify, b"\0" * 32)


@given(st.data())
def test_no_single_changed_byte_of_a_receipt_goes_unseen(data: st.DataObject) -> None:
    raw = bytearray(str(receipt()).encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(notes.Refused):
        notes.verify_receipt(text, KEY, verify)


def test_a_receipt_whose_opening_is_not_canonical_is_refused() -> None:
    loose = SALT + b" " + canonical(BODY)
    with pytest.raises(notes.Refused, match="opening"):
        notes.verify_receipt(str(dataclasses.replace(receipt(), extra=loose)), KEY, verify)
