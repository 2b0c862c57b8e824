"""What was taken back, put to rest, refused, deleted or ended, noted outside the database, so that no restored backup revives it (退出与删除备忘).

One line of JSON each in ``withdrawn.jsonl``; it names receipts, handles of records and keyed hashes, nobody. The file is never rewound: keep it
apart from the database's backups, and after a restore let `xinlin consent settle` carry out again what it says.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from django.conf import settings
from django.db import transaction

from xinlin.office.failpoints import reached


def _path() -> Path:
    return Path(settings.DATA) / "withdrawn.jsonl"


def note(lines: Iterable[Mapping[str, str]]) -> None:
    """Add lines once the transaction is committed; on disk before anybody is answered."""
    text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
    if text:
        transaction.on_commit(lambda: _append(text))


def _append(text: str) -> None:
    reached("farewells.committed")
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def noted() -> Iterator[dict[str, str]]:
    """Every line, oldest first; a torn last line (the machine died) is left out."""
    path = _path()
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict):
            yield said
