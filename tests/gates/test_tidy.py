"""The tree is tidy: rooms have names, functions fit a screen, the core has no clock, and nothing is left lying about."""

from __future__ import annotations

import ast
import io
import re
import shutil
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "src" / "xinlin"
LONGEST_FUNCTION = 70
LONGEST_FILE = 400
LONGEST_TEST_FILE = 500
NO_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "services",
    "service",
    "manager",
    "managers",
    "misc",
    "base",
}

# Calls by which a decision would depend on more than its arguments.
IMPURE = {
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
    "time.time",
    "time.monotonic",
    "uuid.uuid4",
    "uuid.uuid1",
    "os.urandom",
    "os.environ",
    "os.getenv",
    "input",
    "open",
    "print",
    "eval",
    "exec",
    "__import__",
}
READS_FILES = {"read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "rglob", "mkdir", "unlink"}


def tracked(*endings: str) -> list[Path]:
    """Files of the checkout that git tracks or would track; every file where there is no git."""
    names: list[str] = []
    if shutil.which("git"):
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False).stdout.split("\0")
    paths = [CHECKOUT / name for name in names if name] or [
        path
        for path in CHECKOUT.rglob("*")
        if not any(
            part in ("var", "node_modules", "__pycache__") or (part.startswith(".") and part != ".ci")
            for part in path.relative_to(CHECKOUT).parts[:-1]
        )
    ]
    return sorted(path for path in paths if path.is_file() and (not endings or path.name.endswith(endings)))


PYTHON = [path for path in tracked(".py") if "migrations" not in path.parts]
PRODUCT = [path for path in PYTHON if PACKAGE in path.parents]


def name_of(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def refuse(wrong: list[str], rule: str) -> None:
    assert not wrong, f"{rule}:\n" + "\n".join(wrong)


def test_no_file_is_a_drawer_for_odds_and_ends() -> None:
    wrong = [name_of(path) for path in PYTHON if path.stem in NO_NAMES or path.parent.name in NO_NAMES]
    refuse(wrong, "a file is named after its noun")


def test_no_file_is_too_long() -> None:
    wrong = []
    for path in PYTHON:
        most = LONGEST_TEST_FILE if "tests" in path.relative_to(CHECKOUT).parts else LONGEST_FILE
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > most:
            wrong.append(f"{name_of(path)}: {lines} lines, at most {most}")
    refuse(wrong, "split a long file by sub-noun")


def test_no_function_is_longer_than_a_screen() -> None:
    wrong = []
    for path in PYTHON:
        for node in functions(path):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                wrong.append(f"{name_of(path)}:{node.lineno}: {node.name} has {lines} lines")
    refuse(wrong, f"a function has at most {LONGEST_FUNCTION} lines")


def _called(node: ast.Call) -> str:
    parts: list[str] = []
    target: ast.expr = node.func
    while isinstance(target, ast.Attribute):
        parts.append(target.attr)
        target = target.value
    if isinstance(target, ast.Name):
        parts.append(target.id)
    return ".".join(reversed(parts))


def impurities(source: str) -> list[tuple[int, str]]:
    """Lines of a core source that ask the clock, chance, the machine or a file."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = _called(node)
            last_two = ".".join(called.split(".")[-2:])
            if called in IMPURE or last_two in IMPURE or called.split(".")[-1] in READS_FILES:
                found.append((node.lineno, called))
        if isinstance(node, ast.Global):
            found.append((node.lineno, "global"))
    return found


def test_the_core_asks_no_clock_no_chance_no_file() -> None:
    wrong = []
    for path in PRODUCT:
        if PACKAGE / "core" in path.parents:
            wrong += [f"{name_of(path)}:{line}: {what}" for line, what in impurities(path.read_text(encoding="utf-8"))]
    refuse(wrong, "the core decides from its arguments alone")


@pytest.mark.parametrize(
    "line",
    [
        "import datetime\nx = datetime.datetime.now()",
        "from datetime import date\nx = date.today()",
        "x = open('x')",
        "from somewhere import place\nx = place.read_text()",
        "def f():\n    global x\n    x = 1",
    ],
)
def test_an_impurity_planted_in_the_core_is_seen(line: str) -> None:
    assert impurities(line)


def comments(path: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def test_nothing_is_put_off_and_no_type_is_waved_through_without_a_reason() -> None:
    put_off = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XXX|HACK)\b")
    reasoned = re.compile(r"type: ignore\[[\w, -]+\](?:\s*#\s*noqa:?[\w ]*)?\s+#\s*\w+|type: ignore\[[\w, -]+\]\s+\S+")
    wrong = []
    for path in PYTHON:
        for line, text in comments(path):
            if put_off.search(text):
                wrong.append(f"{name_of(path)}:{line}: {text}")
            if "type: ignore" in text and not reasoned.search(text):
                wrong.append(f"{name_of(path)}:{line}: say why: {text}")
    refuse(wrong, "no work put off, no type error waved through without a reason")


def test_everything_public_says_what_it_is() -> None:
    wrong = []
    for path in PRODUCT:
        tree = tree_of(path)
        if not ast.get_docstring(tree) and path.read_text(encoding="utf-8").strip():
            wrong.append(f"{name_of(path)}:1: the module")
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if not node.name.startswith("_") and not ast.get_docstring(node):
                wrong.append(f"{name_of(path)}:{node.lineno}: {node.name}")
    refuse(wrong, "every public module, class and function has a docstring")


def test_no_file_names_this_machine_or_a_registry() -> None:
    places = re.compile(r"(?<![\w.])/(?:work|home|root|Users|tmp|opt/wheels)/[\w.-]+")
    registries = re.compile(
        r"(?:files\.pythonhosted\.org|pypi\.org/simple|registry\.npm" + r"js\.org|registry\.npmmirror)"
    )
    wrong = []
    for path in tracked():
        if path.suffix in {".png", ".woff2", ".mo", ".ico", ".xlsx", ".gz", ".jpg", ".ttf"} or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        minified = path.name.endswith((".min.js", ".css"))
        for number, line in enumerate(text.split("\n"), 1):
            hit = None if minified else places.search(line)
            hit = hit or registries.search(line)
            if hit:
                wrong.append(f"{name_of(path)}:{number}: {hit[0]}")
    refuse(wrong, "a file names no place of one machine and no registry")


def test_an_import_of_models_names_their_own_room() -> None:
    wrong = []
    for path in PRODUCT:
        for node in ast.walk(tree_of(path)):
            if (
                isinstance(node, ast.ImportFrom)
                and node.module == "xinlin.office.models"
                and path.parent.name != "models"
            ):
                wrong.append(f"{name_of(path)}:{node.lineno}")
    refuse(wrong, "import models from their own module, such as xinlin.office.models.checks")


def test_every_action_has_an_actor_by_name() -> None:
    itself = {
        "signed_in",
        "signed_in_by_passkey",
    }  # nobody acts for a person who signs in; the account that it finds becomes the actor
    wrong = []
    for path in (PACKAGE / "office" / "actions").glob("*.py"):
        for node in tree_of(path).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_") or node.name in itself:
                continue
            if "'atomic'" not in ast.dump(node) and "'write_lea" not in ast.dump(node):
                continue
            required = {
                argument.arg
                for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                if default is None
            }
            if "actor" not in required:
                wrong.append(f"{name_of(path)}:{node.lineno}: {node.name}")
    refuse(wrong, "whoever changes state is named: a keyword-only actor without a default")
