"""The bench's scheme as one DuckDB statement written by hand: the fastest pure SQL that was found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.scores_rules import BASE, INDICATORS, LIMITS, TIERS, Shape
from bench.scores_snapshot import AS_OF, CLASS_TERMS, DIMENSIONS, SINCE, TERMS, connect, file_of

Rule = Callable[[str, str], str]
"""From the records' file and the condition under which one counts: ``SELECT subject, p``."""

LIVE = f"status = 'active' AND occurred_on <= DATE '{AS_OF}' AND ends_on > DATE '{AS_OF}'"
CLASSED = " OR ".join(
    f"(class = '{name}' AND occurred_on >= DATE '{SINCE[term]}')" for name, term in CLASS_TERMS.items()
)
STEPS = "least(v, 20) + greatest(least(v, 120) - 20, 0) // 2 + greatest(v - 120, 0) // 12"
YEAR = "year(occurred_on)"
HOURS = "coalesce(sum(f_hours::DOUBLE), 0)::BIGINT"
"""Whole numbers in DOUBLE, which DuckDB sums fastest."""


def _per_subject(points: str, measure: str, where: str = "TRUE") -> Rule:
    return lambda records, counts: (
        f"SELECT subject, {points} AS p FROM (SELECT subject, {measure} AS v FROM {records} "
        f"WHERE {counts} AND ({where}) GROUP BY subject)"
    )


def _per_year(points: str, measure: str, where: str = "TRUE", overall: str = "p") -> Rule:
    def rule(records: str, counts: str) -> str:
        years = f"SELECT subject, {measure} AS v FROM {records} WHERE {counts} AND ({where}) GROUP BY subject, {YEAR}"
        return (
            f"SELECT subject, {overall} AS p FROM "
            f"(SELECT subject, sum({points})::DOUBLE AS p FROM ({years}) GROUP BY subject)"
        )

    return rule


def _exists(points: int, where: str) -> Rule:
    return lambda records, counts: f"SELECT DISTINCT subject, {points} AS p FROM {records} WHERE {counts} AND ({where})"


def _repeat(records: str, counts: str) -> str:
    before = "lag(occurred_on) OVER (PARTITION BY subject ORDER BY occurred_on, record)"
    points = f"CASE WHEN {before} + INTERVAL 1 YEAR > occurred_on THEN -12 ELSE -6 END"
    each = f"SELECT subject, {points} AS g FROM {records} WHERE {counts}"
    return f"SELECT subject, greatest(sum(g::DOUBLE), -50) AS p FROM ({each}) GROUP BY subject"


def _bands(value: str, *bands: tuple[int, int], below: int = 0) -> str:
    whens = " ".join(f"WHEN {value} >= {least} THEN {points}" for least, points in reversed(bands))
    return f"CASE {whens} ELSE {below} END"


def _by_class(minor: int, general: int, serious: int) -> str:
    return f"CASE class WHEN 'minor' THEN {minor} WHEN 'general' THEN {general} ELSE {serious} END"


