"""The bench's scheme in Polars' streaming engine, written by hand. Polars is imported by whoever runs this way alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bench.scores_rules import BASE, INDICATORS, LIMITS, TIERS
from bench.scores_snapshot import CLASS_TERMS, DAY, DIMENSIONS, SINCE, TERMS, family_of, file_of


@dataclass(frozen=True)
class Records:
    """The records of one kind and the condition under which one counts; rows of a group stay in the file's order."""

    pl: Any
    frame: Any
    counts: Any

    def col(self, name: str) -> Any:
        """A column by its name."""
        return self.pl.col(name)

    def per_subject(self, measure: Any, points: Any, where: Any = True) -> Any:
        """Measure all records of a subject, then turn the measure ``v`` into points."""
        taken = self.frame.filter(self.counts & where)
        return taken.group_by("subject").agg(measure.alias("v")).select("subject", points.alias("p"))

    def per_year(self, measure: Any, points: Any, where: Any = True, *, cap: Any = None, floor: Any = None) -> Any:
        """Measure each year's records of a subject, turn each measure into points, and limit their sum."""
        year = self.col("occurred_on").dt.year().alias("year")
        years = self.frame.filter(self.counts & where).group_by("subject", year).agg(measure.alias("v"))
        whole = years.group_by("subject").agg(points.sum().alias("p"))
        return whole.select("subject", self.col("p").clip(floor, cap))

    def bands(self, value: Any, *bands: tuple[int, int]) -> Any:
        """The points of the highest band that a value reaches."""
        chosen = self.pl.lit(0)
        for least, points in bands:
            chosen = self.pl.when(value >= least).then(points).otherwise(chosen)
        return chosen

    def table(self, value: Any, points: dict[str, int]) -> Any:
        """The points that a table gives for a code, and 0 for any other."""
        return value.replace_strict(points, default=0, return_dtype=self.pl.Int64)

    def count(self) -> Any:
        """How many records there are."""
        return self.pl.len().cast(self.pl.Int64)


