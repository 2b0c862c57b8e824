"""How long a city's records take to leave its database as columns: ``python bench/scores_city.py`` (SQLite), with
``--postgresql`` on a server of its own, or with XINLIN_DATABASE_URL an empty PostgreSQL.

It fills the tables of a city of Qiqihar's size (5.26 million people, all of them enrolled, 6.1 million records; ``--part 10``
takes a tenth) by statements of the database itself, then times, in one process: the freeze of everybody, the scoring of what
was frozen, and the same for those whom a day's change of 0.5 % touches. What both ways say of the touched is compared. Beside
them stands the bare pass: the same statement, read through to the end and thrown away. The day's snapshot is held against its
target; of a small city's, the start of the reader's process is most.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tools.postgresql import server  # noqa: E402

PEOPLE, RECORDS = 5_260_000, 6_100_000
CHANGED = 0.005
MOST_OF_A_DAY = 0.05
"""The greatest part of a whole snapshot's seconds that a day's may take."""
MOMENT = "2026-01-15 08:00:00+00:00"


def _numbered(vendor: str, last: int, first: int = 1) -> str:
    """``FROM`` a table ``n`` with the whole numbers ``i`` from first to last."""
    if vendor == "postgresql":
        return f"FROM generate_series({first}::bigint, {last}::bigint) AS n(i)"
    return f"FROM (WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) SELECT i FROM n) n"


def _insert(model: Any, source: str, **values: str) -> None:
    """Insert one row for each ``i`` of the source; columns that are not named get what the model gives them."""
    from django.db import connection, models

    given = dict(values)
    blanks = {
        models.BooleanField: "false",
        models.IntegerField: "0",
        models.JSONField: "'{}'",
        models.DateTimeField: f"'{MOMENT}'",
        models.DateField: "'2026-01-15'",
    }
    for field in model._meta.concrete_fields:
        if field.column in given or field.primary_key or field.null:
            continue
        given[field.column] = next((blank for kinds, blank in blanks.items() if isinstance(field, kinds)), "''")
    names = ", ".join(f'"{name}"' for name in given)
    with connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {", ".join(given.values())} {source}')


def _fields_sql(kind: Any) -> str:
    """The kind's own fields as JSON, filled by the row's number."""
    written = []
    for at, spec in enumerate(kind.fields):
        if spec.role is not None:
            continue
        value = f"((i * {7 + at}) % 40)"
        if spec.type == "code":
            codes = list(spec.codes)
            cases = " ".join(f"WHEN {n} THEN '{code}'" for n, code in enumerate(codes))
            value = f"'\"' || (CASE (i / 3) % {len(codes)} {cases} END) || '\"'"
        elif spec.type == "boolean":
            value = "(CASE (i / 5) % 2 WHEN 0 THEN 'true' ELSE 'false' END)"
        elif spec.type not in ("integer", "money"):
            value = "'\"2026-01-05\"'"
        written.append(f"'\"{spec.code}\": ' || {value}")
    return "'{' || " + " || ', ' || ".join(written or ["''"]) + " || '}'"


def _record(kinds: list[Any], vendor: str) -> dict[str, str]:
    """The columns of a record by its number ``i``, its kind in turn."""
    json = f"CASE i % {len(kinds)} " + " ".join(f"WHEN {n} THEN {_fields_sql(kind)}" for n, kind in enumerate(kinds))
    day = "date('2026-01-01', '-' || (i % 900) || ' days')"
    if vendor == "postgresql":
        json, day = f"CAST({json} END AS jsonb)", "DATE '2026-01-01' - CAST(i % 900 AS integer)"
    else:
        json = f"{json} END"
    kind = f"CASE i % {len(kinds)} " + " ".join(f"WHEN {n} THEN '{one.code}'" for n, one in enumerate(kinds)) + " END"
    person = f"1 + (i * 48271) % {PEOPLE}"
    return {
        "reference": "CAST(1000000000000000 + i AS varchar)",
        "subject_id": person,
        "kind": kind,
        "department": "'bench'",
        "batch_id": "1",
        "row": "i",
        "occurred_on": day,
        "entered_at": f"'{MOMENT}'",
        "status": "CASE WHEN i % 40 = 0 THEN 'disputed' ELSE 'active' END",
        "record_class": "CASE i % 3 WHEN 0 THEN 'minor' WHEN 1 THEN 'general' ELSE 'serious' END",
        "document": "'号' || (i / 3)",
        "authority": "'bench'",
        "article": "'1'",
        "remedy": "'bench'",
        "notice_on": "'2026-01-05'",
        "fields": json,
        "fingerprint": "CAST(i AS varchar)",
    }


def fill(kinds: list[Any]) -> None:
    """Put a city of ``PEOPLE`` and ``RECORDS`` into the tables."""
    from django.db import connection, transaction

    from xinlin.office.consent_gate import terms_in_force
    from xinlin.office.models.batches import Batch
    from xinlin.office.models.people import Consent, Subject
    from xinlin.office.models.records import Record

    vendor = connection.vendor
    with transaction.atomic():
        _insert(
            Batch, _numbered(vendor, 1), number="'B'", delivery="'additions'", state="'received'",
        )  # fmt: skip
        _insert(
            Subject, _numbered(vendor, PEOPLE), register="'person'", kind="'person'", number="i - 1",
            pseudonym="CAST(i AS varchar)", identifier_key="CAST(i AS varchar)", born_on="'1980-05-05'",
            entered_at=f"'{MOMENT}'",
        )  # fmt: skip
        terms = sorted(terms_in_force())
        for at, one in enumerate(terms):
            _insert(
                Consent, f"{_numbered(vendor, PEOPLE)} WHERE i % {len(terms)} = {at}", number="CAST(i AS varchar)",
                subject_id="i", step="'score'", notice="'{}'", given_at=f"'{MOMENT}'", terms_sha256=f"'{one}'",
            )  # fmt: skip
        _insert(Record, _numbered(vendor, RECORDS), **_record(kinds, vendor))
    if vendor == "postgresql":  # which does so by itself after a while; SQLite never does
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _change(kinds: list[Any]) -> None:
    """A day's records: as many as touch one in two hundred."""
    from django.db import connection, transaction

    from xinlin.office.models.records import Record

    more = int(PEOPLE * CHANGED)
    with transaction.atomic():
        _insert(Record, _numbered(connection.vendor, RECORDS + more, RECORDS + 1), **_record(kinds, connection.vendor))


