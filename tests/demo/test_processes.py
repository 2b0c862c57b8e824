"""The demo's processes: one demo per folder, every child ends with it, and a dead child stops it with its last words."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from xinlin.demo.processes import HERE, AlreadyRunning, Children, Lock, Stopped, free_port, is_free

SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(600)"]
PARENT_OF_TWO = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def runs(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def await_text(path: Path) -> str:
    """What a child printed, once it has printed something."""
    for _ in range(200):
        if path.exists() and path.read_text(encoding="utf-8"):
            break
        time.sleep(0.05)
    return path.read_text(encoding="utf-8")


def test_a_second_demo_learns_who_holds_the_folder(tmp_path: Path) -> None:
    first = Lock(tmp_path / "lock")
    first.tell(url="http://127.0.0.1:1")
    with pytest.raises(AlreadyRunning) as refusal:
        Lock(tmp_path / "lock")
    assert refusal.value.told == {"pid": os.getpid(), "url": "http://127.0.0.1:1"}
    first.release()
    Lock(tmp_path / "lock").release()


def test_a_port_in_use_gives_way_to_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind((HERE, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert free_port(port) != port
    assert free_port(port) == port


def test_leaving_ends_every_child_and_its_children(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        child = children.start("family", [sys.executable, "-c", PARENT_OF_TWO], os.environ)
        grandchild = int(await_text(child.log))
        assert runs(grandchild)
    assert not runs(child.process.pid)
    time.sleep(0.1)
    assert not runs(grandchild)


def test_a_child_that_ends_stops_the_demo_and_is_quoted(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        sleeper = children.start("sleeper", SLEEPER, os.environ)
        children.start("broken", [sys.executable, "-c", "print('no such table'); raise SystemExit(3)"], os.environ)
        with pytest.raises(Stopped, match="broken ended with code 3") as reason:
            children.watch()
        assert "no such table" in str(reason.value)
    assert not runs(sleeper.process.pid)


def test_a_site_that_never_answers_is_reported(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        children.start("sleeper", SLEEPER, os.environ)
        with pytest.raises(Stopped, match="did not answer within"):
            children.await_answer(f"http://{HERE}:{free_port()}/", seconds=0.5)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends children with their parent")
def test_children_end_even_when_the_demo_is_killed_outright(tmp_path: Path) -> None:
    script = (
        "import os, sys, pathlib\n"
        "from xinlin.demo.processes import Children\n"
        f"children = Children(pathlib.Path({str(tmp_path)!r}))\n"
        "child = children.start('sleeper', [sys.executable, '-c', 'import time; time.sleep(600)'], os.environ)\n"
        "print(child.process.pid, flush=True)\n"
        "children.watch()\n"
    )
    demo = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert demo.stdout is not None
    child = int(demo.stdout.readline())
    time.sleep(0.3)
    demo.send_signal(signal.SIGKILL)
    demo.wait()
    for _ in range(100):
        if not runs(child):
            break
        time.sleep(0.05)
    assert not runs(child)
