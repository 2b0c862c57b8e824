"""Codes of industries by edition (国民经济行业分类, GB/T 4754).

A code is a letter and two to four digits (C, C13, C131, C1311), or the digits alone. The divisions of both editions stand
here; which groups and classes a division has does not, so the third and fourth digit are taken as written.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_SECTIONS: dict[str, dict[str, tuple[int, int]]] = {
    "2011": {
        "A": (1, 5), "B": (6, 12), "C": (13, 43), "D": (44, 46), "E": (47, 50), "F": (51, 52), "G": (53, 60),
        "H": (61, 62), "I": (63, 65), "J": (66, 69), "K": (70, 70), "L": (71, 72), "M": (73, 75), "N": (76, 78),
        "O": (79, 81), "P": (82, 82), "Q": (83, 84), "R": (85, 89), "S": (90, 95), "T": (96, 96),
    },
    "2017": {
        "A": (1, 5), "B": (6, 12), "C": (13, 43), "D": (44, 46), "E": (47, 50), "F": (51, 52), "G": (53, 60),
        "H": (61, 62), "I": (63, 65), "J": (66, 69), "K": (70, 70), "L": (71, 72), "M": (73, 75), "N": (76, 79),
        "O": (80, 82), "P": (83, 83), "Q": (84, 85), "R": (86, 90), "S": (91, 96), "T": (97, 97),
    },
}  # fmt: skip
"""Edition -> section -> its first and last division. GB/T 4754-2011, GB/T 4754-2017."""
_FROM_2017 = date(2017, 10, 1)
"""GB/T 4754-2017 holds from this day."""
_CODE = re.compile(r"([A-T])?(\d{2})?(\d)?(\d)?")


def read_code(text: str) -> str | None:
    """The code, half-width and upper case, where some edition has its division; None otherwise."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()
    return plain if any(in_edition(plain, edition) for edition in _SECTIONS) else None


def edition_on(day: date) -> str:
    """The edition by which industries are coded on the day."""
    return "2017" if day >= _FROM_2017 else "2011"


def in_edition(code: str, edition: str) -> bool:
    """Whether the edition has the code's division, in the section of its letter where it has one."""
    match = _CODE.fullmatch(code)
    if match is None or not code:
        return False
    letter, division = match[1], match[2]
    if division is None:
        return letter is not None
    sections = _SECTIONS[edition]
    if letter is not None:
        low, high = sections[letter]
        return low <= int(division) <= high
    return any(low <= int(division) <= high for low, high in sections.values())
