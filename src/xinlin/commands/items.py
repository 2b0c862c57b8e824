"""``xinlin items load FILE``: take in the service catalogue, hundreds of thousands of items at once (政务服务事项目录)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from xinlin.commands.installation import begin


def _load(arguments: argparse.Namespace) -> int:
    begin()
    from xinlin.office.actions.items import load
    from xinlin.office.scopes import Actor, Refused

    actor = Actor(handle="system:command_line", name="命令行 Command line", role="system")
    try:
        with arguments.file.open(encoding="utf-8-sig", newline="") as lines:
            done = load(actor=actor, lines=lines)
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{arguments.file}: {error}\n")
        return 1
    except Refused as refused:
        found = refused.problem
        sys.stderr.write(f"{arguments.file}:{found.where}: {found.what.zh} {found.what.en} ({found.raw})\n")
        return 1
    for found in done.refused:
        sys.stderr.write(f"{arguments.file}:{found.where}: {found.what.zh} {found.what.en}\n")
    sys.stdout.write(
        f"读取 {done.rows} 行，新增 {done.added}，更新 {done.changed}，拒收 {done.refused_rows}。"
        f"{done.rows} rows: {done.added} added, {done.changed} changed, {done.refused_rows} refused.\n"
    )
    return 1 if done.refused_rows else 0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("items", help="装载政务服务事项目录 / load the service catalogue")
    inner = parser.add_subparsers(required=True, metavar="ACTION")
    load = inner.add_parser("load", help="CSV: code,name,department,office,division,subject_kinds,basis")
    load.add_argument("file", type=Path)
    load.set_defaults(run=_load)
