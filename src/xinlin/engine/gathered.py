"""Keeps rows side by side in rows of fixed width, so that whoever takes them in another order finds each in one place (并排存放)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xinlin.engine.hashes import ends_of, letters_of

Places = npt.NDArray[np.int64] | npt.NDArray[np.int32]
Rows = npt.NDArray[np.void]

AT_ONCE = 1 << 16
"""How many rows are spread into columns in one go: what is held meanwhile stays in the processor's own memory."""
QUICK = (16, 32)
"""Rows of so many bytes are moved in half the time of others."""


def bare(rows: Rows) -> Rows:
    """The same rows without names: numpy moves them as bytes, not field by field, in a third of the time."""
    return rows.view(np.dtype((np.void, rows.dtype.itemsize)))


def taken_rows(rows: Rows, places: Places, then: Rows | None = None) -> Rows:
    """The rows at these places, and behind them those of ``then``."""
    more = rows[:0] if then is None else then
    found = np.empty(len(places) + len(more), rows.dtype)
    target = bare(found)
    bare(rows).take(places, out=target[: len(places)], mode="clip")  # which checks nothing, so needs no copy
    target[len(places) :] = bare(more)
    return found


class Gathered:
    """Rows that come batch by batch.

    The texts of a column stand in the rows too while all are as long as each other, as handles mostly are; others are kept
    apart.
    """

    def __init__(self, columns: pa.Schema, count: int) -> None:
        """``count`` rows will come with these columns. Where a column may not lack values, anything may stand for one that does."""
        self._columns, self._count, self._filled = columns, count, 0
        self._lay_out(pa.RecordBatch.from_arrays([pa.nulls(0, one.type) for one in columns], schema=columns))

    def __len__(self) -> int:
        return self._filled

    def add(self, batch: pa.RecordBatch) -> None:
        """The next ones; the batch may have other columns too."""
        if not self._filled:
            self._lay_out(batch)
        at = slice(self._filled, self._filled + len(batch))
        for column in self._columns:
            part = batch[column.name]
            if _is_text(column):
                self._add_texts(column.name, at, part)
            else:
                self._add_values(column, at, part)
        self._filled = at.stop

    def _lay_out(self, batch: pa.RecordBatch) -> None:
        """Make rows with room for each column, for texts as long as in the batch; and for whether a value is lacking where one may."""
        self._apart: dict[str, list[pa.Array]] = {}
        kinds: dict[str, np.dtype[Any]] = {}
        for column in self._columns:
            name, part = column.name, batch[column.name]
            if not _is_text(column):
                kinds[name] = np.dtype(_stored(column.type).to_pandas_dtype())
                kinds |= {_lacking(name): np.dtype(np.bool_)} if column.nullable else {}
            elif (letters := _letters(part)) is not None:
                kinds[name] = letters.dtype
            else:
                self._apart[name] = [pa.array([], pa.string())]
        names = sorted(kinds, key=lambda name: -kinds[name].alignment)
        row = np.dtype([(name, kinds[name]) for name in names], align=True)
        size = next((size for size in QUICK if size >= row.itemsize), row.itemsize)
        offsets = [int(row.fields[name][1]) for name in names] if row.fields else []
        padded: Any = {"names": names, "formats": [kinds[name] for name in names], "offsets": offsets, "itemsize": size}
        self._rows: Rows = np.empty(self._count, np.dtype(padded))

    def _add_values(self, column: pa.Field, at: slice, part: pa.Array) -> None:
        if column.nullable:
            self._rows[_lacking(column.name)][at] = (
                part.is_null().to_numpy(zero_copy_only=False) if part.null_count else False
            )
        self._rows[column.name][at] = _bare_values(part)

    def _add_texts(self, name: str, at: slice, part: pa.Array) -> None:
        if name not in self._apart:
            letters = _letters(part)
            if letters is not None and letters.dtype == self._rows.dtype[name]:
                self._rows[name][at] = letters
                return
            self._apart[name] = [_texts(np.ascontiguousarray(self._rows[name][: at.start]))]
        self._apart[name].append(pa.concat_arrays([part, part[:0]]))  # joined to nothing, so that it is a copy

    def days(self, name: str, places: Places) -> npt.NDArray[np.int32]:
        """The days since 1970 that stand in a column at these places."""
        found: npt.NDArray[np.int32] = self._rows[name][places]
        return found

    def taken(self, places: Places) -> pa.Table:
        """The rows at these places, in their order."""
        columns = {name: np.empty(len(places), self._rows.dtype[name]) for name in self._rows.dtype.names or ()}
        for first in range(0, len(places) if columns else 0, AT_ONCE):
            some = taken_rows(self._rows, places[first : first + AT_ONCE])
            for name, values in columns.items():
                values[first : first + AT_ONCE] = some[name]
        return pa.table({column.name: self._column(column, columns, places) for column in self._columns})

    def _column(self, column: pa.Field, columns: dict[str, npt.NDArray[Any]], places: Places) -> pa.Array:
        if column.name in self._apart:
            self._apart[column.name] = [pa.concat_arrays(self._apart[column.name])]
            return self._apart[column.name][0].take(pa.array(places))
        if _is_text(column):
            return _texts(columns[column.name])
        values = pa.array(columns[column.name], mask=columns.get(_lacking(column.name)))
        return values.view(column.type)


def _lacking(name: str) -> str:
    return f"{name} is lacking"


def _is_text(column: pa.Field) -> bool:
    return bool(column.type == pa.string())


def _stored(kind: pa.DataType) -> pa.DataType:
    """The type of the numbers as which values of this type are kept."""
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


def _letters(part: pa.Array) -> Rows | None:
    """The bytes of texts of which none is lacking or empty and all are as long as each other."""
    if part.null_count or not len(part):
        return None
    ends = ends_of(part)
    length = int(ends[1] - ends[0])
    if not length or (np.diff(ends) != length).any():
        return None
    found: Rows = letters_of(part)[ends[0] : ends[-1]].view(f"V{length}")
    return found


def _texts(letters: Rows) -> pa.Array:
    """What `_letters` gave, as texts again."""
    length = letters.dtype.itemsize
    ends = np.arange(0, (len(letters) + 1) * length, length, dtype=np.int32)
    return pa.StringArray.from_buffers(len(letters), pa.py_buffer(ends), pa.py_buffer(letters))
