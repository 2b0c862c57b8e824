"""The shelf of rulebooks: reads their folders and hands out loaded rulebooks (wiring; no rules here)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from xinlin.core import lint, strict_yaml
from xinlin.core.loading import Loaded, RulebookRefused, extends_of, load
from xinlin.core.publication import LOCK, broken_locks, digest, read_lock, unpublished, write_lock
from xinlin.core.rulebooks import Rulebook
from xinlin.core.values import Problem, Text

__all__ = [
    "ROOT",
    "RulebookRefused",
    "cities",
    "drop_schemes",
    "keep_scheme",
    "names",
    "problems",
    "publish",
    "read",
    "read_folder",
    "read_with_places",
    "read_with_schemes",
    "scheme_texts",
    "shown",
    "with_scheme",
]

_PACKAGE = Path(__file__).resolve().parent
ROOT = _PACKAGE / "rulebooks" if (_PACKAGE / "rulebooks").is_dir() else _PACKAGE.parent.parent / "rulebooks"
"""The folder of rulebooks: inside the package where it is installed, at the root of a checkout otherwise."""


def names(root: Path = ROOT) -> list[str]:
    """The codes of all rulebooks on the shelf, or in another folder of rulebooks."""
    return sorted(folder.name for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith("."))


def cities(root: Path = ROOT) -> list[str]:
    """The codes of those rulebooks that a place runs: all but those that only lie under others."""
    heads = {
        code: strict_yaml.read(texts_of(root / code)[0].get("rulebook.yaml", ""), code).tree for code in names(root)
    }
    return [code for code, head in heads.items() if isinstance(head, dict) and head.get("level") != "national"]


def shown(where: str, root: Path) -> str:
    """A problem's place as a path from here: ``rulebooks/CODE/…`` names the shelf, which ``root`` may replace."""
    code = where.removeprefix("rulebooks/").partition("/")[0].partition(":")[0]
    if root == ROOT or not (root / code).is_dir():
        return where
    return str(root / where.removeprefix("rulebooks/"))


def read(code: str) -> Rulebook:
    """The rulebook together with those that it extends. Raises `RulebookRefused` with every problem found."""
    return read_with_places(code).rulebook


def read_folder(folder: Path) -> Rulebook:
    """A rulebook that stands in a folder of its own, outside the shelf. Raises `RulebookRefused`."""
    loaded = open_folder(folder.resolve().parent, folder.resolve().name)
    found = lint.findings(loaded.rulebook, loaded.places)
    if found:
        raise RulebookRefused(found)
    return loaded.rulebook


@cache
def read_with_places(code: str) -> Loaded:
    """As `read`, with the file and line of every entry."""
    loaded = open_folder(ROOT, code)
    found = [*lint.findings(loaded.rulebook, loaded.places), *_lock_problems(ROOT, loaded)]
    if found:
        raise RulebookRefused(found)
    return loaded


def problems(root: Path, code: str) -> list[Problem]:
    """Everything wrong with ``root/code``: what `read` would refuse, and versions that are not published yet."""
    try:
        loaded = open_folder(root, code)
    except RulebookRefused as refused:
        return refused.problems
    published, unreadable = _lock(root / code)
    return [
        *lint.findings(loaded.rulebook, loaded.places),
        *unreadable,
        *broken_locks(published, loaded.digests, f"rulebooks/{code}"),
        *unpublished(published, loaded.digests, f"rulebooks/{code}"),
    ]


def publish(root: Path, code: str) -> list[str]:
    """Add every new version of ``root/code`` to its lock; returns what was added. Raises `RulebookRefused`.

    A version that the lock holds already is never written again, so a changed one is refused, not overwritten.
    """
    loaded = open_folder(root, code)
    found = [*lint.findings(loaded.rulebook, loaded.places), *_lock_problems(root, loaded)]
    if found:
        raise RulebookRefused(found)
    published, _ = _lock(root / code)
    added = sorted(set(loaded.digests) - set(published))
    if added:
        text = write_lock({**published, **{version: loaded.digests[version] for version in added}})
        fresh = root / code / f"{LOCK}.new"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(root / code / LOCK)
    return added


