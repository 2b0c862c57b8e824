"""Keeps the blocks that a run has scored, so that the same run goes on from there after it was stopped or killed (续跑).

A block is one file of plain arrays, renamed into place when it is whole; its checksums say that it still is. What cannot
be read as it was written is scored again.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from xinlin.core.plan import Plan
from xinlin.engine.figures import Figures, Lines, Numbers, Part

UNREADABLE = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error)


def _file(folder: Path, first: int) -> Path:
    return folder / f"block-{first:010}.npz"


def keep(folder: Path, part: Part) -> None:
    """Write a finished block."""
    figures = part.figures
    columns: dict[str, Any] = {
        "edges": np.array([part.first, part.last], np.int64),
        "subjects": figures.subjects[:0] if len(figures.subjects) == part.last - part.first else figures.subjects,
        "scores": figures.scores,
        "tiers": figures.tiers,
        "lines": np.array([lines.indicator for lines in part.lines], np.str_),
    }
    columns |= {f"dimension {code}": points for code, points in figures.dimensions.items()}
    for at, lines in enumerate(part.lines):
        # joined to nothing, so that its offsets count from 0
        record = pa.concat_arrays([pa.array([], pa.string()), lines.record]).cast(pa.large_string())
        _, ends, text = record.buffers()
        columns[f"{at} subject"], columns[f"{at} points"] = lines.subject, lines.points
        columns[f"{at} ends"] = np.frombuffer(ends, np.int64)
        columns[f"{at} text"] = np.frombuffer(text, np.uint8)
    unfinished = folder / "unfinished"
    with unfinished.open("wb") as stream:
        np.savez(stream, **{name: _narrow(values) for name, values in columns.items()})
    unfinished.replace(_file(folder, part.first))


def _narrow(values: Any) -> Any:
    """64-bit integers in the fewest bits that hold all of them: points are small, and less is to be written."""
    if values.dtype != np.int64 or not len(values):
        return values
    least, most = int(values.min()), int(values.max())
    fits = (
        kind for kind in (np.int8, np.int16, np.int32) if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max
    )
    return values.astype(next(fits, np.int64), copy=False)


def _wide(values: Any) -> Any:
    """What `_narrow` made narrow, in 64 bits again."""
    return values.astype(np.int64) if np.issubdtype(values.dtype, np.signedinteger) else values


def kept_parts(plan: Plan, folder: Path) -> Iterator[Part]:
    """The blocks kept there, from the first on without a gap."""
    first = 0
    while True:
        try:
            part = _read(plan, _file(folder, first))
        except UNREADABLE:
            return
        yield part
        first = part.last


def _read(plan: Plan, path: Path) -> Part:
    with np.load(path) as held:
        columns: dict[str, Any] = {name: _wide(held[name]) for name in held.files}
    first, last = (int(edge) for edge in columns["edges"])
    figures = Figures(
        (np.arange(first, last) if len(columns["scores"]) == last - first else columns["subjects"]).astype(np.int32),
        columns["scores"],
        columns["tiers"],
        {dimension.code: columns[f"dimension {dimension.code}"] for dimension in plan.dimensions},
    )
    lines = [_lines(columns, at, str(code)) for at, code in enumerate(columns["lines"])]
    return Part(first, last, figures, lines)


def _lines(columns: dict[str, Any], at: int, indicator: str) -> Lines:
    subject: Numbers = columns[f"{at} subject"].astype(np.int32)
    buffers = [None, pa.py_buffer(columns[f"{at} ends"]), pa.py_buffer(columns[f"{at} text"])]
    record = pa.Array.from_buffers(pa.large_string(), len(subject), buffers).cast(pa.string())
    return Lines(indicator, subject, record, columns[f"{at} points"])
