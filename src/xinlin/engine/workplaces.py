"""Hidden folders in which files are made before they are moved into place (工作目录), and what a process took."""

from __future__ import annotations

import ctypes
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARK = ".work-"
HELD = "held"


@contextmanager
def workplace(out: Path, key: str = "") -> Iterator[Path]:
    """A hidden folder in ``out`` to write in, gone afterwards; and so are those that killed runs left there.

    Work under a ``key`` is found again: whoever comes with the key of a run that was killed or interrupted gets the
    folder as it stood. Two at once with one key do not share it: the second works in a folder of its own. An `OSError`
    that names no file names ``out``.
    """
    out.mkdir(parents=True, exist_ok=True)
    mine = f"{MARK}{key or secrets.token_hex(6)}"
    for left in out.glob(f"{MARK}*"):
        if left.name != mine:
            removed_if_left(left)
    folder = out / mine
    held = _taken(folder)
    if held is None:
        folder = out / f"{MARK}{secrets.token_hex(6)}"
        held = _taken(folder)
    kept = False
    try:
        yield folder
    except KeyboardInterrupt:
        kept = bool(key) and folder.name == mine
        raise
    except OSError as failed:  # a full disk names no file by itself
        failed.filename = failed.filename or out.as_posix()
        raise
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def _taken(folder: Path) -> int | None:
    """Make the folder and lock it for this process; the descriptor of the lock, or None where another has it."""
    while True:
        try:
            folder.mkdir(exist_ok=True)
            held = os.open(folder / HELD, os.O_CREAT | os.O_RDWR)
        except FileNotFoundError:  # swept away by a run that took it for a killed one's before it was locked
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(held).st_ino == (folder / HELD).stat().st_ino:
                return held
        except FileNotFoundError:
            pass
        except OSError:
            os.close(held)
            return None
        os.close(held)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the folder, of a name that nobody else has, and hold it: its maker is seen to live. Whoever made it removes it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    while (lock := _taken(folder)) is None:  # somebody just looks whether it was left
        time.sleep(0.01)
    try:
        yield
    finally:
        os.close(lock)


def removed_if_left(work: Path) -> bool:
    """Remove the folder of a run whose process has ended: a living one holds the lock in it. Whether it was removed."""
    try:
        with (work / HELD).open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(work, ignore_errors=True)
    except OSError:
        return False
    return True


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Nobody else who asks for it is in the folder meanwhile: several files are moved into it as one."""
    door = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield
    finally:
        os.close(door)


def peak_memory() -> int:
    """The most memory that this program held, in kB. (``ru_maxrss`` would tell that of whoever started it, if it held more.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
"""Parameters of ``mallopt`` in glibc's malloc.h."""


def keep_freed_memory(up_to: int = 1 << 30) -> None:
    """Have this program keep what it frees for what it takes next, pieces of less than so many bytes; until it ends.

    Otherwise each array is new pages, which the system clears first: a tenth of a run. Where there is no glibc, nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in ((ARENA_MAX, 1), (MMAP_THRESHOLD, up_to), (TRIM_THRESHOLD, (1 << 31) - 1)):
            mallopt(parameter, value)
