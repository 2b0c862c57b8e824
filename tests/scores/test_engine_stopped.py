"""A run of ``xinlin score`` that is stopped, killed, or not alone in its folder: nothing half written, nothing done twice."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pyarrow.parquet as pq
import pytest
from django.conf import settings

from tests.scores.conftest import Resident
from tests.scores.test_open_folder import AS_OF, lines, write
from xinlin import shelf
from xinlin.cli import main
from xinlin.engine import plain, report, stored
from xinlin.engine.report import CONTRIBUTIONS, RUN, SCORES, Order, Source, score_folder
from xinlin.engine.workplaces import workplace
from xinlin.office.actions import people
from xinlin.office.models.scores import Score, ScoreRun

PEOPLE = 6000


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some thousand people: the plain evaluator takes a few seconds for them."""
    people = range(PEOPLE)
    given = [(f"r{n:05}{at}", f"p{n:05}", 30 + at, {"hours": f"{1 + n % 40}"}) for n in people for at in range(3)]
    return write(
        tmp_path_factory.mktemp("stopped") / "city",
        {
            "subjects": ["subject,kind,born_on", *(f"p{n:05},person,1990-01-01" for n in people)],
            "consents": ["subject,given_on,withdrawn_on", *(f"p{n:05},2026-01-01," for n in people)],
            "records/volunteer_service": lines("volunteer_service", given),
        },
    )


def order(out: Path) -> Order:
    rulebook = shelf.read("dongtou")
    scheme = rulebook.scheme_at(AS_OF)
    assert scheme is not None
    return Order(rulebook, scheme, out, "plain", lines=True)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "BLOCK", 1000)
    monkeypatch.setattr(plain, "REPORT_EVERY", 100)


