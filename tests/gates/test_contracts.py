"""The import contracts: all hold, and each refuses a breach planted in a copy of the tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

Lint = Callable[..., subprocess.CompletedProcess[str]]

# contract -> (file that gets a line, the line, a go-between that has to be made first: file and content)
BREACHES: dict[str, list[tuple[str, str, tuple[str, str] | None]]] = {
    "floors": [
        ("core/terms.py", "from xinlin.office import scopes", None),
        ("engine/__init__.py", "from xinlin.office.queries import lists", None),
        ("office/actions/checks.py", "from xinlin.faces.kit import gates", None),
    ],
    "core-is-pure": [
        ("core/terms.py", "import random", None),
        ("core/terms.py", "from os import environ", None),
        ("core/terms.py", "from django.utils import timezone", None),
        ("core/terms.py", "from xinlin import shelf", None),
    ],
    "engine-has-no-office": [("engine/__init__.py", "from django.conf import settings", None)],
    "office-order": [
        ("office/models/lists.py", "from xinlin.office import vault", None),
        ("office/queries/lists.py", "from xinlin.office.actions import checks", None),
        ("office/leaves.py", "from xinlin.office.queries import log", None),
        ("office/leaves.py", "from xinlin.office import unplaced", ("office/unplaced.py", "")),
    ],
    "faces-apart": [
        ("faces/portal/urls.py", "from xinlin.faces.bench import urls", None),
        ("faces/kit/context.py", "from xinlin.faces.portal import urls", None),
    ],
    "only-office-touches-tables": [
        ("faces/portal/urls.py", "from xinlin.office.models.people import Subject", None),
        ("faces/api/__init__.py", "from xinlin.office.vault import unseal", None),
    ],
    "a-check-never-sees-a-score": [
        ("office/actions/checks.py", "from xinlin.office.queries import scores", None),
        ("core/lists.py", "from xinlin.core import plan", None),
        ("office/queries/answers.py", "from xinlin.office.queries import inspections", None),
        ("faces/api/checks.py", "from xinlin.core import explain", None),
        (
            "office/queries/checks.py",
            "from xinlin.office.queries import between",
            ("office/queries/between.py", "from xinlin.office.models.scores import Score\n"),
        ),
    ],
    "a-witness-stands-alone": [
        ("witness/store.py", "from django.db import connection", None),
        ("witness/serve.py", "from xinlin.office import signing", None),
    ],
    "an-offer-never-sees-a-record": [
        ("office/queries/benefits.py", "from xinlin.office.models.records import Record", None),
        (
            "office/queries/benefits.py",
            "from xinlin.office.queries import between",
            ("office/queries/between.py", "from xinlin.office.queries import records\n"),
        ),
    ],
    "demo-is-outside": [("office/scopes.py", "from xinlin.demo import city", None)],
}
PLANTS = [(name, *breach) for name, breaches in BREACHES.items() for breach in breaches]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """A copy of the package's Python files and of the contracts."""
    copy: Path = tmp_path_factory.mktemp("tree")
    shutil.copy(checkout / "pyproject.toml", copy)
    only_python = shutil.ignore_patterns("__pycache__", "static", "templates", "locale", "*.html", "*.css", "*.js")
    shutil.copytree(checkout / "src" / "xinlin", copy / "src" / "xinlin", ignore=only_python)
    return copy


@pytest.fixture
def lint(tree: Path) -> Lint:
    """``lint("floors")`` judges one contract in the copy; without a name all of them."""

    def run(contract: str = "") -> subprocess.CompletedProcess[str]:
        words = ["--config", str(tree / "pyproject.toml"), "--cache-dir", str(tree / "cache")]
        code = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
        return subprocess.run(
            [sys.executable, "-c", code, *words, *(["--contract", contract] if contract else [])],
            cwd=tree,
            env={"PYTHONPATH": str(tree / "src"), "PATH": "", "COLUMNS": "200", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
        )

    return run


def contracts(checkout: Path) -> dict[str, str]:
    """Id and name of every contract."""
    config = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["id"]: contract["name"] for contract in config["tool"]["importlinter"]["contracts"]}


def test_all_contracts_hold(lint: Lint) -> None:
    done = lint()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_every_contract_has_a_planted_breach(checkout: Path) -> None:
    assert set(contracts(checkout)) == set(BREACHES)


@pytest.mark.parametrize(("contract", "file", "line", "between"), PLANTS, ids=[f"{p[0]}-{p[1]}" for p in PLANTS])
def test_a_planted_breach_fails(
    lint: Lint, tree: Path, checkout: Path, contract: str, file: str, line: str, between: tuple[str, str] | None
) -> None:
    path = tree / "src" / "xinlin" / file
    before = path.read_text(encoding="utf-8")
    made = tree / "src" / "xinlin" / between[0] if between else None
    try:
        if made and between:
            made.write_text(between[1], encoding="utf-8")
        path.write_text(f"{before}\n{line}\n", encoding="utf-8")
        done = lint(contract)
    finally:
        path.write_text(before, encoding="utf-8")
        if made:
            made.unlink()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 broken" in done.stdout
    assert f"{contracts(checkout)[contract]} BROKEN" in " ".join(done.stdout.split())
