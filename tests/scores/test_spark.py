"""Spark means the same as the evaluator and the engine of one machine, in local mode and on a cluster of two workers."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from tests.scores.spark_cluster import WORKERS, standalone
from tests.scores.test_engine import START, any_scheme, days, freeze, scheme_of, towns
from tests.scores.test_engine_odd_folders import READ, RECORDS, city, scored, with_column
from tests.scores.test_engine_runs import blocks_of
from tests.scores.test_open_folder import Run, folder, score
from xinlin.core.plan import Plan, compile_scheme
from xinlin.core.records import Fact
from xinlin.core.schemes import Award, Band, Each, FieldTest, Limits, Measure, Repeat, Scheme
from xinlin.engine import scores, spark
from xinlin.engine.figures import Part
from xinlin.engine.runs import TooManyPoints

pytest.importorskip("pyspark", reason="PySpark is not installed")
pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")

__all__ = ["city", "folder"]
EXAMPLES = max(4, int(os.environ.get("XINLIN_EXAMPLES") or 0) // 50)
"""Spark takes seconds for a scheme whoever is scored, so few schemes meet sixty people each; a long run asks for more."""


def _told(parts: list[Part]) -> tuple[object, ...]:
    """Everything that the parts say, as plain values."""
    return (
        [number for part in parts for number in part.figures.subjects.tolist()],
        [score for part in parts for score in part.figures.scores.tolist()],
        [tier for part in parts for tier in part.figures.tiers.tolist()],
        [{code: vector.tolist() for code, vector in part.figures.dimensions.items()} for part in parts],
        [
            (lines.indicator, int(number), record, int(points))
            for part in parts
            for lines in part.lines
            for number, record, points in zip(lines.subject, lines.record.to_pylist(), lines.points, strict=True)
        ],
    )


def _both(plan: Plan, folder: Path) -> tuple[tuple[object, ...], tuple[object, ...]]:
    here = _told(list(scores.parts(plan, folder, lines=True)))
    there = _told(list(spark.parts(plan, folder, lines=True)))
    return here, there


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(scheme=any_scheme, people=towns, as_of=days)
def test_spark_equals_the_engine_whatever_the_scheme_and_the_history(
    scheme: Scheme, people: dict[int, list[Fact]], as_of: date
) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "snapshot"
        freeze(people, folder)
        here, there = _both(compile_scheme(scheme, as_of), folder)
    assert there == here


def test_a_condition_on_a_field_of_thousands_of_values_is_read(tmp_path: Path) -> None:
    people = {n: [Fact(f"r{n}-{k}", "deed", START, fields={"hours": n}) for k in range(2)] for n in range(4000)}
    freeze(people, tmp_path / "snapshot")
    scheme = scheme_of(
        where=FieldTest(field="hours", at_least=10, below=3000),
        measure=Measure(take="count"),
        points=Award(each=Each(points=1)),
    )
    here, there = _both(compile_scheme(scheme, START), tmp_path / "snapshot")
    assert there == here


@pytest.mark.parametrize("over", ["record", "all"])
def test_a_record_without_a_value_adds_nought_to_a_sum(tmp_path: Path, over: Literal["all", "record"]) -> None:
    scheme = scheme_of(
        measure=Measure(take="sum", of="hours", over=over),
        points=Award(bands=[Band(at_least=-11, points=53), Band(at_least=8, points=18)]),
    )
    freeze({0: [Fact("r1", "deed", START, fields={})], 1: [Fact("r2", "deed", START, fields={"hours": 9})]}, tmp_path)
    here, there = _both(compile_scheme(scheme, START + timedelta(days=9)), tmp_path)
    assert there == here
    assert [points for *_, points in there[-1]] == [53, 18]


def test_a_run_that_ended_between_two_blocks_goes_on_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "PEOPLE", 1)
    people = {
        n: [Fact(f"r{n}-{at}", "deed", START + timedelta(days=150 * at), fields={"hours": n % 9}) for at in range(4)]
        for n in range(0, 80, 2)
    }
    scheme = scheme_of(
        measure=Measure(take="sum", of="hours", over="record"),
        points=Award(each=Each(units=2, points=1)),
        repeat=Repeat(within="P6M", factor=3),
        per_year=Limits(cap=9),
    )
    plan = compile_scheme(scheme, START + timedelta(days=500))
    with blocks_of(30):
        freeze(people, tmp_path / "snapshot")
        whole = list(scores.parts(plan, tmp_path / "snapshot", lines=True))
        begun = spark.parts(plan, tmp_path / "snapshot", lines=True)
        first = next(begun)
        begun.close()
        assert [path.name for path in tmp_path.iterdir()] == ["snapshot"]
        rest = list(spark.parts(plan, tmp_path / "snapshot", lines=True, begin=first.last))
    assert [(part.first, part.last) for part in whole] == [(0, 27), (27, 54), (54, 79)]
    assert _told([first, *rest]) == _told(whole)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a cluster of two workers, and where its daemons write their logs."""
    logs = tmp_path_factory.mktemp("spark")
    with standalone(logs) as address:
        yield address, logs


def test_a_cluster_of_two_workers_gives_the_same(
    cluster: tuple[str, Path], xinlin: Run, folder: Path, tmp_path: Path
) -> None:
    address, logs = cluster
    assert score(xinlin, folder, tmp_path / "here").returncode == 0
    done = score(xinlin, folder, tmp_path / "there", "--engine", "spark", "--master", address)
    assert done.returncode == 0, done.stderr[-3000:]
    for name in ("scores.parquet", "contributions.parquet"):
        assert pq.read_table(tmp_path / "there" / name).equals(pq.read_table(tmp_path / "here" / name))
    said = json.loads((tmp_path / "there" / "run.json").read_text(encoding="utf-8"))
    assert said["engine"].startswith("spark sql 4")
    for worker in WORKERS:
        assert "Asked to launch executor" in (logs / f"{worker}.log").read_text(errors="replace"), worker


@pytest.mark.parametrize(
    "case",
    ["a record in year 1", "the least number", "the largest number", "a handle over two lines", "nothing at all"],
)
def test_odd_folders_are_read_alike_by_spark(city: Path, tmp_path: Path, case: str) -> None:
    change, expected = READ[case]
    change(city)
    assert scored(city, tmp_path / "out", ("duckdb", "spark")) == expected


def test_numbers_whose_sum_spark_cannot_hold_are_named(city: Path, tmp_path: Path) -> None:
    with_column(RECORDS, "subject", pa.array(["anna", "anna"]))(city)
    path = city / f"{RECORDS}.parquet"
    table = pq.read_table(path)
    largest = pa.array([2**63 - 1] * 2)
    pq.write_table(table.set_column(table.schema.get_field_index("hours"), "hours", largest), path)
    assert scored(city, tmp_path / "here") == {"anna": 660, "李雷": 600}
    with pytest.raises(TooManyPoints, match="use --engine duckdb"):
        scored(city, tmp_path / "there", ("spark",))
    assert list((tmp_path / "there" / "spark").glob("*.parquet")) == []
