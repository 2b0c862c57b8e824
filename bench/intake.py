"""How fast a delivery is taken in, against the bare load of the same rows: ``python bench/intake.py [ROWS]``.

Makes a file of ROWS (default 100,000) made-up deeds with 12 columns about ROWS/10 people who stand in the register, takes
it in by the real path on a fresh SQLite database in a temporary folder, and loads the same cells by one ``executemany`` into
a bare table with an equal number of indexes. Prints rows per second and the ratio of the two times.
"""

from __future__ import annotations

import csv
import os
import resource
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
FOLDER = Path(tempfile.mkdtemp(prefix="xinlin-bench-"))
os.environ["XINLIN_DATA"] = str(FOLDER)
os.environ["DJANGO_SETTINGS_MODULE"] = "xinlin.settings"

import django  # noqa: E402  # settings first

django.setup()

from django.core.management import call_command  # noqa: E402
from stdnum.cn import ric  # noqa: E402

from xinlin.core.rulebooks import FieldSpec, Kind, Rulebook  # noqa: E402
from xinlin.core.values import Text  # noqa: E402
from xinlin.office import rulebook  # noqa: E402
from xinlin.office.actions.batches import receive  # noqa: E402
from xinlin.office.jobs.batches import work  # noqa: E402
from xinlin.office.models.batches import Batch  # noqa: E402
from xinlin.office.scopes import Actor  # noqa: E402

ACTOR = Actor(handle="system:bench", name="bench", role="system")
COLUMNS = ["证件号码", "姓名", "日期", "文书", "机关", "地点", "时长", "金额", "类别", "项目", "说明", "编号"]


def _text(words: str) -> Text:
    return Text(zh=words, en=words)


def _kind() -> Kind:
    shapes = [
        ("resident_id", "resident_id", "subject"),
        ("name", "text", "subject_name"),
        ("occurred_on", "date", "occurred_on"),
        ("document", "text", "document"),
        ("authority", "text", "authority"),
        ("place", "text", None),
        ("hours", "integer", None),
        ("amount", "money", None),
        ("sort", "code", None),
        ("project", "text", None),
        ("remarks", "text", None),
        ("serial", "text", None),
    ]
    fields = [
        FieldSpec(
            code=code,
            label=_text(label),
            type=type_,  # type: ignore[arg-type]  # literals above
            role=role,  # type: ignore[arg-type]  # literals above
            required=role is not None,
            unit="元" if type_ == "money" else None,
            codes={"a": _text("甲"), "b": _text("乙")} if type_ == "code" else None,
        )
        for (code, type_, role), label in zip(shapes, COLUMNS, strict=True)
    ]
    return Kind(
        code="deeds",
        name=_text("deeds"),
        providers=["office"],
        subject_kinds=["person"],
        sign="positive",
        purpose=_text("bench"),
        openness="government",
        retention="P5Y",
        update_interval="P1M",
        fields=fields,
        basis="demonstration",
    )


def _rows() -> list[list[str]]:
    people = []
    for number in range(max(1, ROWS // 10)):
        body = f"3303221{960 + number // 1000 % 40}{number // 40_000 % 12 + 1:02d}{number // 30 % 28 + 1:02d}{number % 1000:03d}"
        people.append((body + ric.calc_check_digit(body + "0"), "王李张刘陈"[number % 5] + "小明"))
    rows = []
    for number in range(ROWS):
        identifier, name = people[number % len(people)]
        day = f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        rows.append([identifier, name, day, f"文〔2024〕{number}号", "某机关", "某街道", str(number % 8 + 1), "12.50"])
        rows[-1] += ["甲" if number % 2 else "乙", "河道保洁", "集体活动", f"{number:08d}"]
    return rows


def _bare(rows: list[list[str]]) -> float:
    """Seconds for one executemany of the same cells into a table with seven indexes, as the record table has."""
    base = sqlite3.connect(FOLDER / "bare.sqlite3", isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute(f"CREATE TABLE bare (id INTEGER PRIMARY KEY, {', '.join(f'c{n} TEXT' for n in range(12))})")
    for number in (0, 2, 3, 6, 7, 9, 11):
        base.execute(f"CREATE INDEX i{number} ON bare (c{number})")
    began = time.perf_counter()
    base.execute("BEGIN")
    base.executemany(f"INSERT INTO bare ({', '.join(f'c{n}' for n in range(12))}) VALUES ({','.join('?' * 12)})", rows)
    base.execute("COMMIT")
    return time.perf_counter() - began


def main() -> None:
    """Run and print."""
    catalogue = Rulebook(code="bench", name=_text("bench"), level="city", kinds={"deeds": _kind()})
    rulebook.current = lambda: catalogue
    call_command("migrate", verbosity=0)
    rows = _rows()
    path = FOLDER / "deeds.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    bare = _bare(rows)
    began, worked = time.perf_counter(), time.process_time()
    receipt = receive(actor=ACTOR, kind="deeds", filename="deeds.csv", chunks=[path.read_bytes()], department="office")
    work(receipt.job)
    took, worked = time.perf_counter() - began, time.process_time() - worked
    batch = Batch.objects.get(number=receipt.number)
    if (batch.state, batch.rows_accepted) != ("done", ROWS):
        raise SystemExit(f"{batch.state}: {batch.rows_accepted} of {ROWS} accepted; {batch.findings[:2]}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"rows {ROWS:,}  intake {took:.2f} s = {ROWS / took:,.0f} rows/s  bare load {bare:.2f} s  ratio {took / bare:.1f}"
    )
    print(f"processor time {worked:.2f} s = {ROWS / worked:,.0f} rows/s")
    print(f"peak memory {peak} MiB (the made-up rows are part of it)")


if __name__ == "__main__":
    main()
