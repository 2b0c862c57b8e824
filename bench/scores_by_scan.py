"""No scoring at all: DuckDB decodes every column that the scheme reads, once. The least that any way must do."""

from __future__ import annotations

from pathlib import Path

from bench.scores_snapshot import COMMON, KINDS_USED, columns_of, connect, file_of


def run(snapshot: Path, _out: Path) -> None:
    """Decode and take the greatest value of each column, so that nothing is skipped."""
    connection = connect(snapshot)
    for kind in KINDS_USED:
        columns = [*COMMON, *columns_of(kind)]
        counted = ", ".join(f'max("{name}")' for name in columns)
        connection.execute(f"SELECT {counted} FROM '{file_of(snapshot, kind)}'").fetchall()
    connection.execute(f"SELECT max(subject) FROM '{snapshot / 'names.parquet'}'").fetchall()
