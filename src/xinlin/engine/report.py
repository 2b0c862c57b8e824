"""Writes what a run found to open files: scores, contributions, and the identity of the run (评分结果).

Everything is written beside and moved into place at the end; ``run.json`` goes last, so that a folder with a ``run.json``
is whole. A run that was killed leaves a hidden folder: the same run goes on from it, and any other removes it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xinlin import __version__
from xinlin.core.plan import Plan, compile_scheme
from xinlin.core.rulebooks import Rulebook
from xinlin.core.schemes import Scheme
from xinlin.engine import plain, scores, spark
from xinlin.engine.changes import MappedSnapshot, read_changes
from xinlin.engine.figures import Figures, Lines, Numbers, Part, Watch, unwatched
from xinlin.engine.kept import keep, kept_parts
from xinlin.engine.mapped import map_columns
from xinlin.engine.snapshot import BLOCK, Snapshot, digest_folder
from xinlin.engine.statements import literal
from xinlin.engine.stored import opened_snapshot, stored_snapshot
from xinlin.engine.workplaces import alone_in, peak_memory, workplace

Said = dict[str, object]
Engine = Literal["duckdb", "plain", "spark"]
ENGINES: tuple[Engine, ...] = ("duckdb", "plain", "spark")
MODULES = {"duckdb": scores, "plain": plain, "spark": spark}

SCORES, CONTRIBUTIONS, RUN = "scores.parquet", "contributions.parquet", "run.json"
CHANGES, CHANGES_RUN = "changes.parquet", "changes.json"
LINE_SCHEMA = pa.schema(
    [("subject", pa.string()), ("indicator", pa.string()), ("record", pa.string()), ("points", pa.int64())]
)
ROW_GROUP = 1 << 20
UNPACKED = {"compression": "zstd", "compression_level": 1, "store_schema": False}
"""How result files are written: fast to pack, and text columns read back as text."""


class _Names:
    """The subjects' own handles by dense number: those of the row groups that were asked for last."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "names.parquet"
        self.file = pq.ParquetFile(self.path)
        groups = range(self.file.num_row_groups)
        self.begins = np.cumsum([0, *(self.file.metadata.row_group(at).num_rows for at in groups)])
        self.at, self.group = -1, pa.chunked_array([], pa.string())

    def of(self, numbers: Numbers) -> pa.Array:
        """The handles of the subjects with these rising numbers."""
        with duckdb.connect(":memory:", config={"threads": 1}) as connection:
            connection.register("wanted", pa.table({"number": numbers}))
            source = f"read_parquet({literal(self.path.as_posix())})"
            statement = f"SELECT subject FROM {source} SEMI JOIN wanted USING (number) ORDER BY number"
            return connection.sql(statement).to_arrow_table()["subject"].combine_chunks()

    def within(self, first: int, last: int) -> pa.ChunkedArray:
        """The handles of the subjects from ``first`` to before ``last``, who are all there: the row of each is its number."""
        begin, end = np.searchsorted(self.begins, first, side="right") - 1, np.searchsorted(self.begins, last)
        chunks: list[pa.Array] = []
        for at in range(begin, end):
            skipped = max(first - int(self.begins[at]), 0)
            chunks += self._group(at).slice(skipped, last - int(self.begins[at]) - skipped).chunks
        return pa.chunked_array(chunks, pa.string())

    def _group(self, at: int) -> pa.ChunkedArray:
        """The handles of a row group. Where a block ends within one, the next block begins there."""
        if self.at != at:
            self.at, self.group = at, self.file.read_row_group(at, columns=["subject"], use_threads=False)["subject"]
        return self.group


