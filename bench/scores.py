"""How fast the engine scores, beside other ways to do the same: ``python bench/scores.py S M`` (or L, with 12 GB of disk).

The bench makes its own city and its own rulebook (`scores_data`, `scores_rules`) and keeps them under ``--work``. Whole
processes are timed, start-up and reading and writing included, one after the other in rounds so that all meet the same
weather; medians and greatest memory are shown, every result is compared, row by row, with the engine's, some people are scored
again from their own rows alone by the plain evaluator (`scores_sample`), and each ratio stands beside its target
(`scores_targets`).

=============  =========================================================================
scan           DuckDB decodes every column that the scheme reads; the least that can be done
numpy          a fixed NumPy program for this scheme on columns unpacked beforehand: the raw limit
sql            the best DuckDB SQL written by hand for this scheme
polars         the same in Polars (``pip install polars``; left out where it is not there)
engine         ``xinlin score --snapshot``
contributions  the same with ``--contributions``
bare           DuckDB sorts the same columns of the open folder by subject and writes them, unchecked (`scores_bare`)
snapshot       the snapshot from the open folder, in the order in which records arrived
change         one in two hundred people rescored in process, beside everybody
=============  =========================================================================
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench import scores_data, scores_rules  # noqa: E402
from bench.scores_baselines import WAYS as BASELINES  # noqa: E402
from bench.scores_sample import PEOPLE, differing  # noqa: E402
from bench.scores_targets import Figure, growth, verdicts  # noqa: E402

AS_OF = scores_rules.AS_OF
STARTER = """import os, sys
silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss, usage.ru_utime + usage.ru_stime)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
"""


@dataclass
class Timing:
    """Seconds, seconds of all cores, and peak memory of each run of one way."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak_mib: list[int] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median of the seconds."""
        return statistics.median(self.seconds)

    @property
    def figure(self) -> Figure:
        """The medians and the greatest memory."""
        return Figure(self.median, statistics.median(self.cpu), max(self.peak_mib))


