"""The command line: ``xinlin …``. Each command is one function; it answers with an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from xinlin.commands import (
    amiss,
    batches,
    calendars,
    consents,
    demo,
    exchange,
    figures,
    items,
    log,
    register,
    replays,
    rulebook,
    scores,
    staff,
    witness,
    worker,
)

ENOUGH = 141
"""Exit code where nobody reads on, as of a program that SIGPIPE ends."""


def _manage(arguments: argparse.Namespace) -> int:
    """Hand the rest of the line to Django's own command line (migrate, shell, …)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinlin.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["xinlin manage", *arguments.rest])
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="xinlin", description="Xinlin 信林: an open public-credit platform for a city"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    manage = commands.add_parser("manage", help="Django's own commands, for operators", add_help=False)
    manage.add_argument("rest", nargs=argparse.REMAINDER)
    manage.set_defaults(run=_manage)
    batches.add(commands)
    calendars.add(commands)
    consents.add(commands)
    demo.add(commands)
    exchange.add(commands)
    figures.add(commands)
    items.add(commands)
    log.add(commands)
    register.add(commands)
    replays.add(commands)
    rulebook.add(commands)
    scores.add(commands)
    staff.add(commands)
    witness.add(commands)
    worker.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. What is amiss with the place it runs in is said in a sentence."""
    arguments = build_parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:  # before the command was ready to say it in its own words
        print("已停止。Stopped.", file=sys.stderr)
        return scores.STOPPED
    except BrokenPipeError:  # whoever reads the answer has seen enough, as ``| head`` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ENOUGH
    except Exception as error:
        problems = amiss.explain(error)
        if not problems:
            raise
        for problem in problems:
            print(
                f"{problem.where}：{problem.what.zh}。{problem.cure.zh}。\n  {problem.where}: {problem.what.en}; {problem.cure.en}.",
                file=sys.stderr,
            )
        return amiss.CODE
    return code


if __name__ == "__main__":
    sys.exit(main())