def _lock(folder: Path) -> tuple[dict[str, str], list[Problem]]:
    path = folder / LOCK
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return read_lock(text, f"rulebooks/{folder.name}/{LOCK}")


def _lock_problems(root: Path, loaded: Loaded) -> list[Problem]:
    code = loaded.rulebook.code
    published, unreadable = _lock(root / code)
    return [*unreadable, *broken_locks(published, loaded.digests, f"rulebooks/{code}")]


def read_with_schemes(code: str, folder: Path) -> Rulebook:
    """The rulebook of the shelf with the versions of schemes that lie in ``folder``, beside their lock.

    Raises `RulebookRefused`, also where one of these versions was changed or is gone.
    """
    texts = {f"schemes/{path.name}": path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}
    texts.pop(f"schemes/{LOCK}", None)
    loaded = open_folder(ROOT, code, added=texts)
    published, unreadable = _lock(ROOT / code)
    adopted, also_unreadable = _lock(folder)
    found = [*unreadable, *also_unreadable, *lint.findings(loaded.rulebook, loaded.places)]
    found += broken_locks({**published, **adopted}, loaded.digests, f"rulebooks/{code}")
    if found:
        raise RulebookRefused(found)
    return loaded.rulebook


def with_scheme(code: str, stem: str, text: str, others: Mapping[str, str]) -> Rulebook:
    """The rulebook with one more version of a scheme, not published yet; ``others`` are the texts of further versions by stem.

    Raises `RulebookRefused` with everything that is wrong with it.
    """
    added = {f"schemes/{name}.yaml": other for name, other in {**others, stem: text}.items()}
    loaded = open_folder(ROOT, code, added=added)
    found = lint.findings(loaded.rulebook, loaded.places)
    if found:
        raise RulebookRefused(found)
    return loaded.rulebook


def scheme_texts(code: str) -> dict[str, str]:
    """The texts of the rulebook's own versions of schemes, by the stem of their file."""
    return {
        path.stem: path.read_text(encoding="utf-8-sig") for path in sorted((ROOT / code / "schemes").glob("*.yaml"))
    }


def keep_scheme(folder: Path, stem: str, text: str) -> None:
    """Lay a version down in a folder of adopted ones and lock it. The same again changes nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    published, _ = _lock(folder)
    tree = strict_yaml.read(text, f"{stem}.yaml").tree
    if tree is None or published.get(stem) == digest(tree):
        return
    for name, content in ((f"{stem}.yaml", text), (LOCK, write_lock({**published, stem: digest(tree)}))):
        fresh = folder / f"{name}.new"
        fresh.write_text(content, encoding="utf-8")
        fresh.replace(folder / name)


def drop_schemes(folder: Path, stems: Collection[str]) -> None:
    """Take versions out of a folder of adopted ones again; those that are not there change nothing."""
    if not any((folder / f"{stem}.yaml").exists() for stem in stems):
        return
    published, _ = _lock(folder)
    left = {stem: sha256 for stem, sha256 in published.items() if stem not in stems}
    if left:
        fresh = folder / f"{LOCK}.new"
        fresh.write_text(write_lock(left), encoding="utf-8")
        fresh.replace(folder / LOCK)
    else:
        (folder / LOCK).unlink(missing_ok=True)
    for stem in stems:  # after the lock: a locked version without its file would stop everything
        (folder / f"{stem}.yaml").unlink(missing_ok=True)


def open_folder(root: Path, code: str, above: tuple[str, ...] = (), added: Mapping[str, str] | None = None) -> Loaded:
    """Load ``root/code`` and what it extends, without the linter; ``added`` are further files of the folder, by path."""
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
    beside = next((base for base in (root, ROOT) if parent_code and (base / parent_code).is_dir()), None)
    parent = open_folder(beside, parent_code, (*above, code)) if beside and parent_code else None
    return load(code, {**texts, **(added or {})}, parent)


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
