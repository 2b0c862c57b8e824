"""The demo's processes: start each in a group of its own, watch them, end them all; and one demo per data folder."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

HERE = "127.0.0.1"
GRACE = 8.0
"""Seconds that a process has to end by itself."""
PR_SET_PDEATHSIG = 1
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks the loopback itself, whatever proxy the environment names."""


class AlreadyRunning(RuntimeError):
    """Another demo holds this data folder. ``told`` is what it wrote into its lock: pid and address."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__("another demo holds this data folder")
        self.told = told


class Stopped(RuntimeError):
    """A process ended that should not have. Says which, and what it last printed."""


class Lock:
    """The lock file of a data folder, held as long as the demo runs; the kernel lets go of it when the process dies."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream: IO[str] = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._stream.seek(0)
            text = self._stream.read()
            self._stream.close()
            raise AlreadyRunning(json.loads(text) if text else {}) from None
        self.tell()

    def tell(self, **facts: Any) -> None:
        """Write who holds the lock, for whoever comes second."""
        self._stream.seek(0)
        self._stream.truncate()
        json.dump({"pid": os.getpid(), **facts}, self._stream)
        self._stream.flush()

    def release(self) -> None:
        """Let go."""
        self._stream.close()


def is_free(port: int) -> bool:
    """Whether a loopback port can be bound now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HERE, port))
        except OSError:
            return False
    return True


def free_port(preferred: int = 0) -> int:
    """``preferred`` where it is free, else any free loopback port."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        port: int = probe.getsockname()[1]
        return port


def _end_with_parent() -> None:
    """Ask Linux to end this child when the demo is killed outright; elsewhere it does nothing."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(frozen=True)
class Child:
    """A process that the demo started, and the file that holds what it prints."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_words(self, lines: int = 12) -> str:
        """The end of what it printed."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


class Children:
    """All processes of one demo. Leaving the ``with`` block ends every one of them, whatever happened."""

    def __init__(self, logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._children: list[Child] = []

    def __enter__(self) -> Children:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        """Start a process in a group of its own; what it prints goes to a file under its name."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def check(self) -> None:
        """Raise `Stopped` where one of them has ended."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                raise Stopped(
                    f"{child.name} 已退出（代码 {code}），演示停止。\n"
                    f"{child.name} ended with code {code}, so the demo stops. Its last lines ({child.log}):\n"
                    f"{child.last_words()}"
                )

    def await_answer(self, url: str, seconds: float = 90.0) -> None:
        """Wait until ``url`` answers with success. Raises `Stopped` where a process ends or the time is over."""
        until = time.monotonic() + seconds
        reason = ""
        while time.monotonic() < until:
            self.check()
            try:
                with DIRECT.open(url, timeout=5) as answer:
                    if answer.status < 400:
                        return
            except (urllib.error.URLError, OSError) as error:
                reason = str(error)
            time.sleep(0.15)
        logs = "\n".join(child.last_words(6) for child in self._children)
        raise Stopped(
            f"{url} 在 {seconds:.0f} 秒内没有应答。{url} did not answer within {seconds:.0f} s: {reason}\n{logs}"
        )

    def watch(self) -> None:
        """Wait for ever; raises `Stopped` as soon as one process ends."""
        while True:
            self.check()
            time.sleep(0.5)

    def stop(self) -> None:
        """End every process: politely first, the whole group; by force after `GRACE` seconds. Not to be interrupted."""
        before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING_SIGNALS}
        try:
            for child in reversed(self._children):
                _signal_group(child, signal.SIGTERM)
            until = time.monotonic() + GRACE
            for child in self._children:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.05, until - time.monotonic()))
                _signal_group(child, signal.SIGKILL)
                child.process.wait()
            self._children.clear()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _signal_group(child: Child, number: signal.Signals) -> None:
    """Send a signal to a child's whole group; a group that is gone needs none."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.process.pid, number)
