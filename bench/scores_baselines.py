"""Other ways to score the bench's city, each written by hand for this one scheme: what the engine is measured against.

``python bench/scores_baselines.py NAME SNAPSHOT OUT`` runs one as a whole process. They read the same snapshot and write
the same ``scores.parquet``; `scan` writes nothing. `numpy` reads columns that `prepare` unpacked beforehand, so it is the
raw limit: no Parquet to decode, no general language, no record handles.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from bench.scores_rules import BASE, INDICATORS, LIMITS, SHAPES, TIERS, Shape  # noqa: E402

AS_OF = "2026-06-30"
SINCE = {"P3M": "2026-04-01", "P1Y": "2025-07-01", "P2Y": "2024-07-01", "P3Y": "2023-07-01"}
"""The first day on which a record of each term still counts on that day."""
CODES = {"status": ("active",), "class": ("minor", "general", "serious"), "level": ("a", "b", "c", "d")}
DIMENSIONS = [f"dimension_{at + 1}" for at in range(len(LIMITS))]
USED = {
    "hours": ["f_hours", "f_level"],
    "amount": ["f_amount", "f_paid"],
    "fault": ["class", "document", "f_level"],
    "firm_fault": ["class", "f_level"],
    "deed": ["f_level", "f_signed_on"],
}
COMMON = ["subject", "via", "occurred_on", "status", "ends_on"]


def _family(kind: str) -> str:
    return kind.rsplit("_", 1)[0]


def _file(snapshot: Path, kind: str) -> Path:
    return snapshot / "records" / f"{kind}.parquet"


def _duckdb(snapshot: Path) -> Any:
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute("SET preserve_insertion_order = false; SET memory_limit = '12GB'")
    connection.execute(f"SET temp_directory = '{snapshot.parent / 'spill'}'")
    return connection


def scan(snapshot: Path, _out: Path) -> None:
    """Decode every column that the scheme reads, once, and add it up."""
    connection = _duckdb(snapshot)
    for kind in dict.fromkeys(shape.kind for shape in INDICATORS):
        columns = [*COMMON, *USED[_family(kind)]]
        counted = ", ".join(f'max("{name}")' for name in columns)
        connection.execute(f"SELECT {counted} FROM '{_file(snapshot, kind)}'").fetchall()
    connection.execute(f"SELECT max(subject) FROM '{snapshot / 'names.parquet'}'").fetchall()


# ---- DuckDB, one statement written by hand ----

LIVE = f"status = 'active' AND occurred_on <= DATE '{AS_OF}' AND ends_on > DATE '{AS_OF}'"
CLASSED = " OR ".join(
    f"(class = '{name}' AND occurred_on >= DATE '{SINCE[term]}')"
    for name, term in (("minor", "P3M"), ("general", "P1Y"), ("serious", "P3Y"))
)
STEPS = "least(v, 20) + greatest(least(v, 120) - 20, 0) // 2 + greatest(v - 120, 0) // 12"
YEAR = "year(occurred_on)"


def _term(term: str) -> str:
    return f"occurred_on >= DATE '{SINCE[term]}'"


def _by_class(minor: int, general: int, serious: int) -> str:
    return f"CASE class WHEN 'minor' THEN {minor} WHEN 'general' THEN {general} ELSE {serious} END"


def _shape_sql(shape: str, records: str) -> str:
    """``SELECT subject, points`` for one rule. Points are whole numbers in DOUBLE, which DuckDB sums fastest."""

    def per_subject(points: str, measure: str, where: str) -> str:
        return f"SELECT subject, {points} AS p FROM (SELECT subject, {measure} AS v FROM {records} WHERE {where} GROUP BY subject)"

    def per_year(points: str, measure: str, where: str) -> str:
        years = f"SELECT subject, {measure} AS v FROM {records} WHERE {where} GROUP BY subject, {YEAR}"
        return f"SELECT subject, sum({points})::DOUBLE AS p FROM ({years}) GROUP BY subject"

    own = f"{LIVE} AND NOT via"
    match shape:
        case "sum_steps":
            return per_subject(
                f"least({STEPS}, 100)", "coalesce(sum(f_hours::DOUBLE), 0)::BIGINT", f"{own} AND {_term('P2Y')}"
            )
        case "max_bands":
            bands = "CASE WHEN v >= 32 THEN 15 WHEN v >= 16 THEN 6 WHEN v >= 4 THEN 2 ELSE 0 END"
            return per_subject(bands, "max(f_hours)", f"{own} AND {_term('P3Y')} AND f_level IN ('a', 'b', 'c')")
        case "year_sum":
            years = per_year(
                "least(v // 8 * 3, 20)", "coalesce(sum(f_hours::DOUBLE), 0)::BIGINT", f"{own} AND {_term('P3Y')}"
            )
            return f"SELECT subject, least(p, 45) AS p FROM ({years})"
        case "highest_each":
            return per_subject("v", "max(f_hours // 4 * 2)", f"{own} AND {_term('P2Y')} AND f_level = 'a'")
        case "year_latest":
            bands = "CASE WHEN v >= 24 THEN 7 WHEN v >= 8 THEN 3 ELSE 0 END"
            last = "arg_max(f_hours, (occurred_on, record))"
            years = per_year(bands, last, f"{own} AND {_term('P3Y')} AND f_hours IS NOT NULL")
            return f"SELECT subject, least(p, 15) AS p FROM ({years})"
        case "record_bands":
            bands = "CASE WHEN f_amount >= 500000 THEN 12 WHEN f_amount >= 100000 THEN 5 WHEN f_amount >= 10000 THEN 1 ELSE 0 END"
            years = per_year("least(v, 20)", f"sum({bands}::DOUBLE)", f"{own} AND {_term('P3Y')} AND f_paid")
            return f"SELECT subject, least(p, 40) AS p FROM ({years})"
        case "count_each":
            where = f"{own} AND {_term('P2Y')} AND f_amount >= 20000 AND f_amount < 800000 AND f_paid IS NOT NULL"
            return per_subject("least(v * 2, 12)", "count(*)", where)
        case "exists":
            return (
                f"SELECT DISTINCT subject, 8 AS p FROM {records} WHERE {own} AND {_term('P1Y')} AND f_amount >= 50000"
            )
        case "year_max_steps":
            steps = "least(least(v, 100000) // 20000 + greatest(v - 100000, 0) // 100000, 10)"
            years = per_year(steps, "max(f_amount)", f"{own} AND {_term('P3Y')}")
            return f"SELECT subject, least(p, 25) AS p FROM ({years})"
        case "class_table":
            return per_year("greatest(v, -60)", f"sum(({_by_class(-5, -10, -30)})::DOUBLE)", f"{own} AND ({CLASSED})")
        case "repeat":
            again = "lag(occurred_on) OVER (PARTITION BY subject ORDER BY occurred_on, record) + INTERVAL 1 YEAR > occurred_on"
            each = f"SELECT subject, CASE WHEN {again} THEN -12 ELSE -6 END AS g FROM {records} WHERE {own} AND ({CLASSED})"
            return f"SELECT subject, greatest(sum(g::DOUBLE), -50) AS p FROM ({each}) GROUP BY subject"
        case "year_count_bands":
            bands = "CASE WHEN v >= 3 THEN -15 ELSE -4 END"
            years = per_year(bands, "count(*)", f"{own} AND ({CLASSED}) AND document IS NOT NULL")
            return f"SELECT subject, greatest(p, -40) AS p FROM ({years})"
        case "highest_class":
            return per_subject("v", f"min({_by_class(-3, -12, -40)})", f"{own} AND ({CLASSED})")
        case "through_table":
            table = f"sum(({_by_class(-10, -30, -80)})::DOUBLE)"
            return per_subject("greatest(v, -160)", table, f"{LIVE} AND ({CLASSED})")
        case "latest_table":
            table = "CASE v WHEN 'a' THEN 20 WHEN 'b' THEN 12 WHEN 'c' THEN 5 WHEN 'd' THEN 1 ELSE 0 END"
            where = f"{own} AND {_term('P3Y')} AND f_signed_on >= DATE '2024-01-01' AND f_level IS NOT NULL"
            return per_subject(table, "arg_max(f_level, (occurred_on, record))", where)
        case "year_exists":
            return per_subject("least(v * 4, 10)", f"count(DISTINCT {YEAR})", f"{own} AND {_term('P3Y')}")
        case "count_bands":
            bands = "CASE WHEN v >= 10 THEN 20 WHEN v >= 4 THEN 9 ELSE 3 END"
            where = f"{own} AND {_term('P3Y')} AND (f_level = 'a' OR f_signed_on < DATE '2025-01-01')"
            return per_subject(bands, "count(*)", where)
        case _:
            table = "CASE f_level WHEN 'a' THEN 6 WHEN 'b' THEN 4 WHEN 'c' THEN 2 ELSE 0 END"
            years = per_year("least(v, 12)", f"sum(({table})::DOUBLE)", f"{own} AND {_term('P2Y')}")
            return f"SELECT subject, least(p, 30) AS p FROM ({years})"


def _limited(points: str, limits: dict[str, int]) -> str:
    if "cap" in limits:
        points = f"least({points}, {limits['cap']})"
    return f"greatest({points}, {limits['floor']})" if "floor" in limits else points


def sql(snapshot: Path, out: Path) -> None:
    """Group by subject within each indicator, limit, stack, group by subject: the fastest pure SQL that was found."""
    branches = [
        f"SELECT subject, {shape.dimension}::UTINYINT AS d, p::DOUBLE AS p FROM ({_shape_sql(shape.shape, repr(str(_file(snapshot, shape.kind))))})"
        for shape in INDICATORS
    ]
    summed = ", ".join(f"sum(p) FILTER (d = {at}) AS d{at}" for at in range(len(LIMITS)))
    dimensions = ", ".join(
        f"{_limited(f'coalesce(d{at}, 0)', limits)}::BIGINT AS {DIMENSIONS[at]}" for at, limits in enumerate(LIMITS)
    )
    score = f"greatest({BASE} + {' + '.join(DIMENSIONS)}, 0)"
    tiers = " ".join(f"WHEN score >= {least} THEN {at}" for at, least in reversed(list(enumerate(TIERS.values()))))
    names = " ".join(f"WHEN {at} THEN '{name}'" for at, name in enumerate(TIERS))
    held = f"{LIVE} AND NOT via"
    _duckdb(snapshot).execute(
        f"""COPY (
        WITH points AS ({" UNION ALL ".join(branches)}),
             wide AS (SELECT subject, {summed} FROM points GROUP BY subject),
             bound AS (SELECT DISTINCT subject FROM '{_file(snapshot, "fault_00")}' WHERE {held} AND class = 'serious'),
             exact AS (SELECT DISTINCT subject FROM '{_file(snapshot, "firm_fault_00")}' WHERE {held} AND f_level = 'd'),
             scored AS (SELECT *, {score} AS score FROM (
                SELECT n.number, n.subject, {dimensions}, b.subject IS NOT NULL AS bounded, e.subject IS NOT NULL AS fixed
                FROM '{snapshot / "names.parquet"}' n LEFT JOIN wide w ON w.subject = n.number
                LEFT JOIN bound b ON b.subject = n.number LEFT JOIN exact e ON e.subject = n.number)),
             tiered AS (SELECT *, CASE {tiers} ELSE 0 END AS t FROM scored)
        SELECT subject, score, CASE CASE WHEN fixed THEN 0 WHEN bounded THEN least(t, 1) ELSE t END {names} END AS tier,
               {", ".join(DIMENSIONS)} FROM tiered
        ) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"""
    )


# ---- Polars ----


def _shape_polars(pl: Any, shape: str, frame: Any) -> Any:
    """A lazy frame of (subject, p) for one rule; rows of a group stay in the order of the file."""
    day, year = pl.col("occurred_on"), pl.col("occurred_on").dt.year().alias("year")
    import datetime

    def since(term: str) -> Any:
        return day >= datetime.date.fromisoformat(SINCE[term])

    as_of = datetime.date.fromisoformat(AS_OF)
    live = (pl.col("status") == "active") & (day <= as_of) & (pl.col("ends_on") > as_of)
    own = live & ~pl.col("via")
    grade = pl.col("class")
    classed = (
        ((grade == "minor") & since("P3M"))
        | ((grade == "general") & since("P1Y"))
        | ((grade == "serious") & since("P3Y"))
    )
    hours, amount, level, v = pl.col("f_hours"), pl.col("f_amount"), pl.col("f_level"), pl.col("v")

    def table(column: Any, points: dict[str, int]) -> Any:
        return column.replace_strict(points, default=0, return_dtype=pl.Int64)

    def per_subject(where: Any, measure: Any, points: Any) -> Any:
        return frame.filter(where).group_by("subject").agg(measure.alias("v")).select("subject", points.alias("p"))

    def per_year(where: Any, measure: Any, points: Any, cap: int | None = None, floor: int | None = None) -> Any:
        years = frame.filter(where).group_by("subject", year).agg(measure.alias("v"))
        whole = years.group_by("subject").agg(points.sum().alias("p"))
        return whole.select("subject", pl.col("p").clip(floor, cap))

    def bands(column: Any, *steps: tuple[int, int]) -> Any:
        chosen = pl.lit(0)
        for least, points in steps:
            chosen = pl.when(column >= least).then(points).otherwise(chosen)
        return chosen

    match shape:
        case "sum_steps":
            steps = pl.min_horizontal(v, 20) + (v.clip(20, 120) - 20) // 2 + (v.clip(120, None) - 120) // 12
            return per_subject(own & since("P2Y"), hours.sum(), steps.clip(None, 100))
        case "max_bands":
            where = own & since("P3Y") & level.is_in(["a", "b", "c"])
            return per_subject(where, hours.max(), bands(v, (4, 2), (16, 6), (32, 15)))
        case "year_sum":
            return per_year(own & since("P3Y"), hours.sum(), (v // 8 * 3).clip(None, 20), cap=45)
        case "highest_each":
            return per_subject(own & since("P2Y") & (level == "a"), (hours // 4 * 2).max(), v)
        case "year_latest":
            return per_year(own & since("P3Y") & hours.is_not_null(), hours.last(), bands(v, (8, 3), (24, 7)), cap=15)
        case "record_bands":
            given = bands(amount, (10000, 1), (100000, 5), (500000, 12)).sum()
            return per_year(own & since("P3Y") & pl.col("f_paid"), given, v.clip(None, 20), cap=40)
        case "count_each":
            where = own & since("P2Y") & (amount >= 20000) & (amount < 800000) & pl.col("f_paid").is_not_null()
            return per_subject(where, pl.len().cast(pl.Int64), (v * 2).clip(None, 12))
        case "exists":
            where = own & since("P1Y") & (amount >= 50000)
            return per_subject(where, pl.len(), pl.lit(8))
        case "year_max_steps":
            steps = v.clip(None, 100000) // 20000 + (v.clip(100000, None) - 100000) // 100000
            return per_year(own & since("P3Y"), amount.max(), steps.clip(None, 10), cap=25)
        case "class_table":
            points = table(grade, {"minor": -5, "general": -10, "serious": -30}).sum()
            return per_year(own & classed, points, v.clip(-60, None))
        case "repeat":
            taken = frame.filter(own & classed).select(
                "subject", "occurred_on", pl.col("subject").shift(1).alias("before"), day.shift(1).alias("d")
            )
            again = (pl.col("before") == pl.col("subject")) & (day < pl.col("d").dt.offset_by("1y"))
            points = pl.when(again).then(-12).otherwise(-6).alias("g")
            return taken.select("subject", points).group_by("subject").agg(pl.col("g").sum().clip(-50, None).alias("p"))
        case "year_count_bands":
            count = pl.len().cast(pl.Int64)
            where = own & classed & pl.col("document").is_not_null()
            return per_year(where, count, bands(v, (1, -4), (3, -15)), floor=-40)
        case "highest_class":
            return per_subject(own & classed, table(grade, {"minor": -3, "general": -12, "serious": -40}).min(), v)
        case "through_table":
            points = table(grade, {"minor": -10, "general": -30, "serious": -80}).sum()
            return per_subject(live & classed, points, v.clip(-160, None))
        case "latest_table":
            where = own & since("P3Y") & (pl.col("f_signed_on") >= datetime.date(2024, 1, 1)) & level.is_not_null()
            return per_subject(where, level.last(), table(v, {"a": 20, "b": 12, "c": 5, "d": 1}))
        case "year_exists":
            return per_subject(own & since("P3Y"), year.n_unique().cast(pl.Int64), (v * 4).clip(None, 10))
        case "count_bands":
            where = own & since("P3Y") & ((level == "a") | (pl.col("f_signed_on") < datetime.date(2025, 1, 1)))
            return per_subject(where, pl.len().cast(pl.Int64), bands(v, (1, 3), (4, 9), (10, 20)))
        case _:
            points = table(level, {"a": 6, "b": 4, "c": 2}).sum()
            return per_year(own & since("P2Y"), points, v.clip(None, 12), cap=30)


def polars(snapshot: Path, out: Path) -> None:
    """The same formulation in Polars' streaming engine."""
    import polars as pl

    given = [
        _shape_polars(pl, shape.shape, pl.scan_parquet(_file(snapshot, shape.kind))).select(
            "subject", pl.col("p").cast(pl.Int32), pl.lit(shape.dimension, pl.Int8).alias("d")
        )
        for shape in INDICATORS
    ]
    sums = [pl.col("p").filter(pl.col("d") == at).sum().alias(f"d{at}") for at in range(len(LIMITS))]
    wide = pl.concat(given).group_by("subject").agg(sums)
    import datetime

    as_of = datetime.date.fromisoformat(AS_OF)
    held = (
        (pl.col("status") == "active") & (pl.col("occurred_on") <= as_of) & (pl.col("ends_on") > as_of) & ~pl.col("via")
    )
    bound = pl.scan_parquet(_file(snapshot, "fault_00")).filter(held & (pl.col("class") == "serious"))
    exact = pl.scan_parquet(_file(snapshot, "firm_fault_00")).filter(held & (pl.col("f_level") == "d"))
    names = list(TIERS)
    dimensions = [
        pl.col(f"d{at}").fill_null(0).cast(pl.Int64).clip(limits.get("floor"), limits.get("cap")).alias(DIMENSIONS[at])
        for at, limits in enumerate(LIMITS)
    ]
    position = pl.lit(0)
    for at, least in enumerate(TIERS.values()):
        position = pl.when(pl.col("score") >= least).then(at).otherwise(position)
    ruled = (
        pl.when(pl.col("fixed")).then(0).when(pl.col("bounded")).then(pl.min_horizontal("t", 1)).otherwise(pl.col("t"))
    )
    scored = (
        pl.scan_parquet(snapshot / "names.parquet")
        .join(wide, left_on="number", right_on="subject", how="left")
        .join(bound.select(pl.col("subject").alias("number"), bounded=True).unique(), on="number", how="left")
        .join(exact.select(pl.col("subject").alias("number"), fixed=True).unique(), on="number", how="left")
        .with_columns(*dimensions)
        .with_columns(score=(BASE + pl.sum_horizontal(DIMENSIONS)).clip(0, None))
        .with_columns(t=position)
        .with_columns(t=ruled.cast(pl.Int32))
        .select(
            "subject",
            "score",
            pl.col("t").replace_strict(dict(enumerate(names)), return_dtype=pl.String).alias("tier"),
            *DIMENSIONS,
        )
    )
    scored.sink_parquet(out, compression="zstd", compression_level=1)