LATEST = "arg_max({0}, (occurred_on, record))"
RULES: dict[str, Rule] = {
    "sum_steps": _per_subject(f"least({STEPS}, 100)", HOURS),
    "max_bands": _per_subject(_bands("v", (4, 2), (16, 6), (32, 15)), "max(f_hours)", "f_level IN ('a', 'b', 'c')"),
    "year_sum": _per_year("least(v // 8 * 3, 20)", HOURS, overall="least(p, 45)"),
    "highest_each": _per_subject("v", "max(f_hours // 4 * 2)", "f_level = 'a'"),
    "year_latest": _per_year(
        _bands("v", (8, 3), (24, 7)), LATEST.format("f_hours"), "f_hours IS NOT NULL", "least(p, 15)"
    ),
    "record_bands": _per_year(
        "least(v, 20)",
        f"sum({_bands('f_amount', (10000, 1), (100000, 5), (500000, 12))}::DOUBLE)",
        "f_paid",
        "least(p, 40)",
    ),
    "count_each": _per_subject(
        "least(v * 2, 12)", "count(*)", "f_amount >= 20000 AND f_amount < 800000 AND f_paid IS NOT NULL"
    ),
    "exists": _exists(8, "f_amount >= 50000"),
    "year_max_steps": _per_year(
        "least(least(v, 100000) // 20000 + greatest(v - 100000, 0) // 100000, 10)",
        "max(f_amount)",
        overall="least(p, 25)",
    ),
    "class_table": _per_year("greatest(v, -60)", f"sum(({_by_class(-5, -10, -30)})::DOUBLE)"),
    "repeat": _repeat,
    "year_count_bands": _per_year(
        _bands("v", (3, -15), below=-4), "count(*)", "document IS NOT NULL", "greatest(p, -40)"
    ),
    "highest_class": _per_subject("v", f"min({_by_class(-3, -12, -40)})"),
    "through_table": _per_subject("greatest(v, -160)", f"sum(({_by_class(-10, -30, -80)})::DOUBLE)"),
    "latest_table": _per_subject(
        "CASE v WHEN 'a' THEN 20 WHEN 'b' THEN 12 WHEN 'c' THEN 5 WHEN 'd' THEN 1 ELSE 0 END",
        LATEST.format("f_level"),
        "f_signed_on >= DATE '2024-01-01' AND f_level IS NOT NULL",
    ),
    "year_exists": _per_subject("least(v * 4, 10)", f"count(DISTINCT {YEAR})"),
    "count_bands": _per_subject(
        _bands("v", (4, 9), (10, 20), below=3), "count(*)", "f_level = 'a' OR f_signed_on < DATE '2025-01-01'"
    ),
    "record_table": _per_year(
        "least(v, 12)",
        "sum((CASE f_level WHEN 'a' THEN 6 WHEN 'b' THEN 4 WHEN 'c' THEN 2 ELSE 0 END)::DOUBLE)",
        overall="least(p, 30)",
    ),
}


def _counts(shape: Shape) -> str:
    """The condition under which a record is in force for a shape."""
    lasts = CLASSED if "fault" in shape.kind else f"occurred_on >= DATE '{SINCE[TERMS.get(shape.shape, 'P3Y')]}'"
    return f"{LIVE} AND ({lasts})" + ("" if shape.shape == "through_table" else " AND NOT via")


def _limited(points: str, limits: dict[str, int]) -> str:
    if "cap" in limits:
        points = f"least({points}, {limits['cap']})"
    return f"greatest({points}, {limits['floor']})" if "floor" in limits else points


def _statement(snapshot: Path) -> str:
    branches = [
        f"SELECT subject, {shape.dimension}::UTINYINT AS d, p::DOUBLE AS p "
        f"FROM ({RULES[shape.shape](repr(str(file_of(snapshot, shape.kind))), _counts(shape))})"
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
    return f"""
        WITH points AS ({" UNION ALL ".join(branches)}),
             wide AS (SELECT subject, {summed} FROM points GROUP BY subject),
             bound AS (SELECT DISTINCT subject FROM '{file_of(snapshot, "fault_00")}' WHERE {held} AND class = 'serious'),
             exact AS (SELECT DISTINCT subject FROM '{file_of(snapshot, "firm_fault_00")}' WHERE {held} AND f_level = 'd'),
             scored AS (SELECT *, {score} AS score FROM (
                SELECT n.number, n.subject, {dimensions}, b.subject IS NOT NULL AS bounded, e.subject IS NOT NULL AS fixed
                FROM '{snapshot / "names.parquet"}' n LEFT JOIN wide w ON w.subject = n.number
                LEFT JOIN bound b ON b.subject = n.number LEFT JOIN exact e ON e.subject = n.number)),
             tiered AS (SELECT *, CASE {tiers} ELSE 0 END AS t FROM scored)
        SELECT subject, score, CASE CASE WHEN fixed THEN 0 WHEN bounded THEN least(t, 1) ELSE t END {names} END AS tier,
               {", ".join(DIMENSIONS)} FROM tiered"""


def run(snapshot: Path, out: Path) -> None:
    """Group by subject within each indicator, limit, stack, group by subject."""
    connect(snapshot).execute(f"COPY ({_statement(snapshot)}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")
