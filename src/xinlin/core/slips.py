"""What a refused cell was perhaps meant to be (更正建议): shown beside it, taken only if a person takes it.

A proposal is the one change of a few slips of the hand that makes the cell right; where two would, none is made.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from datetime import date, timedelta

from xinlin.core import people, regions
from xinlin.core.cells import FieldReader, Outcome
from xinlin.core.columns import ColumnUse
from xinlin.core.rulebooks import FieldSpec, Kind

_SLIPS = {
    "O": "0",
    "Q": "0",
    "D": "0",
    "I": "1",
    "L": "1",
    "|": "1",
    "S": "5",
    "Z": "2",
    "V": "U",
    "B": "8",
    "×": "X",
    "*": "X",
}
"""A character of an identifier -> the one for which it is taken by hand or eye."""
_AMONG_WORDS = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")
_SERIAL = re.compile(r"\d{5}")


def proposal(kind: Kind, spec: FieldSpec, raw: str) -> str:
    """The text that the cell was perhaps meant to be; empty where nothing is likely, or more than one thing."""
    match spec.type:
        case "resident_id" | "uscc" | "identifier":
            candidates = _identifiers(raw)
        case "code":
            candidates = _codes(spec, raw)
        case "region":
            candidates = {regions.successor(raw.strip())} - {""}
        case "date":
            candidates = _days(raw)
        case _:
            return ""
    read = FieldReader(kind, spec, ColumnUse(constant=""), -1)
    right = {text for text in candidates if text != raw and _right(read(text))}
    return right.pop() if len(right) == 1 else ""


def _right(outcome: Outcome) -> bool:
    return outcome.problem is None and not outcome.absent


def _identifiers(raw: str) -> set[str]:
    """The value with one kind of slip mended everywhere, or with its two neighbours exchanged once; or what stands between words."""
    value = people.normalise_identifier(raw)
    if len(value) != 18:
        return set(_AMONG_WORDS.findall(value))
    found = {value.replace(wrong, right) for wrong, right in _SLIPS.items() if wrong in value}
    found.add("".join(_SLIPS.get(one, one) if at < 17 else one for at, one in enumerate(value)))
    for at in range(17):
        found.add(value[:at] + value[at + 1] + value[at] + value[at + 2 :])
    return found


def _codes(spec: FieldSpec, raw: str) -> set[str]:
    names = {name.zh: name.zh for name in (spec.codes or {}).values()}
    near = difflib.get_close_matches(unicodedata.normalize("NFKC", raw).strip(), list(names), n=2, cutoff=0.6)
    return set(near[:1]) if len(near) == 1 else set()


def _days(raw: str) -> set[str]:
    text = raw.strip()
    if _SERIAL.fullmatch(text):
        return {(date(1899, 12, 30) + timedelta(days=int(text))).isoformat()}
    return {re.sub(r"[Oo]", "0", re.sub(r"[Il|]", "1", text))}
