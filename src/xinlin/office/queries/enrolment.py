"""Who is scored, as columns: subject, dense number and consent of everybody with a consent in force (评分名册)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from django.db.models import QuerySet

from xinlin.core.schemes import Scheme
from xinlin.office.consent_gate import in_force
from xinlin.office.models.people import Consent
from xinlin.office.queries import columns

Keys = npt.NDArray[np.int64]
AT_ONCE = 1 << 14
"""How many elements of a column become Python's integers at once."""


def consents_to(scheme: Scheme) -> QuerySet[Consent]:
    """The live consents to this very score: the city's own, or that of one trade."""
    step = Consent.Step.TRADE if scheme.extends else Consent.Step.SCORE
    scene = scheme.code if scheme.extends else ""
    return Consent.objects.filter(in_force(), step=step, scene=scene)


class _KeyColumn(KeysView[int]):
    """Keys that Arrow takes as they lie."""

    _mapping: Enrolment

    def __arrow_array__(self, type: pa.DataType | None = None) -> pa.Array:
        return pa.array(self._mapping.subjects, type)


class _NumberColumn(ValuesView[int]):
    """Numbers that Arrow takes as they lie."""

    _mapping: Enrolment

    def __arrow_array__(self, type: pa.DataType | None = None) -> pa.Array:
        return pa.array(self._mapping.numbers, type)

    def __iter__(self) -> Iterator[int]:
        return _each(self._mapping.numbers)


class Enrolment(Mapping[int, int]):
    """Subject key -> dense number, held in columns: twenty bytes a person and no object for anybody.

    ``subjects``, ``numbers`` and ``consents`` stand beside one another in the order of the numbers; without consents where it is
    not about them.
    """

    def __init__(self, subjects: Keys, numbers: Keys, consents: Keys | None = None) -> None:
        order = np.argsort(numbers, kind="stable")
        self.subjects, self.numbers = subjects[order], numbers[order].astype(np.int32)
        self.consents = np.zeros(0, np.int64) if consents is None else consents[order]
        rising = bool(np.all(self.subjects[:-1] <= self.subjects[1:]))
        self._by_subject = None if rising else np.argsort(self.subjects)

    def __len__(self) -> int:
        return len(self.subjects)

    def __iter__(self) -> Iterator[int]:
        return _each(self.subjects)

    def __getitem__(self, subject: int) -> int:
        at = int(np.searchsorted(self.subjects, subject, sorter=self._by_subject))
        if at < len(self):
            at = at if self._by_subject is None else int(self._by_subject[at])
            if self.subjects[at] == subject:
                return int(self.numbers[at])
        raise KeyError(subject)

    def keys(self) -> KeysView[int]:
        """The subjects."""
        return _KeyColumn(self)

    def values(self) -> ValuesView[int]:
        """Their numbers."""
        return _NumberColumn(self)

    def places(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Where these numbers stand in the columns; all of them must be there."""
        return np.searchsorted(self.numbers, numbers)


def _each(column: npt.NDArray[Any]) -> Iterator[int]:
    for start in range(0, len(column), AT_ONCE):
        yield from column[start : start + AT_ONCE].tolist()


def gathered(batches: Iterable[pa.RecordBatch], *names: str) -> list[Keys]:
    """Whole columns of integers out of batches; rows whose first is 0 tell the types, and are left out."""
    found: list[list[Keys]] = [[] for _ in names]
    for batch in batches:
        for column, name in zip(found, names, strict=True):
            column.append(batch.column(name).to_numpy(zero_copy_only=False).astype(np.int64, copy=False))
    whole = [np.concatenate([np.zeros(0, np.int64), *column]) for column in found]
    return [column[whole[0] > 0] for column in whole]


def enrolled(scheme: Scheme) -> Enrolment:
    """Everybody with a live consent to this score."""
    return Enrolment(*gathered(columns.consents(consents_to(scheme)), "person", "number", "consent"))


def registered(people: QuerySet[Any, Any]) -> Enrolment:
    """The persons whose keys the query finds, whatever they consented to."""
    return Enrolment(*gathered(columns.numbers(people), "person", "number"))
