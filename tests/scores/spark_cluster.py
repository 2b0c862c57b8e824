"""A standalone Spark cluster on loopback: a master and two workers of one core each, started and ended by whoever asks."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WORKERS = ("one", "two")
PATIENCE = 120
"""Seconds until a daemon must have come up: a Java machine on a busy computer takes its time."""


class NotStarted(RuntimeError):
    """A daemon did not come up; the message is the end of its log."""


def _said(log: Path, pattern: str, process: subprocess.Popen[bytes]) -> re.Match[str]:
    """Wait until the daemon says so."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        text = log.read_text(errors="replace")
        if found := re.search(pattern, text):
            return found
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise NotStarted(f"no {pattern!r} in:\n{log.read_text(errors='replace')[-2000:]}")


@contextmanager
def standalone(logs: Path, memory: str = "1g") -> Iterator[str]:
    """The address of the cluster, which ends with the block; ``logs`` gets a file for each daemon."""
    import pyspark

    home = Path(pyspark.__file__).parent
    launcher = ["bash", str(home / "bin" / "spark-class")]
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    running: list[subprocess.Popen[bytes]] = []

    def start(name: str, main: str, *arguments: str) -> Path:
        log = logs / f"{name}.log"
        with log.open("wb") as out:
            words = [*launcher, main, "--host", "127.0.0.1", "--webui-port", "0", *arguments]
            running.append(subprocess.Popen(words, stdout=out, stderr=out, env=environment, cwd=logs))
        return log

    try:
        master = start("master", "org.apache.spark.deploy.master.Master", "--port", "0")
        address = _said(master, r"Starting Spark master at (spark://\S+)", running[-1])[1]
        workers = [
            start(
                name, "org.apache.spark.deploy.worker.Worker",
                "--cores", "1", "--memory", memory, "--work-dir", str(logs / name), address,
            )
            for name in WORKERS
        ]  # fmt: skip
        for log, process in zip(workers, running[1:], strict=True):
            _said(log, "Successfully registered with master", process)
        yield address
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
