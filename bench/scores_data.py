"""Makes the bench's open folder: the same bytes on every machine, records in the order in which they would arrive.

Every value is a hash of its row, so a city of any size needs no more memory than one chunk of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from bench.scores_rules import CLASSES, KINDS, LEVELS

Numbers = npt.NDArray[np.int64]
CHUNK = 1 << 20
EPOCH = date(1970, 1, 1)
FIRST, LAST = (date(2022, 7, 1) - EPOCH).days, (date(2026, 6, 30) - EPOCH).days


@dataclass(frozen=True)
class Size:
    """How many subjects and records a city has."""

    subjects: int
    records: int


SIZES = {"XS": Size(20_000, 100_000), "S": Size(200_000, 1_000_000)} | {
    "M": Size(5_260_000, 26_000_000),
    "L": Size(37_700_000, 207_000_000),
}


def _random(rows: Numbers, stream: int) -> npt.NDArray[np.uint64]:
    """splitmix64 of the row and the stream: 64 even bits each."""
    with np.errstate(over="ignore"):
        mixed = rows.astype(np.uint64) + np.uint64(stream) * np.uint64(0xD1B54A32D192ED03)
        mixed = (mixed + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def _below(rows: Numbers, stream: int, limit: int) -> Numbers:
    return ((_random(rows, stream) >> np.uint64(32)) * np.uint64(limit) >> np.uint64(32)).astype(np.int64)


def _handles(prefix: str, numbers: Numbers, digits: int = 9) -> pa.Array:
    """``prefix`` and the number with leading noughts, as text."""
    width = len(prefix) + digits
    letters = np.empty((len(numbers), width), np.uint8)
    letters[:, : len(prefix)] = np.frombuffer(prefix.encode(), np.uint8)
    left = numbers.astype(np.uint32)
    for at in range(width - 1, len(prefix) - 1, -1):
        left, letters[:, at] = left // 10, left % 10 + 48
    offsets = pa.array(np.arange(0, (len(numbers) + 1) * width, width, dtype=np.int32))
    return pa.StringArray.from_buffers(len(numbers), offsets.buffers()[1], pa.py_buffer(letters))


def _coded(choices: tuple[str, ...], picks: Numbers, absent: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    codes = pa.array(picks.astype(np.int32), mask=absent)
    return pa.DictionaryArray.from_arrays(codes, pa.array(choices)).cast(pa.string())


def _dates(days: Numbers, absent: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32(), mask=absent).cast(pa.date32())


def _chunks(rows: int) -> Iterator[Numbers]:
    for first in range(0, rows, CHUNK):
        yield np.arange(first, min(first + CHUNK, rows), dtype=np.int64)


def _write(path: Path, tables: Iterator[pa.Table]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = None
    for table in tables:
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
        writer.write_table(table)
    if writer:
        writer.close()


def firms_of(size: Size) -> int:
    """How many enterprises there are, numbered after the persons."""
    return size.subjects // 50


def _subjects(size: Size) -> Iterator[pa.Table]:
    for rows in _chunks(size.subjects + firms_of(size)):
        person = rows < size.subjects
        yield pa.table(
            {
                "subject": _handles("P", rows),
                "kind": _coded(("enterprise", "person"), person.astype(np.int64)),
                "born_on": _dates(_below(rows, 1, 14_000) - 8_000, ~person),
            }
        )


def _consents(size: Size) -> Iterator[pa.Table]:
    """Everybody's, one in a hundred withdrawn since."""
    for rows in _chunks(size.subjects):
        given = _below(rows, 2, 900) + FIRST
        yield pa.table(
            {
                "subject": _handles("P", rows),
                "given_on": _dates(given),
                "withdrawn_on": _dates(given + 300, _below(rows, 3, 100) > 0),
            }
        )


def _representative(size: Size, firm: Numbers) -> Numbers:
    return _below(firm, 4, size.subjects)


def _relations(size: Size) -> Iterator[pa.Table]:
    """Each firm's representative, some of whom have left the office since."""
    for rows in _chunks(firms_of(size)):
        since = _below(rows, 5, 600) + FIRST - 300
        yield pa.table(
            {
                "organisation": _handles("P", rows + size.subjects),
                "person": _handles("P", _representative(size, rows)),
                "role": pa.array(["legal_representative"] * len(rows)),
                "from_on": _dates(since),
                "until_on": _dates(since + 900, _below(rows, 6, 4) > 0),
            }
        )


