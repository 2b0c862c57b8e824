"""``xinlin worker``: works on delivered files, sends notices, watches over looks, and wakes jobs whose worker fell silent (后台任务)."""

from __future__ import annotations

import argparse
import logging
import threading
from collections.abc import Callable

from xinlin.commands.installation import begin

REAP_EVERY_SECONDS = 20
DELIVER_EVERY_SECONDS = 3
SWEEP_EVERY_SECONDS = 5
PULL_EVERY_SECONDS = 600
WATCH_EVERY_SECONDS = 60
PUBLISH_EVERY_SECONDS = 5
ENDINGS_EVERY_SECONDS = 3_600


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("worker", help="处理部门报送的文件 / work on delivered files")
    parser.add_argument("--interval", type=float, default=0.5, help="seconds between two looks at the queue")
    parser.set_defaults(run=_run)


def _keep(stopped: threading.Event, every: float, duty: Callable[[], object]) -> None:
    """Do a duty again and again until ``stopped``; what fails is told and tried again at the next turn."""
    from django.db import close_old_connections

    while not stopped.wait(every):
        try:
            duty()
        except Exception:
            logging.getLogger(__name__).exception("%s failed; it is tried again", duty.__module__)
        finally:
            close_old_connections()


def _run(arguments: argparse.Namespace) -> int:
    begin()
    from django.core.management import call_command

    from xinlin.office.actions.proposals import keep_adopted
    from xinlin.office.actions.restores import settle
    from xinlin.office.jobs.batches import reap
    from xinlin.office.jobs.drops import sweep_drops
    from xinlin.office.jobs.endings import tell
    from xinlin.office.jobs.inspections import count_when_due as count_grades
    from xinlin.office.jobs.inspections import draw
    from xinlin.office.jobs.lists import watch as watch_lists
    from xinlin.office.jobs.looks import watch
    from xinlin.office.jobs.notices import deliver
    from xinlin.office.jobs.publicity import publish
    from xinlin.office.jobs.publicity_figures import count_when_due
    from xinlin.office.jobs.record_figures import count_when_due as count_records
    from xinlin.office.jobs.sources import pull_all
    from xinlin.office.scopes import Actor

    settle(actor=Actor(handle="system:restore", name="恢复后重办 After a restore", role="system"))
    stopped = threading.Event()
    duties: tuple[tuple[str, float, Callable[[], object]], ...] = (
        ("reaper", REAP_EVERY_SECONDS, reap),
        ("notices", DELIVER_EVERY_SECONDS, deliver),
        ("looks", WATCH_EVERY_SECONDS, watch),
        ("inspections", SWEEP_EVERY_SECONDS, draw),
        ("lists", WATCH_EVERY_SECONDS, watch_lists),
        ("publicity", PUBLISH_EVERY_SECONDS, publish),
        ("figures", PUBLISH_EVERY_SECONDS * 6, count_when_due),
        ("records", PUBLISH_EVERY_SECONDS * 2, count_records),
        ("grades", PUBLISH_EVERY_SECONDS * 6, count_grades),
        ("drops", SWEEP_EVERY_SECONDS, sweep_drops),
        ("sources", PULL_EVERY_SECONDS, pull_all),
        ("endings", ENDINGS_EVERY_SECONDS, tell),
        ("schemes", REAP_EVERY_SECONDS, keep_adopted),
    )
    for name, every, duty in duties:
        threading.Thread(target=_keep, args=(stopped, every, duty), daemon=True, name=name).start()
    try:
        call_command("db_worker", interval=arguments.interval)
    finally:
        stopped.set()
    return 0
