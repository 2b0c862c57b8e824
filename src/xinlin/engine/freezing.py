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

FOREVER = date(9999, 12, 31)
"""Stands in a snapshot's ``ends_on`` for a record without an end of its own: a column without gaps is read faster."""
HANDLES = frozenset({"record", "document"})
RISING = ("subject", "occurred_on")
"""Columns of which differences take the fewest bits: one rises, and the other does so within each subject."""
COMPLETE = frozenset({"subject", "via", "record", "occurred_on", "status", "ends_on"})
"""Columns in which every record says something."""
Places = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]
Handles = Callable[[Places], pa.Array]


def repeats(hashes: npt.NDArray[np.uint64]) -> bool:
    """Whether some value stands twice; equal hashes mean that the texts themselves are worth a look."""
    ordered = np.sort(hashes)
    return bool((ordered[1:] == ordered[:-1]).any())


class Gathered:
    """A column that comes in parts, copied together part by part, so that one part's memory serves for the next."""

    def __init__(self, kind: pa.DataType, count: int) -> None:
        """``count`` values of this type will come."""
        self._kind, self._filled = kind, 0
        self._missing: npt.NDArray[np.bool_] | None = None
        self._choices = pa.array([], kind.value_type if pa.types.is_dictionary(kind) else pa.string())
        self._texts: list[pa.Array] = []
        self._values = np.empty(0 if kind == pa.string() else count, _stored(kind).to_pandas_dtype())

    def add(self, part: pa.Array) -> None:
        """The next ones."""
        at = slice(self._filled, self._filled + len(part))
        self._filled = at.stop
        if self._kind == pa.string():
            # joined to nothing, so that it is a copy
            self._texts.append(_packed(pa.concat_arrays([part, part[:0]])))
            return
        if part.null_count:
            if self._missing is None:
                self._missing = np.zeros(len(self._values), np.bool_)
            self._missing[at] = part.is_null().to_numpy(zero_copy_only=False)
        if pa.types.is_dictionary(self._kind):
            self._choices, part = part.dictionary, part.indices
        self._values[at] = _bare_values(part)

    def whole(self) -> pa.Array:
        """All of them; texts `packed`."""
        if self._kind == pa.string():
            return _joined(self._texts)
        values = pa.array(self._values, mask=self._missing)
        if pa.types.is_dictionary(self._kind):
            return pa.DictionaryArray.from_arrays(values, self._choices)
        return values.view(self._kind)


def _stored(kind: pa.DataType) -> pa.DataType:
    """The type of the numbers as which values of this type are kept."""
    if pa.types.is_dictionary(kind):
        return kind.index_type
    return pa.int32() if pa.types.is_date32(kind) else kind


def _bare_values(part: pa.Array) -> npt.NDArray[Any]:
    """The values as they lie there, anything where there is none."""
    values: npt.NDArray[Any]
    if pa.types.is_boolean(part.type):
        values = part.fill_null(False).to_numpy(zero_copy_only=False)
    else:
        stored = _stored(part.type)
        begin = part.offset * stored.byte_width
        values = np.frombuffer(part.buffers()[1], stored.to_pandas_dtype(), len(part), begin)
    return values


def packed(table: pa.Table) -> pa.Table:
    """The table in one piece, texts that are all as long as each other without their ends: handles mostly are, and such move faster."""
    columns = [_packed(column.combine_chunks()) for column in table.columns]
    return pa.table(dict(zip(table.column_names, columns, strict=True)))


def _packed(column: pa.Array) -> pa.Array:
    if column.type != pa.string() or column.null_count or not len(column):
        return column
    _, ends, text = column.buffers()
    begins = np.frombuffer(ends, np.int32)[column.offset : column.offset + len(column) + 1]
    length = int(begins[1] - begins[0])
    if not length or (np.diff(begins) != length).any():
        return column
    return pa.Array.from_buffers(pa.binary(length), len(column), [None, text.slice(int(begins[0]))])


def _texts(column: pa.Array) -> pa.Array:
    """A packed column as texts again."""
    if not pa.types.is_fixed_size_binary(column.type):
        return column
    length = column.type.byte_width
    ends = np.arange(0, (len(column) + 1) * length, length, dtype=np.int32)
    return pa.StringArray.from_buffers(len(column), pa.py_buffer(ends), column.buffers()[1])


def _joined(parts: list[pa.Array]) -> pa.Array:
    """Packed texts in one piece, packed where all are as long as each other."""
    if len({part.type for part in parts}) != 1:
        parts = [pa.array([], pa.string()), *map(_texts, parts)]
    return pa.concat_arrays(parts)


def taken(table: pa.Table, places: Places) -> pa.Table:
    """The rows of a `packed` table at these places, in their order; texts are texts again."""
    at = pa.array(places, pa.uint32() if len(table) < 1 << 32 else pa.int64())
    columns = [_taken(column.chunk(0), at) if column.num_chunks else column for column in table.columns]
    return pa.table(dict(zip(table.column_names, columns, strict=True)))


def _taken(column: pa.Array, at: pa.Array) -> pa.Array:
    if column.null_count == len(column):
        return pa.nulls(len(at), column.type)
    return _texts(column.take(at))


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
        packed = subject.astype(np.int64) << day_bits
        packed |= days - low
        packed <<= row_bits
        packed |= np.arange(len(subject))
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
