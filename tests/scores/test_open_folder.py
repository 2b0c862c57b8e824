"""``xinlin score`` on an open folder: the same figures from both engines, the same bytes twice, clear refusals."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from tests.rulebooks import example
from xinlin import shelf

Run = Callable[..., "subprocess.CompletedProcess[str]"]
AS_OF = date(2026, 6, 30)
RECORD = "record,subject,occurred_on,status,class,ends_on,document,named_person"


def own_columns(kind: str) -> list[str]:
    return [f.code for f in shelf.read("dongtou").kinds[kind].fields if f.role is None and not f.personal]


def write(folder: Path, tables: Mapping[str, list[str]]) -> Path:
    for name, lines in tables.items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def lines(kind: str, rows: list[tuple[str, str, int, Mapping[str, str]]]) -> list[str]:
    """CSV lines of a kind: (record, subject, days before the day, other values by column)."""
    columns = [*RECORD.split(","), *own_columns(kind)]
    text = [",".join(columns)]
    for record, subject, ago, more in rows:
        filled = {"record": record, "subject": subject, "status": "active", "document": f"文号{record}", **more}
        filled["occurred_on"] = (AS_OF - timedelta(days=ago)).isoformat()
        text.append(",".join(filled.get(column, "") for column in columns))
    return text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(
        tmp_path / "city",
        {
            "subjects": [
                "subject,kind,born_on",
                "anna,person,1990-01-01",
                "bao,person,1980-02-29",
                "child,person,2008-07-01",
                "never,person,1970-01-01",
                "firm,enterprise,",
            ],
            "consents": [
                "subject,given_on,withdrawn_on",
                "anna,2026-01-01,",
                "bao,2026-01-01,2026-07-01",
                "child,2026-01-01,",
                "never,2026-01-01,2026-06-30",
            ],
            "relations": [
                "organisation,person,role,from_on,until_on",
                "firm,bao,legal_representative,2020-01-01,",
            ],
            "records/volunteer_service": lines(
                "volunteer_service", [("v1", "anna", 30, {"hours": "25"}), ("v2", "never", 30, {"hours": "25"})]
            ),
            "records/ebike_violation": lines("ebike_violation", [("e1", "anna", 10, {"class": "minor"})]),
            "records/uncorrected_hazard": lines(
                "uncorrected_hazard",
                [
                    ("h1", "firm", 20, {"class": "general", "named_person": "bao"}),
                    ("h2", "firm", 21, {"class": "general", "named_person": "anna"}),
                ],
            ),
        },
    )


def score(xinlin: Run, folder: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = ["--rulebook", "dongtou", "--data", str(folder), "--as-of", AS_OF.isoformat(), "--out", str(out)]
    return xinlin("score", *words, "--contributions", *more)


def test_both_engines_write_the_same_figures_twice(xinlin: Run, folder: Path, tmp_path: Path) -> None:
    outs = {"a": "duckdb", "b": "duckdb", "c": "plain"}
    for name, engine in outs.items():
        done = score(xinlin, folder, tmp_path / name, "--engine", engine)
        assert done.returncode == 0, done.stderr
    for file in ("scores.parquet", "contributions.parquet"):
        first = (tmp_path / "a" / file).read_bytes()
        assert first == (tmp_path / "b" / file).read_bytes()
        assert pq.read_table(tmp_path / "a" / file).equals(pq.read_table(tmp_path / "c" / file))
    scores = {row["subject"]: row for row in pq.read_table(tmp_path / "a" / "scores.parquet").to_pylist()}
    assert set(scores) == {"anna", "bao"}
    base = shelf.read("dongtou").scheme_at(AS_OF)
    assert base is not None
    given = pq.read_table(tmp_path / "a" / "contributions.parquet").to_pylist()
    for subject, row in scores.items():
        assert row["score"] == base.base + sum(line["points"] for line in given if line["subject"] == subject)
    assert {line["record"] for line in given} == {"v1", "e1", "h1"}
    run = json.loads((tmp_path / "a" / "run.json").read_text(encoding="utf-8"))
    assert run["counts"] == {"subjects": 2, "records": 3, "contributions": 3}
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "contributions.parquet",
        "run.json",
        "scores.parquet",
    ]


def test_csv_and_parquet_say_the_same(xinlin: Run, folder: Path, tmp_path: Path) -> None:
    from_csv, from_parquet = tmp_path / "csv", tmp_path / "parquet"
    assert score(xinlin, folder, from_csv).returncode == 0
    for path in list(folder.rglob("*.csv")):
        pq.write_table(pc.read_csv(path), path.with_suffix(".parquet"))
        path.unlink()
    done = score(xinlin, folder, from_parquet)
    assert done.returncode == 0, done.stderr
    assert (from_csv / "scores.parquet").read_bytes() == (from_parquet / "scores.parquet").read_bytes()


def test_changes_on_a_snapshot_give_the_figures_of_a_whole_run(xinlin: Run, folder: Path, tmp_path: Path) -> None:
    """A new record, one that is repaired, one that changed hands, one of a firm, and one of somebody without a score."""
    out, store = tmp_path / "out", tmp_path / "store"
    assert score(xinlin, folder, out, "--snapshots", str(store)).returncode == 0
    before = (out / "scores.parquet").read_bytes()
    snapshot = next(store.glob("*/snapshot.json")).parent
    records = {
        "records/volunteer_service": lines(
            "volunteer_service",
            [
                ("v1", "bao", 30, {"hours": "25"}),
                ("v2", "never", 30, {"hours": "9"}),
                ("v3", "anna", 3, {"hours": "70"}),
            ],
        ),
        "records/ebike_violation": lines(
            "ebike_violation", [("e1", "anna", 10, {"class": "minor", "status": "repaired"})]
        ),
        "records/uncorrected_hazard": lines(
            "uncorrected_hazard",
            [
                ("h1", "firm", 20, {"class": "general", "named_person": "anna"}),
                ("h2", "firm", 21, {"class": "general", "named_person": "bao"}),
            ],
        ),
    }
    relations = (folder / "relations.csv").read_text(encoding="utf-8").splitlines()
    change = write(tmp_path / "change", {**records, "relations": relations})
    words = ["--rulebook", "dongtou", "--data", str(change), "--as-of", AS_OF.isoformat(), "--out", str(out)]
    done = xinlin("score", "changes", *words, "--snapshot", str(snapshot))
    assert done.returncode == 0, done.stderr
    assert (out / "scores.parquet").read_bytes() == before
    assert score(xinlin, write(folder, records), tmp_path / "whole").returncode == 0
    assert pq.read_table(out / "changes.parquet").equals(pq.read_table(tmp_path / "whole" / "scores.parquet"))
    broken = write(tmp_path / "broken", {"records/ebike_violation": ["record,subject", "e1,anna"]})
    was = (out / "changes.parquet").read_bytes()
    words[3] = str(broken)
    refused = xinlin("score", "changes", *words, "--snapshot", str(snapshot))
    assert refused.returncode == 1 and "columns are missing" in refused.stderr
    assert (out / "changes.parquet").read_bytes() == was


def test_a_day_that_touches_the_last_of_many_gives_them_their_new_figure(xinlin: Run, tmp_path: Path) -> None:
    everybody = [f"p{number:02}" for number in range(60)]
    city = write(
        tmp_path / "city",
        {
            "subjects": ["subject,kind,born_on", *(f"{who},person,1990-01-01" for who in everybody)],
            "consents": ["subject,given_on,withdrawn_on", *(f"{who},2026-01-01," for who in everybody)],
        },
    )
    out, store = tmp_path / "out", tmp_path / "store"
    assert score(xinlin, city, out, "--snapshots", str(store)).returncode == 0
    new = {"records/volunteer_service": lines("volunteer_service", [("v1", "p59", 3, {"hours": "25"})])}
    words = ["--rulebook", "dongtou", "--as-of", AS_OF.isoformat(), "--out", str(out), "--snapshot"]
    words += [str(next(store.glob("*/snapshot.json")).parent), "--data", str(write(tmp_path / "change", new))]
    done = xinlin("score", "changes", *words)
    assert done.returncode == 0, done.stderr
    changed = pq.read_table(out / "changes.parquet").to_pylist()
    assert score(xinlin, write(city, new), tmp_path / "whole").returncode == 0
    assert changed == pq.read_table(tmp_path / "whole" / "scores.parquet").to_pylist()[-1:]
    assert changed[0]["score"] > 600


def test_explain_prints_lines_that_sum_to_the_score(xinlin: Run, folder: Path) -> None:
    words = ["--rulebook", "dongtou", "--data", str(folder), "--as-of", AS_OF.isoformat(), "--subject", "anna"]
    done = xinlin("score", "explain", *words)
    assert done.returncode == 0, done.stderr
    head, *rest = done.stdout.splitlines()
    assert int(head.split()[1]) == sum(int(line.split()[0]) for line in rest)


def test_a_rulebook_without_a_number_says_so(xinlin: Run, folder: Path, tmp_path: Path) -> None:
    words = ["--data", str(folder), "--as-of", AS_OF.isoformat(), "--out", str(tmp_path / "out")]
    done = xinlin("score", "--rulebook", "national", *words)
    assert done.returncode == 2
    assert "judges nobody" in done.stderr


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("subjects", "anna,person,1990-01-01", "bao,person,1990-01-01", "stands twice"),
        ("subjects", "1990-01-01", "1990.1.1", "subjects.csv:born_on"),
        ("consents", "given_on", "given", "columns are missing: given_on"),
        ("consents", "anna,2026-01-01,", "nobody,2026-01-01,", "not in subjects"),
        ("records/volunteer_service", "v2", "v1", "'v1' stands twice"),
        ("records/volunteer_service", "active", "aktiv", "no status 'aktiv'"),
        ("records/volunteer_service", ",25", ",25.5", "'25.5' is not of the needed form"),
        ("records/volunteer_service", "anna", "", "a cell is empty"),
    ],
)
def test_a_broken_folder_is_refused_with_the_place_and_nothing_written(
    xinlin: Run, folder: Path, tmp_path: Path, name: str, old: str, new: str, said: str
) -> None:
    path = folder / f"{name}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = score(xinlin, folder, tmp_path / "out")
    assert done.returncode == 1
    assert said in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_an_unknown_kind_is_refused(xinlin: Run, folder: Path, tmp_path: Path) -> None:
    write(folder, {"records/petition": [RECORD]})
    done = score(xinlin, folder, tmp_path / "out")
    assert done.returncode == 1
    assert "no such kind" in done.stderr


def test_a_rulebook_outside_the_shelf_is_named_by_its_folder_and_explains_its_class_rules(
    xinlin: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = example.texts()
    scheme = "schemes/sincerity-1.yaml"
    rule = """class_rules:
  - kind: bench_damage
    tier_at_most: growing
    text: {zh: 损坏期间为“待提升”, en: Growing while damage counts}
    basis: demonstration
