"""Pulling from a department's own database: by watermark, resumable, nothing twice. Real servers, skipped visibly without them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tools import postgresql
from xinlin.office.scopes import Actor, NotFound, Refused

from .conftest import resident

SYSTEM = Actor(handle="system:test", name="test", role="system")
Execute = Callable[..., None]


@pytest.fixture(scope="module")
def postgresql_source() -> Iterator[tuple[str, Execute]]:
    """A PostgreSQL server of the department's own."""
    import psycopg

    if postgresql.binaries() is None:
        pytest.skip("PostgreSQL: not on this machine (apt-get install postgresql)")
    with postgresql.server() as url:

        def execute(statement: str, *given: Any) -> None:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(statement, given)  # type: ignore[call-overload]  # literals of this file

        yield url, execute


@pytest.fixture(scope="module")
def mysql_source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Execute]]:
    """A MariaDB server of the department's own."""
    import pymysql

    binary = shutil.which("mariadbd") or shutil.which("mysqld")
    install = shutil.which("mariadb-install-db")
    if binary is None or install is None:
        pytest.skip("MariaDB: not on this machine (apt-get install mariadb-server)")
    folder = tmp_path_factory.mktemp("mariadb")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.chmod(folder, 0o777)
    user = ["--user=mysql"] if os.geteuid() == 0 else []
    data = [f"--datadir={folder}/data"]
    base = [install, "--no-defaults", *data, "--auth-root-authentication-method=normal", *user]
    for parent in [folder, *folder.parents]:
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    subprocess.run(base, check=True, capture_output=True, timeout=120)
    words = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/data/s", f"--pid-file={folder}/data/p"]
    server = subprocess.Popen([binary, "--no-defaults", *data, *words, *user], stderr=subprocess.DEVNULL)
    url = f"mysql://puller:secret@127.0.0.1:{port}/office"
    parts = urlsplit(url)

    def connect(**more: Any) -> Any:
        return pymysql.connect(host="127.0.0.1", port=port, autocommit=True, charset="utf8mb4", **more)

    def execute(statement: str, *given: Any) -> None:
        with connect(user=parts.username, password="secret", database="office") as connection, connection.cursor() as c:
            c.execute(statement, given)

    try:
        for _ in range(100):
            try:
                with connect(user="root", unix_socket=f"{folder}/data/s") as root, root.cursor() as cursor:
                    cursor.execute("CREATE DATABASE office CHARACTER SET utf8mb4")
                    cursor.execute("CREATE USER puller@'127.0.0.1' IDENTIFIED BY 'secret'")
                    cursor.execute("GRANT ALL ON office.* TO puller@'127.0.0.1'")
                break
            except pymysql.MySQLError:
                time.sleep(0.2)
        yield url, execute
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(params=["postgresql", "mysql"])
def department(request: pytest.FixtureRequest, db: None, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Execute]:
    """The department's database with its table of deeds, registered as a source named deeds."""
    from django.db import transaction

    from xinlin.office.actions import sources

    url, execute = request.getfixturevalue(f"{request.param}_source")
    monkeypatch.setattr(transaction, "on_commit", lambda call, **_: call())
    execute("DROP TABLE IF EXISTS deeds")
    execute(
        "CREATE TABLE deeds (resident_id VARCHAR(18), name VARCHAR(60), occurred_on DATE, hours INT, changed TIMESTAMP)"
    )
    sources.add(
        actor=SYSTEM,
        name="deeds",
        department="office",
        kind="deeds",
        url=url,
        table="deeds",
        watermark_column="changed",
    )
    return url, execute


def add(execute: Execute, *numbers: int, at: str, hours: int = 3) -> None:
    for number in numbers:
        row = (resident(number), "王小明", "2024-05-01", hours, at)
        execute("INSERT INTO deeds VALUES (%s, %s, %s, %s, %s)", *row)


def stored() -> int:
    from xinlin.office.models.records import Record

    return Record.objects.count()


def test_new_rows_come_once(department: tuple[str, Execute]) -> None:
    from xinlin.office.jobs.sources import pull

    _, execute = department
    assert pull("deeds") == []
    add(execute, 1, 2, 3, at="2024-06-01 10:00:00")
    (first,) = pull("deeds")
    assert (stored(), first.department, first.filename) == (3, "office", "deeds.jsonl")
    assert pull("deeds") == [], "nothing new, nothing sent"
    add(execute, 4, at="2024-06-01 10:00:00")  # at the very moment of the last one
    assert len(pull("deeds")) == 1 and stored() == 4
    add(execute, 5, at="2024-06-01 11:00:00")
    assert len(pull("deeds")) == 1 and stored() == 5
    assert pull("deeds") == []


def test_windows_and_a_pull_that_dies_between_them(
    department: tuple[str, Execute], monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinlin.office.actions import sources as actions
    from xinlin.office.jobs import sources

    _, execute = department
    for number in range(1, 8):
        add(execute, number, at=f"2024-06-01 10:00:0{number}")
    monkeypatch.setattr(sources, "WINDOW", 2)
    deliver, calls = actions.deliver, iter(range(9))

    def dies(**given: Any) -> Any:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return deliver(**given)

    with monkeypatch.context() as patched:
        patched.setattr(actions, "deliver", dies)
        with pytest.raises(KeyboardInterrupt):
            sources.pull("deeds")
    assert stored() == 4
    assert len(sources.pull("deeds")) == 2
    assert stored() == 7


def test_two_at_once_deliver_once(department: tuple[str, Execute]) -> None:
    from xinlin.office.actions import sources

    seen = sources.pulled(actor=SYSTEM, name="deeds")
    rows = [b'{"resident_id": "%s", "name": "x", "occurred_on": "2024-05-01"}\n' % resident(1).encode()]
    given: dict[str, Any] = {"actor": SYSTEM, "source": seen, "rows": rows, "watermark": "1", "edge_sha256": "a"}
    assert sources.deliver(**given) is not None
    assert sources.deliver(**given) is None


def test_a_source_that_cannot_be_read_says_so(department: tuple[str, Execute]) -> None:
    from xinlin.office.actions import sources
    from xinlin.office.jobs.sources import pull, pull_all

    url, execute = department
    execute("DROP TABLE deeds")
    assert pull_all() == 0, "others are not held up"
    with pytest.raises(Refused) as refused:
        pull("deeds")
    assert refused.value.problem.code == "source_unreachable"
    assert "secret" not in str(refused.value.problem) and urlsplit(url).password not in str(refused.value.problem)
    sources.close(actor=SYSTEM, name="deeds")
    with pytest.raises(NotFound):
        pull("deeds")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"url": "file:///etc/passwd"}, "source_url"),
        ({"table": 'a"; DROP TABLE b'}, "source_table"),
        ({"watermark_column": ""}, "source_watermark"),
        ({"kind": "penalties"}, "kind_not_provided"),
        ({"name": "a/b"}, "source_name"),
    ],
)
@pytest.mark.django_db
def test_sources_that_are_none(more: dict[str, str], code: str) -> None:
    from xinlin.office.actions import sources
    from xinlin.office.models.exchange import Source

    given = {"name": "a", "department": "office", "kind": "deeds", "url": "mysql://a:b@c/d", "table": "t"}
    with pytest.raises(Refused) as refused:
        sources.add(actor=SYSTEM, **{**given, "watermark_column": "changed", **more})
    assert refused.value.problem.code == code
    assert not Source.objects.exists()
