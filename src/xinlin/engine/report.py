"""Writes what a run found to open files: scores, contributions, and the identity of the run (评分结果)."""

from __future__ import annotations

import json
import resource
import secrets
import shutil
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xinlin.core.plan import Plan, compile_scheme
from xinlin.core.rulebooks import Rulebook
from xinlin.core.schemes import Scheme
from xinlin.engine import plain, scores
from xinlin.engine.folder import freeze
from xinlin.engine.scores import Figures
from xinlin.engine.snapshot import Snapshot

Engine = Literal["duckdb", "plain"]
ENGINES: tuple[Engine, ...] = ("duckdb", "plain")


def _names(folder: Path) -> pa.ChunkedArray:
    return pq.read_table(folder / "names.parquet")["subject"]


def _write_scores(plan: Plan, figures: Figures, folder: Path, target: Path) -> None:
    codes = np.array([tier.code for tier in plan.scheme.tiers])
    columns = {
        "subject": _names(folder),
        "score": pa.array(figures.scores, pa.int64()),
        "tier": pa.array(codes[figures.tiers], pa.string()),
        **{code: pa.array(vector, pa.int64()) for code, vector in figures.dimensions.items()},
    }
    pq.write_table(pa.table(columns), target, compression="zstd")


def _write_contributions(plan: Plan, parts: Iterator[tuple[str, pa.Table]], folder: Path, target: Path) -> int:
    """Lines in the order of the scheme, then of subject and record. Returns how many."""
    names = _names(folder)
    schema = pa.schema(
        [("subject", pa.string()), ("indicator", pa.string()), ("record", pa.string()), ("points", pa.int64())]
    )
    lines = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for code, part in parts:
            if not part.num_rows:
                continue
            ordered = part.sort_by([("subject", "ascending"), ("record", "ascending")])
            columns = [
                names.take(ordered["subject"]).combine_chunks(),
                pa.array([code] * ordered.num_rows, pa.string()),
                ordered["record"].combine_chunks(),
                ordered["points"].cast(pa.int64()).combine_chunks(),
            ]
            writer.write_table(pa.table(columns, schema=schema))
            lines += ordered.num_rows
    return lines


def score_folder(
    rulebook: Rulebook, scheme: Scheme, data: Path, as_of: date, out: Path, engine: Engine, with_lines: bool
) -> dict[str, object]:
    """Score an open folder: ``scores.parquet``, ``run.json`` and, if asked, ``contributions.parquet`` appear in ``out``.

    Everything is written beside and moved there at the end, so that a refused or stopped run leaves nothing.
    Returns what ``run.json`` says. Raises `xinlin.engine.folder.FolderRefused`.
    """
    begun = time.monotonic()
    plan = compile_scheme(scheme, as_of)
    out.mkdir(parents=True, exist_ok=True)
    work = out / f".work-{secrets.token_hex(6)}"
    try:
        snapshot = freeze(data, rulebook, plan, work / "snapshot")
        engine_module = scores if engine == "duckdb" else plain
        figures = engine_module.run(plan, snapshot.folder)
        _write_scores(plan, figures, snapshot.folder, work / "scores.parquet")
        lines = None
        if with_lines:
            parts = engine_module.contributions(plan, snapshot.folder)
            lines = _write_contributions(plan, parts, snapshot.folder, work / "contributions.parquet")
        said = _identity(rulebook, plan, snapshot, engine_module.NAME, lines, time.monotonic() - begun)
        (work / "run.json").write_text(json.dumps(said, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        for name in ("scores.parquet", "contributions.parquet", "run.json"):
            if (work / name).exists():
                (work / name).replace(out / name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return said


def _identity(
    rulebook: Rulebook, plan: Plan, snapshot: Snapshot, engine: str, lines: int | None, seconds: float
) -> dict[str, object]:
    """All that is needed to repeat the run, and what it cost."""
    counts: dict[str, int] = {"subjects": snapshot.people, "records": snapshot.rows}
    if lines is not None:
        counts["contributions"] = lines
    return {
        "rulebook": rulebook.code,
        "scheme": plan.scheme.code,
        "version": plan.scheme.version,
        "as_of": plan.as_of.isoformat(),
        "scheme_sha256": plan.scheme_sha256,
        "plan_sha256": plan.sha256,
        "inputs_sha256": snapshot.sha256,
        "engine": engine,
        "counts": counts,
        "seconds": round(seconds, 3),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
