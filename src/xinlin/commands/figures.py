"""``xinlin figures``: load figures that others published, and hold them against what the platform counts (外部数字对账)."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinlin.commands.installation import begin

if TYPE_CHECKING:
    from xinlin.core.values import Text
    from xinlin.office.queries.stated_figures import Told


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
    from xinlin.office.queries.quality import reconciliations
    from xinlin.office.queries.stated_figures import Told, stated_figures

    stated = stated_figures(actor=_actor())
    _, ours = reconciliations(actor=_actor())
    told = [*(Told(table, "平台统计 The platform's own counts", None) for table in ours), *stated.reconciled]
    if arguments.json:
        print(json.dumps([_as_row(one) for one in told], ensure_ascii=False, indent=2, default=str))
        return 0
    for one in told:
        table = one.table
        print(f"{_both(table.name)}（{one.source}）\n  {_both(table.total_name)} {table.total}")
        for item in table.parts:
            print(f"  − {_both(item.name)} {item.value}")
        print(f"  差额 remainder {table.remainder}")
        for item in table.causes:
            print(f"      {_both(item.name)} {item.value}")
        print(f"  没有原因的差额 unexplained {table.unexplained}")
    if stated.lines and not any(line.of or line.measure for line in stated.lines):
        number = len(stated.lines)
        print(
            f"登记的 {number} 个数字都没有标明属于哪一个数字或平台口径，所以没有可对的。"
            "请在表里加“属于”“关系”“平台口径”三列再载入，或在“对账”页上选。\n"
            f"None of the {number} figures entered says to which figure it belongs, or which count of the platform it is held against; so there "
            "is nothing to reconcile. Add the columns of, role and measure and load the table again, or choose on the page of reconciliation."
        )
    return 0


def _both(name: Text) -> str:
    return name.zh if name.zh == name.en else f"{name.zh} {name.en}"


def _as_row(one: Told) -> dict[str, Any]:
    table = one.table
    return {
        "name": table.name.model_dump(),
        "source": one.source,
        "stated_on": one.stated_on,
        "total": table.total,
        "parts": [asdict(part) | {"name": part.name.model_dump()} for part in table.parts],
        "remainder": table.remainder,
        "causes": [asdict(cause) | {"name": cause.name.model_dump()} for cause in table.causes],
        "unexplained": table.unexplained,
    }