@pytest.fixture(scope="module")
def whole(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an undisturbed run of the bulk engine writes."""
    out = tmp_path_factory.mktemp("whole")
    chosen = order(out)
    score_folder(Order(chosen.rulebook, chosen.scheme, out, lines=True), Source(city), AS_OF)
    return out


def same(one: Path, other: Path) -> bool:
    tables = [
        sorted(pq.read_table(out / name).to_pylist(), key=str)
        for name in (SCORES, CONTRIBUTIONS)
        for out in (one, other)
    ]
    return tables[0] == tables[1] and tables[2] == tables[3]


def command(city: Path, out: Path, *more: str) -> list[str]:
    words = ["score", "--rulebook", "dongtou", "--data", str(city), "--as-of", AS_OF.isoformat(), "--out", str(out)]
    return [sys.executable, "-m", "xinlin.cli", *words, "--contributions", *more]


def left(out: Path) -> list[Path]:
    return sorted(out.iterdir()) if out.exists() else []


@pytest.mark.usefixtures("small_blocks")
def test_a_stopped_run_goes_on_where_it_stood(
    city: Path, tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, int, int]] = []

    def stop_half_way(stage: str, done: int, total: int) -> None:
        if stage == "scoring" and done > 3500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_folder(order(tmp_path), Source(city), AS_OF, stop_half_way)
    (work,) = left(tmp_path)
    assert len(list(work.glob("block-*"))) == 3
    assert len(list(work.glob("*/snapshot.json"))) == 1
    monkeypatch.setattr("xinlin.engine.stored.freeze", None)
    said = score_folder(order(tmp_path), Source(city), AS_OF, lambda *progress: told.append(progress))
    assert told[0] == ("3,000 scored before", 0, 0)
    assert min(done for stage, done, _ in told if stage == "scoring") > 3000
    assert said["counts"] == {"subjects": PEOPLE, "records": 3 * PEOPLE, "contributions": 3 * PEOPLE}
    assert same(tmp_path, whole)
    assert [path.name for path in left(tmp_path)] == [CONTRIBUTIONS, RUN, SCORES]


@pytest.mark.usefixtures("small_blocks")
def test_a_kept_block_that_is_damaged_is_scored_again(city: Path, tmp_path: Path, whole: Path) -> None:
    def stop_half_way(stage: str, done: int, total: int) -> None:
        if stage == "scoring" and done > 3500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_folder(order(tmp_path), Source(city), AS_OF, stop_half_way)
    _first, second, third = sorted(left(tmp_path)[0].glob("block-*"))
    torn = bytearray(second.read_bytes())
    torn[len(torn) // 2] ^= 1
    second.write_bytes(torn)
    third.write_bytes(third.read_bytes()[:100])
    told: list[str] = []
    score_folder(order(tmp_path), Source(city), AS_OF, lambda stage, _done, _total: told.append(stage))
    assert told[0] == "1,000 scored before"
    assert same(tmp_path, whole)


def test_an_order_for_something_else_does_not_go_on_from_it(city: Path, tmp_path: Path) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_folder(order(tmp_path), Source(city), AS_OF, stop)
    (stopped,) = left(tmp_path)
    score_folder(order(tmp_path), Source(city), AS_OF - timedelta(days=1), lambda *_: None)
    assert not stopped.exists()
    assert json.loads((tmp_path / RUN).read_text(encoding="utf-8"))["as_of"] == "2026-06-29"


def _until(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    pytest.fail("it never came to that")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_run_ended_by_a_signal_leaves_no_output_and_the_next_one_ends_it(
    city: Path, tmp_path: Path, whole: Path, how: signal.Signals
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / SCORES).write_text("an older result")
    words = command(city, out, "--engine", "plain")
    run = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _until(lambda: list(out.glob(".work-*/*/snapshot.json")), run)
    run.send_signal(how)
    _said, errors = run.communicate(timeout=60)
    if how == signal.SIGKILL:
        assert run.returncode == -signal.SIGKILL
    else:
        assert run.returncode == 130
        assert "goes on from here" in errors
    assert (out / SCORES).read_text() == "an older result"
    assert [path.name for path in left(out) if not path.name.startswith(".work-")] == [SCORES]
    again = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert again.returncode == 0, again.stderr
    assert "reading" not in again.stderr
    assert same(out, whole)
    assert [path.name for path in left(out)] == [CONTRIBUTIONS, RUN, SCORES]


def test_two_runs_at_once_do_not_disturb_each_other(city: Path, tmp_path: Path, whole: Path) -> None:
    """The same order twice into one folder, and one more into a folder of its own, all with one store of snapshots."""
    store = ["--snapshots", str(tmp_path / "store")]
    runs = [
        subprocess.Popen(
            command(city, tmp_path / out, *store), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for out in ("shared", "shared", "own")
    ]
    for run in runs:
        _said, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
    for out in ("shared", "own"):
        assert same(tmp_path / out, whole)
        assert [path.name for path in left(tmp_path / out)] == [CONTRIBUTIONS, RUN, SCORES]
    assert len(left(tmp_path / "store")) == 1


def test_a_living_run_keeps_its_place(tmp_path: Path) -> None:
    with workplace(tmp_path, "one") as mine:
        (mine / "made").write_text("here")
        with workplace(tmp_path, "one") as theirs, workplace(tmp_path) as third:
            assert len({mine, theirs, third}) == 3
        assert (mine / "made").exists()
    assert left(tmp_path) == []


@pytest.mark.django_db
def test_a_citys_run_that_is_stopped_publishes_nothing_and_leaves_nothing(
    resident: Callable[..., Resident], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    people.open_score(actor=resident().actor, via="portal")

    def stop(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("xinlin.office.actions.scores.engine.parts", stop)
    handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert main(["freeze"]) == 130
    finally:
        for one, handler in handlers.items():
            signal.signal(one, handler)
    assert "nothing was published" in capsys.readouterr().err
    assert [run.state for run in ScoreRun.objects.all()] == [ScoreRun.State.FAILED]
    assert not Score.objects.exists()
    assert left(Path(settings.DATA) / "snapshots") == []


@pytest.mark.parametrize(("module", "writing", "place"), [(report, "_laid_out", "out"), (stored, "freeze", "store")])
def test_a_full_disk_is_said_in_words_that_name_the_place(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    module: ModuleType, writing: str, place: str,
) -> None:  # fmt: skip
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")  # as a write says it: no file is named

    monkeypatch.setattr(module, writing, full)
    out, store = tmp_path / "out", tmp_path / "store"
    words = ["score", "--rulebook", "dongtou", "--data", str(city), "--as-of", f"{AS_OF}", "--out", str(out)]
    assert main([*words, "--snapshots", str(store)]) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path / place}: 磁盘已满" in said and "make room and do the same again" in said
    assert not [path for path in out.rglob("*.parquet") if ".work-" not in str(path)]


def test_who_stops_a_command_before_it_began_sees_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shelf, "read", stopped)
    assert main(["score", "--rulebook", "dongtou", "--data", "x", "--as-of", f"{AS_OF}", "--out", "y"]) == 130
    assert "已停止" in capsys.readouterr().err
