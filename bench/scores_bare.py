"""The least that makes a snapshot: ``python bench/scores_bare.py DATA OUT`` sorts each kind's columns by subject and writes them.

DuckDB reads the columns that the scheme asks for from the open folder, in the order in which records arrived, and writes
them in the snapshot's order. Nothing is checked, nobody's consent is asked, and subjects stay texts.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench.scores_snapshot import KINDS_USED, columns_of, connect  # noqa: E402

COLUMNS = ["subject", "record", "occurred_on", "status", "ends_on"]


def main() -> None:
    """Sort every kind that the scheme reads."""
    data, out = (Path(word) for word in sys.argv[1:3])
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    connection = connect(out)
    for kind in KINDS_USED:
        columns = ", ".join([*COLUMNS, *(f'"{name.removeprefix("f_")}"' for name in columns_of(kind))])
        connection.execute(
            f"COPY (SELECT {columns} FROM read_parquet('{data}/records/{kind}.parquet') "
            f"ORDER BY subject, occurred_on, record) TO '{out}/{kind}.parquet' (FORMAT parquet, COMPRESSION lz4)"
        )


if __name__ == "__main__":
    main()
