"""``xinlin rulebook …``: read rulebooks with a lawyer's eyes, publish versions, help editors."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime
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

    export = parts.add_parser("export", help="print the catalogue in force as JSON, for another installation")
    export.add_argument("name", help="the rulebook")
    export.add_argument("--day", type=date.fromisoformat, default=None, help="in force on this day; today if left out")
    export.set_defaults(run=_export)

    accept = parts.add_parser("accept", help="make a rulebook folder of an exported catalogue, judged like any other")
    accept.add_argument("file", type=Path, help="the JSON file")
    accept.add_argument("name", help="what the new rulebook is called")
    accept.add_argument("--root", type=Path, default=Path(), help="where its folder goes; here if left out")
    accept.add_argument("--extends", default="national", help="the rulebook on top of which it stands")
    accept.set_defaults(run=_accept)


def line(problem: Problem, root: Path = shelf.ROOT, chinese: bool = False) -> str:
    """A problem of a rulebook in ``root`` as one printed line."""
    said = (problem.what.zh, problem.cure.zh) if chinese else (problem.what.en, problem.cure.en)
    return f"{shelf.shown(problem.where, root)}: {said[0]} — {said[1]}"


def _named(root: Path, name: str | None) -> list[str]:
    return [name] if name else shelf.names(root)


def _lint(arguments: argparse.Namespace) -> int:
    wrong = 0
    for name in _named(arguments.root, arguments.name):
        for problem in shelf.problems(arguments.root, name):
            wrong += 1
            print(line(problem, arguments.root, arguments.chinese))
    return 1 if wrong else 0


def _lock(arguments: argparse.Namespace) -> int:
    refused = 0
    for name in _named(arguments.root, arguments.name):
        try:
            for version in shelf.publish(arguments.root, name):
                print(f"{shelf.shown(f'rulebooks/{name}', arguments.root)}: published {version}")
        except shelf.RulebookRefused as error:
            refused = 1
            for problem in error.problems:
                print(line(problem, arguments.root))
    return refused


def _export(arguments: argparse.Namespace) -> int:
    from xinlin.core.catalogue_file import exported

    book = shelf.read(arguments.name)
    print(json.dumps(exported(book, arguments.day or datetime.now(UTC).date()), ensure_ascii=False, indent=1))
    return 0


def _accept(arguments: argparse.Namespace) -> int:
    """Nothing is written unless loader and linter take all of it."""
    from xinlin.core import lint
    from xinlin.core.catalogue_file import NotACatalogue, folder_of, read
    from xinlin.core.loading import load

    parent = shelf.open_folder(shelf.ROOT, arguments.extends)
    folder = arguments.root / arguments.name
    try:
        file = read(arguments.file.read_text(encoding="utf-8"))
        texts = folder_of(file, arguments.name, parent.rulebook)
        loaded = load(arguments.name, texts, parent)
        found = lint.findings(loaded.rulebook, loaded.places)
    except NotACatalogue as error:
        found = [error.problem]
    except shelf.RulebookRefused as error:
        found = error.problems
    if folder.exists():
        print(f"{folder}: this folder is there already — give another name")
        return 1
    if found:
        for problem in found:
            print(line(problem))
        return 1
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    print(f"{folder}: {len(file.kinds)} kinds, version {file.version[:16]}")
    return 0


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
                print(line(problem, arguments.root))
            continue
        wrong = 0
        for at, case in enumerate(loaded.rulebook.cases):
            scheme, facts = scheme_of(loaded.rulebook, case), facts_of(loaded.rulebook, case)
            for said in otherwise(case, evaluate(scheme, facts, case.as_of)):
                wrong += 1
                print(f"{shelf.shown(loaded.place(('cases', at)), arguments.root)}: {case.name.en}: {said}")
        last = max((scheme.effective_from for scheme in loaded.rulebook.schemes), default=None)
        for found in deed_limits.findings(loaded.rulebook, last.replace(month=12, day=31)) if last else ():
            wrong += 1
            print(line(found.at(loaded.place(found.path)), arguments.root))
        refused |= wrong > 0
        print(
            f"{shelf.shown(f'rulebooks/{name}', arguments.root)}: {len(loaded.rulebook.cases)} cases, {wrong} differences"
        )
    return refused


def _schema(arguments: argparse.Namespace) -> int:
    print(json.dumps(editors.file_schema(arguments.file), ensure_ascii=False, indent=2))
    return 0
