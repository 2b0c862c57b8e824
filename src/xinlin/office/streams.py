"""Whole results of the database as Arrow batches, without a Python object for every cell (整批读出).

ADBC reads either database so. It runs in a process of its own: it brings its own SQLite, and two of those in one process
would take each other's file locks away. What a transaction has not committed is seen by itself alone: inside one, the rows
come through its own connection.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, Any

import pyarrow as pa

ROWS = 1 << 16
"""Rows in a batch that comes through Django's connection."""
Said = dict[str, str]


class StreamBroken(RuntimeError):
    """The database could not be read to the end; the message is the driver's."""


def batches(*statements: str) -> Iterator[pa.RecordBatch]:
    """The rows that statements without parameters find, each read beside the others; their batches come in turn.

    The first row of each says the types of its columns, none NULL. Raises `StreamBroken`.
    """
    from django.db import connection

    with ExitStack() as stack:
        if connection.in_atomic_block:
            found = [_by_cursor(sql) for sql in statements]
        else:
            started = [stack.enter_context(_started(_place(connection), sql)) for sql in statements]
            found = [_answer(reader) for reader in started]
        # the first of all come before any is given away: who takes them may ask for the next in another thread
        while turn := [batch for one in found if (batch := next(one, None)) is not None]:
            yield from turn


@contextmanager
def _started(place: Said, sql: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that reads; it is ended where nobody waits for it any more."""
    command = [sys.executable, "-m", "xinlin.office.streams"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
        try:
            assert reader.stdin
            with suppress(BrokenPipeError), reader.stdin:  # one that died already says why in its answer
                reader.stdin.write(json.dumps({**place, "sql": sql}).encode())
            yield reader
        finally:
            reader.kill()


def _answer(reader: subprocess.Popen[bytes]) -> Iterator[pa.RecordBatch]:
    assert reader.stdout and reader.stderr
    try:
        yield from pa.ipc.open_stream(reader.stdout)
        # a stream that breaks off between two batches looks whole: only the reader knows that it is not
        if reader.wait():
            raise pa.ArrowInvalid("the reader was ended")
    except (pa.ArrowInvalid, OSError) as broken:
        reader.kill()
        raise StreamBroken(reader.stderr.read().decode(errors="replace").strip() or str(broken)) from broken


def _place(connection: Any) -> Said:
    """Which driver reads the database, and where it is."""
    named = connection.settings_dict
    if connection.vendor == "sqlite":
        return {"driver": "adbc_driver_sqlite", "uri": str(named["NAME"])}
    from psycopg.conninfo import make_conninfo

    parts = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    stated = {key: str(named[name]) for key, name in parts.items() if named[name]}
    return {"driver": "adbc_driver_postgresql", "uri": make_conninfo(**stated)}


def _by_cursor(sql: str) -> Iterator[pa.RecordBatch]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column[0] for column in cursor.description]
        schema: pa.Schema | None = None
        while rows := cursor.fetchmany(ROWS):
            schema = schema or pa.record_batch([[value] for value in rows[0]], names=names).schema
            yield pa.record_batch([list(column) for column in zip(*rows, strict=True)], schema=schema)


def _serve(asked: Said, out: IO[bytes]) -> None:
    """Read as asked and write Arrow's stream format."""
    from importlib import import_module

    driver = import_module(f"{asked['driver']}.dbapi")
    with driver.connect(asked["uri"]) as connection, connection.cursor() as cursor:
        cursor.execute(asked["sql"])
        found = cursor.fetch_record_batch()
        with pa.ipc.new_stream(out, found.schema) as stream:
            for batch in found:
                stream.write_batch(batch)


if __name__ == "__main__":
    _serve(json.load(sys.stdin.buffer), sys.stdout.buffer)
