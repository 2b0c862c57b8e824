"""``xinlin score``: the engine on an open folder, without the web; ``xinlin freeze``: a city's own run (评分)."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xinlin.commands import amiss
from xinlin.commands.installation import begin
from xinlin.core.values import Text

if TYPE_CHECKING:
    from xinlin.core.rulebooks import Rulebook
    from xinlin.core.schemes import Scheme
    from xinlin.core.values import Problem

NO_NUMBER = 2
"""Exit code where the rulebook judges nobody."""
STOPPED = 130
"""Exit code where a run was stopped by SIGINT or SIGTERM."""


class _Refused(Exception):
    """Ends the command with a sentence in both languages and an exit code."""

    def __init__(self, zh: str, en: str, code: int = 1) -> None:
        super().__init__(f"{zh}\n  {en}")
        self.code = code


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        said = f"没有 {text!r} 这一天，请写成 2026-03-01 / {text!r} is no date; write it like 2026-03-01"
        raise argparse.ArgumentTypeError(said) from error


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("score", help="score an open folder of CSV or Parquet, without the web")
    parser.add_argument(
        "what",
        nargs="?",
        choices=["explain", "changes"],
        help="explain: print one subject's lines; changes: score those whom the records in --data touch, on --snapshot",
    )
    parser.add_argument("--rulebook", required=True, help="name of the rulebook, such as dongtou, or its folder")
    parser.add_argument("--scheme", help="code of the scheme: a trade's, of firms, of districts; default: of residents")
    parser.add_argument("--version", help="version of the scheme; default: the one in force on --as-of")
    parser.add_argument("--data", type=Path, help="the folder: subjects, consents, relations, records/KIND")
    parser.add_argument("--as-of", required=True, type=_day, help="the day, such as 2026-03-01")
    parser.add_argument("--engine", choices=["duckdb", "plain", "spark"], default="duckdb")
    parser.add_argument(
        "--master",
        help="with --engine spark: the cluster, such as spark://host:7077, which must see --out (or --snapshots) as this machine does",
    )
    parser.add_argument("--out", type=Path, help="where scores.parquet and run.json go")
    parser.add_argument("--contributions", action="store_true", help="write contributions.parquet too")
    parser.add_argument(
        "--snapshots", type=Path, help="a folder where prepared columns are kept, so that a later run finds them again"
    )
    parser.add_argument("--snapshot", type=Path, help="one of those kept, to score instead of --data")
    parser.add_argument("--threads", type=int, help="how many threads; default: as many as there are cores")
    parser.add_argument("--subject", help="with explain: whose lines")
    parser.set_defaults(run=_run)
    freeze = commands.add_parser(
        "freeze", help="为已授权居民评分并留存当日分数 / freeze a figure for everybody enrolled"
    )
    freeze.add_argument("--as-of", type=_day, help="the day, such as 2026-03-31; default: today")
    freeze.set_defaults(run=_freeze)


def _freeze(arguments: argparse.Namespace) -> int:
    """Run and publish the city's score and that of each trade; meant for a monthly timer."""
    begin()
    from xinlin.office.actions import scores
    from xinlin.office.rulebook import current
    from xinlin.office.scopes import Actor, NotFound, today

    watch = _Watch()
    _stop_on_signals()
    try:
        actor = Actor(handle="system:freeze", name="每月评分 Monthly scores", role="system")
        day = arguments.as_of or today()
        for trade in ["", *(one.code for one in current().trade_schemes_at(day))]:
            number = scores.run(actor=actor, as_of=day, trade=trade, progress=partial(watch, trade or "scoring"))
            watch.close()
            print(number, flush=True)
    except KeyboardInterrupt:
        watch.close()
        print(
            "已停止，未完成的一批未发布任何分数。Stopped; of the run that was not done nothing was published.",
            file=sys.stderr,
        )
        return STOPPED
    except NotFound as refused:
        print(refused, file=sys.stderr)
        return NO_NUMBER
    except scores.EnginesDiffer as refused:
        print(
            f"两套算法结果不一致，未发布任何分数。The engines differ; nothing was published. {refused}", file=sys.stderr
        )
        return 1
    return 0


def _stop_on_signals() -> None:
    """Let SIGINT and SIGTERM raise KeyboardInterrupt, so that whatever was begun is put away."""
    for stopping in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stopping, signal.default_int_handler)


