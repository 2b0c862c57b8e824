"""What is wrong with the place where a command runs, said as a `Problem` instead of a trace (命令行报错)."""

from __future__ import annotations

import errno

from xinlin.core.loading import RulebookRefused
from xinlin.core.values import Problem, Text
from xinlin.key_files import KeyDamaged
from xinlin.place import Unfit

CODE = 2
"""Exit code where nothing could run."""

_UNKNOWN_SCHEMA = {"42P01", "42703"}
"""PostgreSQL: undefined table, undefined column."""
_FULL = {"53100", "53200"}
"""PostgreSQL: disk full, out of memory."""


def _problem(code: str, where: str, what: tuple[str, str], cure: tuple[str, str]) -> Problem:
    return Problem(code, where, Text(zh=what[0], en=what[1]), Text(zh=cure[0], en=cure[1]))


def _system(error: OSError) -> Problem | None:
    """A folder that cannot be written, a full disk, a path that leads through a file."""
    where = str(error.filename or "XINLIN_DATA")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _problem(
            "disk_full",
            where,
            ("磁盘已满，没有写完", "the disk is full and not all was written"),
            ("腾出空间后原样重做；已回执的不会丢", "make room and do the same again; nothing acknowledged is lost"),
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _problem(
            "not_allowed",
            where,
            ("没有读写权限", "this account may not read or write here"),
            (
                "让运行信林的账号拥有 XINLIN_DATA，或把 XINLIN_DATA 指向它拥有的文件夹",
                "let the account that runs Xinlin own XINLIN_DATA, or point XINLIN_DATA at a folder of its own",
            ),
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.ENOENT):
        return _problem(
            "no_folder",
            where,
            ("不是可用的文件夹或文件", "there is no such folder or file, or it is of the other sort"),
            ("检查路径与 XINLIN_DATA", "check the path, and XINLIN_DATA"),
        )
    return None


def _database(error: Exception) -> Problem | None:
    """A database that is away, full, not migrated or not writable."""
    cause = error.__cause__
    state, words = getattr(cause, "sqlstate", None), str(error).strip()
    if state in _UNKNOWN_SCHEMA or "no such table" in words or "no such column" in words:
        return _problem(
            "not_migrated",
            "XINLIN_DATABASE_URL",
            ("数据库的表不是这个版本的", "the tables of the database are not those of this version"),
            ("运行：xinlin manage migrate", "run: xinlin manage migrate"),
        )
    if state in _FULL or "disk is full" in words or "disk I/O error" in words:
        return _problem(
            "disk_full",
            "XINLIN_DATABASE_URL",
            ("数据库的磁盘已满", "the disk of the database is full"),
            ("腾出空间后原样重做；已回执的不会丢", "make room and do the same again; nothing acknowledged is lost"),
        )
    if "readonly database" in words or "unable to open database file" in words:
        return _problem(
            "not_allowed",
            "XINLIN_DATA",
            ("数据库文件不能写", "the database file cannot be written"),
            ("检查文件夹与文件的属主和权限", "check who owns the folder and the file"),
        )
    reached = words.splitlines()[0] if words else type(error).__name__
    return _problem(
        "database_away",
        "XINLIN_DATABASE_URL",
        (f"连不上数据库（{reached}）", f"the database does not answer ({reached})"),
        (
            "检查数据库是否运行，以及 XINLIN_DATABASE_URL 的主机、端口、库名、账号；然后重做",
            "see that it runs, and host, port, name and account of XINLIN_DATABASE_URL; then do it again",
        ),
    )


def explain(error: Exception) -> list[Problem]:
    """What an operator can mend, as problems; nothing for an error of ours, which keeps its trace."""
    if isinstance(error, Unfit):
        return [error.problem]
    if isinstance(error, RulebookRefused):
        return error.problems
    if isinstance(error, KeyDamaged):
        return [
            _problem(
                "key_damaged",
                "XINLIN_DATA/keys",
                (str(error), str(error)),
                ("从备份恢复 keys", "restore the keys from the backup"),
            )
        ]
    found: Problem | None = None
    if isinstance(error, OSError):
        found = _system(error)
    else:
        from django.db import InterfaceError, OperationalError, ProgrammingError

        schema = isinstance(error, ProgrammingError) and getattr(error.__cause__, "sqlstate", None) in _UNKNOWN_SCHEMA
        if schema or isinstance(error, InterfaceError | OperationalError):
            found = _database(error)
    return [found] if found else []