"""
    for name, text in {**texts, scheme: texts[scheme] + rule}.items():
        (tmp_path / "example" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "example" / name).write_text(text, encoding="utf-8")
    data = write(
        tmp_path / "data",
        {
            "subjects": ["subject,kind,born_on", "anna,person,1990-01-01"],
            "consents": ["subject,given_on,withdrawn_on", "anna,2026-01-01,"],
            "records/bench_damage": [
                "record,subject,occurred_on,status,class,ends_on,document,named_person",
                "d1,anna,2026-06-01,active,minor,,,",
            ],
        },
    )
    monkeypatch.chdir(tmp_path)
    words = ["--rulebook", "example", "--data", str(data), "--as-of", "2026-06-30", "--subject", "anna"]
    done = xinlin("score", "explain", *words)
    assert done.returncode == 0, done.stderr
    head, *rest = done.stdout.splitlines()
    assert head.split()[1:3] == ["95", "growing"]
    assert sum(int(line.split()[0]) for line in rest) == 95
    assert "tier <= growing" in rest[-1] and "Growing while damage counts" in rest[-1]
    (tmp_path / "example" / scheme).write_text(texts[scheme].replace("take: sum", "take: total"), encoding="utf-8")
    refused = xinlin("score", "explain", *words)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"example/{scheme}:")