class _Writer:
    """Writes parts as they come, in order: one row group or more for each block."""

    def __init__(self, plan: Plan, snapshot: Snapshot, work: Path, lines: bool, name: str = SCORES) -> None:
        self.tiers = pa.array([tier.code for tier in plan.scheme.tiers], pa.string())
        self.names = _Names(snapshot.folder)
        self.dimensions = [dimension.code for dimension in plan.dimensions]
        schema = pa.schema(
            [("subject", pa.string()), ("score", pa.int64()), ("tier", pa.dictionary(pa.int32(), pa.string()))]
            + [(code, pa.int64()) for code in self.dimensions]
        )
        coded = dict.fromkeys(["score", *self.dimensions], "DELTA_BINARY_PACKED")
        self.scores = pq.ParquetWriter(work / name, schema, use_dictionary=["tier"], column_encoding=coded, **UNPACKED)
        self.lines, self.people, self.given = None, 0, 0
        if lines:
            packed = ["indicator", "points"]
            self.lines = pq.ParquetWriter(work / CONTRIBUTIONS, LINE_SCHEMA, use_dictionary=packed, **UNPACKED)

    def write_figures(self, figures: Figures, names: pa.Array | pa.ChunkedArray) -> None:
        columns = [
            names,
            pa.array(figures.scores),
            pa.DictionaryArray.from_arrays(pa.array(figures.tiers, pa.int32()), self.tiers),
            *(pa.array(figures.dimensions[code]) for code in self.dimensions),
        ]
        self.scores.write_table(pa.table(columns, schema=self.scores.schema), row_group_size=ROW_GROUP)
        self.people += len(figures.subjects)

    def write(self, part: Part) -> None:
        names = self.names.within(part.first, part.last)
        self.write_figures(part.figures, names)
        if self.lines is not None:
            whole = names.combine_chunks()
            tables = [_line_table(lines, whole, part.first) for lines in part.lines if len(lines.points)]
            if tables:
                self.lines.write_table(pa.concat_tables(tables), row_group_size=ROW_GROUP)
            self.given += sum(table.num_rows for table in tables)

    def close(self) -> None:
        self.scores.close()
        if self.lines is not None:
            self.lines.close()