def _hours(shape: str, r: Records) -> Any:
    hours, level, v = r.col("f_hours"), r.col("f_level"), r.col("v")
    match shape:
        case "sum_steps":
            steps = r.pl.min_horizontal(v, 20) + (v.clip(20, 120) - 20) // 2 + (v.clip(120, None) - 120) // 12
            return r.per_subject(hours.sum(), steps.clip(None, 100))
        case "max_bands":
            return r.per_subject(hours.max(), r.bands(v, (4, 2), (16, 6), (32, 15)), level.is_in(["a", "b", "c"]))
        case "year_sum":
            return r.per_year(hours.sum(), (v // 8 * 3).clip(None, 20), cap=45)
        case "highest_each":
            return r.per_subject((hours // 4 * 2).max(), v, level == "a")
        case _:
            return r.per_year(hours.last(), r.bands(v, (8, 3), (24, 7)), hours.is_not_null(), cap=15)


def _amount(shape: str, r: Records) -> Any:
    amount, paid, v = r.col("f_amount"), r.col("f_paid"), r.col("v")
    match shape:
        case "record_bands":
            given = r.bands(amount, (10000, 1), (100000, 5), (500000, 12)).sum()
            return r.per_year(given, v.clip(None, 20), paid, cap=40)
        case "count_each":
            where = (amount >= 20000) & (amount < 800000) & paid.is_not_null()
            return r.per_subject(r.count(), (v * 2).clip(None, 12), where)
        case "exists":
            return r.per_subject(r.pl.len(), r.pl.lit(8), amount >= 50000)
        case _:
            steps = v.clip(None, 100000) // 20000 + (v.clip(100000, None) - 100000) // 100000
            return r.per_year(amount.max(), steps.clip(None, 10), cap=25)


def _fault(shape: str, r: Records) -> Any:
    grade, v = r.col("class"), r.col("v")
    match shape:
        case "class_table":
            points = r.table(grade, {"minor": -5, "general": -10, "serious": -30})
            return r.per_year(points.sum(), v.clip(-60, None))
        case "repeat":
            return _repeat(r)
        case "year_count_bands":
            return r.per_year(r.count(), r.bands(v, (1, -4), (3, -15)), r.col("document").is_not_null(), floor=-40)
        case "highest_class":
            return r.per_subject(r.table(grade, {"minor": -3, "general": -12, "serious": -40}).min(), v)
        case _:
            points = r.table(grade, {"minor": -10, "general": -30, "serious": -80})
            return r.per_subject(points.sum(), v.clip(-160, None))


def _repeat(r: Records) -> Any:
    day = r.col("occurred_on")
    taken = r.frame.filter(r.counts).select(
        "subject", "occurred_on", r.col("subject").shift(1).alias("before"), day.shift(1).alias("last")
    )
    again = (r.col("before") == r.col("subject")) & (day < r.col("last").dt.offset_by("1y"))
    points = r.pl.when(again).then(-12).otherwise(-6).alias("g")
    return taken.select("subject", points).group_by("subject").agg(r.col("g").sum().clip(-50, None).alias("p"))


def _deed(shape: str, r: Records) -> Any:
    level, signed, v = r.col("f_level"), r.col("f_signed_on"), r.col("v")
    match shape:
        case "latest_table":
            where = (signed >= date(2024, 1, 1)) & level.is_not_null()
            return r.per_subject(level.last(), r.table(v, {"a": 20, "b": 12, "c": 5, "d": 1}), where)
        case "year_exists":
            years = r.col("occurred_on").dt.year().n_unique().cast(r.pl.Int64)
            return r.per_subject(years, (v * 4).clip(None, 10))
        case "count_bands":
            where = (level == "a") | (signed < date(2025, 1, 1))
            return r.per_subject(r.count(), r.bands(v, (1, 3), (4, 9), (10, 20)), where)
        case _:
            return r.per_year(r.table(level, {"a": 6, "b": 4, "c": 2}).sum(), v.clip(None, 12), cap=30)


FAMILIES: dict[str, Callable[[str, Records], Any]] = {
    "hours": _hours,
    "amount": _amount,
    "fault": _fault,
    "firm_fault": _fault,
    "deed": _deed,
}


def _live(pl: Any) -> Any:
    day = pl.col("occurred_on")
    return (pl.col("status") == "active") & (day <= DAY) & (pl.col("ends_on") > DAY)


def _counts(pl: Any, kind: str, shape: str) -> Any:
    """The condition under which a record is in force for a shape."""
    day, grade = pl.col("occurred_on"), pl.col("class")
    if "fault" in kind:
        lasts = pl.lit(False)
        for name, term in CLASS_TERMS.items():
            lasts = lasts | ((grade == name) & (day >= date.fromisoformat(SINCE[term])))
    else:
        lasts = day >= date.fromisoformat(SINCE[TERMS.get(shape, "P3Y")])
    return _live(pl) & lasts & (pl.lit(True) if shape == "through_table" else ~pl.col("via"))


def _points(pl: Any, snapshot: Path) -> Any:
    """The sum of each dimension for each subject that has any."""
    given = []
    for one in INDICATORS:
        records = Records(pl, pl.scan_parquet(file_of(snapshot, one.kind)), _counts(pl, one.kind, one.shape))
        points = FAMILIES[family_of(one.kind)](one.shape, records)
        dimension = pl.lit(one.dimension, pl.Int8).alias("d")
        given.append(points.select("subject", pl.col("p").cast(pl.Int32), dimension))
    sums = [pl.col("p").filter(pl.col("d") == at).sum().alias(f"d{at}") for at in range(len(LIMITS))]
    return pl.concat(given).group_by("subject").agg(sums)


def _ruled(pl: Any) -> Any:
    """The place of the tier, class rules included."""
    place = pl.lit(0)
    for at, least in enumerate(TIERS.values()):
        place = pl.when(pl.col("score") >= least).then(at).otherwise(place)
    return pl.when(pl.col("fixed")).then(0).when(pl.col("bounded")).then(pl.min_horizontal(place, 1)).otherwise(place)


def run(snapshot: Path, out: Path) -> None:
    """The same formulation as the SQL."""
    import polars as pl

    held = _live(pl) & ~pl.col("via")
    bound = pl.scan_parquet(file_of(snapshot, "fault_00")).filter(held & (pl.col("class") == "serious"))
    exact = pl.scan_parquet(file_of(snapshot, "firm_fault_00")).filter(held & (pl.col("f_level") == "d"))
    dimensions = [
        pl.col(f"d{at}").fill_null(0).cast(pl.Int64).clip(limits.get("floor"), limits.get("cap")).alias(DIMENSIONS[at])
        for at, limits in enumerate(LIMITS)
    ]
    number = pl.col("subject").alias("number")
    tier = pl.col("t").replace_strict(dict(enumerate(TIERS)), return_dtype=pl.String).alias("tier")
    scored = (
        pl.scan_parquet(snapshot / "names.parquet")
        .join(_points(pl, snapshot), left_on="number", right_on="subject", how="left")
        .join(bound.select(number, bounded=True).unique(), on="number", how="left")
        .join(exact.select(number, fixed=True).unique(), on="number", how="left")
        .with_columns(*dimensions)
        .with_columns(score=(BASE + pl.sum_horizontal(DIMENSIONS)).clip(0, None))
        .with_columns(t=_ruled(pl).cast(pl.Int32))
        .select("subject", "score", tier, *DIMENSIONS)
    )
    scored.sink_parquet(out, compression="zstd", compression_level=1)
