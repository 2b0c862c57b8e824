"""Scores a snapshot on Apache Spark, in SQL alone, where one machine ends (分布式评分).

A block of subject numbers is a job of its own, said whole in the statements of `xinlin.engine.spark_statements`: one task takes
a person from the first record to the tier, so that nothing is shuffled. Spark's executors read the snapshot's Parquet files,
which must lie where all of them and the driver see them, and need no Python of ours. What comes of it equals the evaluator
and the engine of one machine in every score, dimension, tier and line.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from xinlin.core.plan import Plan
from xinlin.core.terms import add_term
from xinlin.engine.figures import Figures, Lines, Part, Progress
from xinlin.engine.runs import TooManyPoints
from xinlin.engine.snapshot import connect, edges_of, enrolled, held_kinds
from xinlin.engine.spark_statements import Block, figures_sql, indicators_held, lines_sql, repeat_view
from xinlin.engine.tables import quoted
from xinlin.engine.workplaces import workplace

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAME = f"spark sql {version('pyspark')}" if find_spec("pyspark") else "spark sql"
MASTER = "XINLIN_SPARK_MASTER"
"""The environment variable that names the cluster, such as spark://host:7077; without it all cores of this machine."""
LOOPBACK = ("127.0.0.1", "localhost")
SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.parser.escapedStringLiterals": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.useIdInClassName": "false",
    "spark.sql.codegen.aggregate.map.twolevel.enabled": "false",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.hadoop.parquet.filter.dictionary.enabled": "false",
}
"""Standard SQL: identifiers in double quotes, text as it stands, an error where a number does not fit.

Where there is one task a block, nothing is left to adapt. Every indicator has a program of its own, and to compile it takes longer
than to run it over a city's records: indicators of one form share theirs, and no second table makes it longer.

No row group is passed over by its dictionary: Parquet's Java reader breaks on packed dictionaries of more than 8 KiB (parquet-java 3478).
"""
JAVA = "-XX:+UseParallelGC -XX:TieredStopAtLevel=1"
"""Compile quickly rather than well, for the same reason; ``spark.executor.extraJavaOptions`` of whoever runs it come later."""
STARTING = {
    "spark.sql.codegen.cache.maxEntries": "4000",
    "spark.driver.defaultJavaOptions": JAVA,
    "spark.executor.defaultJavaOptions": JAVA,
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""What holds as long as Spark runs. A scheme of 40 indicators has more programs than the hundred that Spark keeps compiled."""
PEOPLE = 3 << 20
"""How many subjects a job has at most, where the blocks of a snapshot are smaller: each job is planned and compiled anew."""
AT_ONCE = 32
"""How many jobs there are at once at most; as many run as there are cores, in their order."""
TYPES = {
    pa.int32(): "INT",
    pa.int64(): "BIGINT",
    pa.bool_(): "BOOLEAN",
    pa.string(): "STRING",
    pa.date32(): "DATE",
}
"""Spark's names of the types that a snapshot has: it need not open the files to find out."""
OVERFLOWS = ("ARITHMETIC_OVERFLOW", "CAST_OVERFLOW", "NUMERIC_VALUE_OUT_OF_RANGE")
"""What Spark calls a number that does not fit."""
SMALL = 20_000
SMALL_SETTINGS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""For fewer people than ``SMALL``: compiling code takes longer than scoring them."""


class SparkMissing(RuntimeError):
    """PySpark or Java is not there; the message says what to install."""


@lru_cache(maxsize=1)
def _session(master: str) -> SparkSession:
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError as missing:
        raise SparkMissing(
            "引擎 spark 需要 PySpark。The spark engine needs PySpark: pip install 'pyspark>=4,<5'."
        ) from missing
    builder = SparkSession.builder.master(master).appName("xinlin")
    for name, value in (SETTINGS | STARTING).items():
        builder = builder.config(name, value)
    if urlsplit(master).hostname in LOOPBACK:  # the machine's own name may lead elsewhere, or nowhere
        builder = builder.config("spark.driver.host", os.environ.get("SPARK_LOCAL_IP", "127.0.0.1"))
    try:
        return builder.getOrCreate()
    except PySparkRuntimeError as missing:
        raise SparkMissing(
            "Spark 需要 Java 17 或更高版本。Spark needs Java 17 or later (java on the PATH)."
        ) from missing


def session() -> SparkSession:
    """A session with no views yet, on the cluster that ``XINLIN_SPARK_MASTER`` names. Raises `SparkMissing`."""
    own: SparkSession = _session(os.environ.get(MASTER) or "local[*]").newSession()
    for name, value in SETTINGS.items():
        if name.startswith("spark.sql."):
            own.conf.set(name, value)
    return own


@dataclass(frozen=True, slots=True)
class _Run:
    """A snapshot on Spark: the session that knows its tables, and where what it writes lies beside the snapshot."""

    spark: SparkSession
    plan: Plan
    folder: Path
    held: set[str]
    work: Path

    def register(self) -> None:
        """Views named after the kinds, ``subjects``, and one for each term within which a repeat counts."""
        self._view("subjects", self.folder / "subjects.parquet")
        for kind in self.held:
            self._view(kind, self.folder / "records" / f"{kind}.parquet", "*", "_metadata.row_index AS place")
        for _, indicator in indicators_held(self.plan, self.held):
            if indicator.repeat is not None:
                self._view_repeats(indicator.kind, indicator.repeat.within)

    def _view(self, name: str, path: Path, *columns: str) -> None:
        schema = ", ".join(f"{quoted(one.name)} {TYPES[one.type]}" for one in pq.read_schema(path))
        table = self.spark.read.schema(schema).parquet(path.as_posix())
        (table.selectExpr(*columns) if columns else table).createOrReplaceTempView(name)

    def _view_repeats(self, kind: str, within: str) -> None:
        """(day, ends) for every day on which the kind has a record: calendar terms are resolved in Python."""
        name = repeat_view(kind, within)
        with connect(self.folder, [kind]) as duckdb:
            days = [day for (day,) in duckdb.execute(f"SELECT DISTINCT occurred_on FROM {quoted(kind)}").fetchall()]
        ends = [add_term(day, within) for day in days]
        pq.write_table(
            pa.table({"day": pa.array(days, pa.date32()), "ends": pa.array(ends, pa.date32())}),
            self.work / f"{name}.parquet",
        )
        self._view(name, self.work / f"{name}.parquet")

    def write(self, block: Block, lines: bool) -> None:
        """Let executors score the block and write what they find. Raises `TooManyPoints`."""
        self.spark.sparkContext.setJobGroup(self.work.name, f"subjects {block[0]} to {block[1] - 1}")
        _write(self.spark, figures_sql(self.plan, self.held, block), self.work / f"figures-{block[0]}")
        if lines:
            _write(self.spark, lines_sql(self.plan, self.held, block), self.work / f"lines-{block[0]}")

    def read(self, block: Block, lines: bool) -> Part:
        """What was written of the block, which is then gone."""
        figures = _figures(self.plan, _emptied(self.work / f"figures-{block[0]}"))
        given = _lines(self.plan, self.held, _emptied(self.work / f"lines-{block[0]}")) if lines else []
        return Part(*block, figures, given)


def _emptied(folder: Path) -> pa.Table:
    """What Spark wrote, in the order of its files' names."""
    table = ds.dataset([path.as_posix() for path in sorted(folder.glob("part-*"))], format="parquet").to_table()
    shutil.rmtree(folder)
    return table


def _write(spark: SparkSession, statement: str, target: Path) -> None:
    """Write what the statement gives. Raises `TooManyPoints` where a number on the way does not fit 64 bits."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        spark.sql(statement).write.parquet(target.as_posix())
    except (Py4JJavaError, PySparkException) as failed:
        if not any(name in str(failed) for name in OVERFLOWS):
            raise
        raise TooManyPoints(
            "有记录的数值过大，合计超出 64 位整数，Spark 无法计算；请核对数值，或改用 --engine duckdb。"
            " Some records hold numbers so large that a sum of them does not fit 64 bits, which is all that Spark has;"
            " check them, or use --engine duckdb."
        ) from failed


def _figures(plan: Plan, found: pa.Table) -> Figures:
    return Figures(
        subjects=found["subject"].to_numpy().astype(np.int32),
        scores=found["score"].to_numpy(),
        tiers=found["tier"].to_numpy(),
        dimensions={dimension.code: found[f"d{at}"].to_numpy() for at, dimension in enumerate(plan.dimensions)},
    )


def _lines(plan: Plan, held: set[str], found: pa.Table) -> list[Lines]:
    given = []
    for at, (_, indicator) in enumerate(indicators_held(plan, held)):
        mine = found.filter(pc.field("indicator") == at)
        given.append(
            Lines(
                indicator.code,
                mine["subject"].to_numpy().astype(np.int32),
                mine["record"].combine_chunks(),
                mine["points"].to_numpy(),
            )
        )
    return given


def _blocks(size: int) -> list[Block]:
    """The blocks of a snapshot, small ones joined: a block reads the row groups of its own people."""
    edges = edges_of(size)
    each = max(PEOPLE // max(edges[0][1], 1), 1) if edges else 1
    joined = [edges[at : at + each] for at in range(0, len(edges), each)]
    return [(some[0][0], some[-1][1]) for some in joined]


def parts(
    plan: Plan,
    folder: Path,
    *,
    lines: bool = False,
    threads: int | None = None,
    begin: int = 0,
    progress: Progress | None = None,
) -> Iterator[Part]:
    """Score the snapshot in ``folder`` on Spark, block by block, in order. Blocks before the number ``begin`` are left out.

    ``threads`` has no effect: the cluster has its own. Raises `SparkMissing`, `TooManyPoints`.
    """
    numbers = enrolled(folder)
    blocks = [block for block in _blocks(int(numbers[-1]) + 1 if len(numbers) else 0) if block[0] >= begin]
    if not blocks:
        return
    spark = session()
    for name, value in SMALL_SETTINGS.items() if len(numbers) < SMALL else ():
        spark.conf.set(name, value)
    with workplace(folder.parent) as work, ThreadPoolExecutor(min(len(blocks), AT_ONCE)) as pool:
        work.chmod(0o777)  # executors may be somebody else
        run = _Run(spark, plan, folder, held_kinds(folder, plan.kinds), work)
        run.register()
        lines = lines and bool(indicators_held(plan, run.held))
        written = [pool.submit(run.write, block, lines) for block in blocks]
        try:
            for done, block in enumerate(blocks):
                written[done].result()
                yield run.read(block, lines)
                if progress:
                    progress(done + 1, len(blocks))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(job.done() for job in written):  # one may only be about to begin
                spark.sparkContext.cancelJobGroup(work.name)
                time.sleep(0.2)
