"""The place where an installation runs: its data folder, its secrets, the address of its database (运行环境).

What is amiss there is refused as a `Problem` before anything is served, so that an operator reads a sentence and no trace.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from xinlin.core.values import Problem, Text


class Unfit(ValueError):
    """A setting, a folder or a key with which nothing can run; ``problem`` says what to do."""

    def __init__(self, code: str, where: str, what: tuple[str, str], cure: tuple[str, str]) -> None:
        self.problem = Problem(code, where, Text(zh=what[0], en=what[1]), Text(zh=cure[0], en=cure[1]))
        super().__init__(f"{where}: {what[1]}; {cure[1]}")


def secret(folder: Path, name: str) -> str:
    """A secret of 32 bytes (hex), made on first use and kept, readable by the owner alone, in ``folder``.

    Of two processes that make it at the same time the first wins. Raises `Unfit` where the file holds no such secret.
    """
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f"{name}.{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32))
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink(missing_ok=True)
    text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        whole = len(bytes.fromhex(text)) == 32
    except ValueError:
        whole = False
    if not whole:
        raise Unfit(
            "key_damaged",
            str(path),
            ("这个文件不是 32 字节密钥（64 位十六进制）", "this file holds no key of 32 bytes (64 hex digits)"),
            ("从备份恢复这个文件；不要另造", "restore it from the backup of the keys; do not make another"),
        )
    return text


def no_city(code: str, there: Sequence[str]) -> Unfit:
    """What to say where the rulebook that shall run is not on the shelf; ``there`` are those that may."""
    listed = ", ".join(there)
    return Unfit(
        "unknown_city",
        "XINLIN_CITY",
        (f"没有规则册 {code}", f"there is no rulebook {code}"),
        (f"把 XINLIN_CITY 设为其一：{listed}", f"set XINLIN_CITY to one of: {listed}"),
    )


def database(url: str, folder: Path) -> dict[str, Any]:
    """Django's description of the database: SQLite in ``folder`` by default, or ``postgresql://user:password@host:port/name``.

    Raises `Unfit` for any other address.
    """
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(folder / "xinlin.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 60,  # seconds; as long as a large delivery may take to be stored
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;",
            },
        }
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # never repeated here: the address may hold a password
        parts, port = urlsplit(""), None
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise Unfit(
            "database_address",
            "XINLIN_DATABASE_URL",
            ("不是可用的数据库地址", "this is not the address of a database that can be used"),
            (
                "写成 postgresql://用户:口令@主机:端口/库名（口令中的特殊字符用 %XX）；留空则用 SQLite",
                "write postgresql://user:password@host:port/name (special characters of the password as %XX), "
                "or leave it empty for SQLite",
            ),
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        # A connection costs more than all the questions of a check; one that the server closed is found out and replaced.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Without a threshold the driver prepares nothing, not even what asks for it; only `bulk.fetched` does.
        "OPTIONS": {"prepare_threshold": 5},
    }