def _scheme(rulebook: Rulebook, code: str | None, version: str | None, as_of: date) -> Scheme:
    """The scheme that the command names. Raises `_Refused` with what there is instead."""
    if code is None:
        named = [scheme for scheme in rulebook.schemes if scheme.subject == "person" and scheme.extends is None]
        if not named:
            raise _Refused(
                f"{rulebook.code} 不评价任何人，没有个人评分。",
                f"{rulebook.code} judges nobody: it has lists and records and no score of persons.",
                NO_NUMBER,
            )
    else:
        named = [scheme for scheme in rulebook.schemes if scheme.code == code]
    if not named:
        there = ", ".join(sorted({scheme.code for scheme in rulebook.schemes})) or "—"
        raise _Refused(
            f"{rulebook.code} 没有评分方案 {code}。请用 --scheme 写其一：{there}。",
            f"{rulebook.code} has no scheme {code}. With --scheme, name one of: {there}.",
        )
    wanted = [one for one in named if (one.effective_from <= as_of if version is None else one.version == version)]
    if not wanted:
        there = ", ".join(f"{scheme.version} ({scheme.effective_from})" for scheme in named)
        missing = (
            (f"在 {as_of} 没有已生效的版本", f"has no version in force on {as_of}")
            if version is None
            else (f"没有版本 {version}", f"has no version {version}")
        )
        raise _Refused(
            f"评分方案 {named[0].code} {missing[0]}。现有版本及生效日期：{there}。请改 --as-of 或 --version。",
            f"The scheme {named[0].code} {missing[1]}. There are, with their first days: {there}."
            " Change --as-of or --version.",
        )
    return max(wanted, key=lambda scheme: scheme.effective_from)


def _explain(arguments: argparse.Namespace, rulebook: Rulebook, scheme: Scheme) -> None:
    """Print the lines of one subject: points, indicator, record, and why; then the class rules that hold."""
    import pyarrow.parquet as pq

    from xinlin.core.explain import explain
    from xinlin.core.plan import compile_scheme
    from xinlin.core.scores import evaluate
    from xinlin.engine.folder import freeze
    from xinlin.engine.plain import facts

    plan = compile_scheme(scheme, arguments.as_of)
    with tempfile.TemporaryDirectory(prefix="xinlin-score-") as temporary:
        folder = Path(temporary) / "snapshot"
        freeze(arguments.data, "", rulebook, plan, folder)
        names = pq.read_table(folder / "names.parquet").to_pylist()
        number = next((row["number"] for row in names if row["subject"] == arguments.subject), None)
        if number is None:
            raise _Refused(
                f"{arguments.subject} 在 {arguments.as_of} 不计分：不属于本方案的评分对象、没有有效授权，或未满十八岁。",
                f"{arguments.subject} is not scored on {arguments.as_of}: not of those whom the scheme scores,"
                " no live consent, or not an adult.",
            )
        history = facts(plan, folder, [number])[number]
    result = evaluate(scheme, history, arguments.as_of)
    print(f"{arguments.subject}  {result.score}  {result.tier}  {arguments.as_of}")
    for line in explain(scheme, history, result):
        print(f"{line.points:+6d}  {line.indicator or line.kind:<28} {line.record:<20} {line.why.zh} {line.why.en}")
    for rule in (scheme.class_rules[at] for at in result.rules_met):
        effect = f"tier = {rule.tier_exactly}" if rule.tier_exactly is not None else f"tier <= {rule.tier_at_most}"
        print(f"{0:+6d}  {effect:<28} {rule.kind:<20} {rule.text.zh} {rule.text.en}")


def _complain(problems: list[Problem]) -> None:
    for problem in problems:
        zh, en = (
            f"{problem.what.zh.rstrip('。')}。{problem.cure.zh}",
            f"{problem.what.en.rstrip('.')}. {problem.cure.en}",
        )
        print(f"{problem.where}: {zh}\n  {en}", file=sys.stderr)


class _Watch:
    """Tells how far a run is: on one line of a terminal, or now and then a line elsewhere."""

    EVERY = 5.0
    """Seconds between two lines in a pipe or a log."""

    def __init__(self) -> None:
        self.terminal, self.said, self.told, self.begun = sys.stderr.isatty(), ("", ""), 0.0, time.monotonic()

    def __call__(self, stage: str, done: int, total: int) -> None:
        now, said = time.monotonic(), (stage, f" {100 * done // total:3} %" if total else "")
        waiting = not self.terminal and stage == self.said[0] and now - self.told < self.EVERY and done < total
        if said == self.said or waiting:
            return
        self.said, self.told = said, now
        line = f"{stage}{said[1]}  {now - self.begun:.0f} s"
        print(
            f"\r{line:<60}" if self.terminal else line, end="" if self.terminal else "\n", file=sys.stderr, flush=True
        )

    def close(self) -> None:
        """Let what follows begin on a line of its own."""
        if self.terminal and self.said[0]:
            print(file=sys.stderr)


def _refuse_place(out: Path | None, data: Path | None) -> None:
    """Results need a folder of their own: between the files of the next run's input they would be read as such."""
    if out is None:
        raise _Refused(
            "缺少 --out：存放 scores.parquet 与 run.json 的文件夹。",
            "--out is missing: the folder for scores.parquet and run.json.",
        )
    if data is not None and out.resolve().is_relative_to(data.resolve()):
        raise _Refused(
            f"--out 是数据夹或在其中：{out}。请另选一个文件夹。",
            f"--out is the folder of --data or lies in it: {out}. Choose another one.",
        )


