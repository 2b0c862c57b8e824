"""``xinlin rulebook …``: read rulebooks with a lawyer's eyes, publish versions, help editors."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from xinlin import shelf
from xinlin.core import editors
from xinlin.core.values import Problem


def add(commands: Any) -> None:
    """Add the commands to the command line."""
    parser = commands.add_parser("rulebook", help="check, publish and describe rulebooks")
    parts = parser.add_subparsers(required=True, metavar="WHAT")

    lint = parts.add_parser("lint", help="say everything that is wrong: file:line: what — cure")
    lint.add_argument("name", nargs="?", help="one rulebook; all of them without a name")
    lint.add_argument("--root", type=Path, default=shelf.ROOT, help="another folder of rulebooks")
    lint.add_argument("--chinese", action="store_true", help="print in Chinese")
    lint.set_defaults(run=_lint)

    lock = parts.add_parser("lock", help="publish new scheme versions: add their hashes to the lock")
    lock.add_argument("name", nargs="?", help="one rulebook; all of them without a name")
    lock.add_argument("--root", type=Path, default=shelf.ROOT, help="another folder of rulebooks")
    lock.set_defaults(run=_lock)

    cases = parts.add_parser("cases", help="work every example case out again and say which come out otherwise")
    cases.add_argument("name", nargs="?", help="one rulebook; all of them without a name")
    cases.add_argument("--root", type=Path, default=shelf.ROOT, help="another folder of rulebooks")
    cases.set_defaults(run=_cases)

    schema = parts.add_parser("schema", help="print the JSON Schema of one sort of file, for editors")
    schema.add_argument("file", choices=sorted(editors.file_types()), help="the sort of file")
    schema.set_defaults(run=_schema)


def line(problem: Problem, chinese: bool = False) -> str:
    """A problem as one printed line."""
    said = (problem.what.zh, problem.cure.zh) if chinese else (problem.what.en, problem.cure.en)
    return f"{problem.where}: {said[0]} — {said[1]}"


def _named(root: Path, name: str | None) -> list[str]:
    return [name] if name else shelf.names(root)


def _lint(arguments: argparse.Namespace) -> int:
    wrong = 0
    for name in _named(arguments.root, arguments.name):
        for problem in shelf.problems(arguments.root, name):
            wrong += 1
            print(line(problem, arguments.chinese))
    return 1 if wrong else 0


def _lock(arguments: argparse.Namespace) -> int:
    refused = 0
    for name in _named(arguments.root, arguments.name):
        try:
            for version in shelf.publish(arguments.root, name):
                print(f"rulebooks/{name}: published {version}")
        except shelf.RulebookRefused as error:
            refused = 1
            for problem in error.problems:
                print(line(problem))
    return refused


def _cases(arguments: argparse.Namespace) -> int:
    from xinlin.core import deed_limits
    from xinlin.core.scores import evaluate
    from xinlin.core.worked_cases import facts_of, otherwise, scheme_of

    refused = 0
    for name in _named(arguments.root, arguments.name):
        try:
            loaded = shelf.open_folder(arguments.root, name)
        except shelf.RulebookRefused as error:
            refused = 1
            for problem in error.problems:
                print(line(problem))
            continue
        wrong = 0
        for at, case in enumerate(loaded.rulebook.cases):
            scheme, facts = scheme_of(loaded.rulebook, case), facts_of(loaded.rulebook, case)
            for said in otherwise(case, evaluate(scheme, facts, case.as_of)):
                wrong += 1
                print(f"{loaded.place(('cases', at))}: {case.name.en}: {said}")
        last = max((scheme.effective_from for scheme in loaded.rulebook.schemes), default=None)
        for found in deed_limits.findings(loaded.rulebook, last.replace(month=12, day=31)) if last else ():
            wrong += 1
            print(line(found.at(loaded.place(found.path))))
        refused |= wrong > 0
        print(f"rulebooks/{name}: {len(loaded.rulebook.cases)} cases, {wrong} differences")
    return refused


def _schema(arguments: argparse.Namespace) -> int:
    print(json.dumps(editors.file_schema(arguments.file), ensure_ascii=False, indent=2))
    return 0
