"""Signs of life of a job whose own connection is busy with one long transaction (任务心跳)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from xinlin.office.models.batches import Job
from xinlin.office.scopes import now

EVERY_SECONDS = 15.0


def _beat(job: int, over: threading.Event) -> None:
    try:
        while not over.wait(EVERY_SECONDS):
            Job.objects.filter(pk=job).update(heartbeat_at=now())
    finally:
        connection.close()


@contextmanager
def beating(job: Job) -> Iterator[None]:
    """Let others see that the job is alive while the block stores.

    On SQLite nobody could write meanwhile, and nobody can take the job for dead either: whoever looks waits for the lock.
    """
    if connection.vendor != "postgresql":
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_beat, args=(job.pk, over), daemon=True, name=f"heartbeat {job.number}")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
