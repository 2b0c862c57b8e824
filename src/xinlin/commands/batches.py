"""``xinlin intake``: take a department's file in and print the receipt (数据报送)."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from xinlin.commands.installation import begin

DONE, REFUSED_FILE, WAITS = 0, 1, 3
"""Exit codes: taken in (some rows may be refused); refused or failed; waits for a column mapping."""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it like 2026-03-01") from error


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk


def _take_in(arguments: argparse.Namespace) -> dict[str, Any]:
    """Receive the file and work on it here, or wait for the worker that has it already."""
    from xinlin.office.actions import batches as actions
    from xinlin.office.jobs.batches import work
    from xinlin.office.queries import batches as queries
    from xinlin.office.scopes import Actor

    actor = Actor(handle="system:command_line", name="命令行 Command line", role="system")
    receipt = actions.receive(
        actor=actor,
        kind=arguments.kind,
        filename=arguments.file.name,
        chunks=_chunks(arguments.file),
        delivery=arguments.delivery,
        valid_on=arguments.valid_on,
        department=arguments.department,
        mapping=arguments.mapping or "",
        reading={
            name: said
            for name in ("table", "header_row", "encoding", "delimiter")
            if (said := getattr(arguments, name))
        },
        confirm_short=arguments.confirm_short,
    )
    view = queries.batch(actor=actor, number=receipt.number)
    if view.job is not None:
        work(view.job.number)
    while (view := queries.batch(actor=actor, number=receipt.number)).line.state in ("received", "judging"):
        time.sleep(0.2)
    line = view.line
    return {
        "number": line.number,
        "already": receipt.already,
        "state": line.state,
        "department": line.department,
        "kind": line.kind,
        "delivery": line.delivery,
        "valid_on": line.valid_on.isoformat(),
        "filename": line.filename,
        "sha256": receipt.sha256,
        "read": line.rows_read,
        "accepted": line.rows_accepted,
        "repeated": line.rows_repeated,
        "refused": line.rows_refused,
        "rows_per_second": view.job.rate if view.job else 0,
        "entries_added": line.entries_added,
        "entries_ended": line.entries_ended,
        "layout": view.layout,
        "headers": view.headers,
        "columns": {
            field.code: field.column or field.constant for field in view.fields if field.column or field.constant
        },
        "findings": view.findings,
        "refused_rows": [
            {"row": row.row, "problems": row.problems}
            for row in queries.refused_rows(actor=actor, number=line.number).rows
        ],
    }


def _dry(arguments: argparse.Namespace) -> dict[str, Any]:
    """The real path, rolled back."""
    from django.db import transaction

    from xinlin.office import vault

    with vault.for_a_while(), transaction.atomic():
        told = _take_in(arguments)
        transaction.set_rollback(True)
    return {**told, "dry_run": True}


def _intake(arguments: argparse.Namespace) -> int:
    begin()
    from xinlin.office.scopes import NotAllowed, Refused

    if not arguments.file.is_file():
        sys.stderr.write(f"没有这个文件：{arguments.file}\nThere is no such file: {arguments.file}\n")
        return REFUSED_FILE
    try:
        told = _dry(arguments) if arguments.dry_run else _take_in(arguments)
    except Refused as refusal:
        told = {"state": "refused", "findings": [refusal.problem.as_dict()]}
    except NotAllowed as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED_FILE
    if arguments.json:
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2, default=str) + "\n")
    else:
        _print(told)
    return {"done": DONE, "needs_mapping": WAITS}.get(str(told["state"]), REFUSED_FILE)


def _print(told: dict[str, Any]) -> None:
    if "number" in told:
        sys.stdout.write(
            f"{told['number']}  {told['state']}\n"
            f"  读取 {told['read']} = 入库 {told['accepted']}（其中重复 {told['repeated']}）+ 退回 {told['refused']}\n"
            f"  read {told['read']} = accepted {told['accepted']} ({told['repeated']} repeated) + refused {told['refused']}\n"
        )
    for finding in told["findings"]:
        sys.stdout.write(
            f"  [{finding['code']}] {finding['where']} {finding['what']['zh']} / {finding['what']['en']}"
            f"{'  ' + finding['raw'] if finding['raw'] else ''}\n"
        )
        sys.stdout.write(f"      {finding['cure']['zh']} / {finding['cure']['en']}\n")
    for row in told.get("refused_rows", [])[:20]:
        for problem in row["problems"]:
            sys.stdout.write(
                f"  行 row {row['row']} {problem['where']}: {problem['what']['zh']} / {problem['what']['en']}\n"
            )


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put ``intake`` into the command line."""
    from xinlin.office.layouts import DELIMITERS, ENCODINGS

    parser = commands.add_parser("intake", help="take a department's file in and print the receipt")
    parser.add_argument(
        "file", type=Path, help="CSV, TSV, XLSX, XLS, JSON, JSON Lines, XML, HTML tables, or a ZIP of these"
    )
    parser.add_argument("--department", required=True, help="code of the department that sends it")
    parser.add_argument("--kind", required=True, help="code of the kind of record")
    parser.add_argument("--mapping", help="name of a kept column mapping")
    parser.add_argument(
        "--delivery", choices=["additions", "corrections", "full_list"], help="default: as the kind says"
    )
    parser.add_argument("--valid-on", type=_day, help="the day for which a full list speaks (default today)")
    parser.add_argument("--table", help="the sheet, member or table to read, where it is not the one found")
    parser.add_argument("--header-row", type=int, help="the row in which the header begins, counted from 1")
    parser.add_argument("--encoding", choices=ENCODINGS, help="how a text file is written")
    parser.add_argument("--delimiter", choices=DELIMITERS, help="what parts the cells of a text file")
    parser.add_argument("--confirm-short", action="store_true", help="a list that shrank by half is whole all the same")
    parser.add_argument("--dry-run", action="store_true", help="do everything, then undo it")
    parser.add_argument("--json", action="store_true", help="print the receipt as JSON")
    parser.set_defaults(run=_intake)
