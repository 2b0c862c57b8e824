"""The same scheme on Spark beside DuckDB: ``python bench/scores_spark.py M``. Needs PySpark and Java 17.

Whole processes of ``xinlin score --snapshot``, one after the other: DuckDB, Spark with all cores of this machine, and Spark on a
standalone cluster of two workers with a core each on loopback, which the bench starts itself. All results are compared. Spark is
at home on many machines; on one it shows what its start, its plans and their code cost, and that it gives the same.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench.scores import Timing, city_of, run, same, snapshot_of, xinlin  # noqa: E402
from bench.scores_data import SIZES  # noqa: E402
from tests.scores.spark_cluster import standalone  # noqa: E402


def main() -> int:
    """Prepare, measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "bench", help="where cities are made and kept")
    parser.add_argument("--memory", default="3g", help="heap of the driver, and of each executor of the cluster")
    chosen = parser.parse_args()
    place = chosen.work / chosen.size
    data, book = city_of(chosen.size, chosen.work)
    if not any((place / "store").glob("*/snapshot.json")) and not run(
        xinlin(book, "--data", data, "--snapshots", place / "store", "--out", place / "out"), Timing()
    ):
        raise SystemExit("the snapshot could not be made")
    os.environ["PYSPARK_SUBMIT_ARGS"] = (
        f"--driver-memory {chosen.memory} --executor-memory {chosen.memory} pyspark-shell"
    )
    print(f"{chosen.size}: {SIZES[chosen.size].subjects:,} subjects, {SIZES[chosen.size].records:,} records")
    with tempfile.TemporaryDirectory(prefix="xinlin-spark-") as logs, standalone(Path(logs), chosen.memory) as cluster:
        ways: dict[str, list[str]] = {
            "duckdb": [],
            "spark local": ["--engine", "spark"],
            "spark cluster": ["--engine", "spark", "--master", cluster],
        }
        timings = {way: Timing() for way in ways}
        for way, more in ways.items():
            out = place / way.replace(" ", "-")
            if not run(xinlin(book, "--snapshot", snapshot_of(place / "store"), "--out", out, *more), timings[way]):
                raise SystemExit(f"{way} failed")
            if not same(place / "duckdb" / "scores.parquet", out / "scores.parquet"):
                raise SystemExit(f"{way} and duckdb differ")
            seconds = timings[way].median
            print(f"  {way:<14}{seconds:>9.2f} s{seconds / timings['duckdb'].median:>8.1f}x", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
