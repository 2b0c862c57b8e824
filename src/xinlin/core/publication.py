"""Published versions are frozen (发布): each has a hash in the rulebook's lock; a correction is a new version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from xinlin.core import strict_yaml
from xinlin.core.strict_yaml import Tree
from xinlin.core.values import Problem, Text

LOCK = "published.lock.yaml"
"""The lock's file name in a rulebook's folder."""

_HEADER = (
    "# Published versions and the hash of what each says (comments and layout do not count).\n"
    "# Never edit this file: `xinlin rulebook lock` adds new versions. To correct a version, write a new one.\n"
)


def digest(tree: Tree) -> str:
    """The hash of a scheme as written: SHA-256 over its canonical JSON, as ``sha256:`` and 64 hex digits."""
    text = json.dumps(tree, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()


def read_lock(text: str, file: str) -> tuple[dict[str, str], list[Problem]]:
    """The published versions that a lock names, and what is wrong with its text. ``file`` is named in problems."""
    reading = strict_yaml.read(text, file) if text.strip("\ufeff \n") else strict_yaml.Reading(file, tree={})
    tree = reading.tree
    if reading.problems:
        return {}, reading.problems
    if not isinstance(tree, dict) or not all(isinstance(value, str) for value in tree.values()):
        what = Text(zh="锁文件应由“版本: 哈希”组成", en="the lock must be a mapping of version to hash")
        cure = Text(zh="恢复该文件的上一版本", en="restore the file as it was")
        return {}, [Problem("lock", f"{file}:1", what, cure)]
    return {key: str(value) for key, value in tree.items()}, []


def write_lock(published: Mapping[str, str]) -> str:
    """The text of a lock."""
    return _HEADER + "".join(f'{version}: "{published[version]}"\n' for version in sorted(published))


def broken_locks(published: Mapping[str, str], written: Mapping[str, str], folder: str) -> list[Problem]:
    """Published versions that were changed or removed. ``written`` maps each version's file stem to its hash now."""
    problems = []
    for version, locked in published.items():
        now = written.get(version)
        if now == locked:
            continue
        if now is None:
            what = Text(zh=f"已发布的版本 {version} 不见了", en=f"the published version {version} is gone")
            cure = Text(
                zh="恢复该文件；旧版本须保留，以便复算",
                en="restore the file; old versions stay, so that they can be recomputed",
            )
        else:
            what = Text(zh=f"已发布的版本 {version} 被改动", en=f"the published version {version} was changed")
            cure = Text(
                zh="恢复原文，并把改动写成新版本（新的 version、effective_from 和文件名）",
                en="restore it and make a new version of the change (new version, effective_from and file name)",
            )
        problems.append(Problem("published_changed", f"{folder}/schemes/{version}.yaml:1", what, cure))
    return problems


def unpublished(published: Mapping[str, str], written: Mapping[str, str], folder: str) -> list[Problem]:
    """Versions that the lock does not name yet."""
    what = Text(zh="这个版本尚未发布", en="this version is not published yet")
    cure = Text(zh="运行 xinlin rulebook lock", en="run xinlin rulebook lock")
    return [
        Problem("unpublished", f"{folder}/schemes/{version}.yaml:1", what, cure)
        for version in sorted(set(written) - set(published))
    ]