# ---- NumPy, on columns unpacked beforehand: the raw limit ----


def prepare(snapshot: Path, folder: Path) -> None:
    """Unpack the snapshot to raw columns of the smallest fitting integers, for `raw`; not part of what is timed."""
    import numpy as np

    connection = _duckdb(snapshot)
    connection.execute("SET preserve_insertion_order = true")
    folder.mkdir(parents=True, exist_ok=True)
    day = "({0} - DATE '1970-01-01')::INTEGER"
    for kind in dict.fromkeys(shape.kind for shape in INDICATORS):
        select = {
            "subject": "subject",
            "day": day.format("occurred_on"),
            "ends": day.format("ends_on"),
            "own": "(NOT via)::UTINYINT",
            "active": "(status = 'active')::UTINYINT",
            "year": "year(occurred_on)::SMALLINT",
        }
        for name in USED[_family(kind)]:
            if name in ("class", "f_level"):
                cases = " ".join(f"WHEN '{code}' THEN {at}" for at, code in enumerate(CODES[name.removeprefix("f_")]))
                select[name] = f"CASE {name} {cases} ELSE 255 END::UTINYINT"
            elif name == "f_signed_on":
                select[name] = f"coalesce({day.format(name)}, 2000000000)"
            elif name == "f_paid":
                select[name] = "coalesce(f_paid::INTEGER, 2)::UTINYINT"
            elif name == "document":
                select[name] = "(document IS NOT NULL)::UTINYINT"
            else:
                select[name] = f"coalesce({name}, -1)::INTEGER"
        for name, expression in select.items():
            column = connection.execute(f"SELECT {expression} AS x FROM '{_file(snapshot, kind)}'").fetchnumpy()["x"]
            np.save(folder / f"{kind}.{name}.npy", np.asarray(column))


