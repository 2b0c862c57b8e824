"""What the hand-written ways know of the bench's snapshot: its files, its columns, its days and its codes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from bench.scores_rules import AS_OF, CLASS_RULES, INDICATORS, LIMITS

SINCE = {"P3M": "2026-04-01", "P1Y": "2025-07-01", "P2Y": "2024-07-01", "P3Y": "2023-07-01"}
"""The first day on which a record of each term still counts on `AS_OF`."""
TERMS = {"sum_steps": "P2Y", "highest_each": "P2Y", "count_each": "P2Y", "exists": "P1Y", "record_table": "P2Y"}
"""The terms of shapes whose records do not last three years, or as long as their class says."""
CLASS_TERMS = {"minor": "P3M", "general": "P1Y", "serious": "P3Y"}
DAY = date.fromisoformat(AS_OF)
CODES = {"class": ("minor", "general", "serious"), "f_level": ("a", "b", "c", "d")}
DIMENSIONS = [f"dimension_{at + 1}" for at in range(len(LIMITS))]
KINDS_USED = list(dict.fromkeys(shape.kind for shape in INDICATORS))
COMMON = ["subject", "via", "occurred_on", "status", "ends_on"]
USED = {
    "max_bands": ["f_hours", "f_level"],
    "highest_each": ["f_hours", "f_level"],
    "record_bands": ["f_amount", "f_paid"],
    "count_each": ["f_amount", "f_paid"],
    "year_count_bands": ["class", "document"],
    "latest_table": ["f_level", "f_signed_on"],
    "year_exists": [],
    "count_bands": ["f_level", "f_signed_on"],
    "record_table": ["f_level"],
}
"""The columns that a shape reads beside `COMMON`; the others read those of `FAMILY`."""
FAMILY = {"hours": ["f_hours"], "amount": ["f_amount"], "fault": ["class"], "firm_fault": ["class"], "deed": []}


def family_of(kind: str) -> str:
    """The family whose fields a kind has: its name without its number."""
    return kind.rsplit("_", 1)[0]


def columns_of(kind: str) -> list[str]:
    """The columns of a kind that the scheme reads beside `COMMON`."""
    shapes = [shape.shape for shape in INDICATORS if shape.kind == kind]
    used = [name for shape in shapes for name in USED.get(shape, FAMILY[family_of(kind)])]
    used += ["f_level" for rule in CLASS_RULES if rule["kind"] == kind and rule["where"]["field"] == "level"]
    return list(dict.fromkeys(used))


def file_of(snapshot: Path, kind: str) -> Path:
    """Where the snapshot keeps the records of a kind."""
    return snapshot / "records" / f"{kind}.parquet"


def connect(snapshot: Path) -> Any:
    """DuckDB in memory, spilling beside the snapshot."""
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute("SET preserve_insertion_order = false; SET memory_limit = '12GB'")
    connection.execute(f"SET temp_directory = '{snapshot.parent / 'spill'}'")
    return connection
