"""What a witness remembers: one cosigned head for each log, and the evidence of logs that showed two histories."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from xinlin.core.notes import Checkpoint
from xinlin.core.tree import Roots
from xinlin.core.witness import Judgement, Submission, judge

_TABLES = """
CREATE TABLE IF NOT EXISTS head (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL,
                                 note TEXT NOT NULL, time INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS evidence (number INTEGER PRIMARY KEY, origin TEXT NOT NULL, time INTEGER NOT NULL,
                                     why TEXT NOT NULL, known TEXT NOT NULL, shown TEXT NOT NULL,
                                     UNIQUE (origin, known, shown));
CREATE TABLE IF NOT EXISTS watched (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, peaks BLOB NOT NULL,
                                    note TEXT NOT NULL, time INTEGER NOT NULL);
"""
MOST_EVIDENCE = 1_000
"""Pairs kept for each log; a log that shows more histories than that is not believed anyway."""


@dataclass(frozen=True)
class Evidence:
    """Two notes of one log that no proof joined: the one cosigned, and the one shown afterwards."""

    number: int
    origin: str
    time: int
    why: str
    known: str
    shown: str


def _keep(database: sqlite3.Connection, origin: str, time: int, why: str, known: str, shown: str) -> None:
    database.execute(
        "INSERT OR IGNORE INTO evidence (origin, time, why, known, shown) SELECT ?, ?, ?, ?, ?"
        " WHERE (SELECT count(*) FROM evidence WHERE origin = ?) < ?",
        [origin, time, why, known, shown, origin, MOST_EVIDENCE],
    )


class Store:
    """The witness's own database, one file. Every answer is on disk before it is given."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        with self._open() as database:
            database.executescript("PRAGMA journal_mode=WAL;" + _TABLES)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=10, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous=FULL")
            yield database

    def head(self, origin: str) -> Checkpoint | None:
        """The head last cosigned for the log; None before the first."""
        with self._open() as database:
            row = database.execute("SELECT size, root FROM head WHERE origin = ?", [origin]).fetchone()
        return Checkpoint(origin, row[0], row[1]) if row else None

    def step(self, asked: Submission, head: Checkpoint, time: int) -> tuple[Judgement, int]:
        """Judge, and remember what came of it, in one transaction; gives the judgement and the size now known."""
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            row = database.execute("SELECT size, root, note FROM head WHERE origin = ?", [head.origin]).fetchone()
            known = Checkpoint(head.origin, row[0], row[1]) if row else None
            judged = judge(asked.old, asked.proof, head, known)
            if judged.status == 200:
                database.execute(
                    "INSERT INTO head VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE SET"
                    " size = excluded.size, root = excluded.root, note = excluded.note, time = excluded.time",
                    [head.origin, head.size, head.root, asked.note, time],
                )
            elif judged.fork and row:
                _keep(database, head.origin, time, judged.why, row[2], asked.note)
            database.execute("COMMIT")
        size = head.size if judged.status == 200 else known.size if known else 0
        return judged, size

    def watched(self, origin: str) -> tuple[Roots, str]:
        """How far the log was re-read, and the note of that head (empty before the first)."""
        with self._open() as database:
            row = database.execute("SELECT size, peaks, note FROM watched WHERE origin = ?", [origin]).fetchone()
        return (Roots(row[0], row[1]), row[2]) if row else (Roots(), "")

    def keep_watched(self, origin: str, roots: Roots, note: str, time: int) -> None:
        """Remember how far the log was re-read."""
        with self._open() as database:
            database.execute(
                "INSERT INTO watched VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE SET"
                " size = excluded.size, peaks = excluded.peaks, note = excluded.note, time = excluded.time",
                [origin, roots.size, roots.peaks, note, time],
            )

    def keep_evidence(self, origin: str, time: int, why: str, known: str, shown: str) -> None:
        """Keep two notes that no proof joins."""
        with self._open() as database:
            _keep(database, origin, time, why, known, shown)

    def evidence(self) -> list[Evidence]:
        """All that is kept, oldest first."""
        with self._open() as database:
            rows = database.execute("SELECT number, origin, time, why, known, shown FROM evidence ORDER BY number")
            return [Evidence(*row) for row in rows]