@contextmanager
def _timed(what: str, taken: dict[str, float]) -> Iterator[None]:
    begun, used = time.monotonic(), time.process_time()
    yield
    taken[what] = time.monotonic() - begun
    print(f"  {what:<34}{taken[what]:>9.2f} s   {time.process_time() - used:>8.2f} s of this process", flush=True)


def _scored(
    plan: Any, folder: Path, numbers: dict[int, int], keys: Any, known: Any, taken: dict[str, float], what: str
) -> Any:
    from xinlin.engine import scores as engine
    from xinlin.office.actions.scores import freeze
    from xinlin.office.queries.histories import Past

    with _timed(f"{what}: freeze", taken):
        freeze([plan], folder, numbers, keys, Past.at(known))
    with _timed(f"{what}: score", taken):
        return engine.run(plan, folder)


def _measure(work: Path) -> None:
    from django.db import connection

    from xinlin.core.plan import compile_scheme
    from xinlin.engine.workplaces import peak_memory
    from xinlin.office.models.people import Subject
    from xinlin.office.models.records import Record
    from xinlin.office.queries import columns
    from xinlin.office.queries.enrolment import consents_to, enrolled
    from xinlin.office.queries.histories import horizon
    from xinlin.office.rulebook import current
    from xinlin.office.scopes import today

    scheme = current().scheme_at(today())
    assert scheme is not None
    plan, taken = compile_scheme(scheme, today()), dict[str, float]()
    kinds = [current().kinds[code] for code in plan.kinds]
    print(f"{connection.vendor}: {PEOPLE:,} people, {RECORDS:,} records of {len(kinds)} kinds")
    if not Record.objects.exists():
        with _timed("filling the tables", taken):
            fill(kinds)
    before = horizon()
    everybody = consents_to(scheme).values("subject_id")
    with _timed("all: read through and thrown away", taken):
        for _batch in columns.records(kinds, set(), everybody, before, sweep=True):
            pass
    with _timed("all: who is enrolled", taken):
        numbers = enrolled(scheme)
    _scored(plan, work / "all", numbers, everybody, before, taken, "all")
    print(f"  peak memory {peak_memory() / (1 << 20):.2f} GiB")
    _change(kinds)
    after = horizon()
    touched = Record.objects.filter(pk__gt=before.records, pk__lte=after.records).values("subject_id")
    with _timed("day: who is touched", taken):
        some = dict(Subject.objects.filter(pk__in=touched).values_list("pk", "number"))
    few = _scored(plan, work / "day", some, touched, after, taken, "day")
    whole = _scored(plan, work / "again", numbers, everybody, after, taken, "all, a day later")
    same = all(
        (few.scores[at], few.tiers[at]) == (whole.scores[number], whole.tiers[number])
        for at, number in enumerate(few.subjects.tolist())
    )
    if not same:
        raise SystemExit("the figures of the touched differ")
    print(f"  {len(some):,} touched, their figures equal those of everybody's run")
    everything = taken["all: who is enrolled"] + taken["all: freeze"]
    change = taken["day: who is touched"] + taken["day: freeze"]
    met = "met" if change <= MOST_OF_A_DAY * everything else "MISSED"
    print(
        f"  the day's snapshot takes {change / everything:.1%} of the whole one   at most {MOST_OF_A_DAY:.0%}   {met}"
    )
    print(f"  with scoring {(change + taken['day: score']) / (everything + taken['all: score']):.1%}; the freeze is "
          f"{taken['all: freeze'] / taken['all: read through and thrown away']:.2f}x of the bare pass")  # fmt: skip


def main() -> int:
    """Fill, measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--work", type=Path, default=ROOT / "var" / "bench" / "city", help="where the city is made and kept"
    )
    parser.add_argument("--part", type=int, default=1, help="only one in so many people and records")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server of its own")
    chosen = parser.parse_args()
    with server() if chosen.postgresql else nullcontext() as address:
        if address:
            os.environ["XINLIN_DATABASE_URL"] = address
        return _run(chosen)


def _run(chosen: argparse.Namespace) -> int:
    global PEOPLE, RECORDS
    PEOPLE, RECORDS = PEOPLE // chosen.part, RECORDS // chosen.part
    chosen.work.mkdir(parents=True, exist_ok=True)
    os.environ |= {"XINLIN_DATA": str(chosen.work / "data"), "DJANGO_SETTINGS_MODULE": "xinlin.settings"}
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for left in ("all", "day", "again"):
        shutil.rmtree(chosen.work / left, ignore_errors=True)
    _measure(chosen.work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
