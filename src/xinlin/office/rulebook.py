"""The rulebook that this installation runs: that of the shelf, with the versions of schemes that were adopted here."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from xinlin import shelf
from xinlin.core.rulebooks import Rulebook


def adopted_folder() -> Path:
    """Where versions lie that were signed and announced on this installation, each locked by its hash."""
    return Path(settings.DATA) / "adopted" / str(settings.CITY)


@lru_cache(maxsize=2)
def _with_adopted(code: str, folder: Path, stamp: int) -> Rulebook:
    """Loaded once for each state of the folder; ``stamp`` changes when a version is laid down."""
    return shelf.read_with_schemes(code, folder)


def current() -> Rulebook:
    """The rulebook of ``settings.CITY`` as it stands now. Raises `shelf.RulebookRefused`."""
    folder = adopted_folder()
    try:
        stamp = folder.stat().st_mtime_ns
    except FileNotFoundError:
        return shelf.read(settings.CITY)
    return _with_adopted(settings.CITY, folder, stamp)
