"""Files from outside are opened in a process of their own that may neither grow nor linger (受限进程).

The process is given two open files and a request, nothing else: an empty environment, so no key and no address of the
database; limits of memory, time and disk that it takes on before it reads the first byte. It answers in JSON. What it
cannot do within the limits is a refusal with a cure, and this process has lost nothing.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from xinlin.core.values import Problem, Text
from xinlin.office.layouts import FileRefused, refuse

MEMORY = 2 << 30
"""Bytes of address space; a workbook of thirty million cells needs about half."""
SECONDS = 600
"""Of wall time and of processor; a workbook of a million rows needs about twenty."""
WRITTEN = 8 << 30
"""Bytes of rows that one file may become."""
_BEAT = 5.0
"""Seconds between two signs of life while one waits."""
_LONGEST_ANSWER = 32 << 20


@dataclass(frozen=True)
class Limits:
    """What the process may use. The most memory that it held comes back as ``peak`` (kB)."""

    memory: int = MEMORY
    seconds: int = SECONDS
    written: int = WRITTEN


@dataclass
class Answer:
    """What the process said, and the file that it wrote; the caller closes it."""

    facts: dict[str, Any]
    spool: IO[bytes]
    peak: int


def confined(
    task: str,
    source: Path,
    request: Mapping[str, Any],
    *,
    limits: Limits | None = None,
    alive: Callable[[], None] | None = None,
) -> Answer:
    """Let the process do ``task`` on the file. ``alive`` is called every few seconds while it works.

    Raises `FileRefused`: its own refusal, or that the file asks for more memory or time than any real one.
    """
    limits = limits or Limits()
    spool = tempfile.TemporaryFile()  # noqa: SIM115  # handed to the caller, who closes it
    try:
        with source.open("rb") as opened:
            facts = _ask(task, opened, spool, request, limits, alive)
    except BaseException:
        spool.close()
        raise
    return Answer(facts, spool, facts.pop("peak"))


def _ask(
    task: str,
    opened: IO[bytes],
    spool: IO[bytes],
    request: Mapping[str, Any],
    limits: Limits,
    alive: Callable[[], None] | None,
) -> dict[str, Any]:
    message = json.dumps({"task": task, "limits": vars(limits), **request}).encode()
    # a file in memory has no name: descriptors are what the process gets
    process = subprocess.Popen(
        [sys.executable, "-X", "utf8", "-m", "xinlin.office.files.child", str(opened.fileno()), str(spool.fileno())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(opened.fileno(), spool.fileno()),
        env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "TMPDIR": tempfile.gettempdir()},
        cwd="/",
        start_new_session=True,
    )
    try:
        said = _wait(process, message, limits.seconds, alive)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise _too_slow(limits.seconds)
    answer = _read(said) if process.returncode == 0 else {"exceeded": "memory"}
    if "exceeded" in answer:
        raise _too_demanding(limits.memory)
    if "problem" in answer:
        raise _refusal(answer)
    return answer


def _wait(process: subprocess.Popen[bytes], message: bytes, seconds: int, alive: Callable[[], None] | None) -> bytes:
    """The answer as bytes. Raises `FileRefused` when time is over."""
    until = time.monotonic() + seconds
    given: bytes | None = message
    while True:
        try:
            return process.communicate(given, timeout=max(0.0, min(_BEAT, until - time.monotonic())))[0]
        except subprocess.TimeoutExpired:
            given = None
            if time.monotonic() >= until:
                raise _too_slow(seconds) from None
            if alive is not None:
                alive()


def _read(said: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(said) if len(said) <= _LONGEST_ANSWER else None
    except ValueError:
        answer = None
    return answer if isinstance(answer, dict) and "peak" in answer else {"exceeded": "memory"}


def _refusal(answer: Mapping[str, Any]) -> FileRefused:
    told = answer["problem"]
    what, cure = Text(**told["what"]), Text(**told["cure"])
    refusal = FileRefused(Problem(told["code"], told["where"], what, cure, told["raw"]))
    refusal.tables = answer.get("tables", ())
    return refusal


def _too_demanding(memory: int) -> FileRefused:
    return refuse(
        "file_too_demanding",
        f"打开这份文件需要的内存超过 {memory >> 20} MB，或它使解析程序中断；没有读取",
        f"Opening this file takes more than {memory >> 20} MB of memory, or breaks the reader; it was not read",
        "请删除多余的工作表和空白单元格、拆成几个文件，或改用 CSV",
        "Delete sheets and cells that do not belong, split it, or send CSV",
    )


def _too_slow(seconds: int) -> FileRefused:
    return refuse(
        "file_too_slow",
        f"这份文件 {seconds} 秒内读不完",
        f"This file could not be read within {seconds} seconds",
        "请拆成几个文件，或改用 CSV",
        "Split it, or send CSV",
    )
