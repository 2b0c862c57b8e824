"""Scores a snapshot on Apache Spark, in SQL alone, where one machine ends (分布式评分).

Everything is said in the complete statements of `xinlin.engine.statements`: Spark's executors read the snapshot's Parquet
files, which must lie where all of them and the driver see them, and need no Python of ours. What comes of it equals the
evaluator and the engine of one machine in every score, dimension, tier and line.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from xinlin.core.plan import IndicatorPlan, Plan
from xinlin.core.schemes import Limits
from xinlin.core.terms import add_term
from xinlin.engine.figures import Figures, Lines, Part, Progress
from xinlin.engine.runs import TooManyPoints
from xinlin.engine.snapshot import edges_of, enrolled
from xinlin.engine.statements import clamp_sql, contributions_sql, holders_sql, indicator_sql, repeat_view

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAME = f"spark sql {version('pyspark')}" if find_spec("pyspark") else "spark sql"
MASTER = "XINLIN_SPARK_MASTER"
"""The environment variable that names the cluster, such as spark://host:7077; without it all cores of this machine."""
SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.parser.escapedStringLiterals": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.hadoop.parquet.filter.dictionary.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""Standard SQL: identifiers in double quotes, text as it stands, an error where a number does not fit.

No row group is passed over by its dictionary: Parquet's Java reader breaks on packed dictionaries of more than 8 KiB (parquet-java 3478).
"""
OVERFLOWS = ("ARITHMETIC_OVERFLOW", "CAST_OVERFLOW", "NUMERIC_VALUE_OUT_OF_RANGE")
"""What Spark calls a number that does not fit."""
SMALL = 20_000
SMALL_SETTINGS = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""For fewer people than ``SMALL``: compiling code for them and spreading them out takes longer than scoring them."""


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
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    if master.startswith("spark://"):
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


def _indicators(plan: Plan, held: set[str]) -> list[tuple[int, IndicatorPlan]]:
    """The indicators with records, each with the position of its dimension."""
    return [
        (at, indicator)
        for at, dimension in enumerate(plan.dimensions)
        for indicator in dimension.indicators
        if indicator.kind in held
    ]


def _register(spark: SparkSession, plan: Plan, folder: Path) -> set[str]:
    """Views named after the kinds, ``subjects``, and one for each term within which a repeat counts; gives the kinds."""
    held = set()
    spark.read.parquet((folder / "subjects.parquet").as_posix()).createOrReplaceTempView("subjects")
    for kind in plan.kinds:
        path = folder / "records" / f"{kind}.parquet"
        if path.exists():
            spark.read.parquet(path.as_posix()).createOrReplaceTempView(kind)
            held.add(kind)
    for _, indicator in _indicators(plan, held):
        if indicator.repeat is not None:
            _register_repeats(spark, indicator.kind, indicator.repeat.within)
    return held


def _register_repeats(spark: SparkSession, kind: str, within: str) -> None:
    """(day, ends) for every day on which the kind has a record: calendar terms are resolved in Python."""
    days: list[date] = [day for (day,) in spark.sql(f'SELECT DISTINCT occurred_on FROM "{kind}"').collect()]
    ends = pa.table(
        {"day": pa.array(days, pa.date32()), "ends": pa.array([add_term(day, within) for day in days], pa.date32())}
    )
    spark.createDataFrame(ends).createOrReplaceTempView(repeat_view(kind, within))


def _summed_sql(plan: Plan, held: set[str]) -> str:
    """``subject`` and the points of each dimension before its limits, ``d0``, ``d1`` …, of everybody with records."""
    rows = [
        f"SELECT subject, {at} AS dimension, points FROM ({indicator_sql(indicator, plan.as_of)})"
        for at, indicator in _indicators(plan, held)
    ] or ["SELECT subject, 0 AS dimension, CAST(0 AS BIGINT) AS points FROM subjects WHERE FALSE"]
    sums = ", ".join(
        f"sum(CASE WHEN dimension = {at} THEN points ELSE 0 END) AS d{at}" for at in range(len(plan.dimensions))
    )
    return f"SELECT subject, {sums} FROM ({' UNION ALL '.join(rows)}) GROUP BY subject"


def _rules_sql(plan: Plan, held: set[str]) -> str:
    """``subject``, ``exact`` and ``bound``: the tier that class rules set, and the one above which they allow none."""
    order = {tier.code: at for at, tier in enumerate(plan.scheme.tiers)}
    rows = ["SELECT subject, CAST(NULL AS INT) AS exact, CAST(NULL AS INT) AS bound FROM subjects WHERE FALSE"]
    for rule in plan.scheme.class_rules:
        if rule.kind not in held:
            continue
        exact = "NULL" if rule.tier_exactly is None else str(order[rule.tier_exactly])
        bound = "NULL" if rule.tier_exactly is not None else str(order[rule.tier_at_most or ""])
        rows.append(
            f"SELECT subject, CAST({exact} AS INT) AS exact, CAST({bound} AS INT) AS bound "
            f"FROM ({holders_sql(rule, plan.as_of)})"
        )
    return (
        f"SELECT subject, min(exact) AS exact, min(bound) AS bound FROM ({' UNION ALL '.join(rows)}) GROUP BY subject"
    )


