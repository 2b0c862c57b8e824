"""The workbook of refused rows: the columns that it adds to the file's own, and the handle by which a row is known again (退回行编号)."""

from __future__ import annotations

import re

from xinlin.core.readings import folded

PROBLEM = "退回原因 Problem"
CURE = "更正办法 Cure"
HANDLE = "退回行编号 Refused row"
ADDED = (PROBLEM, CURE, HANDLE)
"""Behind the columns of the file, in this order. They are for the eye and for finding the row again; no field takes them."""
_HANDLE = re.compile(r"([a-z]\d{8}-[0-9a-f]{10})#([1-9]\d{0,14})")


def handle_of(number: str, row: int) -> str:
    """What the workbook says of a refused row: its delivery's number and its row there, a word that no spreadsheet changes."""
    return f"{number}#{row}"


def read_handle(cell: str) -> tuple[str, int] | None:
    """The delivery's number and the row that a handle names; None for anything else. Spaces, width and case do not matter."""
    found = _HANDLE.fullmatch(folded(cell))
    return (found[1].upper(), int(found[2])) if found else None
