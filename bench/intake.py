"""How fast deliveries are taken in, beside the bare load of the same rows in the same run, each figure beside its target.

    python bench/intake.py csv [ROWS]      12 columns with identifiers, one row in a hundred wrong (default 1,000,000 rows)
    python bench/intake.py xlsx [ROWS]     the same rows as CSV and as XLSX, each into empty tables
    python bench/intake.py city [PART]     5.26 million residents and 6.1 million records, or one PARTth of them
    python bench/intake.py corrections [ROWS]  a tenth of the rows held corrected, beside as many rows that are new

On SQLite in a temporary folder; with ``--postgresql`` on a server of its own; or on the database named by
XINLIN_DATABASE_URL (which must be empty). The bare loads: the cells of the file into a table of 12 columns with as many
indexes as the table of records has, and the very rows that were stored into a second table like that of records, with the
same indexes. What was stored is compared with what the file says; a difference ends the run.
"""

from __future__ import annotations

import argparse
import atexit
import csv
import os
import random
import resource
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any


def _asked() -> argparse.Namespace:
    """What the command line asks for; help and errors end here, before anything is made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["csv", "xlsx", "city", "corrections"], default="csv")
    parser.add_argument("number", nargs="?", type=_positive, help="ROWS, or PART of a city")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server of its own")
    return parser.parse_args()


def _positive(said: str) -> int:
    if not said.isdecimal() or not int(said):
        raise argparse.ArgumentTypeError(f"{said!r} is no number of one or more")
    return int(said)


ASKED = _asked()
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
FOLDER = Path(tempfile.mkdtemp(prefix="xinlin-bench-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
os.environ["XINLIN_DATA"] = str(FOLDER)
os.environ["DJANGO_SETTINGS_MODULE"] = "xinlin.settings"

if ASKED.postgresql:
    from tools.postgresql import server

    running = server()
    os.environ["XINLIN_DATABASE_URL"] = running.__enter__()
    atexit.register(running.__exit__, None, None, None)

import django  # noqa: E402  # settings first

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench.intake_data import (  # noqa: E402
    COLUMNS,
    CORRECTED,
    DEEDS,
    PEOPLE,
    WRONG_EACH,
    deeds,
    resident,
    text,
    write_csv,
)
from bench.intake_peak import Peak  # noqa: E402
from xinlin.core.rulebooks import Rulebook  # noqa: E402
from xinlin.office import rulebook  # noqa: E402
from xinlin.office.actions.batches import receive  # noqa: E402
from xinlin.office.jobs.batches import work  # noqa: E402
from xinlin.office.models.batches import Batch, RefusedRow  # noqa: E402
from xinlin.office.models.people import Subject  # noqa: E402
from xinlin.office.models.records import Record  # noqa: E402
from xinlin.office.scopes import Actor  # noqa: E402

ACTOR = Actor(handle="system:bench", name="bench", role="system")
RESIDENTS, RECORDS = 5_260_000, 6_100_000
BARE_INDEXES = (0, 2, 3, 6, 7, 9, 11)
"""Columns of the bare table that have an index: as many as the table of records has beside its key."""
ON_POSTGRESQL = connection.vendor == "postgresql"


def _server_seconds() -> float:
    """Processor seconds that the database's process for this connection has used, where it runs on this machine."""
    if not ON_POSTGRESQL:
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        about = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if not about.exists():
        return 0.0
    user, system = about.read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def timed(what: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds on the wall, seconds of the processor (this process and the database's), and what came of it."""
    server = _server_seconds()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    began, worked = time.perf_counter(), time.process_time()
    came = what()
    took, worked = time.perf_counter() - began, time.process_time() - worked
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked += after.ru_utime - children.ru_utime + after.ru_stime - children.ru_stime
    return took, worked + _server_seconds() - server, came


def take_in(path: Path, kind: str) -> Batch:
    """Receive the file and work on it."""

    def pieces() -> Iterator[bytes]:
        with path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                yield piece

    PEAK.begin()
    receipt = receive(actor=ACTOR, kind=kind, filename=path.name, chunks=pieces(), department="office")
    work(receipt.job)
    PEAK.end()
    batch = Batch.objects.get(number=receipt.number)
    if batch.state != "done":
        raise SystemExit(f"{path.name}: {batch.state} {batch.findings[:2]}")
    return batch


def bare_cells(path: Path) -> tuple[float, float]:
    """Seconds on the wall and of the processor to load the cells of the file into a bare table."""
    columns = ", ".join(f"c{number} TEXT" for number in range(12))
    statements = [f"CREATE TABLE bare (id INTEGER PRIMARY KEY, {columns})"]
    if ON_POSTGRESQL:
        statements = [f"CREATE TABLE bare (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {columns})"]
    statements += [f"CREATE INDEX bare_{number} ON bare (c{number})" for number in BARE_INDEXES]
    names = ", ".join(f"c{number}" for number in range(12))
    if not ON_POSTGRESQL:
        base = sqlite3.connect(FOLDER / "bare.sqlite3", isolation_level=None)
        base.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;")
        for statement in statements:
            base.execute(statement)

        def load() -> None:
            with path.open(newline="", encoding="utf-8") as stream:
                rows = islice(csv.reader(stream), 1, None)
                base.execute("BEGIN")
                base.executemany(f"INSERT INTO bare ({names}) VALUES ({','.join('?' * 12)})", rows)
                base.execute("COMMIT")

        return timed(load)[:2]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return timed(lambda: _copy(cursor, f"COPY bare ({names}) FROM STDIN WITH (FORMAT csv, HEADER)", path))[:2]


def _copy(cursor: Any, statement: str, path: Path) -> None:
    with path.open("rb") as stream, cursor.copy(statement) as copy:
        while piece := stream.read(1 << 20):
            copy.write(piece)


def bare_records() -> tuple[float, float]:
    """Seconds on the wall and of the processor to load the rows that now stand in the table of records into a second one like it."""
    if ON_POSTGRESQL:
        path = FOLDER / "records.copy"
        with connection.cursor() as cursor:
            with path.open("wb") as stream, cursor.copy("COPY (SELECT * FROM record ORDER BY row) TO STDOUT") as copy:
                for block in copy:
                    stream.write(block)
            cursor.execute("CREATE TABLE record_bare (LIKE record INCLUDING ALL)")
            return timed(lambda: _copy(cursor, "COPY record_bare FROM STDIN", path))[:2]
    return _in_a_child(_bare_records_of_sqlite)


def _in_a_child(what: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    """Two figures that a process of its own finds, which takes its memory with it."""
    coming, going = os.pipe()
    child = os.fork()
    if not child:
        with suppress(BaseException):
            os.write(going, " ".join(map(str, what())).encode())
        os._exit(0)
    os.close(going)
    with os.fdopen(coming) as said:
        first, second = map(float, said.read().split())
    os.waitpid(child, 0)
    return first, second


def _bare_records_of_sqlite() -> tuple[float, float]:
    source = sqlite3.connect(settings.DATABASES["default"]["NAME"])
    base = sqlite3.connect(FOLDER / "bare_records.sqlite3", isolation_level=None)
    base.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;")
    for (statement,) in source.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name='record' AND type <> 'trigger' AND sql IS NOT NULL"
    ):
        base.execute(statement)
    held = source.execute("SELECT * FROM record ORDER BY row")
    marks = ",".join("?" * len(held.description))
    rows = held.fetchall()

    def load() -> None:
        base.execute("BEGIN")
        base.executemany(f"INSERT INTO record VALUES ({marks})", rows)
        base.execute("COMMIT")

    return timed(load)[:2]


def check(batch: Batch, rows: int, people: int) -> None:
    """What was stored is what the file says. Ends the run where it is not."""
    wrong = [number for number in range(rows) if number % WRONG_EACH == 50]
    counts = (batch.rows_read, batch.rows_accepted, batch.rows_refused, batch.rows_repeated)
    assert counts == (rows, rows - len(wrong), len(wrong), 0), counts
    assert Record.objects.filter(batch=batch).count() == rows - len(wrong)
    refused = RefusedRow.objects.filter(batch=batch).order_by("row").values_list("row", "problems")
    assert [row for row, _ in refused] == [number + 2 for number in wrong]
    assert {problem["where"] for _, problems in refused for problem in problems} <= {"amount"}
    sample = set(random.Random(1).sample(range(rows), min(rows, 2_000))) - set(wrong)
    told = dict(zip(range(rows), deeds(rows, people), strict=True)) if rows <= 100_000 else None
    stored = Record.objects.filter(batch=batch, row__in=[number + 2 for number in sample])
    wanted = told or {number: row for number, row in enumerate(deeds(rows, people)) if number in sample}
    for record in stored.select_related("subject"):
        row = wanted[record.row - 2]
        fields = record.fields
        assert (
            record.subject is not None
            and str(record.subject.born_on) == f"{row[0][6:10]}-{row[0][10:12]}-{row[0][12:14]}"
        )
        assert [str(record.occurred_on), record.document, record.authority] == row[2:5]
        assert [fields["place"], str(fields["hours"]), fields["amount"], fields["serial"]] == [
            row[5],
            row[6],
            1250,
            row[11],
        ]
    assert stored.count() == len(sample)


def _tell(name: str, rows: int, took: float, worked: float) -> None:
    print(f"{name:<34}{took:8.2f} s {rows / took:12,.0f} rows/s   processor {worked:.2f} s", flush=True)


def _verdict(what: str, found: float, most: float, worked: float | None = None) -> None:
    """A figure beside its target; the ratio of processor seconds says how it would be on a machine without others."""
    more = "" if worked is None else f"   of the processor's time {worked:.2f}"
    said = "met" if found <= most else "MISSED"
    print(f"  {what:<52}{found:9.2f}   at most {most:<7g}{said}{more}", flush=True)


PEAK = Peak()


def _emptied() -> None:
    """Tables without a row, so that the next delivery finds what the one before it found."""
    if ON_POSTGRESQL:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.close()
    if not ON_POSTGRESQL:
        for file in Path(settings.DATABASES["default"]["NAME"]).parent.glob("xinlin.sqlite3*"):
            file.unlink()
    call_command("migrate", verbosity=0)


def run_csv(rows: int) -> tuple[float, float]:
    """The file of deeds as CSV; returns the seconds that it took, on the wall and of the processor."""
    people = max(1, rows // 10)
    path = FOLDER / "deeds.csv"
    write_csv(path, COLUMNS, deeds(rows, people))
    cells, cells_worked = bare_cells(path)
    _tell("bare load of the cells", rows, cells, cells_worked)
    took, worked, batch = timed(lambda: take_in(path, "deeds"))
    _tell("CSV taken in", rows, took, worked)
    check(batch, rows, people)
    records, records_worked = bare_records()
    _tell("bare load of the stored rows", rows, records, records_worked)
    _verdict("CSV / bare load of the cells", took / cells, 3, worked / cells_worked)
    _verdict("CSV / bare load of the stored rows", took / records, 3, worked / records_worked)
    _verdict("memory, MiB", PEAK.most, 1024)
    return took, worked


def run_xlsx(rows: int) -> None:
    """The same rows as CSV and as XLSX, beside the bare read of the sheet."""
    import xlsxwriter
    from python_calamine import CalamineWorkbook

    took, worked = run_csv(rows)
    _emptied()
    people = max(1, rows // 10)
    path = FOLDER / "deeds.xlsx"
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False})
    sheet = book.add_worksheet()
    for number, row in enumerate([COLUMNS, *deeds(rows, people)]):
        sheet.write_row(number, 0, row)
    book.close()
    bare, bare_worked, cells = timed(
        lambda: sum(1 for _ in CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows())
    )
    _tell("bare read of the sheet", cells - 1, bare, bare_worked)
    sheet_took, sheet_worked, batch = timed(lambda: take_in(path, "deeds"))
    _tell("XLSX taken in", rows, sheet_took, sheet_worked)
    check(batch, rows, people)
    _verdict("XLSX / (CSV + bare read)", sheet_took / (took + bare), 2, sheet_worked / (worked + bare_worked))
    _verdict("memory, MiB", PEAK.most, 1024)


def run_city(part: int) -> None:
    """All residents of a city, then all records, each in one file."""
    people, records = RESIDENTS // part, RECORDS // part
    path = FOLDER / "residents.csv"
    listed = ([*resident(number), "330305", "2020-01-01"] for number in range(people))
    write_csv(path, ["证件号码", "姓名", "区划", "登记日期"], listed)
    took, worked, batch = timed(lambda: take_in(path, "residents"))
    _tell("residents taken in", people, took, worked)
    assert (batch.rows_accepted, Subject.objects.count()) == (people, people), batch.rows_accepted
    path.unlink()
    path = FOLDER / "deeds.csv"
    write_csv(path, COLUMNS, deeds(records, people))
    again, worked, batch = timed(lambda: take_in(path, "deeds"))
    _tell("records taken in", records, again, worked)
    check(batch, records, people)
    assert Subject.objects.count() == people
    print(f"together {took + again:,.0f} s")
    _verdict("memory, MiB", PEAK.most, 1024)


def run_corrections(rows: int) -> None:
    """A tenth of the rows held are corrected by a file, beside a file of as many rows that are new."""
    people, each = max(1, rows // 10), 10
    files = {
        "held": deeds(rows, people),
        "new": ([*row[:11], f"x{row[11]}"] for row in deeds(rows, people, each=each)),
        "corrected": deeds(rows, people, each=each, hours=2),
    }
    taken = {}
    for name, lines in files.items():
        path = FOLDER / f"{name}.csv"
        write_csv(path, COLUMNS, lines)
        took, worked, batch = timed(lambda path=path: take_in(path, "corrected_deeds"))
        taken[name] = took, worked
        _tell(f"{name} rows taken in", batch.rows_read, took, worked)
    fresh = Record.objects.filter(batch=batch)
    older = Record.objects.filter(superseded_by__batch=batch)
    assert (fresh.count(), older.count(), batch.rows_repeated) == (batch.rows_accepted, batch.rows_accepted, 0)
    (took, worked), (corrected, corrected_worked) = taken["new"], taken["corrected"]
    _verdict("corrected rows / new rows", corrected / took, 3, corrected_worked / worked)
    _verdict("memory, MiB", PEAK.most, 1024)


def main() -> None:
    """Run and print."""
    what, number = ASKED.what, ASKED.number
    kinds = {kind.code: kind for kind in (DEEDS, CORRECTED, PEOPLE)}
    catalogue = Rulebook(code="bench", name=text("bench"), level="city", kinds=kinds)
    rulebook.current = lambda: catalogue
    call_command("migrate", verbosity=0)
    print(f"{what} on {connection.vendor}", flush=True)
    runs: dict[str, Callable[[], object]] = {
        "csv": lambda: run_csv(number or 1_000_000),
        "xlsx": lambda: run_xlsx(number or 1_000_000),
        "city": lambda: run_city(number or 1),
        "corrections": lambda: run_corrections(number or 1_000_000),
    }
    runs[what]()


if __name__ == "__main__":
    main()