def raw(snapshot: Path, out: Path) -> None:
    """Masks, runs and dense sums in NumPy on two threads, then one Parquet file."""
    import datetime

    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = snapshot.parent / "raw"
    epoch = datetime.date(1970, 1, 1)
    as_of = (datetime.date.fromisoformat(AS_OF) - epoch).days
    since = {term: (datetime.date.fromisoformat(day) - epoch).days for term, day in SINCE.items()}
    year_later = np.array(
        [(_a_year_after(epoch + datetime.timedelta(d)) - epoch).days for d in range(18_000, as_of + 1)], np.int32
    )
    size = pq.ParquetFile(snapshot / "names.parquet").metadata.num_rows
    points, lock = [np.zeros(size, np.int32) for _ in LIMITS], threading.Lock()

    def column(kind: str, name: str) -> Any:
        return np.load(folder / f"{kind}.{name}.npy", mmap_mode="r")

    def starts(*keys: Any) -> Any:
        changes = keys[0][1:] != keys[0][:-1]
        for key in keys[1:]:
            changes |= key[1:] != key[:-1]
        return np.concatenate(([0], np.flatnonzero(changes) + 1))

    def lengths(begins: Any, total: int) -> Any:
        return np.diff(begins, append=total)

    def live(kind: str, own: bool = True) -> Any:
        day = column(kind, "day")
        mask = column(kind, "active").view(np.bool_) & (day <= as_of) & (column(kind, "ends") > as_of)
        return mask & column(kind, "own").view(np.bool_) if own else mask

    def classed(kind: str) -> Any:
        first = np.array([since["P3M"], since["P1Y"], since["P3Y"]], np.int32)
        return column(kind, "day") >= first[column(kind, "class")]

    def bands(values: Any, *steps: tuple[int, int]) -> Any:
        gives = np.array([0, *(given for _, given in steps)], np.int32)
        return gives[np.searchsorted(np.array([least for least, _ in steps], np.int32), values, side="right")]

    def score(one: Shape) -> None:
        kind, shape = one.kind, one.shape
        family = _family(kind)
        if shape == "through_table":
            mask = live(kind, own=False) & classed(kind)
        elif family == "fault":
            mask = live(kind) & classed(kind)
        else:
            term = {
                "sum_steps": "P2Y",
                "highest_each": "P2Y",
                "count_each": "P2Y",
                "exists": "P1Y",
                "record_table": "P2Y",
            }
            mask = live(kind) & (column(kind, "day") >= since[term.get(shape, "P3Y")])
        if shape == "max_bands":
            mask &= column(kind, "f_level") < 3
        elif shape == "highest_each":
            mask &= column(kind, "f_level") == 0
        elif shape == "year_latest":
            mask &= column(kind, "f_hours") >= 0
        elif shape == "record_bands":
            mask &= column(kind, "f_paid") == 1
        elif shape == "count_each":
            amount = column(kind, "f_amount")
            mask &= (amount >= 20000) & (amount < 800000) & (column(kind, "f_paid") < 2)
        elif shape == "exists":
            mask &= column(kind, "f_amount") >= 50000
        elif shape == "year_count_bands":
            mask &= column(kind, "document") == 1
        elif shape == "latest_table":
            signed = column(kind, "f_signed_on")
            mask &= (signed >= (datetime.date(2024, 1, 1) - epoch).days) & (signed < 2_000_000_000)
        elif shape == "count_bands":
            early = column(kind, "f_signed_on") < (datetime.date(2025, 1, 1) - epoch).days
            mask &= (column(kind, "f_level") == 0) | early
        at = np.flatnonzero(mask)
        if not len(at):
            return
        who = column(kind, "subject")[at]
        given: Any
        if shape in (
            "year_sum",
            "year_latest",
            "record_bands",
            "year_max_steps",
            "class_table",
            "year_count_bands",
            "year_exists",
            "record_table",
        ):
            begins = starts(who, column(kind, "year")[at])
        else:
            begins = starts(who)
        many = lengths(begins, len(at))
        match shape:
            case "sum_steps":
                v = np.add.reduceat(np.maximum(column(kind, "f_hours")[at], 0), begins)
                given = np.minimum(
                    np.minimum(v, 20) + np.maximum(np.minimum(v, 120) - 20, 0) // 2 + np.maximum(v - 120, 0) // 12, 100
                )
            case "max_bands":
                given = bands(np.maximum.reduceat(column(kind, "f_hours")[at], begins), (4, 2), (16, 6), (32, 15))
            case "year_sum":
                given = np.minimum(np.add.reduceat(np.maximum(column(kind, "f_hours")[at], 0), begins) // 8 * 3, 20)
            case "highest_each":
                given = np.maximum.reduceat(np.maximum(column(kind, "f_hours")[at], 0), begins) // 4 * 2
            case "year_latest":
                given = bands(column(kind, "f_hours")[at][begins + many - 1], (8, 3), (24, 7))
            case "record_bands":
                each = bands(column(kind, "f_amount")[at], (10000, 1), (100000, 5), (500000, 12))
                given = np.minimum(np.add.reduceat(each, begins), 20)
            case "count_each":
                given = np.minimum(many * 2, 12)
            case "exists":
                given = np.full(len(begins), 8)
            case "year_max_steps":
                v = np.maximum.reduceat(column(kind, "f_amount")[at], begins)
                given = np.minimum(np.minimum(v, 100000) // 20000 + np.maximum(v - 100000, 0) // 100000, 10)
            case "class_table":
                each = np.array([-5, -10, -30], np.int32)[column(kind, "class")[at]]
                given = np.maximum(np.add.reduceat(each, begins), -60)
            case "repeat":
                day = column(kind, "day")[at]
                again = np.zeros(len(at), np.bool_)
                again[1:] = day[1:] < year_later[day[:-1] - 18_000]
                again[begins] = False
                given = np.maximum(np.add.reduceat(np.where(again, -12, -6), begins), -50)
            case "year_count_bands":
                given = np.where(many >= 3, -15, -4)
            case "highest_class":
                given = np.minimum.reduceat(np.array([-3, -12, -40], np.int32)[column(kind, "class")[at]], begins)
            case "through_table":
                each = np.array([-10, -30, -80], np.int32)[column(kind, "class")[at]]
                given = np.maximum(np.add.reduceat(each, begins), -160)
            case "latest_table":
                given = np.array([20, 12, 5, 1], np.int32)[column(kind, "f_level")[at][begins + many - 1]]
            case "year_exists":
                given = np.full(len(begins), 4)
            case "count_bands":
                given = bands(many, (1, 3), (4, 9), (10, 20))
            case _:
                each = np.array([6, 4, 2, 0], np.int32)[column(kind, "f_level")[at]]
                given = np.minimum(np.add.reduceat(each, begins), 12)
        who = who[begins]
        if len(who) and shape in CAPPED:
            again = starts(who)
            who, given = who[again], np.clip(np.add.reduceat(given, again), *CAPPED[shape])
        with lock:
            points[one.dimension][who] += given.astype(np.int32)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        names = pool.submit(lambda: pq.read_table(snapshot / "names.parquet", columns=["subject"])["subject"])
        list(pool.map(score, INDICATORS))
        subject = names.result()
    total = np.full(size, BASE, np.int32)
    for vector, limits in zip(points, LIMITS, strict=True):
        np.clip(vector, limits.get("floor"), limits.get("cap"), out=vector)
        total += vector
    np.maximum(total, 0, out=total)
    tier = np.maximum(np.searchsorted(np.array(list(TIERS.values()), np.int32), total, side="right") - 1, 0)
    low = column("fault_00", "subject")[np.flatnonzero(live("fault_00") & (column("fault_00", "class") == 2))]
    tier[low] = np.minimum(tier[low], 1)
    lowest = live("firm_fault_00") & (column("firm_fault_00", "f_level") == 3)
    tier[column("firm_fault_00", "subject")[np.flatnonzero(lowest)]] = 0
    columns = {
        "subject": subject,
        "score": pa.array(total.astype(np.int64)),
        "tier": pa.DictionaryArray.from_arrays(pa.array(tier.astype(np.int32)), pa.array(list(TIERS))),
        **{name: pa.array(vector.astype(np.int64)) for name, vector in zip(DIMENSIONS, points, strict=True)},
    }
    coded = dict.fromkeys(["score", *DIMENSIONS], "DELTA_BINARY_PACKED")
    pq.write_table(
        pa.table(columns), out, compression="zstd", compression_level=1, use_dictionary=["tier"],
        column_encoding=coded, store_schema=False,
    )  # fmt: skip


CAPPED: dict[str, tuple[int | None, int | None]] = {
    "year_sum": (None, 45),
    "year_latest": (None, 15),
    "record_bands": (None, 40),
    "year_max_steps": (None, 25),
    "class_table": (None, None),
    "year_count_bands": (-40, None),
    "year_exists": (None, 10),
    "record_table": (0, 30),
}
"""Rules by year: the limits over all years."""


def _a_year_after(day: Any) -> Any:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


PROGRAMS = {"scan": scan, "sql": sql, "polars": polars, "numpy": raw}

if __name__ == "__main__":
    assert set(SHAPES) == set(USED)
    PROGRAMS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
