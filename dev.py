"""Everything a developer or a build machine runs, with nothing but Python 3.11 and pip: setup, demo, test, messages.

python3 dev.py demo        a synthetic city on this machine, in a browser
python3 dev.py test        all gates and tests; --all installs what the machine lacks and skips nothing
python3 dev.py setup       only the environment: .venv in the checkout
python3 dev.py messages    collect the texts of pages into the English catalogue and compile it
python3 dev.py security    run the tests behind the security page and write what it shows
python3 dev.py format      put the code into its one format
python3 dev.py lock        choose package versions anew and write their hashes
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
TOOLS = ROOT / ".tools"
UV = "uv==0.13.9"
REQUIREMENTS = {"runtime": ROOT / "requirements" / "runtime.txt", "dev": ROOT / "requirements" / "dev.txt"}
PACKAGES = {
    "Chromium": ["chromium", "libatomic1"],  # the library is what Playwright's driver links to
    "Chinese fonts": ["fonts-noto-cjk"],
    "PostgreSQL": ["postgresql"],
    "MariaDB": ["mariadb-server"],
    "Go": ["golang-go", "golang-golang-x-mod-dev"],
    "Java": ["openjdk-17-jre-headless"],
}
"""What tests use beyond Python packages, and the Debian packages that bring it. Go's judge of logs is not our code; Spark runs on Java."""

COUNTS = ("failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "error", "errors")


class Stop(Exception):
    """Ends the program with a sentence for the person at the keyboard."""


# --- the environment ---------------------------------------------------------------------------------------------


def _uv_environment() -> dict[str, str]:
    """uv does not read pip's settings; hand on a mirror that pip was told of."""
    environment = dict(os.environ)
    environment.setdefault("UV_NO_PROGRESS", "1")
    environment.pop("VIRTUAL_ENV", None)
    if "UV_DEFAULT_INDEX" not in environment and "UV_INDEX_URL" not in environment:
        asked = subprocess.run(
            [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
        )
        mirror = environment.get("PIP_INDEX_URL") or asked.stdout.strip()
        if mirror:
            environment["UV_DEFAULT_INDEX"] = mirror
    return environment


def _uv() -> str:
    """uv at its pinned version, fetched by pip into the checkout if it is not there."""
    own = TOOLS / "bin" / "uv"
    if own.exists():
        return str(own)
    print("· fetching uv", flush=True)
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--root-user-action=ignore"]
        + ["--target", str(TOOLS), "--upgrade", UV],
        capture_output=True,
        text=True,
    )
    if fetched.returncode == 0 and own.exists():
        return str(own)
    elsewhere = shutil.which("uv")
    if elsewhere:
        return elsewhere
    raise Stop(
        f"uv could not be fetched; is pip there (apt-get install python3-pip) and online?\n{fetched.stderr.strip()}"
    )


def _fingerprint(name: str) -> str:
    """Changes whenever the environment has to be made again."""
    digest = hashlib.sha256(f"{ROOT}\n{sys.version}\n{name}\n".encode())
    for path in (REQUIREMENTS[name], ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_ready(name: str) -> bool:
    stamp = VENV / f"stamp-{name}"
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == _fingerprint(name)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two runs at once must not build the same environment."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def setup(name: str = "runtime") -> None:
    """Make ``.venv`` hold exactly the locked packages, each checked by its hash, and this checkout."""
    if sys.version_info < (3, 11):  # noqa: UP036  this file runs before any version is settled
        raise Stop(f"Xinlin needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable})")
    if _is_ready(name) or (name == "runtime" and _is_ready("dev")):
        return
    with _alone():
        if _is_ready(name):
            return
        begun = time.monotonic()
        uv, environment = _uv(), _uv_environment()
        print(f"· making the environment ({name} packages)", flush=True)
        for stamp in VENV.glob("stamp-*"):
            stamp.unlink()
        base = getattr(sys, "_base_executable", sys.executable)
        steps = [
            [
                uv,
                "pip",
                "sync",
                "-q",
                "--compile-bytecode",
                "--python",
                str(PYTHON),
                "--require-hashes",
                str(REQUIREMENTS[name]),
            ],
            [uv, "pip", "install", "-q", "--python", str(PYTHON), "--no-deps", "--no-build-isolation", "-e", str(ROOT)],
        ]
        if not PYTHON.exists():
            steps.insert(0, [uv, "venv", "-q", "--clear", "--python", base, str(VENV)])
        for step in steps:
            done = subprocess.run(step, env=environment, cwd=ROOT)
            if done.returncode:
                raise Stop(f"this step failed: {' '.join(step)}")
        # no start compiles the sources anew, also where Python is told to write no bytecode
        compileall.compile_dir(ROOT / "src", quiet=1)
        (VENV / f"stamp-{name}").write_text(_fingerprint(name))
        print(f"· environment ready in {time.monotonic() - begun:.0f} s", flush=True)


def lock() -> None:
    """Choose versions anew and write them with hashes, without any registry's address."""
    uv, environment = _uv(), _uv_environment()
    for name, path in REQUIREMENTS.items():
        groups = ["--group", "build"] + (["--group", "dev"] if name == "dev" else [])
        subprocess.run(
            [uv, "pip", "compile", "-q", "--universal", "--generate-hashes", "--no-emit-index-url", "--no-header"]
            + ["--python-version", "3.11", "pyproject.toml", *groups, "-o", str(path)],
            env=environment,
            cwd=ROOT,
            check=True,
        )


# --- gates and tests ---------------------------------------------------------------------------------------------


def _environment(data: str) -> dict[str, str]:
    environment = dict(os.environ)
    environment["XINLIN_DATA"] = data
    environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment['PATH']}"
    for name in ("XINLIN_DATABASE_URL", "XINLIN_CITY", "DJANGO_SETTINGS_MODULE", "VIRTUAL_ENV", "PYTHONPATH"):
        environment.pop(name, None)
    return environment


def lacking() -> list[str]:
    """Names from `PACKAGES` that this machine has not."""
    lacks = []
    if not shutil.which("chromium") or not any(Path("/usr/lib").glob("*/libatomic.so.1")):
        lacks.append("Chromium")
    if not any(Path("/usr/share/fonts").rglob("*CJK*")):
        lacks.append("Chinese fonts")
    if not any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) and not shutil.which("initdb"):
        lacks.append("PostgreSQL")
    if not (shutil.which("mariadbd") or shutil.which("mysqld")) or not shutil.which("mariadb-install-db"):
        lacks.append("MariaDB")
    if not shutil.which("go") or not Path("/usr/share/gocode/src/golang.org/x/mod").is_dir():
        lacks.append("Go")
    if not shutil.which("java"):
        lacks.append("Java")
    return lacks


