"""A small made-up city, prepared once, and ways to start and end its demonstration in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DEMO = [sys.executable, "-m", "xinlin.cli", "demo", "--no-browser"]
SMALL = ["--residents", "200", "--firms", "30", "--port", "0"]


def environment(data: Path) -> dict[str, str]:
    """The test's environment, with this data folder and nothing that pytest put in for Django."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "XINLIN_"))}
    return kept | {"XINLIN_DATA": str(data)}


def told(data: Path) -> dict[str, Any]:
    """What the running demo says of itself in its lock."""
    try:
        text = (data / "demo" / "lock").read_text(encoding="utf-8")
        facts: dict[str, Any] = json.loads(text)
        return facts
    except (FileNotFoundError, ValueError):
        return {}


@dataclass(frozen=True)
class Running:
    """A demo that serves."""

    process: subprocess.Popen[str]
    data: Path
    url: str


def start(data: Path, *options: str) -> Running:
    """Start a demo and wait until it says where it serves."""
    process = subprocess.Popen(
        [*DEMO, *options],
        env=environment(data),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # as a terminal does: a job in the background has none
    )
    until = time.monotonic() + 400
    while time.monotonic() < until and process.poll() is None:
        if told(data).get("pid") == process.pid and "url" in told(data):
            return Running(process, data, told(data)["url"])
        time.sleep(0.2)
    process.kill()
    pytest.fail(process.communicate()[0])


def end(demo: Running, number: signal.Signals) -> str:
    """End a demo by a signal; what it printed."""
    demo.process.send_signal(number)
    printed, _ = demo.process.communicate(timeout=60)
    return printed


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which a preparation was killed half-way and then done again."""
    data = tmp_path_factory.mktemp("demo")
    half = subprocess.Popen([*DEMO, *SMALL, "--prepare-only"], env=environment(data), stdout=subprocess.DEVNULL)
    until = time.monotonic() + 200
    while time.monotonic() < until and not (data / "demo" / "files").exists():
        time.sleep(0.1)
    half.kill()
    half.wait()
    done = subprocess.run([*DEMO, *SMALL, "--prepare-only"], env=environment(data), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return data
