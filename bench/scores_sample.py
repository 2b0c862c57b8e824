"""A few hundred people of the bench's city, scored by the plain evaluator from an open folder of their own.

Every timed way reads the snapshot of the whole city; whatever making that snapshot got wrong, all of them would agree on. Here the
rows of some people are copied out of the open folder, with those of the organisations that they represent, and the small folder
takes its own way to a score, one person after the other.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PEOPLE = 500


def differing(data: Path, scores: Path, place: Path, command: Callable[..., list[str]]) -> int:
    """How many of the sampled people have another score or tier in ``scores``, or are missing there, or ought to be.

    ``command`` makes the command line of a scoring process from its options.
    """
    connection = _sampled(data)
    folder = _copied(connection, data, place)
    subprocess.run(
        command("--data", folder, "--engine", "plain", "--out", place / "plain", "--snapshots", place / "plain store"),
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=Path(__file__).resolve().parent.parent,
        stderr=sys.stderr,
    )
    ours = f"SELECT subject, score, tier FROM read_parquet('{scores}') WHERE subject IN (SELECT subject FROM sampled)"
    plain = f"SELECT subject, score, tier FROM read_parquet('{place / 'plain' / 'scores.parquet'}')"
    either = f"({ours} EXCEPT {plain}) UNION ALL ({plain} EXCEPT {ours})"
    (found,) = connection.execute(f"SELECT count(DISTINCT subject) FROM ({either})").fetchall()[0]
    return int(found)


def _sampled(data: Path) -> Any:
    """A connection with the tables ``sampled``, ``represented`` (their organisations), and ``known`` (all who are named)."""
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute(
        f"CREATE TABLE sampled AS SELECT subject FROM read_parquet('{data / 'subjects.parquet'}') "
        f"WHERE kind = 'person' ORDER BY hash(subject) LIMIT {PEOPLE}"
    )
    connection.execute(
        f"CREATE TABLE represented AS SELECT DISTINCT organisation AS subject FROM read_parquet('{data / 'relations.parquet'}') "
        "WHERE person IN (SELECT subject FROM sampled)"
    )
    connection.execute("CREATE TABLE theirs AS FROM sampled UNION FROM represented")
    return connection


def _copied(connection: Any, data: Path, place: Path) -> Path:
    """The rows of the sampled people as an open folder."""
    folder = place / "sample"
    (folder / "records").mkdir(parents=True, exist_ok=True)
    connection.execute("CREATE TABLE known AS FROM theirs")
    for path in sorted((data / "records").glob("*.parquet")):
        target = folder / "records" / path.name
        rows = f"SELECT * FROM read_parquet('{path}') WHERE subject IN (SELECT subject FROM theirs)"
        connection.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet)")
        named = f"SELECT named_person FROM read_parquet('{target}') WHERE named_person IS NOT NULL"
        connection.execute(f"INSERT INTO known {named}")
    chosen = {
        "subjects": "subject IN (SELECT subject FROM known)",
        "consents": "subject IN (SELECT subject FROM sampled)",
    }
    chosen["relations"] = "person IN (SELECT subject FROM sampled)"
    for name, which in chosen.items():
        rows = f"SELECT * FROM read_parquet('{data / name}.parquet') WHERE {which}"
        connection.execute(f"COPY ({rows}) TO '{folder / name}.parquet' (FORMAT parquet)")
    return folder
