"""Finds a snapshot's records by their handles, in mapped files (按记录编号查找).

An entry of the index is one number: a hash of the record's kind and handle, and in the room of its last bits the record's
row. Entries rise, and another file says where those begin that start with the same bits: a handle is then found in one
place of each file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xinlin.engine.hashes import Hashes

Places = npt.NDArray[np.int64]
Kinds = npt.NDArray[np.int16]

INDEX, BUCKETS, TEXTS, ENDS = "index.npy", "buckets.npy", "handles.npy", "handles.ends.npy"
APART = np.uint64(0x9E3779B97F4A7C15)
"""Times the kind, added to a handle's hash: records of several kinds may have one handle."""
TOGETHER = 2
"""A bucket has some 2 ** TOGETHER entries."""


def array(path: Path) -> npt.NDArray[Any]:
    """An array's file, mapped."""
    return np.asarray(np.load(path, mmap_mode="r"))


class GrowingArray:
    """An array's file that is written piece by piece; its header says how long it is once it is whole."""

    def __init__(self, path: Path, dtype: npt.DTypeLike) -> None:
        """The file is made."""
        self.dtype, self.length, self.stream = np.dtype(dtype), 0, path.open("wb")
        self._write_header()

    def _write_header(self) -> None:
        header = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": (self.length,)}
        np.lib.format.write_array_header_1_0(self.stream, header)

    def add(self, values: npt.NDArray[Any]) -> None:
        """Put these behind the others."""
        values.astype(self.dtype, copy=False).tofile(self.stream)
        self.length += len(values)

    def close(self) -> None:
        """The header is as long for any number of rows: numpy leaves room for it."""
        self.stream.seek(0)
        self._write_header()
        self.stream.close()


def spread(begin: Places, end: Places) -> Places:
    """All places of the ranges, one range after the other."""
    lengths = end - begin
    return np.repeat(begin - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())


def _of_kind(hashes: Hashes, kinds: Kinds) -> Hashes:
    return hashes + kinds.astype(np.uint64) * APART


class HandlesWriter:
    """Writes the handles of so many rows, and the index, beside them."""

    def __init__(self, folder: Path, total: int) -> None:
        """``folder`` is there."""
        self.folder, self.bits, self.entries = folder, np.uint64(total.bit_length()), np.empty(total, np.uint64)
        self.texts, self.ends = GrowingArray(folder / TEXTS, np.uint8), GrowingArray(folder / ENDS, np.int64)
        self.ends.add(np.zeros(1, np.int64))
        self.done = 0

    def add(self, handles: pa.Array, hashes: Hashes, kinds: Kinds) -> None:
        """The next rows' handles, DuckDB's hash of each, and kinds."""
        _, ends, text = handles.cast(pa.large_string()).take(pa.array(np.arange(len(handles)))).buffers()
        before, last = self.texts.length, self.done + len(handles)
        rising = np.frombuffer(ends, np.int64, len(handles) + 1)
        self.texts.add(np.frombuffer(text or b"", np.uint8)[: rising[-1]])
        self.ends.add(rising[1:] + before)
        entries = self.entries[self.done : last]
        entries[:] = _of_kind(hashes, kinds) >> self.bits << self.bits
        entries |= np.arange(self.done, last, dtype=np.uint64)
        self.done = last

    def close(self) -> None:
        """Write the index."""
        self.texts.close()
        self.ends.close()
        self.entries.sort()
        np.save(self.folder / INDEX, self.entries)
        buckets = np.arange(1 << max(int(self.bits) - TOGETHER, 1), dtype=np.uint64)
        begins = np.searchsorted(self.entries, buckets << np.uint64(64 - (len(buckets) - 1).bit_length()))
        np.save(self.folder / BUCKETS, np.append(begins, len(self.entries)).astype(np.uint32))


class Handles:
    """What `HandlesWriter` wrote, mapped."""

    def __init__(self, folder: Path) -> None:
        """``folder`` has its files."""
        self.index, self.buckets = array(folder / INDEX), array(folder / BUCKETS)
        ends, texts = array(folder / ENDS), array(folder / TEXTS)
        self.texts = pa.LargeStringArray.from_buffers(len(ends) - 1, pa.py_buffer(ends), pa.py_buffer(texts))
        self.bits = np.uint64(len(self.index).bit_length())
        self.first = np.uint64(64 - (len(self.buckets) - 2).bit_length())

    def of(self, rows: Places) -> pa.Array:
        """The handles of these rows."""
        return self.texts.take(pa.array(rows)).cast(pa.string())

    def alike(self, hashes: Hashes, kinds: Kinds) -> tuple[Places, Places]:
        """Rows that may have one of these hashes and kinds, and which each may have; others are rarely among them."""
        wanted = _of_kind(hashes, kinds)
        bucket = (wanted >> self.first).astype(np.int64)
        begin, end = self.buckets[bucket].astype(np.int64), self.buckets[bucket + 1].astype(np.int64)
        entries, which = self.index[spread(begin, end)], np.repeat(np.arange(len(wanted)), end - begin)
        same = np.flatnonzero((entries ^ wanted[which]) >> self.bits == 0)
        return (entries[same] & ((np.uint64(1) << self.bits) - np.uint64(1))).astype(np.int64), which[same]

    def same(self, rows: Places, handles: pa.Array) -> npt.NDArray[np.bool_]:
        """Whether each row has the handle that stands at its place."""
        found: npt.NDArray[np.bool_] = pc.equal(self.of(rows), handles).to_numpy(zero_copy_only=False)
        return found
