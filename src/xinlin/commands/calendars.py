"""``xinlin calendar …``: enter the yearly arrangement of holidays, and count a deadline as the offices count it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from xinlin import shelf
from xinlin.commands.installation import begin
from xinlin.core import arrangements
from xinlin.core.calendar import PUBLISHED, Calendar, unsettled
from xinlin.core.procedures import objection_due, provider_due
from xinlin.core.values import Problem


def _say(problem: Problem) -> int:
    sys.stderr.write(f"{problem.where}: {problem.what.zh}{problem.cure.zh}\n{problem.what.en}. {problem.cure.en}\n")
    return 1


def _enter(arguments: argparse.Namespace) -> int:
    try:
        days = arrangements.read(arguments.file.read_text(encoding="utf-8-sig"))
    except arrangements.ArrangementRefused as refused:
        return _say(refused.problem)
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{arguments.file}: {error}\n")
        return 1
    begin()
    from xinlin.office.actions.calendars import enter
    from xinlin.office.scopes import Actor, Refused

    actor = Actor(handle="system:command_line", name="命令行 Command line", role="system")
    try:
        count = enter(actor=actor, days=days, document=arguments.document)
    except Refused as refused_days:
        return _say(refused_days.problem)
    sys.stdout.write(f"已录入 {count} 天。{count} days entered.\n")
    from xinlin.office.queries.calendars import calendar

    _say_incomplete({day.year for day in days}, calendar())
    return 0


def _say_incomplete(years: Iterable[int], days: Calendar) -> None:
    """On standard error: which of these years is not arranged, and what of it is missing."""
    for year in sorted(years):
        if not days.is_decided(date(year, 1, 1)):
            left = "、".join(day.isoformat() for day in unsettled(year, days.off, days.on))
            sys.stderr.write(
                f"{year}：放假安排不完整，期限仍为暂定；没有写明 {left}。\n"
                f"  {year} is not arranged: deadlines in it stay provisional until these are stated: {left}.\n"
            )


def _due(arguments: argparse.Namespace) -> int:
    procedures = shelf.read("national").procedures
    run = procedures.get(arguments.procedure)
    if run is None:
        sys.stderr.write(f"{arguments.procedure}: one of {', '.join(sorted(procedures))}\n")
        return 1
    days = PUBLISHED
    try:
        for file in arguments.calendar:
            entered = arrangements.read(file.read_text(encoding="utf-8-sig"))
            days = days.with_days({day: worked for day, (worked, _) in entered.items()})
    except arrangements.ArrangementRefused as refused:
        return _say(refused.problem)
    received, forwarded = arguments.received, arguments.forwarded
    last = forwarded or received
    whole = objection_due(
        run, days, received_on=received, forwarded_on=forwarded, extended=arguments.extended, today=last
    )
    said: dict[str, object] = {"due_on": whole.day.isoformat(), "provisional": whole.provisional}
    if forwarded is not None:
        answer = provider_due(
            run, days, received_on=received, forwarded_on=forwarded, extended=arguments.extended, today=last
        )
        said["provider_due_on"] = answer.day.isoformat()
    sys.stdout.write(json.dumps(said) + "\n")
    _say_incomplete(range(received.year, whole.day.year + 1), days)
    return 0


def add(commands: Any) -> None:
    """Add the commands to the command line."""
    parser = commands.add_parser("calendar", help="working days: enter an arrangement, count a deadline")
    parts = parser.add_subparsers(required=True, metavar="WHAT")
    enter = parts.add_parser("import", help="enter the yearly arrangement of holidays from a CSV or JSON file")
    enter.add_argument("file", type=Path)
    enter.add_argument("--document", required=True, help="the arrangement's number, such as 国办发明电〔2026〕7号")
    enter.set_defaults(run=_enter)
    due = parts.add_parser("due", help="by when an objection is answered under a procedure")
    due.add_argument("procedure")
    due.add_argument("--received", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
    due.add_argument("--forwarded", type=date.fromisoformat, metavar="YYYY-MM-DD", help="passed on to the provider on")
    due.add_argument("--extended", action="store_true")
    due.add_argument("--calendar", type=Path, action="append", default=[], help="an arrangement not yet known here")
    due.set_defaults(run=_due)
