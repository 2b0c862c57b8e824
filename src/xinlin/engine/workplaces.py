"""Hidden folders in which files are made before they are moved into place (工作目录), and what a process took."""

from __future__ import annotations

import fcntl
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def workplace(out: Path) -> Iterator[Path]:
    """A hidden folder in ``out`` to write in; gone afterwards, and so are those of runs that were killed."""
    out.mkdir(parents=True, exist_ok=True)
    for left in out.glob(".work-*"):
        _remove_if_left(left)
    work = out / f".work-{secrets.token_hex(6)}"
    work.mkdir()
    with (work / "held").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _remove_if_left(work: Path) -> None:
    """Remove the folder of a run whose process has ended: a living one holds the lock in it."""
    try:
        with (work / "held").open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(work, ignore_errors=True)
    except OSError:
        return


def peak_memory() -> int:
    """The most memory that this program held, in kB. (``ru_maxrss`` would tell that of whoever started it, if it held more.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
