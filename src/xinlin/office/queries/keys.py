"""Whether the keys in the data folder are those with which the database was written (密钥与数据相符)."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from xinlin.office.models.people import Subject
from xinlin.office.vault import SealBroken, identifier_key, unseal
from xinlin.place import Unfit


def keys_open() -> bool:
    """True while the newest subject's identifier opens under the seal key and is found under the find key.

    With other keys nobody would be found, and everybody who is delivered would be a second person. True where nobody
    is registered yet; reads one row and shows it to nobody. Raises `DatabaseError`.
    """
    newest = Subject.objects.order_by("-pk").values_list("identifier_sealed", "identifier_key").first()
    if newest is None:
        return True
    try:
        return identifier_key(unseal(newest[0], "subject.identifier")) == newest[1]
    except (SealBroken, ValueError):
        return False


def tables_stand() -> bool:
    """Whether every migration of this version has run. Raises `DatabaseError`."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def insist() -> None:
    """Raises `Unfit` where the tables are not of this version, or the keys not those of the data.

    A database that is away is told of by whoever needs it.
    """
    try:
        stand = tables_stand()
        opened = not stand or keys_open()
    except DatabaseError:
        return
    if not stand:
        raise Unfit(
            "not_migrated",
            "XINLIN_DATABASE_URL",
            ("数据库的表不是这个版本的", "the tables of the database are not those of this version"),
            ("运行：xinlin manage migrate，再启动", "run: xinlin manage migrate, and start again"),
        )
    if not opened:
        raise Unfit(
            "other_keys",
            f"{settings.DATA}/keys",
            ("这些密钥打不开库中的数据", "these keys do not open what the database holds"),
            (
                "停下全部进程，从备份恢复 XINLIN_DATA/keys（seal、find、log），再启动",
                "stop all processes, restore XINLIN_DATA/keys (seal, find, log) from their backup, and start again",
            ),
        )
