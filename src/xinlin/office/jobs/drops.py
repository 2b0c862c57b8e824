"""A folder that is watched: whoever can put a file there delivers it (文件夹投递).

``DROP/department/kind/file``. A file that is still being written is left alone; one that was taken in moves to ``done`` with
its receipt beside it, one that was refused to ``refused`` with the reason. Whenever the process dies, the next look goes on:
the same file has the same receipt.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from xinlin.office.actions.batches import receive
from xinlin.office.actions.deliveries import Receipt, refused
from xinlin.office.failpoints import reached
from xinlin.office.models.batches import Batch
from xinlin.office.scopes import Actor, NotAllowed, Refused

log = logging.getLogger(__name__)
SETTLED_SECONDS = 5.0
"""A file that changed within so many seconds may still be written."""
OPTIONS = ".options.json"
"""Behind a file's name: what else is said of it, ``{"valid_on": "2026-03-01", "mapping": "name"}``."""
_UNFINISHED = (".part", ".tmp", ".partial", ".filepart", ".crdownload", ".swp", OPTIONS)
_OWN = frozenset({"done", "refused"})
_OPEN = frozenset({Batch.State.RECEIVED, Batch.State.JUDGING})


class _StillWritten(OSError):
    """The file changed while it was read."""


def sweep_drops() -> int:
    """Take in what lies in the installation's folder, if it watches one; returns how many files were moved away."""
    return sweep(Path(settings.DROP)) if settings.DROP else 0


def sweep(root: Path) -> int:
    """Take in what lies in the folder; returns how many files were moved away."""
    moved = 0
    for department in _folders(root):
        for kind in _folders(department):
            for path in sorted(kind.iterdir()):
                try:
                    moved += _ready(path) and _take(path, department.name, kind.name)
                except OSError as error:
                    log.warning("%s waits: %s", path, error)
            _complete(kind / "done")
    return moved


def _folders(parent: Path) -> list[Path]:
    with os.scandir(parent) as entries:
        return sorted(Path(one.path) for one in entries if one.is_dir(follow_symlinks=False) and one.name not in _OWN)


def _ready(path: Path) -> bool:
    """Whether it is a plain file that nobody has touched for a while; links lead nowhere here."""
    if path.name.startswith((".", "~$")) or path.name.endswith(_UNFINISHED):
        return False
    about = path.lstat()
    return stat.S_ISREG(about.st_mode) and about.st_nlink == 1 and time.time() - about.st_mtime >= SETTLED_SECONDS


def _pieces(handle: int) -> Iterator[bytes]:
    before = os.fstat(handle)
    while piece := os.read(handle, 1 << 20):
        yield piece
    after = os.fstat(handle)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise _StillWritten("it changed while it was read")


def _take(path: Path, department: str, kind: str) -> bool:
    actor = Actor(handle=f"folder:{department}", name="文件夹投递 Folder", role="machine", department=department)
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        said = _options(path)
        receipt = receive(actor=actor, kind=kind, filename=path.name, chunks=_pieces(handle), **said)
    except Refused as refusal:
        return _move(path, "refused", path.name, ".problem.json", refusal.problem.as_dict())
    except NotAllowed as error:
        return _move(path, "refused", path.name, ".problem.json", {"what": str(error)})
    finally:
        os.close(handle)
    reached("drops.received")
    return _move(path, "done", f"{receipt.number}_{path.name}", ".waiting.json", _told(receipt))


def _options(path: Path) -> dict[str, Any]:
    """What is said of the file beside it. Raises `Refused` where that cannot be read."""
    beside = path.with_name(path.name + OPTIONS)
    if not beside.exists():
        return {}
    try:
        said = json.loads(beside.read_text(encoding="utf-8"))
        day = said.pop("valid_on", None)
        mapping = str(said.pop("mapping", ""))
        if said:
            raise ValueError(", ".join(said))
        return {"valid_on": date.fromisoformat(day) if day else None, "mapping": mapping}
    except (ValueError, TypeError, AttributeError) as error:
        raise refused(
            "options_unreadable", "options", f"{OPTIONS} 读不懂：{error}", f"{OPTIONS} cannot be read: {error}",
            "可写 valid_on 和 mapping", "It may give valid_on and mapping",
        ) from error  # fmt: skip


def _told(receipt: Receipt) -> dict[str, Any]:
    return {name: str(value) if not isinstance(value, bool | int) else value for name, value in vars(receipt).items()}


def _move(path: Path, folder: str, name: str, suffix: str, told: dict[str, Any]) -> bool:
    """First the receipt, whole and on disk, then the file: of a file in ``done`` the receipt is never missing."""
    target = path.parent / folder
    target.mkdir(exist_ok=True)
    _write(target / f"{name}{suffix}", told)
    reached("drops.receipt_written")
    path.replace(target / name)
    path.with_name(path.name + OPTIONS).unlink(missing_ok=True)
    return True


def _write(path: Path, told: dict[str, Any]) -> None:
    unfinished = path.with_name(f".{path.name}.new")
    with unfinished.open("w", encoding="utf-8") as stream:
        json.dump(told, stream, ensure_ascii=False, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)


def _complete(done: Path) -> None:
    """Add to the receipts how the rows fared, once they are judged."""
    for waiting in done.glob("*.waiting.json") if done.is_dir() else ():
        told = json.loads(waiting.read_text(encoding="utf-8"))
        batch = Batch.objects.filter(number=told["number"]).first()
        if batch is None or batch.state in _OPEN:
            continue
        counts = {name: getattr(batch, f"rows_{name}") for name in ("read", "accepted", "repeated", "refused")}
        name = waiting.name.removesuffix(".waiting.json")
        _write(done / f"{name}.receipt.json", {**told, "state": batch.state, **counts, "findings": batch.findings})
        waiting.unlink()
