"""``xinlin score`` dies as in a power cut, at every step: no result by half, the same bytes afterwards, nobody else disturbed."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scores.test_engine_stopped import left
from tests.scores.test_open_folder import AS_OF, lines, write
from xinlin.engine.report import CHANGES, CHANGES_RUN, CONTRIBUTIONS, RUN, SCORES

PEOPLE = 1500
DYING = """
import importlib, os, signal, sys
module, name, left, *words = sys.argv[1:]
owner, left = importlib.import_module(module), int(left)
*outer, last = name.split(".")
for one in outer:
    owner = getattr(owner, one)
whole = getattr(owner, last)
def dies(*given, **named):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(*given, **named)
if last:
    setattr(owner, last, dies)
from xinlin.engine import snapshot
snapshot.BLOCK = 300
from xinlin.cli import main
sys.exit(main(words))
"""
"""The command line, in blocks of a few people; it dies when something is done for the so-manieth time."""
NEVER = ("xinlin.engine.report", "_Writer", "0")
MOMENTS = {
    "reading the folder": ("xinlin.engine.folder", "freeze_kind", "1"),
    "a snapshot that is not in its place": ("xinlin.engine.stored", "Path.rename", "1"),
    "scoring the first block": ("xinlin.engine.scores", "score_block", "1"),
    "scoring a later block": ("xinlin.engine.scores", "score_block", "4"),
    "a block that is not kept yet": ("xinlin.engine.report", "keep", "3"),
    "a block that is kept and not written": ("xinlin.engine.report", "_line_table", "2"),
    "all written and not closed": ("xinlin.engine.report", "_Writer.close", "1"),
    "the older result taken away": ("xinlin.engine.report", "Path.replace", "1"),
    "one file in its place": ("xinlin.engine.report", "Path.replace", "2"),
    "all in place but what is said of it": ("xinlin.engine.report", "Path.replace", "3"),
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    people = range(PEOPLE)
    given = [(f"r{n:05}{at}", f"p{n:05}", 30 + at, {"hours": f"{1 + n % 40}"}) for n in people for at in range(3)]
    return write(
        tmp_path_factory.mktemp("killed") / "city",
        {
            "subjects": ["subject,kind,born_on", *(f"p{n:05},person,1990-01-01" for n in people)],
            "consents": ["subject,given_on,withdrawn_on", *(f"p{n:05},2026-01-01," for n in people)],
            "records/volunteer_service": lines("volunteer_service", given),
        },
    )


def started(moment: tuple[str, str, str], *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", DYING, *moment, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(moment: tuple[str, str, str], *words: str) -> int:
    process = started(moment, *words)
    _said, errors = process.communicate(timeout=120)
    assert process.returncode in (0, -signal.SIGKILL), errors
    return process.returncode


def words(city: Path, out: Path, *more: str) -> list[str]:
    common = ["--rulebook", "dongtou", "--data", str(city), "--as-of", AS_OF.isoformat(), "--out", str(out)]
    return ["score", *more, *common]


def digests(out: Path, *names: str) -> dict[str, str]:
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in names if (out / name).exists()}


@pytest.fixture(scope="module")
def whole(city: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What an undisturbed run writes."""
    out = tmp_path_factory.mktemp("whole")
    assert ended(NEVER, *words(city, out), "--contributions") == 0
    return digests(out, SCORES, CONTRIBUTIONS)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_killed_at_any_step_leaves_nothing_by_half_and_is_gone_on_with(
    city: Path, tmp_path: Path, whole: dict[str, str], moment: str
) -> None:
    out, store = tmp_path / "out", tmp_path / "store"
    asked = [*words(city, out), "--contributions", "--snapshots", str(store)]
    assert ended(MOMENTS[moment], *asked) == -signal.SIGKILL
    assert not (out / RUN).exists(), "the file that says that all is there comes last"
    assert digests(out, SCORES, CONTRIBUTIONS).items() <= whole.items(), "and what stands there is whole"
    assert ended(NEVER, *asked) == 0
    assert digests(out, SCORES, CONTRIBUTIONS) == whole
    assert json.loads((out / RUN).read_text(encoding="utf-8"))["outputs_sha256"] == whole
    assert [path.name for path in left(out)] == [CONTRIBUTIONS, RUN, SCORES]
    assert len(left(store)) == 1


def test_one_of_two_runs_is_killed_and_the_other_ends(city: Path, tmp_path: Path, whole: dict[str, str]) -> None:
    """Into one folder, and into another, from one store."""
    store = ["--contributions", "--snapshots", str(tmp_path / "store")]
    dying = started(MOMENTS["a block that is not kept yet"], *words(city, tmp_path / "shared"), *store)
    others = [started(NEVER, *words(city, tmp_path / out), *store) for out in ("shared", "own")]
    for run in (dying, *others):
        _said, errors = run.communicate(timeout=120)
        assert run.returncode == (-signal.SIGKILL if run is dying else 0), errors
    for out in ("shared", "own"):
        assert digests(tmp_path / out, SCORES, CONTRIBUTIONS) == whole
    assert ended(NEVER, *words(city, tmp_path / "shared"), *store) == 0
    assert [path.name for path in left(tmp_path / "shared")] == [CONTRIBUTIONS, RUN, SCORES]
    assert digests(tmp_path / "shared", SCORES, CONTRIBUTIONS) == whole


@pytest.mark.parametrize(
    "moment",
    [
        ("xinlin.engine.mapped", "taken_rows", "3"),
        ("xinlin.engine.handles", "HandlesWriter.close", "1"),
        ("xinlin.engine.mapped", "Path.rename", "1"),
        ("xinlin.engine.changes", "score_block", "1"),
        ("xinlin.engine.report", "Path.replace", "2"),
    ],
    ids="-".join,
)
def test_a_days_change_killed_at_any_step_is_done_again(
    city: Path, tmp_path: Path, whole: dict[str, str], moment: tuple[str, str, str]
) -> None:
    store = ["--snapshots", str(tmp_path / "store")]
    assert ended(NEVER, *words(city, tmp_path / "out"), *store) == 0
    (snapshot,) = left(tmp_path / "store")
    kept = left(snapshot)
    day = write(
        tmp_path / "day",
        {"records/volunteer_service": lines("volunteer_service", [("new", "p00001", 9, {"hours": "30"})])},
    )
    asked = [*words(day, tmp_path / "out", "changes"), "--snapshot", str(snapshot)]
    assert ended(moment, *asked) == -signal.SIGKILL
    assert not (tmp_path / "out" / CHANGES_RUN).exists()
    assert digests(tmp_path / "out", SCORES) == {SCORES: whole[SCORES]}
    assert ended(NEVER, *asked) == 0
    said = json.loads((tmp_path / "out" / CHANGES_RUN).read_text(encoding="utf-8"))
    assert said["counts"] == {"subjects": 1, "records": 1}
    assert digests(tmp_path / "out", CHANGES) == said["outputs_sha256"]
    assert [path.name for path in left(tmp_path / "out")] == [CHANGES_RUN, CHANGES, RUN, SCORES]
    assert len(left(snapshot)) == len(kept) + 1, "one folder of mapped files, and nothing that was begun"