def _own(family: str, rows: Numbers, days: Numbers) -> dict[str, pa.Array]:
    few = _below(rows, 20, 20) == 0
    if family == "hours":
        hours = 1 + _below(rows, 21, 16) + np.where(_below(rows, 22, 10) == 0, 30, 0)
        return {"hours": pa.array(hours, mask=few), "level": _coded(LEVELS, _below(rows, 23, 4), few)}
    if family == "amount":
        amount = 100 * (1 + _below(rows, 24, 200) * _below(rows, 25, 60))
        paid = _below(rows, 26, 5) > 0
        return {"amount": pa.array(amount), "paid": pa.array(paid, mask=few)}
    if family == "deed":
        signed = days - _below(rows, 27, 200)
        return {"level": _coded(LEVELS, _below(rows, 23, 4)), "signed_on": _dates(signed, few)}
    return {"level": _coded(LEVELS, _below(rows, 23, 4), few)}


def _weight(kind: str) -> int:
    """Kinds differ in how common they are: faults are rare, volunteering and deeds are not."""
    return {"hours": 12, "amount": 8, "fault": 3, "firm_fault": 2, "deed": 10}[kind.rsplit("_", 1)[0]] + int(kind[-1])


def _records(size: Size, kind: str, first: int, count: int) -> Iterator[pa.Table]:
    """Rows in the order of arrival: the day rises with the row, give or take two months."""
    family = kind.rsplit("_", 1)[0]
    for chunk in _chunks(count):
        rows = chunk + first
        # one third of the records falls on a twentieth of the people; the rest is even, and a few have none
        often = _below(rows, 10, 3) == 0
        subject = np.where(often, 20 * _below(rows, 11, size.subjects // 20), _below(rows, 12, size.subjects))
        named, firm = np.zeros(len(rows), np.bool_), _below(rows, 13, firms_of(size))
        if family == "firm_fault":
            by_firm = _below(rows, 14, 3) > 0
            named = by_firm & (_below(rows, 15, 4) > 0)
            person = _representative(size, firm)
            subject = np.where(by_firm, firm + size.subjects, subject)
        days = np.minimum(FIRST + chunk * (LAST - FIRST) // max(count, 1) + _below(rows, 16, 60), LAST + 20)
        status = np.maximum(_below(rows, 17, 40) - 36, 0)
        grade = _below(rows, 18, 6)
        absent_class = None if "fault" in family else np.ones(len(rows), np.bool_)
        table = {
            "record": _handles("R", rows),
            "subject": _handles("P", subject),
            "occurred_on": _dates(days),
            "status": _coded(("active", "disputed", "repaired", "withdrawn"), status),
            "class": _coded(CLASSES, np.array([0, 0, 0, 1, 1, 2])[grade], absent_class),
            "ends_on": _dates(days + 365, _below(rows, 19, 12) > 0),
            "document": _handles("D", rows // 3),
            "named_person": pa.array([None] * len(rows), pa.string()),
            **_own(family, rows, days),
        }
        if family == "firm_fault":
            table["named_person"] = _named(person, named)
        yield pa.table(table)


def _named(person: Numbers, named: npt.NDArray[np.bool_]) -> pa.Array:
    """The person's handle where the document names that person."""
    handles = _handles("P", person)
    places = pa.array(np.arange(len(person)), mask=~named)
    return handles.take(places)


def write(folder: Path, size: Size) -> None:
    """Write the open folder: subjects, consents, relations and one file for each kind of record."""
    _write(folder / "subjects.parquet", _subjects(size))
    _write(folder / "consents.parquet", _consents(size))
    _write(folder / "relations.parquet", _relations(size))
    weights = np.array([_weight(kind) for kind in KINDS])
    ends = np.cumsum(weights) * size.records // weights.sum()
    for kind, first, last in zip(KINDS, [0, *ends[:-1]], ends, strict=True):
        _write(folder / "records" / f"{kind}.parquet", _records(size, kind, int(first), int(last - first)))
