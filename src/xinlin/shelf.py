"""The shelf of rulebooks: reads their folders and hands out loaded rulebooks (wiring; no rules here)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from xinlin.core import lint
from xinlin.core.loading import LOCK, Loaded, RulebookRefused, extends_of, load
from xinlin.core.rulebooks import Rulebook
from xinlin.core.values import Problem, Text

__all__ = ["ROOT", "RulebookRefused", "names", "read", "read_with_places"]

_PACKAGE = Path(__file__).resolve().parent
ROOT = _PACKAGE / "rulebooks" if (_PACKAGE / "rulebooks").is_dir() else _PACKAGE.parent.parent / "rulebooks"
"""The folder of rulebooks: inside the package where it is installed, at the root of a checkout otherwise."""


def names() -> list[str]:
    """The codes of all rulebooks on the shelf."""
    return sorted(folder.name for folder in ROOT.iterdir() if (folder / "rulebook.yaml").is_file())


def read(code: str) -> Rulebook:
    """The rulebook together with those that it extends. Raises `RulebookRefused` with every problem found."""
    return read_with_places(code).rulebook


@cache
def read_with_places(code: str) -> Loaded:
    """As `read`, with the file and line of every entry."""
    loaded = open_folder(ROOT, code)
    found = lint.findings(loaded.rulebook, loaded.places)
    if found:
        raise RulebookRefused(found)
    return loaded


def open_folder(root: Path, code: str, above: tuple[str, ...] = ()) -> Loaded:
    """Load ``root/code`` and what it extends, without the linter."""
    folder = root / code
    if not (folder / "rulebook.yaml").is_file():
        what = Text(zh=f"没有规则册 {code}", en=f"there is no rulebook {code}")
        there = ", ".join(sorted(entry.name for entry in root.iterdir() if entry.is_dir()))
        cure = Text(zh=f"现有：{there}", en=f"there are: {there}")
        raise RulebookRefused([Problem("missing_rulebook", f"rulebooks/{code}:1", what, cure)])
    texts, unreadable = texts_of(folder)
    if unreadable:
        raise RulebookRefused(unreadable)
    parent_code = extends_of(texts["rulebook.yaml"])
    if parent_code in (*above, code):
        what = Text(zh="规则册互相继承", en="rulebooks extend one another in a circle")
        cure = Text(zh="去掉其中一个 extends", en="remove one extends")
        raise RulebookRefused([Problem("extends", f"rulebooks/{code}/rulebook.yaml:1", what, cure)])
    parent = open_folder(root, parent_code, (*above, code)) if parent_code and (root / parent_code).is_dir() else None
    return load(code, texts, parent)


def texts_of(folder: Path) -> tuple[dict[str, str], list[Problem]]:
    """Every file of a rulebook's folder but the lock, as text; and those that are not UTF-8."""
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or name == LOCK:
            continue
        try:
            texts[name] = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            what = Text(zh=f"第 {error.start} 字节起不是 UTF-8", en=f"not UTF-8 from byte {error.start}")
            cure = Text(zh="以 UTF-8 编码另存", en="save the file as UTF-8")
            problems.append(Problem("encoding", f"rulebooks/{folder.name}/{name}:1", what, cure))
    return texts, problems
