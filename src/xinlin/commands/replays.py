"""``xinlin replay``: works a frozen run out again and says whether every figure comes out the same (复算)."""

from __future__ import annotations

import argparse
import sys

from xinlin.commands.installation import begin


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "replay", help="按当时所知复算已留存的分数 / work frozen figures out again and compare"
    )
    parser.add_argument(
        "numbers",
        metavar="run",
        nargs="*",
        help="numbers of runs, such as PF20261130-0A1B2C3D; default: the newest one",
    )
    parser.add_argument(
        "--bundle", metavar="FILE", help="居民的自证包，离线核验 / a resident's proof bundle, checked offline"
    )
    parser.add_argument("--key", help="with --bundle: the statements' key as published (name+id+key)")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    return _bundle(arguments) if arguments.bundle else _replay(arguments)


def _bundle(arguments: argparse.Namespace) -> int:
    """Check a proof bundle with nothing but the key."""
    from pathlib import Path

    from xinlin.core.bundles import verify_bundle
    from xinlin.core.notes import Refused, parse_key
    from xinlin.office.signing import verify

    if not arguments.key:
        print("--bundle 需要 --key。--bundle needs --key.", file=sys.stderr)
        return 2
    try:
        said = verify_bundle(Path(arguments.bundle).read_text(encoding="utf-8"), parse_key(arguments.key), verify)
    except (Refused, OSError, UnicodeDecodeError) as refused:
        print(f"不成立 It does not hold: {refused}", file=sys.stderr)
        return 1
    print(
        f"{said.run} {said.as_of}: {said.score} {said.tier}; signature holds, "
        f"rules {'are those signed' if said.rules_hold else 'are OTHERS'}, "
        f"figure {'comes out the same 一致' if said.figure_holds else 'DIFFERS 不一致'}"
    )
    return 0 if said.holds else 1


def _replay(arguments: argparse.Namespace) -> int:
    begin()
    from xinlin.office.actions.score_replays import replay
    from xinlin.office.queries.score_runs import newest
    from xinlin.office.scopes import Actor, NotFound

    actor = Actor(handle="system:replay", name="复算 Replay", role="system")
    wrong = 0
    for number in arguments.numbers or newest():
        try:
            said = replay(actor=actor, number=number)
        except NotFound as refused:
            print(refused, file=sys.stderr)
            return 2
        wrong += not said.holds
        inputs = {True: "same", False: "OTHER", None: "not comparable"}[said.inputs_hold]
        print(
            f"{number}: {'一致 the same' if said.holds else '不一致 DIFFERENT'}; {said.replayed} figures worked out again, "
            f"{said.other_figures} other, {said.left} people left since, "
            f"{said.erased} had records deleted; rules {'same' if said.rules_hold else 'OTHER'}, "
            f"signature {'holds' if said.signature_holds else 'BROKEN'}, {said.other_commitments} broken commitments, "
            f"inputs {inputs}"
        )
    return 1 if wrong else 0
