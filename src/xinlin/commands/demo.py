"""``xinlin demo``: a synthetic city on this machine (演示)."""

from __future__ import annotations

import argparse
from typing import Any


def _demo(arguments: argparse.Namespace) -> int:
    from xinlin.demo.run import run

    return run(arguments)


def add(commands: Any) -> None:
    """Put ``demo`` into the command line."""
    parser = commands.add_parser("demo", help="make a synthetic city and serve it here until Ctrl-C")
    parser.add_argument("--city", help="rulebook to run (default: the one prepared here, else dongtou)")
    parser.add_argument("--residents", type=int, help="how many residents (default: as prepared, else 20000)")
    parser.add_argument("--firms", type=int, help="how many firms (default: as prepared, else 3000)")
    parser.add_argument("--seed", type=int, help="another seed gives another city (default: as prepared, else 1)")
    parser.add_argument("--port", type=int, help="port of the site; 0: a free one (default: 8000, or a free one)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument("--prepare-only", action="store_true", help="prepare everything, start nothing")
    parser.set_defaults(run=_demo)
