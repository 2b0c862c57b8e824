"""A real PostgreSQL server for the length of a test run, made in a temporary folder and taken away afterwards."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

STARTUP_SECONDS = 30


def binaries() -> Path | None:
    """The folder that holds ``initdb`` and ``postgres``, the newest version first; None where there is no server."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]), reverse=True
    )
    found = versions[0] if versions else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _owner() -> dict[str, Any]:
    """The server refuses to run as root; then it runs as ``postgres``, or as ``nobody``."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("PostgreSQL does not run as root, and there is no account postgres or nobody")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


FLEETING = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")
"""For tests, which throw everything away: nothing waits for the disk."""


def _start(binary: Path, folder: Path, owner: dict[str, Any], durable: bool) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server on a free loopback port and wait until it answers."""
    for _ in range(5):
        port = _free_port()
        with (folder / "server.log").open("ab") as log:
            server = subprocess.Popen(
                [
                    str(binary / "postgres"),
                    "-D",
                    str(folder / "data"),
                    "-h",
                    "127.0.0.1",
                    "-p",
                    str(port),
                    "-k",
                    str(folder),
                ]
                + ([] if durable else list(FLEETING)),
                stdout=log,
                stderr=log,
                cwd=folder,
                start_new_session=True,
                user=owner.get("user"),
                group=owner.get("group"),
                extra_groups=owner.get("extra_groups"),
            )
        until = time.monotonic() + STARTUP_SECONDS
        while server.poll() is None and time.monotonic() < until:
            ready = subprocess.run([binary / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], cwd=folder)
            if ready.returncode == 0 and server.poll() is None:
                return server, port
            time.sleep(0.1)
        server.kill()
        server.wait()
    raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'server.log').read_text(errors='replace')[-2000:]}")


@contextmanager
def server(durable: bool = False) -> Iterator[str]:
    """Run a server; gives its address for ``XINLIN_DATABASE_URL``. Raises RuntimeError with the server's own words.

    A ``durable`` one waits for the disk at every commit, as an installation's server does: for measurements.
    """
    binary = binaries()
    if binary is None:
        raise RuntimeError("no PostgreSQL server here; install it with: apt-get install postgresql")
    owner, password = _owner(), secrets.token_hex(16)
    folder = Path(tempfile.mkdtemp(prefix="xinlin-postgresql-"))
    running: subprocess.Popen[bytes] | None = None
    try:
        (folder / "password").write_text(password)
        if owner:
            for path in (folder, folder / "password"):
                os.chown(path, owner["user"], owner["group"])
        made = subprocess.run(
            [str(binary / "initdb"), "-D", str(folder / "data"), "-U", "xinlin", "-A", "scram-sha-256", "--no-sync"]
            + ["--pwfile", str(folder / "password"), "-E", "UTF8", "--locale", "C.UTF-8"],
            capture_output=True,
            text=True,
            cwd=folder,
            **owner,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stderr[-2000:]}")
        running, port = _start(binary, folder, owner, durable)
        yield f"postgresql://xinlin:{password}@127.0.0.1:{port}/postgres"
    finally:
        if running is not None and running.poll() is None:
            running.send_signal(signal.SIGINT)
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    with server(durable="--durable" in sys.argv[1:]) as address:
        print(address, flush=True)
        with suppress(KeyboardInterrupt):
            signal.pause()
