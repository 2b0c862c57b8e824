"""Which grade of supervision a firm stands in and why, and the draw by which anybody finds the same firms (双随机抽查)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from xinlin.core.lists import Entry, end_of, hindrance, once_a_document
from xinlin.core.procedures import stops_on
from xinlin.core.rulebooks import Rulebook
from xinlin.core.supervision import SupervisionGrade
from xinlin.core.values import Text

RESULT = "inspection_result"
"""The kind of record that says what an inspection found (抽查检查结果). It is neutral: nothing rests on it."""
CLEAN = ("nothing", "no_activity")
"""Results that say that nothing was found."""


@dataclass(frozen=True, slots=True)
class Held:
    """A negative record of a firm, as far as a grade asks."""

    reference: str
    kind: str
    record_class: str
    occurred_on: date
    notice_on: date | None
    ends_on: date | None
    status: str = "active"


@dataclass(frozen=True, slots=True)
class Reason:
    """One document behind a grade: what it is, and the first day on which it is one no longer."""

    reference: str
    name: Text
    record_class: str
    """Class of a record; empty for an entry on a list."""
    ends_on: date


@dataclass(frozen=True, slots=True)
class Graded:
    """The grade of a firm; without reasons it is the default one."""

    grade: SupervisionGrade
    reasons: tuple[Reason, ...] = ()


def record_end(record: Held, rulebook: Rulebook) -> date | None:
    """First day on which the record counts no longer: its own end or that of its class, whichever comes first.

    None for a record that states no end and whose class has none: it counts for nothing.
    """
    terms = rulebook.repair_classes.get(record.record_class)
    ends = [day for day in (record.ends_on, stops_on(terms, record.occurred_on) if terms else None) if day is not None]
    return min(ends, default=None)


def _reasons(
    grade: SupervisionGrade, entries: Sequence[Entry], records: Sequence[Held], rulebook: Rulebook, as_of: date
) -> Iterable[Reason]:
    for entry in entries:
        if entry.list_code in grade.lists and hindrance(entry, rulebook, as_of) is None:
            listed = rulebook.lists[entry.list_code]
            yield Reason(entry.reference, listed.name, "", end_of(entry, listed))
    counted = {(row.kind, name) for row in grade.records for name in row.classes}
    for record in records:
        told = record.notice_on is not None and max(record.notice_on, record.occurred_on) <= as_of
        end = record_end(record, rulebook)
        if (record.kind, record.record_class) in counted and record.status == "active" and told and end and as_of < end:
            yield Reason(record.reference, rulebook.kinds[record.kind].name, record.record_class, end)


def graded(rulebook: Rulebook, entries: Iterable[Entry], records: Iterable[Held], as_of: date) -> Graded | None:
    """The grade of a firm on ``as_of``: the worst that anything in force puts it into, else the best, else the default.

    What is disputed, repaired, withdrawn, ended or not yet told to the firm counts for nothing. None where the rulebook
    has no grades.
    """
    grades = sorted(rulebook.supervision_grades.values(), key=lambda grade: grade.rank)
    usual = next((grade for grade in grades if grade.default), None)
    if usual is None:
        return None
    once, held = once_a_document(entries), list(records)
    worse = [grade for grade in reversed(grades) if grade.rank > usual.rank]
    for grade in [*worse, *(grade for grade in grades if grade.rank < usual.rank)]:
        reasons = sorted(_reasons(grade, once, held, rulebook, as_of), key=lambda one: (one.ends_on, one.reference))
        if reasons:
            return Graded(grade, tuple(reasons))
    return Graded(usual)


def seed_of(root: str, key: str, department: str, year: int) -> str:
    """The seed of a department's draw: root of the log (hex), the key announced by its hash, department and year."""
    return f"{root}:{key}:{department}:{year}"


def lot(seed: str, code: str) -> str:
    """A firm's lot: SHA-256 (hex) of seed, colon and unified social credit code. The smallest lots of a grade are drawn."""
    return hashlib.sha256(f"{seed}:{code}".encode()).hexdigest()


def quota(firms: int, per_mille: int) -> int:
    """How many of so many firms are drawn: rounded up, so that no grade with a firm in it is left out."""
    return -(-firms * per_mille // 1000)


@dataclass(frozen=True, slots=True)
class Draw:
    """The firms drawn of one grade, by lot, and the largest lot among them: whoever knows seed and grade can repeat it."""

    codes: tuple[str, ...]
    last_lot: str


def draw(seed: str, codes: Iterable[str], per_mille: int) -> Draw:
    """Draw firms of one grade by their codes. The order in which they are given says nothing."""
    lots = sorted((lot(seed, code), code) for code in set(codes))
    chosen = lots[: quota(len(lots), per_mille)]
    return Draw(tuple(code for _, code in chosen), chosen[-1][0] if chosen else "")