def install(lacks: Sequence[str]) -> None:
    """Install what is lacking from Debian, where this account may."""
    if not shutil.which("apt-get"):
        return
    before = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if before and not shutil.which("sudo"):
        return
    wanted = [package for name in lacks for package in PACKAGES[name]]
    print(f"· installing {' '.join(wanted)}", flush=True)
    apt = [*before, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    for step in (["update"], ["install", "--no-install-recommends", *wanted]):
        done = subprocess.run(
            [*apt, *step], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode:
            print(done.stdout[-3000:])
            return


def _say(name: str, ok: bool, begun: float) -> bool:
    print(f"{'ok    ' if ok else 'FAILED'}  {name}  {time.monotonic() - begun:.1f} s", flush=True)
    return ok


def gate(name: str, command: Sequence[str], environment: dict[str, str]) -> bool:
    """Run one gate; one line when it holds, everything it said when it does not."""
    begun = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        print(done.stdout.rstrip(), flush=True)
    return _say(name, done.returncode == 0, begun)


class Tests:
    """Rounds of pytest whose closing lines are added up into one."""

    def __init__(self, environment: dict[str, str], chosen: Sequence[str]) -> None:
        self.environment, self.chosen = environment, list(chosen)
        self.counts = dict.fromkeys(COUNTS, 0)
        self.seconds = 0.0

    def round(self, name: str, words: Sequence[str], database: str = "") -> bool:
        """One run of pytest, its output passed on as it comes; on another database if one is named."""
        environment = {**self.environment, **({"XINLIN_DATABASE_URL": database} if database else {})}
        begun, said = time.monotonic(), b""
        command = [str(PYTHON), "-m", "pytest", "-q", *words, *self.chosen]
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert running.stdout is not None
        try:
            while piece := os.read(running.stdout.fileno(), 65536):
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
                said = (said + piece)[-10_000:]
            code = running.wait()
        finally:
            if running.poll() is None:
                running.terminate()
                running.wait()
        closing = [line for line in said.decode(errors="replace").split("\n") if re.search(r" in \d+\.\d+s", line)]
        last = closing[-1] if closing else ""
        for number, what in re.findall(r"(\d+) (\w+)", last.split(" in ")[0]):
            if what in self.counts:
                self.counts[what] += int(number)
        self.seconds += time.monotonic() - begun
        return _say(name, code in (0, 5), begun)

    def closing_line(self) -> str:
        """As pytest closes, over all rounds."""
        self.counts["errors"] += self.counts.pop("error")
        self.counts.pop("deselected")
        parts = [f"{number} {what}" for what, number in self.counts.items() if number] or ["no tests ran"]
        return f"==== {', '.join(parts)} in {self.seconds:.2f}s ===="


def _gates(environment: dict[str, str]) -> list[str]:
    """Run all gates but the tests; the names of those that failed."""
    bin_ = VENV / "bin"
    gates = {
        "format": [f"{bin_}/ruff", "format", "--check", "."],
        "lint": [f"{bin_}/ruff", "check", "."],
        "types": [f"{bin_}/mypy"],
        "contracts": [f"{bin_}/lint-imports", "--no-cache"],
        "rulebooks": [f"{bin_}/xinlin", "rulebook", "lint"],
    }
    return [name for name, command in gates.items() if not gate(name, command, environment)]


def _rounds(tests: Tests, lacks: Sequence[str]) -> list[str]:
    """Run all tests that this machine can; the names of the rounds that failed."""
    sys.path.insert(0, str(ROOT))
    from tools import postgresql

    failed = []
    if not tests.round("tests", ["-n", "2", "-m", "not browser"]):
        failed.append("tests")
    if "Chromium" not in lacks and not tests.round("browser tests", ["-m", "browser"]):
        failed.append("browser tests")
    if "PostgreSQL" not in lacks:
        with postgresql.server() as address:
            if not tests.round("PostgreSQL tests", ["-n", "2", "-m", "database and not browser"], address):
                failed.append("PostgreSQL tests")
    return failed


def test(everything: bool, chosen: Sequence[str]) -> int:
    """All gates in order, then the tests; only the tests where some were chosen. The exit code."""
    setup("dev")
    everything = everything or os.environ.get("CI", "").lower() in ("1", "true")
    lacks = lacking()
    if everything and lacks:
        install(lacks)
        lacks = lacking()
    with tempfile.TemporaryDirectory(prefix="xinlin-test-") as data:
        environment = _environment(data)
        failed = [] if chosen else _gates(environment)
        tests = Tests(environment, chosen)
        failed += _rounds(tests, lacks)
    for name in lacks:
        print(f"SKIPPED {name}: not on this machine; python3 dev.py test --all installs it from Debian where it may")
    if everything and lacks:
        failed.append(f"could not install {', '.join(lacks)}")
    if not any(tests.counts.values()):
        failed.append("no test was found")
    if failed:
        print(f"FAILED  {', '.join(failed)}")
    print(tests.closing_line(), flush=True)
    return 1 if failed else 0


# --- the command line --------------------------------------------------------------------------------------------


def _in_environment(*command: str) -> int:
    return subprocess.run(
        command, cwd=ROOT, env=_environment(os.environ.get("XINLIN_DATA") or str(ROOT / "var"))
    ).returncode


def main(words: Sequence[str]) -> int:
    """Do what the words say; the exit code."""
    parser = argparse.ArgumentParser(
        prog="dev.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=["setup", "demo", "test", "messages", "security", "format", "lock"])
    arguments, rest = parser.parse_known_args(words)
    task: str = arguments.task
    if task == "demo":
        setup()
        command = VENV / "bin" / "xinlin"
        os.execv(command, [str(command), "demo", *rest])
    if task == "test":
        everything = "--all" in rest
        return test(everything, [word for word in rest if word != "--all"])
    if rest:
        parser.error(f"{task} takes no {' '.join(rest)}")
    if task == "lock":
        lock()
        return 0
    setup("runtime" if task == "setup" else "dev")
    if task == "messages":
        return _in_environment(str(PYTHON), "-m", "tools.messages")
    if task == "security":
        return _in_environment(str(PYTHON), "-m", "tools.security")
    if task == "format":
        code = _in_environment(f"{VENV}/bin/ruff", "check", "--fix", "-q", ".")
        return _in_environment(f"{VENV}/bin/ruff", "format", ".") or code
    print(f"The environment is ready: {VENV / 'bin' / 'xinlin'}")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that whatever was started is also ended
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as reason:
        sys.exit(f"dev.py: {reason}")
    except KeyboardInterrupt:
        sys.exit(130)
