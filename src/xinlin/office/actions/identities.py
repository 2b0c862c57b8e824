"""By what a fact, and what is said of a list entry, are known again (事实标识)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from xinlin.core.cells import slot_of
from xinlin.core.lists import DOCUMENT_NOISE, DUTY_DONE, EXIT
from xinlin.core.people import comparable_name
from xinlin.core.rulebooks import Kind
from xinlin.engine.judging import JudgedRows
from xinlin.office import vault
from xinlin.office.models.records import Record, RecordEvent

_SAID = 56
"""Characters of a list's fingerprint that stand for what it says; the rest is the day."""


class Identity:
    """Whom and what a row of the kind is about, whatever else it says. False where the kind knows no corrections."""

    def __init__(self, kind: Kind) -> None:
        """Made once for a kind."""
        wanted = kind.identity_fields()
        self._kind = kind.code
        self._known = wanted is not None
        specs = [spec for code in wanted or () for spec in kind.fields if spec.code == code]
        self._slots = [(spec.code, slot_of(spec)) for spec in specs]
        self._noise = [DOCUMENT_NOISE if spec.role == "document" else frozenset() for spec in specs]

    def __bool__(self) -> bool:
        return self._known

    def _words(self, values: Iterable[object]) -> list[str]:
        """The values as they are compared. One decision is one fact however its number is punctuated: nobody is hit twice."""
        plain = (comparable_name("" if value is None else str(value)) for value in values)
        return ["".join(c for c in words if c not in noise) for words, noise in zip(plain, self._noise, strict=True)]

    def keys(self, judged: JudgedRows) -> list[str]:
        """Keyed hash of the fact that each row is about; empty for a row of nobody. Spelling, width and spaces do not count."""
        nothing = [None] * len(judged.places)
        told = [(judged.slots if slot else judged.fields).get(slot or code, nothing) for code, slot in self._slots]
        identifiers = judged.slots.get("identifier", nothing)
        rows = zip(identifiers, *told, strict=True)
        return [vault.keyed_hash("fact", self._kind, who, *self._words(values)) if who else "" for who, *values in rows]


def list_print(said: str, day: date) -> str:
    """Fingerprint of what the list of a day says of an entry. ``said``: keyed hash of entry and words."""
    return f"{said[:_SAID]}{day:%Y%m%d}"


def return_print(print_: str, day: date, count: int) -> str:
    """Fingerprint of an entry that stood on ``day``, left, and stands again on the same day, for the ``count``-th time."""
    return f"{print_[:_SAID]}{day:%y%m%d}{count:02d}"


def says_the_same(first: str, second: str) -> bool:
    """Whether two lists, of whatever days, say the same of an entry."""
    return first[:_SAID] == second[:_SAID]


def decided_versions(kind: str) -> set[int]:
    """Keys of the records that a decided objection put in the place of what had been sent: no file changes these."""
    corrected = Record.objects.filter(kind=kind, superseded_by__isnull=False, events__case__isnull=False)
    return set(corrected.filter(events__reason="corrected").values_list("superseded_by_id", flat=True))


def off_by_decision(kind: str, department: str) -> QuerySet[Record]:
    """Entries that a decision took off the department's list; none of them comes back with the next list.

    The decision is that of a case, or that of the list's own authority: an exit, or that the duty was done.
    """
    own = Record.objects.filter(kind=kind, department=department, status=Record.Status.ENDED).exclude(key="")
    by = Q(case__isnull=False) | Q(reason=DUTY_DONE) | Q(reason__startswith=EXIT)
    decided = RecordEvent.objects.filter(by, record=OuterRef("pk"))
    return own.filter(Exists(decided))
