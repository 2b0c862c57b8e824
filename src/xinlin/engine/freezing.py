"""Sorts records that arrived in any order into a snapshot's file of one kind (排序入列).

A row's place is packed with its subject's number and its day into one 64-bit integer, so that sorting integers sorts the
rows; handles are compared only where one subject has several records on one day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from xinlin.engine.gathered import Places

FOREVER = date(9999, 12, 31)
"""Stands in a snapshot's ``ends_on`` for a record without an end of its own: a column without gaps is read faster."""
HANDLES = frozenset({"record", "document"})
RISING = ("subject", "occurred_on")
"""Columns of which differences take the fewest bits: one rises, and the other does so within each subject."""
COMPLETE = frozenset({"subject", "via", "record", "occurred_on", "status", "ends_on"})
"""Columns in which every record says something."""
Numbers = npt.NDArray[np.int32]
Handles = Callable[[Places], pa.Array]


def repeats(hashes: npt.NDArray[np.uint64]) -> bool:
    """Whether some value stands twice, which is then worth a look at the texts themselves. The hashes are put in order."""
    hashes.sort()
    return bool((hashes[1:] == hashes[:-1]).any())


def in_order(subject: Numbers | Places, days: npt.NDArray[np.int32], handles: Handles) -> Places:
    """The places of rows in the order of (subject, day, record); ``handles`` gives the records' handles at some places."""
    if not len(subject):
        return np.empty(0, np.int64)
    low = int(days.min())
    row_bits, day_bits = len(subject).bit_length(), (int(days.max()) - low).bit_length()
    if row_bits + day_bits + int(subject.max()).bit_length() > 63:
        places = np.lexsort((days, subject))
        ordered_subject, ordered_day = subject[places], days[places]
        same = (ordered_subject[1:] == ordered_subject[:-1]) & (ordered_day[1:] == ordered_day[:-1])
    else:
        packed = subject.astype(np.int64)  # and on in place: less memory is touched
        packed <<= day_bits
        packed |= days - np.int32(low)
        packed <<= row_bits
        packed |= np.arange(len(subject), dtype=np.int32)
        packed.sort()
        same = (packed[1:] ^ packed[:-1]) < 1 << row_bits
        packed &= (1 << row_bits) - 1
        places = packed
    return _ties_in_order(places, same, handles)


def _ties_in_order(places: Places, same: npt.NDArray[np.bool_], handles: Handles) -> Places:
    """``places`` with the records of one subject on one day in the order of their handles, as text by code point.

    ``same``: whether each but the first is of the subject and the day of the one before.
    """
    tied = np.zeros(len(places), np.bool_)
    tied[1:] = same
    tied[:-1] |= same
    at = np.flatnonzero(tied)
    if len(at):
        group = np.concatenate(([0], np.cumsum(~same[at[1:] - 1])))
        table = pa.table({"group": group, "handle": handles(places[at]), "at": at})
        order = table.sort_by([("group", "ascending"), ("handle", "ascending")])["at"].to_numpy()
        places = places.copy()
        places[at] = places[order]
    return places


def write_numbers(path: Path, numbers: Numbers) -> None:
    """Write the rising numbers of the enrolled."""
    schema = pa.schema([pa.field("subject", pa.int32(), nullable=False)])
    coded = {"subject": "DELTA_BINARY_PACKED"}
    table = pa.table([numbers], schema=schema)
    pq.write_table(table, path, compression="none", use_dictionary=False, column_encoding=coded, store_schema=False)


def write_kind(
    path: Path, subject: Numbers, edges: Iterable[tuple[int, int]], rows: Callable[[slice], pa.Table]
) -> None:
    """Write the rows of these sorted subjects: row groups begin where blocks of subjects do, so that a block reads nothing but its own.

    ``rows`` gives the rows at some places in the order; it is asked for one block after another, so that no more is held.
    """
    schema = pa.schema([one.with_nullable(one.name not in COMPLETE) for one in rows(slice(0, 0)).schema])
    days = [one.name for one in schema if pa.types.is_date32(one.type) and one.name not in RISING]
    plain, bare = [*HANDLES, *RISING, *days, "via"], [*RISING, "via", "record"]
    options: Mapping[str, Any] = {
        "compression": {
            one.name: "none" if one.name in bare or pa.types.is_dictionary(one.type) else "lz4" for one in schema
        },
        "use_dictionary": [name for name in schema.names if name not in plain],
        "column_encoding": dict.fromkeys(RISING, "DELTA_BINARY_PACKED") | {"via": "RLE"},
        "write_statistics": ["subject"],
        "store_schema": False,
    }
    with pq.ParquetWriter(path, schema, **options) as writer:
        for first, last in edges:
            begin, end = np.searchsorted(subject, [first, last])
            if end > begin:
                writer.write_table(rows(slice(begin, end)).cast(schema), row_group_size=1 << 20)