def figures_sql(plan: Plan, held: set[str]) -> str:
    """``subject, score, tier, d0, d1 …`` of everybody enrolled, in the order of subjects."""
    scale, tiers = plan.scheme.scale, plan.scheme.tiers
    clamped = ", ".join(
        f"{clamp_sql(f'coalesce(d{at}, 0)', dimension.limits)} AS d{at}" for at, dimension in enumerate(plan.dimensions)
    )
    names = [f"d{at}" for at in range(len(plan.dimensions))]
    ends = Limits.model_construct(cap=scale.maximum, floor=scale.minimum)
    score = clamp_sql(" + ".join([f"CAST({plan.scheme.base} AS BIGINT)", *names]), ends)
    reached = " ".join(
        f"WHEN score >= {tier.at_least} THEN {at}" for at, tier in reversed(list(enumerate(tiers))) if at
    )
    position = f"CASE {reached} ELSE 0 END" if reached else "0"
    return (
        f"WITH summed AS ({_summed_sql(plan, held)}), ruled AS ({_rules_sql(plan, held)}), "
        f"within AS (SELECT subjects.subject, {clamped}, exact, bound FROM subjects "
        "LEFT JOIN summed ON summed.subject = subjects.subject LEFT JOIN ruled ON ruled.subject = subjects.subject), "
        f"scored AS (SELECT *, CAST({score} AS BIGINT) AS score FROM within) "
        f"SELECT subject, score, CAST(least(coalesce(exact, {position}), coalesce(bound, {len(tiers)})) AS BIGINT) AS tier, "
        + ", ".join(f"CAST({name} AS BIGINT) AS {name}" for name in names)
        + " FROM scored ORDER BY subject"
    )


def lines_sql(plan: Plan, held: set[str]) -> str:
    """``indicator`` (its position), ``subject, occurred_on, record, points``: what every record gives, in order."""
    rows = [
        f"SELECT {at} AS indicator, subject, occurred_on, record, CAST(points AS BIGINT) AS points "
        f"FROM ({contributions_sql(indicator, plan.as_of)})"
        for at, (_, indicator) in enumerate(_indicators(plan, held))
    ]
    return f"SELECT * FROM ({' UNION ALL '.join(rows)}) ORDER BY indicator, subject, occurred_on, record"


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


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder beside the snapshot, seen by the driver and by all executors, gone afterwards."""
    work = Path(tempfile.mkdtemp(prefix=".spark-", dir=folder.parent))
    work.chmod(0o777)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _within(files: ds.Dataset, edges: tuple[int, int]) -> pa.Table:
    subject = pc.field("subject")
    return files.to_table(filter=(subject >= edges[0]) & (subject < edges[1]))


def _files(folder: Path) -> ds.Dataset:
    """What Spark wrote in order: its files in the order of their names."""
    return ds.dataset([path.as_posix() for path in sorted(folder.glob("part-*"))], format="parquet")


def _figures(plan: Plan, found: pa.Table) -> Figures:
    return Figures(
        subjects=found["subject"].to_numpy().astype(np.int32),
        scores=found["score"].to_numpy(),
        tiers=found["tier"].to_numpy(),
        dimensions={dimension.code: found[f"d{at}"].to_numpy() for at, dimension in enumerate(plan.dimensions)},
    )


def _lines(plan: Plan, held: set[str], found: pa.Table) -> list[Lines]:
    given = []
    for at, (_, indicator) in enumerate(_indicators(plan, held)):
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


def parts(
    plan: Plan,
    folder: Path,
    *,
    lines: bool = False,
    threads: int | None = None,
    begin: int = 0,
    progress: Progress | None = None,
) -> Iterator[Part]:
    """Score the snapshot in ``folder`` on Spark; the same blocks in the same order as the engine of one machine.

    ``threads`` has no effect: the cluster has its own. Raises `SparkMissing`, `TooManyPoints`.
    """
    numbers = enrolled(folder)
    edges = [edge for edge in edges_of(int(numbers[-1]) + 1 if len(numbers) else 0) if edge[0] >= begin]
    if not edges:
        return
    spark = session()
    for name, value in SMALL_SETTINGS.items() if len(numbers) < SMALL else ():
        spark.conf.set(name, value)
    held = _register(spark, plan, folder)
    steps = 3 if lines else 2
    with _beside(folder) as work:
        _write(spark, figures_sql(plan, held), work / "figures")
        if progress:
            progress(1, steps)
        lined = lines and bool(_indicators(plan, held))
        if lined:
            _write(spark, lines_sql(plan, held), work / "lines")
            if progress:
                progress(2, steps)
        for part in edges:
            given = _lines(plan, held, _within(_files(work / "lines"), part)) if lined else []
            yield Part(*part, _figures(plan, _within(_files(work / "figures"), part)), given)
    if progress:
        progress(steps, steps)