def run(words: list[str], timing: Timing) -> bool:
    """Run a process and note what it cost; False where it failed.

    It is started by a small program that notes its greatest memory: a process begins with that of whoever started it.
    """
    begun = time.monotonic()
    process = subprocess.run(
        [sys.executable, "-S", "-c", STARTER, *words], capture_output=True, text=True, cwd=ROOT, check=False
    )
    timing.seconds.append(time.monotonic() - begun)
    if process.returncode:
        print(process.stderr, file=sys.stderr)
    peak, cpu = process.stdout.split()[-2:]
    timing.peak_mib.append(int(peak) // 1024)
    timing.cpu.append(float(cpu))
    return process.returncode == 0


def xinlin(book: Path, *words: str | Path) -> list[str]:
    """The command line of a scoring process."""
    command = [sys.executable, "-m", "xinlin.cli", "score", "--rulebook", str(book), "--as-of", AS_OF]
    return [*command, *(str(word) for word in words)]


def city_of(name: str, work: Path) -> tuple[Path, Path]:
    """The open folder and the rulebook of a size, made where they are not there yet."""
    folder = work / name / "data"
    if not folder.exists():
        unfinished = work / name / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        scores_data.write(unfinished, scores_data.SIZES[name])
        unfinished.rename(folder)
    return folder, scores_rules.write(work / name)


def snapshot_of(store: Path) -> Path:
    """The one snapshot in a store."""
    return next(path.parent for path in store.glob("*/snapshot.json"))


def same(ours: Path, theirs: Path) -> bool:
    """Whether two results hold the same rows, by a hash over each row."""
    import duckdb

    connection = duckdb.connect(":memory:")
    columns = ", ".join(["subject", "score", "tier", *(f"dimension_{at + 1}" for at in range(5))])
    found = [
        connection.execute(
            f"SELECT count(*), sum(hash({columns})::HUGEINT), bit_xor(hash({columns})) FROM read_parquet('{path}')"
        ).fetchall()
        for path in (ours, theirs)
    ]
    return found[0] == found[1]


def _ways(name: str, work: Path, book: Path, data: Path) -> dict[str, list[str]]:
    """The command line of each way that is timed on a size."""
    place = work / name
    snapshot = snapshot_of(place / "store")
    ways = {
        way: [
            sys.executable,
            str(ROOT / "bench/scores_baselines.py"),
            way,
            str(snapshot),
            str(place / f"{way}.parquet"),
        ]
        for way in BASELINES
    }
    if importlib.util.find_spec("polars") is None:
        print("polars is not installed and is left out; pip install polars brings it in", file=sys.stderr)
        del ways["polars"]
    ways["bare"] = [sys.executable, str(ROOT / "bench/scores_bare.py"), str(data), str(place / "bare")]
    ways["engine"] = xinlin(book, "--snapshot", snapshot, "--out", place / "out")
    ways["contributions"] = xinlin(book, "--snapshot", snapshot, "--out", place / "lines", "--contributions")
    return ways


def measure(name: str, work: Path, rounds: int, skip: set[str]) -> dict[str, Timing]:
    """Time every way on one size. Raises where results differ."""
    data, book = city_of(name, work)
    place, timings = work / name, {"snapshot": Timing()}
    shutil.rmtree(place / "store", ignore_errors=True)
    made = xinlin(book, "--data", data, "--snapshots", place / "store", "--out", place / "out")
    if not run(made, timings["snapshot"]):
        raise SystemExit(f"{name}: the snapshot could not be made")
    ways = {way: words for way, words in _ways(name, work, book, data).items() if way not in skip}
    if "numpy" in ways:
        from bench.scores_by_numpy import prepare

        prepare(snapshot_of(place / "store"), place / "store" / "raw")
    timings |= {way: Timing() for way in ways}
    for _ in range(rounds):
        for way, words in ways.items():
            if not run(words, timings[way]):
                raise SystemExit(f"{name}: {way} failed")
    timings["snapshot"].seconds[0] -= timings["engine"].median
    timings["snapshot"].cpu[0] -= statistics.median(timings["engine"].cpu)
    for way in ("numpy", "sql", "polars", "contributions"):
        theirs = place / ("lines/scores.parquet" if way == "contributions" else f"{way}.parquet")
        if way in ways and not same(place / "out" / "scores.parquet", theirs):
            raise SystemExit(f"{name}: {way} and the engine differ")
    if wrong := differing(data, place / "out" / "scores.parquet", place, lambda *words: xinlin(book, *words)):
        raise SystemExit(f"{name}: of {PEOPLE} people {wrong} have other figures from the plain evaluator")
    return timings


def one_person() -> float:
    """Seconds to score and explain one person with ten records in process: the median of many."""
    from xinlin.core.explain import explain
    from xinlin.core.records import Fact
    from xinlin.core.scores import evaluate
    from xinlin.shelf import read

    rulebook, day = read("dongtou"), date.fromisoformat(AS_OF)
    scheme = rulebook.scheme_at(day)
    assert scheme is not None
    kinds = [indicator.kind for dimension in scheme.dimensions for indicator in dimension.indicators]
    facts = [
        Fact(f"R{n}", kinds[n % len(kinds)], date(2026, 1 + n % 6, 3), record_class="minor", document="D")
        for n in range(10)
    ]
    return _median(lambda: explain(scheme, facts, evaluate(scheme, facts, day)), 500)


def a_days_change(book: Path, snapshot: Path) -> tuple[str, float]:
    """One in two hundred people rescored in a process that has the snapshot open: what it took beside everybody there, and seconds."""
    words = [sys.executable, str(ROOT / "bench/scores_change.py"), str(book), str(snapshot)]
    took = json.loads(subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True).stdout)
    (whole, whole_cores), (some, some_cores) = took["everybody"], took["touched"]
    said = (
        f"  a day's change touches {took['people']:,}: {some:.3f} s in process beside {whole:.2f} s for all "
        f"({some / whole:.1%}; of the cores' time {some_cores / whole_cores:.1%}); the first day {took['first'][0]:.3f} s, "
        f"{took['cold'][0]:.1f} s where its files come from the disk"
    )
    return said, some


def _median(call: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def _table(name: str, timings: dict[str, Timing]) -> list[str]:
    ours = timings["engine"].median
    size = scores_data.SIZES[name]
    lines = [
        f"{name}: {size.subjects:,} subjects, {size.records:,} records, {len(scores_rules.INDICATORS)} indicators",
        f"  {'way':<14}{'median s':>10}{'least':>8}{'most':>8}{'cores s':>9}{'peak MiB':>10}{'engine is':>11}",
    ]
    for way, timing in timings.items():
        lines.append(
            f"  {way:<14}{timing.median:>10.2f}{min(timing.seconds):>8.2f}{max(timing.seconds):>8.2f}"
            f"{statistics.median(timing.cpu):>9.2f}{max(timing.peak_mib):>10}{ours / timing.median:>10.2f}x"
        )
    return lines


def main() -> int:
    """Prepare, measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", default=["S"], choices=[*scores_data.SIZES, []])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "bench", help="where cities are made and kept")
    parser.add_argument("--skip", nargs="*", default=[], help="ways to leave out, such as sql on a small disk")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    chosen = parser.parse_args()
    found, a_record = {}, {}
    print(f"one person with ten records, explained: {one_person() * 1000:.3f} ms, at most 1")
    for name in chosen.sizes or ["S"]:
        timings = measure(name, chosen.work, chosen.rounds, set(chosen.skip))
        found[name] = {way: asdict(timing) for way, timing in timings.items()}
        a_record[name] = timings["engine"].median / scores_data.SIZES[name].records * 1e9
        print("\n".join(_table(name, timings)), flush=True)
        part = None
        if "change" not in chosen.skip:
            place = chosen.work / name
            said, took = a_days_change(place / "bench", snapshot_of(place / "store"))
            part = took / timings["engine"].median
            print(said)
        figures = {way: timing.figure for way, timing in timings.items()}
        print("\n".join(verdicts(name, figures, part)), flush=True)
    print(growth(a_record))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