def _score(arguments: argparse.Namespace, rulebook: Rulebook, scheme: Scheme) -> int:
    """Score everybody in the folder; whoever stops it may go on with the same words."""
    from xinlin.engine.report import Order, Source, score_folder
    from xinlin.engine.spark import MASTER
    from xinlin.engine.workplaces import keep_freed_memory

    _refuse_place(arguments.out, arguments.data)
    if arguments.master:
        os.environ[MASTER] = arguments.master
    wanted = (arguments.engine, arguments.contributions, arguments.threads)
    source = Source(arguments.data, arguments.snapshot, arguments.snapshots)
    _stop_on_signals()
    # a snapshot is made kind by kind, and each gives its large columns back
    keep_freed_memory(1 << 30 if arguments.data is None else 1 << 22)
    watch = _Watch()
    try:
        said = score_folder(Order(rulebook, scheme, arguments.out, *wanted), source, arguments.as_of, watch)
    except KeyboardInterrupt:
        watch.close()
        print(
            "已停止，未写出结果；再次运行同一命令即可续跑。"
            "Stopped; nothing was written. The same command goes on from here.",
            file=sys.stderr,
        )
        return STOPPED
    watch.close()
    print(json.dumps(said["counts"]), json.dumps(said["measured"]), "->", arguments.out)
    return 0


def _changes(arguments: argparse.Namespace, rulebook: Rulebook, scheme: Scheme) -> int:
    """Score the people whom new and changed records touch; the others keep their figures."""
    from xinlin.engine.report import Order, Source, score_changes

    if arguments.snapshot is None:
        raise _Refused(
            "缺少 --snapshot：全量评分时用 --snapshots 留下的快照。",
            "--snapshot is missing: the prepared columns that a whole run left with --snapshots.",
        )
    if arguments.contributions or arguments.engine != "duckdb":
        raise _Refused(
            "changes 只用 duckdb，不带 --contributions；一个主体的明细请用 explain。",
            "Changes are scored by duckdb and without --contributions; explain tells one subject's lines.",
        )
    _refuse_place(arguments.out, arguments.data)
    source = Source(arguments.data, arguments.snapshot)
    said = score_changes(Order(rulebook, scheme, arguments.out), source, arguments.as_of)
    print(json.dumps(said["counts"]), json.dumps(said["measured"]), "->", arguments.out)
    return 0


def _complain_of_files(failed: OSError, out: Path | None) -> None:
    """A full disk names no file by itself: what was being written is the result."""
    failed.filename = failed.filename or out
    named = Text(
        zh="核对 --data 与 --out 的路径及其读写权限", en="Check the paths of --data and --out, and who may write there"
    )
    problems = amiss.explain(failed)
    _complain([one if one.code == "disk_full" else replace(one, cure=named) for one in problems])
    if not problems:
        print(failed, file=sys.stderr)


def _run(arguments: argparse.Namespace) -> int:
    from xinlin import shelf
    from xinlin.engine.runs import TooManyPoints
    from xinlin.engine.spark import SparkMissing
    from xinlin.engine.tables import FolderRefused

    named = Path(arguments.rulebook)
    apart = os.sep in arguments.rulebook or (named.is_dir() and arguments.rulebook not in shelf.names())
    try:
        if apart and not named.is_dir():
            raise _Refused(
                f"没有规则册文件夹 {named}。请核对 --rulebook。",
                f"There is no folder {named} of a rulebook. Check what --rulebook names.",
            )
        rulebook = shelf.read_folder(named) if apart else shelf.read(arguments.rulebook)
        scheme = _scheme(rulebook, arguments.scheme, arguments.version, arguments.as_of)
        if arguments.data is None and (arguments.snapshot is None or arguments.what is not None):
            raise _Refused(
                "缺少 --data：放有 subjects、consents 与 records 的文件夹。",
                "--data is missing: the folder with subjects, consents and records.",
            )
        if arguments.what == "explain":
            if not arguments.subject:
                raise _Refused("缺少 --subject：要看谁的明细。", "--subject is missing: whose lines to print.")
            _explain(arguments, rulebook, scheme)
            return 0
        if arguments.what == "changes":
            return _changes(arguments, rulebook, scheme)
        return _score(arguments, rulebook, scheme)
    except shelf.RulebookRefused as refused:
        root = named.parent if apart else shelf.ROOT
        _complain([replace(problem, where=shelf.shown(problem.where, root)) for problem in refused.problems])
        return 1
    except FolderRefused as refused:
        _complain([refused.problem])
        return 1
    except (SparkMissing, TooManyPoints) as failed:
        print(failed, file=sys.stderr)
        return 1
    except OSError as failed:
        _complain_of_files(failed, arguments.out)
        return 1
    except _Refused as refused:
        print(refused, file=sys.stderr)
        return refused.code
