"""``xinlin source …``, ``xinlin signing-key …``, ``xinlin drop``: how departments' systems reach the platform (数据交换)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from xinlin.commands.installation import begin


def _prepared(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Set Django up, and say a refusal in words."""

    def prepared(arguments: argparse.Namespace) -> int:
        begin()
        from xinlin.office.scopes import NotFound, Refused

        try:
            return run(arguments)
        except Refused as refusal:
            for text in (refusal.problem.what, refusal.problem.cure):
                sys.stderr.write(f"{text.zh}\n{text.en}\n")
        except NotFound as error:
            sys.stderr.write(f"{error}\n")
        return 1

    return prepared


def _actor() -> object:
    from xinlin.office.scopes import Actor

    return Actor(handle="system:command_line", name="命令行 Command line", role="system")


@_prepared
def _add_source(arguments: argparse.Namespace) -> int:
    from xinlin.office.actions import sources

    url = os.environ.get(arguments.url_from, "")
    sources.add(
        actor=_actor(),  # type: ignore[arg-type]  # an Actor, known only once Django is set up
        name=arguments.name,
        department=arguments.department,
        kind=arguments.kind,
        url=url,
        table=arguments.table,
        watermark_column=arguments.watermark or "",
    )
    sys.stdout.write(f"已登记 {arguments.name}。Added: {arguments.name}.\n")
    return 0


@_prepared
def _pull(arguments: argparse.Namespace) -> int:
    from xinlin.office.jobs.batches import work
    from xinlin.office.jobs.sources import pull

    for receipt in pull(arguments.name):
        work(receipt.job)
        sys.stdout.write(f"{receipt.number} {receipt.size} bytes\n")
    return 0


@_prepared
def _close_source(arguments: argparse.Namespace) -> int:
    from xinlin.office.actions import sources

    sources.close(actor=_actor(), name=arguments.name)  # type: ignore[arg-type]  # an Actor
    return 0


@_prepared
def _add_key(arguments: argparse.Namespace) -> int:
    from xinlin.office.actions.proofs import register_key

    algorithm = register_key(
        actor=_actor(),  # type: ignore[arg-type]  # an Actor
        department=arguments.department,
        key_id=arguments.key_id,
        public_key=arguments.file.read_text(encoding="utf-8"),
    )
    sys.stdout.write(f"{arguments.key_id} {algorithm}\n")
    return 0


@_prepared
def _revoke_key(arguments: argparse.Namespace) -> int:
    from xinlin.office.actions.proofs import revoke_key

    day = revoke_key(actor=_actor(), key_id=arguments.key_id)  # type: ignore[arg-type]  # an Actor
    sys.stdout.write(f"{arguments.key_id} {day.isoformat()}\n")
    return 0


@_prepared
def _drop(arguments: argparse.Namespace) -> int:
    from xinlin.office.jobs.drops import sweep

    sys.stdout.write(f"{sweep(arguments.folder)}\n")
    return 0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put the commands into the command line."""
    source = commands.add_parser("source", help="pull rows from departments' databases").add_subparsers(required=True)
    adding = source.add_parser("add", help="register a table; its address is read from an environment variable")
    adding.add_argument("name")
    adding.add_argument("--department", required=True)
    adding.add_argument("--kind", required=True)
    adding.add_argument("--url-from", required=True, metavar="VARIABLE", help="environment variable with the address")
    adding.add_argument("--table", required=True, help="table or view, with its schema if need be")
    adding.add_argument("--watermark", help="column that never falls; none for a full list")
    adding.set_defaults(run=_add_source)
    pulling = source.add_parser("pull", help="pull what is new, now")
    pulling.add_argument("name")
    pulling.set_defaults(run=_pull)
    closing = source.add_parser("close", help="pull nothing more from it")
    closing.add_argument("name")
    closing.set_defaults(run=_close_source)
    keys = commands.add_parser("signing-key", help="public keys of departments that sign").add_subparsers(required=True)
    key = keys.add_parser("add", help="register a public key (PEM); unsigned calls are then refused")
    key.add_argument("key_id")
    key.add_argument("--department", required=True)
    key.add_argument("--file", type=Path, required=True)
    key.set_defaults(run=_add_key)
    revoking = keys.add_parser("revoke", help="let a key sign nothing more")
    revoking.add_argument("key_id")
    revoking.set_defaults(run=_revoke_key)
    drop = commands.add_parser("drop", help="take in what lies in a watched folder, once")
    drop.add_argument("folder", type=Path, help="holds DEPARTMENT/KIND/FILE")
    drop.set_defaults(run=_drop)