def _line_table(lines: Lines, names: pa.Array, first: int) -> pa.Table:
    indicator = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(len(lines.points), np.int32)), pa.array([lines.indicator], pa.string())
    )
    columns = [names.take(pa.array(lines.subject - first)), indicator.cast(pa.string()), lines.record, lines.points]
    return pa.table(columns, schema=LINE_SCHEMA)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be scored, with what, and into which folder."""

    rulebook: Rulebook
    scheme: Scheme
    out: Path
    engine: Engine = "duckdb"
    lines: bool = False
    threads: int | None = None


def score_snapshot(order: Order, plan: Plan, snapshot: Snapshot, work: Path, watch: Watch = unwatched) -> Said:
    """Score a snapshot that has ``names.parquet``: ``scores.parquet``, ``run.json``, ``contributions.parquet`` if asked.

    The same snapshot and plan give the same bytes, but for what ``run.json`` says under ``measured``. Returns what
    ``run.json`` says. What ``watch`` raises stops the run, and then nothing in the folder has changed; blocks that stand
    in ``work`` are not scored again.
    """
    begun = time.monotonic()
    writer = _Writer(plan, snapshot, work, order.lines)
    for part in _parts(order, plan, snapshot, work, watch):
        writer.write(part)
    writer.close()
    counts = {"subjects": writer.people, "records": snapshot.rows}
    if order.lines:
        counts["contributions"] = writer.given
    return _laid_out(order, _identity(order, plan, snapshot, counts), (SCORES, CONTRIBUTIONS, RUN), work, begun)


def _laid_out(order: Order, said: Said, names: tuple[str, ...], work: Path, begun: float) -> Said:
    """Move what was made into place, in place of what is there; the last of the names is that of what is said of it."""
    said["outputs_sha256"] = {name: _sha256(work / name) for name in names if (work / name).exists()}
    said["measured"] = {"seconds": round(time.monotonic() - begun, 3), "peak_memory_mib": peak_memory() // 1024}
    (work / names[-1]).write_text(json.dumps(said, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    with alone_in(order.out):
        for name in reversed(names):
            (order.out / name).unlink(missing_ok=True)
        for name in names:
            if (work / name).exists():
                (work / name).replace(order.out / name)
    return said


def _parts(order: Order, plan: Plan, snapshot: Snapshot, work: Path, watch: Watch) -> Iterator[Part]:
    """All blocks in order: those that a stopped run left, then the others, each kept as soon as it is scored."""
    begin = 0
    for part in kept_parts(plan, work):
        begin = part.last
        yield part
    if begin:
        watch(f"{begin:,} scored before", 0, 0)
    rest = MODULES[order.engine].parts(
        plan,
        snapshot.folder,
        lines=order.lines,
        threads=order.threads,
        begin=begin,
        progress=partial(watch, "scoring"),
    )
    for part in rest:
        keep(work, part)
        yield part


def _identity(order: Order, plan: Plan, snapshot: Snapshot, counts: dict[str, int]) -> Said:
    """All that is needed to repeat the run, and to see that its files are those that it wrote."""
    return {
        "rulebook": order.rulebook.code,
        "scheme": plan.scheme.code,
        "version": plan.scheme.version,
        "as_of": plan.as_of.isoformat(),
        "scheme_sha256": plan.scheme_sha256,
        "plan_sha256": plan.sha256,
        "inputs_sha256": snapshot.sha256,
        "engine": MODULES[order.engine].NAME,
        "counts": counts,
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Source:
    """Where records come from: an open folder, or a snapshot of one; ``store`` keeps snapshots for later runs."""

    data: Path | None
    snapshot: Path | None = None
    store: Path | None = None


def _key(order: Order, plan: Plan, inputs: str) -> str:
    """The identity of a run: where it is the same, so is what the run finds."""
    asked = [inputs, plan.sha256, MODULES[order.engine].NAME, order.lines, BLOCK, __version__]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]


def score_folder(order: Order, source: Source, as_of: date, watch: Watch = unwatched) -> Said:
    """Score an open folder or a stored snapshot on a day.

    A run that was killed, or stopped by KeyboardInterrupt, is gone on with by the next one that asks for the same.
    Returns what ``run.json`` says. Raises `xinlin.engine.tables.FolderRefused`, and then nothing has changed.
    """
    plan = compile_scheme(order.scheme, as_of)
    if source.snapshot is not None:
        snapshot = opened_snapshot(source.snapshot, order.rulebook, plan)
        with workplace(order.out, _key(order, plan, snapshot.sha256)) as work:
            return score_snapshot(order, plan, snapshot, work, watch)
    if source.data is None:
        raise ValueError("a source names an open folder or a snapshot")
    inputs = digest_folder(source.data)
    with workplace(order.out, _key(order, plan, inputs)) as work:
        snapshot = stored_snapshot(source.data, inputs, order.rulebook, plan, source.store or work, watch)
        return score_snapshot(order, plan, snapshot, work, watch)


def score_changes(order: Order, source: Source, as_of: date) -> Said:
    """Score those again whom new or changed records in ``source.data`` touch, on a snapshot that knows all others.

    ``changes.parquet`` has the rows of a full run for them, ``changes.json`` says of what; everything else in the folder
    stays. Raises `xinlin.engine.tables.FolderRefused`, and then nothing has changed.
    """
    if source.snapshot is None or source.data is None:
        raise ValueError("changes need a snapshot and a folder of records")
    begun, plan = time.monotonic(), compile_scheme(order.scheme, as_of)
    snapshot = opened_snapshot(source.snapshot, order.rulebook, plan)
    changed = read_changes(source.data, order.rulebook, plan, snapshot.folder)
    map_columns(plan, snapshot.folder)
    figures = MappedSnapshot(plan, snapshot.folder).rescore(changed)
    with workplace(order.out) as work:
        writer = _Writer(plan, snapshot, work, lines=False, name=CHANGES)
        writer.write_figures(figures, writer.names.of(figures.subjects))
        writer.close()
        counts = {
            "subjects": writer.people,
            "records": sum(rows["via"].to_pylist().count(False) for rows in changed.values()),
        }
        said = _identity(order, plan, snapshot, counts) | {"changes_sha256": digest_folder(source.data)}
        return _laid_out(order, said, (CHANGES, CHANGES_RUN), work, begun)
