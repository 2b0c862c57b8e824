"""``xinlin figures``: load figures that others published, and hold them against what the platform counts (外部数字对账)."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from xinlin.commands.installation import begin


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put ``figures`` into the command line."""
    parser = commands.add_parser(
        "figures", help="外部公布的数字与平台统计对账 / figures published elsewhere, reconciled"
    )
    steps = parser.add_subparsers(dest="step", required=True)
    load = steps.add_parser("load", help="载入一张数字表 / load a table of figures")
    load.add_argument("file", type=Path, help="columns: source, date, what, value; also code, unit, of, role, measure")
    load.add_argument("--stated-on", type=_day, help="the day of rows that name none (default today)")
    load.set_defaults(run=_load)
    show = steps.add_parser("reconcile", help="差额与原因 / remainders and their causes")
    show.add_argument("--json", action="store_true", help="print as JSON")
    show.set_defaults(run=_reconcile)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it like 2026-03-01") from error


def _actor() -> Any:
    from xinlin.office.scopes import Actor

    return Actor(handle="system:command_line", name="命令行 Command line", role="system")


def _load(arguments: argparse.Namespace) -> int:
    begin()
    from xinlin.office.actions.stated_figures import load
    from xinlin.office.scopes import Refused

    if not arguments.file.is_file():
        sys.stderr.write(f"没有这个文件：{arguments.file}\nThere is no such file: {arguments.file}\n")
        return 1
    try:
        done = load(actor=_actor(), chunks=[arguments.file.read_bytes()], stated_on=arguments.stated_on)
    except Refused as refusal:
        problem = refusal.problem
        sys.stderr.write(f"{problem.what.zh}；{problem.cure.zh}\n{problem.what.en}; {problem.cure.en}\n")
        return 1
    print(
        f"读到 read {done.read} = 登记 entered {done.entered} + 未变 unchanged {done.unchanged} + 未登记 refused {len(done.refused)}"
    )
    for number, problems in done.refused:
        for problem in problems:
            print(f"  行 row {number}: {problem.what.zh} / {problem.what.en} {problem.raw}")
    return 0


def _reconcile(arguments: argparse.Namespace) -> int:
    begin()
    from xinlin.office.queries.stated_figures import stated_figures

    told = stated_figures(actor=_actor()).reconciled
    if arguments.json:
        rows = [
            {
                "name": one.table.name.model_dump(),
                "source": one.source,
                "stated_on": one.stated_on,
                "total": one.table.total,
                "parts": [asdict(part) | {"name": part.name.model_dump()} for part in one.table.parts],
                "remainder": one.table.remainder,
                "causes": [asdict(cause) | {"name": cause.name.model_dump()} for cause in one.table.causes],
                "unexplained": one.table.unexplained,
            }
            for one in told
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
        return 0
    for one in told:
        table = one.table
        print(f"{table.name.zh}（{one.source}）{table.total}")
        for item in table.parts:
            print(f"  − {item.name.zh} {item.value}")
        print(f"  差额 remainder {table.remainder}")
        for item in table.causes:
            print(f"      {item.name.zh} {item.value}")
        print(f"  没有原因的差额 unexplained {table.unexplained}")
    return 0
