"""``xinlin worker``: works on delivered files, and wakes jobs whose worker fell silent (后台任务)."""

from __future__ import annotations

import argparse
import logging
import os
import threading

REAP_EVERY_SECONDS = 20


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("worker", help="处理部门报送的文件 / work on delivered files")
    parser.add_argument("--interval", type=float, default=0.5, help="seconds between two looks at the queue")
    parser.set_defaults(run=_run)


def _keep_reaping(stopped: threading.Event) -> None:
    from django.db import close_old_connections

    from xinlin.office.jobs.batches import reap

    while not stopped.wait(REAP_EVERY_SECONDS):
        try:
            reap()
        except Exception:
            logging.getLogger(__name__).exception("looking for silent jobs failed; it is tried again")
        finally:
            close_old_connections()


def _run(arguments: argparse.Namespace) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinlin.settings")
    import django
    from django.core.management import call_command

    django.setup()
    stopped = threading.Event()
    threading.Thread(target=_keep_reaping, args=(stopped,), daemon=True, name="reaper").start()
    try:
        call_command("db_worker", interval=arguments.interval)
    finally:
        stopped.set()
    return 0
