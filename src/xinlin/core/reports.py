"""The verification code on a credit report (信用报告核验码): 80 bits that say nothing, in letters that nobody confuses."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U."""
LETTERS = 16
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def code_of(chance: bytes) -> str:
    """Ten random bytes as a code in groups of four: ``7K3M-…``. Raises ValueError for another number of bytes."""
    if len(chance) != 10:
        raise ValueError(f"a code is made of 10 bytes, not {len(chance)}")
    number, letters = int.from_bytes(chance), ""
    for _ in range(LETTERS):
        number, rest = divmod(number, 32)
        letters = ALPHABET[rest] + letters
    return "-".join(letters[start : start + 4] for start in range(0, LETTERS, 4))


def code_from(typed: str) -> str:
    """A code as somebody typed it, in its one form: case, blanks and hyphens do not matter, O is 0 and I is 1."""
    plain = "".join(typed.split()).replace("-", "").upper().translate(_READ_AS)
    return "-".join(plain[start : start + 4] for start in range(0, len(plain[:LETTERS]), 4)) if plain else ""
