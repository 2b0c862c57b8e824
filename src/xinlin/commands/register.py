"""``xinlin register …``: reports on the register of subjects that a person reads; nothing is changed by them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from xinlin.commands.installation import begin


def add(commands: Any) -> None:
    """Add the commands to the command line."""
    parser = commands.add_parser("register", help="reports on the register of subjects")
    parts = parser.add_subparsers(required=True, metavar="WHAT")
    duplicates = parts.add_parser(
        "duplicates",
        help="organisations that may be one, and rows whose name differs, as XLSX; nothing is merged by it",
    )
    duplicates.add_argument("file", type=Path, help="where the XLSX goes")
    duplicates.set_defaults(run=_duplicates)


def _duplicates(arguments: argparse.Namespace) -> int:
    begin()
    from xinlin.office.queries.duplicates import workbook
    from xinlin.office.scopes import Actor

    try:
        content, pairs, names = workbook(actor=Actor(handle="system:duplicates", name="查重 Duplicates", role="system"))
    except ImportError:
        print("this report needs Splink: pip install 'xinlin[reports]'", file=sys.stderr)
        return 2
    arguments.file.write_bytes(content)
    print(f"{arguments.file}: {pairs} likely pairs, {names} names that differ; a person decides")
    return 0
